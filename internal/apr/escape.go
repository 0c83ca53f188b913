package apr

import "strings"

const (
	osPathSafe    = 1 << iota // stays in a path (ap_os_escape_path)
	segmentSafe               // stays in a path segment (ap_escape_path_segment)
	formSafe                  // stays in form data (ap_escape_urlencoded)
	uriUnreserved             // RFC 3986 section 2.3
	logSafe                   // stays in a log line
)

// charClass says of each byte which escapes leave it alone.
var charClass = func() (t [256]uint8) {
	mark := func(class uint8, chars string) {
		for i := range len(chars) {
			t[chars[i]] |= class
		}
	}
	const alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	mark(osPathSafe, alnum+"$-_.+!*'(),:;@&=/~")
	mark(segmentSafe, alnum+"$-_.+!*'(),:@&=~")
	mark(formSafe, alnum+".-*_")
	mark(uriUnreserved, alnum+"-._~")
	for c := ' '; c <= '~'; c++ {
		if c != '\\' && c != '"' {
			t[c] |= logSafe
		}
	}
	return t
}()

const hexDigits = "0123456789abcdef"

// AppendOSEscapePath appends path with what has no place in a URL path escaped
// (ap_os_escape_path). Unless partial is set, a first segment with a colon gets
// "./" in front so that it is not taken for a scheme.
func AppendOSEscapePath(dst []byte, path string, partial bool) []byte {
	if !partial {
		if colon := strings.IndexByte(path, ':'); colon >= 0 && strings.IndexByte(path[:colon], '/') < 0 {
			dst = append(dst, "./"...)
		}
	}
	return appendPercent(dst, path, osPathSafe)
}

// OSEscapePath is AppendOSEscapePath from string to string.
func OSEscapePath(path string, partial bool) string {
	if partial && allOf(path, osPathSafe) {
		return path
	}
	return string(AppendOSEscapePath(make([]byte, 0, len(path)+16), path, partial))
}

// EscapeURI is ap_escape_uri: OSEscapePath of a partial path.
func EscapeURI(path string) string { return OSEscapePath(path, true) }

// AppendEscapePathSegment appends one segment of a URL path, slashes and
// semicolons escaped too (ap_escape_path_segment).
func AppendEscapePathSegment(dst []byte, segment string) []byte {
	return appendPercent(dst, segment, segmentSafe)
}

func allOf(s string, class uint8) bool {
	for i := 0; i < len(s); i++ {
		if charClass[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

func appendPercent(dst []byte, s string, safe uint8) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; charClass[c]&safe == 0 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
			start = i + 1
		}
	}
	return append(dst, s[start:]...)
}

// AppendEscapeURLEncoded appends s as form data, spaces as "+"
// (ap_escape_urlencoded).
func AppendEscapeURLEncoded(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case charClass[c]&formSafe != 0:
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return dst
}

// AppendEscapeHTML appends s with "<", ">", "&" and the double quote as entities
// (ap_escape_html).
func AppendEscapeHTML(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		var e string
		switch s[i] {
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		case '&':
			e = "&amp;"
		case '"':
			e = "&quot;"
		default:
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, e...)
		start = i + 1
	}
	return append(dst, s[start:]...)
}

// EscapeHTML is AppendEscapeHTML from string to string.
func EscapeHTML(s string) string {
	if !strings.ContainsAny(s, `<>&"`) {
		return s
	}
	return string(AppendEscapeHTML(make([]byte, 0, len(s)+16), s))
}

// AppendEscapeLogitem appends s as access logs show what clients sent: no
// control characters and no bytes beyond ASCII, but C escapes of them, also of
// the double quote and the backslash (ap_escape_logitem).
func AppendEscapeLogitem(dst []byte, s string) []byte { return appendLog(dst, s, true) }

// AppendEscapeErrorlogItem is AppendEscapeLogitem for the error log, where the
// double quote stays as it is (ap_escape_errorlog_item).
func AppendEscapeErrorlogItem(dst []byte, s string) []byte { return appendLog(dst, s, false) }

func appendLog(dst []byte, s string, quote bool) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if charClass[c]&logSafe != 0 || c == '"' && !quote {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		dst = append(dst, '\\')
		switch c {
		case '\b':
			dst = append(dst, 'b')
		case '\n':
			dst = append(dst, 'n')
		case '\r':
			dst = append(dst, 'r')
		case '\t':
			dst = append(dst, 't')
		case '\v':
			dst = append(dst, 'v')
		case '\\', '"':
			dst = append(dst, c)
		default:
			dst = append(dst, 'x', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(dst, s[start:]...)
}

// AppendEscapeQuotes appends s with a backslash in front of every double quote
// that has none, for a quoted string in a header (ap_escape_quotes).
func AppendEscapeQuotes(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			dst = append(dst, '\\', '"')
		case c == '\\' && i+1 < len(s):
			i++
			dst = append(dst, c, s[i])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
