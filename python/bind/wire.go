package bind

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	wireNUL = '\u0100'
	wireEnd = '\u0101'
)

// toWire makes a string of bytes one of characters.
func toWire(s string) string {
	if isPlain(s) {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/4)
	for i := 0; i < len(s); i++ {
		b = utf8.AppendRune(b, wireRune(s[i]))
	}
	return string(b)
}

func wireRune(c byte) rune {
	if c == 0 {
		return wireNUL
	}
	return rune(c)
}

// fromWire is toWire's inverse.
func fromWire(s string) string {
	if isPlain(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		// wireNUL becomes 0 by losing its high byte.
		b = append(b, byte(r))
	}
	return string(b)
}

// isPlain tells whether s is its own wire form.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == 0 || s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// list is a list of strings on the wire as it grows.
type list struct{ strings.Builder }

func (l *list) add(elements ...string) {
	for _, s := range elements {
		l.WriteString(toWire(s))
		l.WriteRune(wireEnd)
	}
}

func (l *list) addInt(n int) { l.add(strconv.Itoa(n)) }

// fromList takes a list off the wire.
func fromList(s string) []string {
	parts := strings.Split(s, string(wireEnd))
	parts = parts[:len(parts)-1]
	for i, p := range parts {
		parts[i] = fromWire(p)
	}
	return parts
}

// numbers is a list of numbers on the wire as it grows.
type numbers struct{ b []byte }

func (l *numbers) add(n int) { l.b = append(strconv.AppendInt(l.b, int64(n), 10), ' ') }
