package apacheconf

import "strings"

// GetWordConf takes the next argument off s by the rules of Apache's ap_getword_conf and returns it with what
// is left, whose leading white space is cut too.
//
// A word that begins with " or ' ends at the next such quote that no backslash precedes; an unterminated one runs
// to the end. Within it a backslash escapes only the quote and itself. Any other word ends at white space: quotes
// within it stand for themselves, and so do backslashes, except that two in a row count as one. The empty word
// means the end, or "" in the text: an empty s tells the end beforehand.
func GetWordConf(s string) (word, rest string) {
	s = trimLeft(s)
	if s == "" {
		return "", ""
	}
	quote, escaped := s[0], false
	if quote != '"' && quote != '\'' {
		i := 0
		for i < len(s) && !isSpace(s[i]) {
			if s[i] == '\\' && i+1 < len(s) && s[i+1] == '\\' {
				escaped = true
				i++
			}
			i++
		}
		word = s[:i]
		if escaped {
			word = unescape(word, 0)
		}
		return word, trimLeft(s[i:])
	}
	i := 1
	for i < len(s) && s[i] != quote {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == quote) {
			escaped = true
			i++
		}
		i++
	}
	word = s[1:i]
	if i < len(s) {
		i++
	}
	if escaped {
		word = unescape(word, quote)
	}
	return word, trimLeft(s[i:])
}

// Words splits s into all its arguments, as Apache's TAKE_ARGV shape does. (ITERATE stops at an empty word.)
func Words(s string) []string {
	var words []string
	for s = trimLeft(s); s != ""; {
		var w string
		w, s = GetWordConf(s)
		words = append(words, w)
	}
	return words
}

// unescape drops the backslash before a backslash or the quote; quote is 0 for none.
func unescape(s string, quote byte) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || quote != 0 && s[i+1] == quote) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isSpace is C's isspace in the C locale, which Apache uses everywhere.
func isSpace(c byte) bool { return c == ' ' || c-'\t' < 5 }

func trimLeft(s string) string {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return s[i:]
}

func trimRight(s string) string {
	i := len(s)
	for i > 0 && isSpace(s[i-1]) {
		i--
	}
	return s[:i]
}

// trim cuts white space off both ends.
func trim(s string) string { return trimRight(trimLeft(s)) }
