package http1

import "strings"

// LastChunk ends a chunked body that has no trailers.
const LastChunk = "0\r\n\r\n"

// AppendChunkHead appends the line before n bytes of a chunk; "\r\n" follows them.
func AppendChunkHead(dst []byte, n int) []byte {
	const digits = "0123456789abcdef"
	shift := 0
	for n>>shift > 15 {
		shift += 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&15])
	}
	return append(dst, '\r', '\n')
}

// AppendField appends a field line.
func AppendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, '\r', '\n')
}

// FieldFault tells what is wrong with a response's field.
type FieldFault uint8

const (
	FieldOK FieldFault = iota
	FieldNameEmpty
	FieldNameInvalid
	FieldValueInvalid
)

// CheckField tells whether a field may be sent: no bytes in it that would end it early or that RFC 9110 forbids
// (check_headers). Folded values pass; Unfold makes them one line.
func CheckField(name, value string, unsafe bool) FieldFault {
	class := uint8(classToken)
	if unsafe {
		class = classVisible
	}
	switch {
	case name == "":
		return FieldNameEmpty
	case prefix(name, class) != len(name):
		return FieldNameInvalid
	}
	for {
		value = value[prefix(value, classContent):]
		if value == "" {
			return FieldOK
		}
		if len(value) < 3 || value[:2] != "\r\n" || value[2] != ' ' && value[2] != '\t' {
			return FieldValueInvalid
		}
		value = value[3:]
	}
}

// Unfold replaces line folds in a value that passed CheckField by single spaces.
func Unfold(value string) string {
	if !strings.Contains(value, "\r\n") {
		return value
	}
	parts := strings.Split(value, "\r\n")
	for i := range parts[1:] {
		parts[i+1] = strings.TrimLeft(parts[i+1], " \t")
	}
	return strings.Join(parts, " ")
}

// IsContent tells whether s has only bytes that may stand in a field's value or a reason phrase.
func IsContent(s string) bool { return prefix(s, classContent) == len(s) }

// IsToken tells whether s is a token: a method's or a field's name.
func IsToken(s string) bool { return s != "" && prefix(s, classToken) == len(s) }
