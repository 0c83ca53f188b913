package apacheconf

import (
	"errors"
	"strings"
)

// errUnwritable says why a word can't be written: GetWordConf never gives one like it.
var errUnwritable = errors.New("an argument can't have a line end or a NUL in it")

// Quote writes word as an argument from which GetWordConf makes word again: bare if that is possible, between double
// quotes otherwise. A variable in it, ${NAME}, remains one. Line ends and NULs can't be written.
func Quote(word string) (string, error) { return quoteAs(word, 0) }

// quoteAs uses quote where there is one, even if bare were possible.
func quoteAs(word string, quote byte) (string, error) {
	if strings.ContainsAny(word, "\n\x00") {
		return "", errUnwritable
	}
	if quote == 0 {
		if isBare(word) {
			return word, nil
		}
		quote = '"'
	}
	b := make([]byte, 0, len(word)+4)
	b = append(b, quote)
	for i := 0; i < len(word); i++ {
		c := word[i]
		if c == quote || c == '\\' && (i+1 == len(word) || word[i+1] == '\\' || word[i+1] == quote) {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(append(b, quote)), nil
}

// isBare tells whether word can do without quotes. A backslash at its end might continue the line.
func isBare(word string) bool {
	if word == "" || word[0] == '"' || word[0] == '\'' || word[len(word)-1] == '\\' || strings.Contains(word, `\\`) {
		return false
	}
	for i := 0; i < len(word); i++ {
		if isSpace(word[i]) {
			return false
		}
	}
	return true
}
