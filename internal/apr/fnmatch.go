package apr

// FnmatchFlags change how [Fnmatch] treats single characters. The values are
// APR's.
type FnmatchFlags uint8

const (
	// FnmNoescape makes the backslash an ordinary character (APR_FNM_NOESCAPE).
	FnmNoescape FnmatchFlags = 0x01
	// FnmPathname lets a slash be matched by a slash of the pattern only, not
	// by a wildcard or a bracket expression (APR_FNM_PATHNAME).
	FnmPathname FnmatchFlags = 0x02
	// FnmPeriod lets a leading period be matched by a period of the pattern
	// only; with FnmPathname also one after a slash (APR_FNM_PERIOD).
	FnmPeriod FnmatchFlags = 0x04
	// FnmCaseBlind ignores the case of ASCII letters (APR_FNM_CASE_BLIND).
	FnmCaseBlind FnmatchFlags = 0x08
)

// Fnmatch tells whether s matches the shell wildcard pattern as apr_fnmatch
// does: "?" is one character, "*" any number of them, "[a-z]" one of a set,
// "[!a-z]" or "[^a-z]" one not of the set, a backslash makes the next character
// ordinary. A "[" without its "]" is an ordinary character. There is no "**" and
// no "{a,b}". The work is at most the product of both lengths.
func Fnmatch(pattern, s string, flags FnmatchFlags) bool {
	if flags&FnmPathname == 0 {
		return fnmatchSegment(pattern, s, flags)
	}
	for {
		p, prest, pmore := cutPatternSegment(pattern, flags)
		t, trest, tmore := cutSlash(s)
		if pmore != tmore || !fnmatchSegment(p, t, flags) {
			return false
		}
		if !pmore {
			return true
		}
		pattern, s = prest, trest
	}
}

func cutSlash(s string) (head, rest string, more bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == '/' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// cutPatternSegment cuts at the first slash. A slash cannot be part of a bracket
// expression, and one that is escaped separates like any other: the backslash
// in front of it goes with it.
func cutPatternSegment(p string, flags FnmatchFlags) (head, rest string, more bool) {
	for i := 0; i < len(p); i++ {
		switch {
		case p[i] == '/':
			return p[:i], p[i+1:], true
		case p[i] == '\\' && flags&FnmNoescape == 0 && i+1 < len(p):
			if p[i+1] == '/' {
				return p[:i], p[i+2:], true
			}
			i++
		}
	}
	return p, "", false
}

// fnmatchSegment matches with one point of return: after a "*" failed to match
// the shortest text, it takes one character more. Only the last "*" ever needs
// that.
func fnmatchSegment(p, s string, flags FnmatchFlags) bool {
	period := flags&FnmPeriod != 0 && s != "" && s[0] == '.'
	pi, si := 0, 0
	star, starAt := -1, 0 // pattern index after the last "*", what it has taken up to
	for {
		if pi == len(p) {
			if si == len(s) {
				return true
			}
		} else if p[pi] == '*' {
			if period && si == 0 {
				return false
			}
			for pi < len(p) && p[pi] == '*' {
				pi++
			}
			if pi == len(p) {
				return true
			}
			star, starAt = pi, si
			continue
		} else if si < len(s) {
			next, ok := fnmatchOne(p, pi, s[si], period && si == 0, flags)
			if ok {
				pi, si = next, si+1
				continue
			}
		}
		if star < 0 || starAt >= len(s) {
			return false
		}
		starAt++
		pi, si = star, starAt
	}
}

// fnmatchOne matches one character c against the element of the pattern at i
// and returns the index after that element. wild is false where a leading
// period forbids wildcards.
func fnmatchOne(p string, i int, c byte, noWild bool, flags FnmatchFlags) (next int, ok bool) {
	blind := flags&FnmCaseBlind != 0
	switch p[i] {
	case '?':
		return i + 1, !noWild
	case '[':
		if next, ok, balanced := fnmatchSet(p, i+1, c, flags); balanced {
			return next, ok && !noWild
		}
	case '\\':
		if flags&FnmNoescape == 0 && i+1 < len(p) {
			i++
		}
	}
	return i + 1, p[i] == c || blind && lower(p[i]) == lower(c)
}

// fnmatchSet matches c against the bracket expression whose first character is
// p[i]; balanced is false if it is never closed.
func fnmatchSet(p string, i int, c byte, flags FnmatchFlags) (next int, ok, balanced bool) {
	escape := flags&FnmNoescape == 0
	blind := flags&FnmCaseBlind != 0
	negate := false
	if i < len(p) && (p[i] == '!' || p[i] == '^') {
		negate = true
		i++
	}
	in := false
	for i < len(p) {
		if p[i] == ']' {
			return i + 1, in != negate, true
		}
		if escape && p[i] == '\\' {
			if i++; i == len(p) {
				break
			}
		}
		lo := p[i]
		hi := lo
		i++
		if i+1 < len(p) && p[i] == '-' && p[i+1] != ']' {
			i++
			if escape && p[i] == '\\' {
				if i++; i == len(p) {
					break
				}
			}
			hi = p[i]
			i++
		}
		if lo <= c && c <= hi || blind && lower(lo) <= lower(c) && lower(c) <= lower(hi) {
			in = true
		}
	}
	return 0, false, false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// IsFnmatch tells whether pattern has any wildcard, as apr_fnmatch_test does: a
// "?", a "*", or a "[" that is closed by a "]" later. A backslash hides the next
// character.
func IsFnmatch(pattern string) bool {
	open := false
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '?', '*':
			return true
		case '\\':
			i++
		case '[':
			open = true
		case ']':
			if open {
				return true
			}
		}
	}
	return false
}

// StrcmpMatch tells whether s matches expr as ap_strcmp_match does: "*" is any
// number of characters, "?" is one; nothing else is special.
func StrcmpMatch(s, expr string) bool { return strcmpMatch(s, expr, false) }

// StrcasecmpMatch is StrcmpMatch without regard to the case of ASCII letters
// (ap_strcasecmp_match), as ServerAlias compares names.
func StrcasecmpMatch(s, expr string) bool { return strcmpMatch(s, expr, true) }

func strcmpMatch(s, expr string, blind bool) bool {
	si, ei := 0, 0
	star, starAt := -1, 0
	for {
		if ei == len(expr) {
			if si == len(s) {
				return true
			}
		} else if expr[ei] == '*' {
			for ei < len(expr) && expr[ei] == '*' {
				ei++
			}
			if ei == len(expr) {
				return true
			}
			star, starAt = ei, si
			continue
		} else if si < len(s) && (expr[ei] == '?' || expr[ei] == s[si] || blind && lower(expr[ei]) == lower(s[si])) {
			ei++
			si++
			continue
		}
		if star < 0 || starAt >= len(s) {
			return false
		}
		starAt++
		ei, si = star, starAt
	}
}

// IsMatchexp tells whether expr has a "*" or "?" (ap_is_matchexp).
func IsMatchexp(expr string) bool {
	for i := 0; i < len(expr); i++ {
		if expr[i] == '*' || expr[i] == '?' {
			return true
		}
	}
	return false
}
