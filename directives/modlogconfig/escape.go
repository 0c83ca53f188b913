package modlogconfig

import "httpd-wsgi/internal/apr"

// appendText appends s escaped, "-" for an empty one.
func appendText(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '-')
	}
	return apr.AppendEscapeLogitem(dst, s)
}

// appendOptional appends a value that may be absent; an empty one is shown as such.
func appendOptional(dst []byte, s string, ok bool) []byte {
	if !ok {
		return append(dst, '-')
	}
	return apr.AppendEscapeLogitem(dst, s)
}
