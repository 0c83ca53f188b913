package http1

import "encoding/binary"

// Character classes, one bit each (RFC 9110 and Apache's use of it).
const (
	classToken   = 1 << iota // tchar: method and field names
	classContent             // field values: HTAB, SP, VCHAR, obs-text
	classVisible             // request-target: VCHAR and obs-text
	classSpace               // isspace of the C locale
	classDigit
	classHex
	classAlpha
)

var classes = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9':
			t[c] |= classDigit | classHex | classToken
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			t[c] |= classAlpha | classToken
			if c|0x20 <= 'f' {
				t[c] |= classHex
			}
		}
		if c > 0x20 && c != 0x7f {
			t[c] |= classVisible | classContent
		}
		if c == ' ' || c == '\t' {
			t[c] |= classContent
		}
		if c == ' ' || c >= '\t' && c <= '\r' {
			t[c] |= classSpace
		}
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] |= classToken
	}
	return t
}()

func is(c byte, class uint8) bool { return classes[c]&class != 0 }

// prefix returns how many bytes at the start of b are of class.
func prefix[T string | []byte](b T, class uint8) int {
	for i := 0; i < len(b); i++ {
		if classes[b[i]]&class == 0 {
			return i
		}
	}
	return len(b)
}

// content is prefix(b, classContent), eight bytes at a time.
func content(b []byte) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		del := x ^ 0x7f*ones
		// A byte below space or DEL sets a high bit; a tab does too, and a byte after one may: those are looked at singly.
		if ((x-0x20*ones)&^x|(del-ones)&^del)&high != 0 {
			if n := prefix(b[i:i+8], classContent); n < 8 {
				return i + n
			}
		}
	}
	return i + prefix(b[i:], classContent)
}

// FoldEqual compares two strings without regard to ASCII case.
func FoldEqual(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if a == b {
		return true
	}
	for i := 0; i < len(a); i++ {
		x, y := a[i], b[i]
		if x != y && (x^y != 0x20 || !is(x, classAlpha)) {
			return false
		}
	}
	return true
}
