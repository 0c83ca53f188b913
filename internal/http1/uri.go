package http1

import (
	"errors"
	"strconv"
	"strings"
)

// URI is a request-target taken apart (RFC 9112, 3.2), not unescaped.
type URI struct {
	// Scheme is as sent, "" without.
	Scheme string
	// Host is that of an absolute http target or of CONNECT, as sent, IPv6 without brackets; HasHost tells "" from none.
	Host    string
	HasHost bool
	// PortText follows the host's colon; HasPort tells "" from none.
	PortText string
	HasPort  bool
	// Path is "/" when the target has none; "*" for OPTIONS of the server as a whole.
	Path string
	// Query is what follows "?"; HasQuery tells "" from none.
	Query    string
	HasQuery bool
	// HasUser and HasFragment tell of parts that have no business in a request.
	HasUser, HasFragment bool
}

var (
	errURI    = errors.New("malformed request-target")
	errScheme = errors.New("scheme is neither http nor https")
)

// parse takes target apart as apr_uri_parse and ap_parse_uri do.
func (u *URI) parse(method, target string) error {
	*u = URI{}
	if method == "CONNECT" {
		return u.authority(target)
	}
	rest := target
	if target == "" || target[0] != '/' {
		if i := strings.IndexAny(target, ":/?#"); i >= 0 && target[i] == ':' {
			if !isScheme(target[:i]) {
				return errURI
			}
			u.Scheme, rest = target[:i], target[i+1:]
			if after, ok := strings.CutPrefix(rest, "//"); ok {
				end := strings.IndexAny(after, "/?#")
				if end < 0 {
					end = len(after)
				}
				if !u.host(after[:end]) {
					return errURI
				}
				rest = after[end:]
			}
		}
	}
	if i := strings.IndexByte(rest, '#'); i >= 0 {
		u.HasFragment, rest = true, rest[:i]
	}
	u.Path, u.Query, u.HasQuery = strings.Cut(rest, "?")
	switch {
	case u.Path == "" && u.HasHost && method == "OPTIONS":
		u.Path = "*" // RFC 9112, 3.2.4
	case u.Path == "":
		u.Path = "/"
	case u.Path[0] != '/' && !(u.Path == "*" && method == "OPTIONS"):
		return errURI
	}
	switch {
	case u.Scheme == "", FoldEqual(u.Scheme, "http"):
	case FoldEqual(u.Scheme, "https"):
		// Not a scheme of this connection for Apache: Host decides.
		u.Host, u.HasHost, u.PortText, u.HasPort = "", false, "", false
	default:
		return errScheme
	}
	return nil
}

func isScheme(s string) bool {
	if s == "" || !is(s[0], classAlpha) {
		return false
	}
	for i := range len(s) {
		if !is(s[i], classAlpha|classDigit) && s[i] != '+' && s[i] != '-' && s[i] != '.' {
			return false
		}
	}
	return true
}

// host takes "user:password@host:port" apart.
func (u *URI) host(s string) bool {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		u.HasUser, s = true, s[i+1:]
	}
	u.HasHost = true
	if strings.HasPrefix(s, "[") {
		end := strings.LastIndexByte(s, ']')
		if end < 0 {
			return false
		}
		rest := s[end+1:]
		if u.Host = s[1:end]; rest == "" {
			return true
		}
		if rest[0] != ':' {
			u.Host = s[1:] // refused as a host name later
			return true
		}
		u.HasPort, u.PortText = true, rest[1:]
	} else {
		u.Host, u.PortText, u.HasPort = strings.Cut(s, ":")
	}
	return u.PortText == "" || isPort(u.PortText)
}

// authority takes CONNECT's "host:port" apart.
func (u *URI) authority(s string) error {
	u.HasHost, u.Path = true, "/"
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return errURI
		}
		u.Host, s = s[1:end], s[end+1:]
		if !strings.HasPrefix(s, ":") {
			return errURI
		}
		u.PortText = s[1:]
	} else {
		u.Host, u.PortText, _ = strings.Cut(s, ":")
	}
	u.HasPort = true
	if u.Host == "" || u.PortText == "" || !isPort(u.PortText) {
		return errURI
	}
	return nil
}

// isPort takes what strtol does: a sign and digits.
func isPort(s string) bool {
	if s[0] == '+' || s[0] == '-' {
		s = s[1:]
	}
	return s != "" && prefix(s, classDigit) == len(s)
}

// port is the number of PortText, in Apache's 16 bits; 0 if there is none.
func (u *URI) port() int {
	n, err := strconv.ParseInt(u.PortText, 10, 64)
	if err != nil {
		return 0
	}
	return int(uint16(n))
}
