package apr

import "strings"

// UnescapeFlags choose what [Unescape] leaves alone or refuses. The values are
// Apache's (AP_UNESCAPE_URL_*).
type UnescapeFlags uint8

const (
	// KeepUnreserved leaves escapes of RFC 3986's unreserved characters as they
	// are, for a path that has had them decoded already: what is escaped now
	// was escaped twice.
	KeepUnreserved UnescapeFlags = 1 << iota
	// ForbidSlashes refuses "%2F" (AllowEncodedSlashes Off).
	ForbidSlashes
	// KeepSlashes leaves "%2F" as it is (AllowEncodedSlashes NoDecode).
	KeepSlashes
)

// The results of [Unescape]: 0 or an HTTP status.
const (
	UnescapeOK        = 0
	UnescapeBad       = 400 // a "%" without two hex digits
	UnescapeForbidden = 404 // "%00", or "%2F" where that is forbidden
)

// Unescape decodes the %XX escapes of a URL path (ap_unescape_url_ex; with
// ForbidSlashes alone it is ap_unescape_url). status is one of the constants
// above; s decoded as far as possible is returned with each. A bad escape
// outweighs a forbidden one. "+" is an ordinary character.
func Unescape(s string, flags UnescapeFlags) (decoded string, status int) {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s, UnescapeOK
	}
	b := make([]byte, i, len(s))
	copy(b, s)
	b, status = AppendUnescape(b, s[i:], flags)
	return string(b), status
}

// AppendUnescape is [Unescape] into a buffer. dst may be the front of the memory
// of s itself, since the result is never longer.
func AppendUnescape(dst []byte, s string, flags UnescapeFlags) ([]byte, int) {
	bad, forbidden := false, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '%' {
			dst = append(dst, c)
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			bad = true
			dst = append(dst, c)
			continue
		}
		d := unhex(s[i+1])<<4 | unhex(s[i+2])
		switch {
		case d == 0 || d == '/' && flags&ForbidSlashes != 0:
			forbidden = true
			dst = append(dst, d)
		case d == '/' && flags&KeepSlashes != 0, flags&KeepUnreserved != 0 && charClass[d]&uriUnreserved != 0:
			dst = append(dst, c, s[i+1], s[i+2])
		default:
			dst = append(dst, d)
		}
		i += 2
	}
	switch {
	case bad:
		return dst, UnescapeBad
	case forbidden:
		return dst, UnescapeForbidden
	}
	return dst, UnescapeOK
}

// UnescapeURLEncoded decodes form data: "+" is a space, then as [Unescape] with
// slashes allowed (ap_unescape_urlencoded).
func UnescapeURLEncoded(s string) (decoded string, status int) {
	return Unescape(strings.ReplaceAll(s, "+", " "), 0)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unhex is the value of a hex digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
