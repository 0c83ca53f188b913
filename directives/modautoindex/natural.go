package modautoindex

// natural compares names as VersionSort does, runs of digits by their value
// (apr_strnatcmp; fold makes it apr_strnatcasecmp). Spaces do not count, nor do
// the leading ones of a run of digits that begins with 0, which compares digit
// by digit as a fraction. Bytes compare as signed ones.
func natural(a, b string, fold bool) int {
	at := func(s string, i int) byte {
		if i < len(s) {
			return s[i]
		}
		return 0
	}
	for i, j := 0, 0; ; i, j = i+1, j+1 {
		for isSpace(at(a, i)) {
			i++
		}
		for isSpace(at(b, j)) {
			j++
		}
		x, y := at(a, i), at(b, j)
		if isDigit(x) && isDigit(y) {
			compare := compareValues
			if x == '0' || y == '0' {
				compare = compareFractions
			}
			if c := compare(a[i:], b[j:]); c != 0 {
				return c
			}
		}
		if x == 0 && y == 0 {
			return 0
		}
		if fold {
			x, y = upper(x), upper(y)
		}
		switch {
		case int8(x) < int8(y):
			return -1
		case int8(x) > int8(y):
			return 1
		}
	}
}

// compareValues compares two runs of digits without leading zeros: the longer
// one is greater, of equal ones the first difference decides.
func compareValues(a, b string) int {
	bias := 0
	for i := 0; ; i++ {
		x, y := i < len(a) && isDigit(a[i]), i < len(b) && isDigit(b[i])
		switch {
		case !x && !y:
			return bias
		case !x:
			return -1
		case !y:
			return 1
		case bias == 0 && a[i] != b[i]:
			bias = 1
			if a[i] < b[i] {
				bias = -1
			}
		}
	}
}

// compareFractions compares two runs of digits from the left.
func compareFractions(a, b string) int {
	for i := 0; ; i++ {
		x, y := i < len(a) && isDigit(a[i]), i < len(b) && isDigit(b[i])
		switch {
		case !x && !y:
			return 0
		case !x:
			return -1
		case !y:
			return 1
		case a[i] < b[i]:
			return -1
		case a[i] > b[i]:
			return 1
		}
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 32
	}
	return c
}

// compareFold is strcasecmp.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 32
	}
	return c
}
