package apr

import "strings"

// NormalizeFlags choose what [NormalizePath] does besides removing dot segments.
// The values are Apache's.
type NormalizeFlags uint8

const (
	// AllowRelative accepts a path that does not begin with a slash.
	AllowRelative NormalizeFlags = 1 << iota
	// NotAboveRoot refuses a path whose ".." segments lead above its root.
	NotAboveRoot
	// DecodeUnreserved decodes the escapes of RFC 3986's unreserved characters
	// first, so that "%2e%2e" is a dot segment, and refuses bad escapes.
	DecodeUnreserved
	// MergeSlashes makes one slash of many (MergeSlashes On).
	MergeSlashes
)

// NormalizePath removes "/./" and "/xx/../" segments from a URL path and more as
// flags say (ap_normalize_path). ok is false for a path that must be refused:
// one that does not begin with a slash (but for "*" alone, and with
// AllowRelative), one above the root with NotAboveRoot, one with a bad escape
// with DecodeUnreserved. The path is cleaned even then, for use in a message;
// where the first character is the reason it is returned unchanged.
func NormalizePath(path string, flags NormalizeFlags) (clean string, ok bool) {
	start := 1
	if path == "" || path[0] != '/' {
		if path == "*" {
			return path, true
		}
		if flags&AllowRelative == 0 || path == "" {
			return path, false
		}
		start = 0
	}
	if isNormal(path, start, flags) {
		return path, true
	}
	return normalize([]byte(path), start, flags)
}

// isNormal tells, without writing, whether normalize would change nothing. It
// may say no for a path that is normal.
func isNormal(path string, start int, flags NormalizeFlags) bool {
	for i := start; i < len(path); i++ {
		switch path[i] {
		case '%':
			if flags&DecodeUnreserved != 0 {
				return false
			}
		case '.':
			if i == 0 || path[i-1] == '/' {
				return false
			}
		case '/':
			if flags&MergeSlashes != 0 && i > 0 && path[i-1] == '/' {
				return false
			}
		}
	}
	return true
}

func normalize(path []byte, start int, flags NormalizeFlags) (string, bool) {
	decode := flags&DecodeUnreserved != 0
	ok := true
	at := func(i int) byte {
		if i < len(path) {
			return path[i]
		}
		return 0
	}
	ends := func(i int) bool { return i >= len(path) || path[i] == '/' }
	l, w := start, start // read and write positions
	for l < len(path) {
		if decode && path[l] == '%' {
			if !isHex(at(l+1)) || !isHex(at(l+2)) {
				ok = false
			} else if c := unhex(path[l+1])<<4 | unhex(path[l+2]); charClass[c]&uriUnreserved != 0 {
				l += 2
				path[l] = c // read as an ordinary character below
			}
		}
		if w == 0 || path[w-1] == '/' {
			if flags&MergeSlashes != 0 && path[l] == '/' {
				for l < len(path) && path[l] == '/' {
					l++
				}
				continue
			}
			if path[l] == '.' {
				if ends(l + 1) {
					l = min(l+2, len(path))
					continue
				}
				// The second dot has not been decoded yet.
				n := l + 1
				if decode && at(n) == '%' && at(n+1) == '2' && at(n+2)|0x20 == 'e' {
					n += 2
				} else if at(n) != '.' {
					n = -1
				}
				if n >= 0 && ends(n+1) {
					if w > 1 {
						for w--; w > 0 && path[w-1] != '/'; {
							w--
						}
					} else if flags&NotAboveRoot != 0 {
						ok = false
					}
					l = min(n+2, len(path))
					continue
				}
			}
		}
		path[w] = path[l]
		w++
		l++
	}
	return string(path[:w]), ok
}

// Getparents removes "." and ".." segments from a path (ap_getparents); it is ""
// for one that leads above its root.
func Getparents(name string) string {
	clean, ok := NormalizePath(name, NotAboveRoot|AllowRelative)
	if !ok {
		return ""
	}
	return clean
}

// No2Slash makes one slash of many in a row (ap_no2slash).
func No2Slash(name string) string {
	if !strings.Contains(name, "//") {
		return name
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '/' && i > 0 && name[i-1] == '/' {
			continue
		}
		b = append(b, name[i])
	}
	return string(b)
}
