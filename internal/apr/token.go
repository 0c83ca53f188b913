package apr

// GetToken cuts the next token off the value of a header that is a list, and
// the white space around it (ap_get_token): up to ";" or ",", and up to white
// space unless white says that this belongs to tokens. Separators within double
// quotes do not count. rest begins with the separator, or is empty.
func GetToken(line string, white bool) (token, rest string) {
	start := 0
	for start < len(line) && isSpace(line[start]) {
		start++
	}
	i := start
	for i < len(line) && (white || !isSpace(line[i])) && line[i] != ';' && line[i] != ',' {
		i++
		if line[i-1] != '"' {
			continue
		}
		for i < len(line) {
			i++
			if line[i-1] == '"' {
				break
			}
		}
	}
	token = line[start:i]
	for i < len(line) && isSpace(line[i]) {
		i++
	}
	return token, line[i:]
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// ToLower makes the ASCII letters of s lower case and leaves every other byte as
// it is (ap_str_tolower).
func ToLower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lower(b[i])
			}
			return string(b)
		}
	}
	return s
}
