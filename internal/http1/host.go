package http1

import (
	"net/netip"
	"strconv"
	"strings"
)

// findHost sets whom the request is for, from its target or Host, and refuses
// what is no host name (ap_update_vhost_from_headers).
func (h *Head) findHost(o *Options) *Error {
	sent, hasField := h.Host()
	if h.URI.HasHost {
		h.HasHostname = true
		h.Port = h.URI.port()
		if e := h.setHostname(h.URI.Host, strings.IndexByte(h.URI.Host, ':') >= 0, h.URI.Host, o); e != nil {
			return e
		}
		if hasField && !o.Unsafe {
			// The target's host counts, and what reads Host must see the same.
			h.ReplacedHost = sent
			value := h.Hostname
			if h.URI.HasPort {
				value += ":" + h.URI.PortText
			}
			h.Fields[h.host].Value = value
		}
	} else if hasField && sent != "" {
		h.HasHostname = true
		if prefix(sent, classDigit) == len(sent) {
			if e := h.setHostname(sent, false, sent, o); e != nil {
				return e
			}
		} else {
			name, port, v6, ok := splitHostPort(sent)
			if !ok {
				return malformedHost(nil, sent)
			}
			h.Port = port
			if e := h.setHostname(name, v6, sent, o); e != nil {
				return e
			}
		}
	}
	if !h.HasHostname && h.Proto >= 1001 || h.Proto == 1001 && !hasField {
		return refuse(400, SeverityDebug, "AH00569", "client sent HTTP/1.1 request without hostname (see RFC2616 section 14.23): "+h.URI.Path)
	}
	return nil
}

func malformedHost(e *Error, sent string) *Error {
	if e == nil {
		e = &Error{Status: 400}
	}
	return e.and(SeverityDebug, "AH00550", "Client sent malformed Host header: "+sent)
}

// splitHostPort takes a Host value apart (apr_parse_addr_port): a port is
// digits at the end after a colon, 1 to 65535.
func splitHostPort(s string) (name string, port int, v6, ok bool) {
	digits := len(s)
	for digits > 0 && is(s[digits-1], classDigit) {
		digits--
	}
	if digits < len(s) && digits > 0 && s[digits-1] == ':' {
		n, err := strconv.ParseUint(s[digits:], 10, 16)
		if err != nil || n == 0 {
			return "", 0, false, false
		}
		if s, port = s[:digits-1], int(n); s == "" {
			return "", 0, false, false
		}
	}
	if s[0] != '[' {
		return s, port, false, true
	}
	end := strings.IndexByte(s, ']')
	if end != len(s)-1 {
		return "", 0, false, false
	}
	return s[1:end], port, true, true
}

// setHostname checks and normalises a name without port. sent is what the log shows.
func (h *Head) setHostname(name string, v6 bool, sent string, o *Options) *Error {
	if v6 {
		addr, err := netip.ParseAddr(name)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return malformedHost(nil, sent)
		}
		h.Hostname = "[" + lower(name) + "]"
		return nil
	}
	if name == "" {
		h.Hostname = ""
		return nil
	}
	if prefix(name, classDigit) == len(name) && name == sent {
		if !o.Unsafe {
			return refuse(400, SeverityDebug, "AH02416", "[strict] purely numeric host names not allowed: "+name)
		}
		h.Hostname = name
		return nil
	}
	for i := range len(name) {
		if name[i] == '/' || name[i] == '\\' || name[i] == '.' && i+1 < len(name) && name[i+1] == '.' {
			return malformedHost(nil, sent)
		}
	}
	name = lower(name)
	if name[len(name)-1] == '.' {
		name = name[:len(name)-1]
	}
	h.Hostname = name
	if o.Unsafe {
		return nil
	}
	if near, ok := strictHostname(name); !ok {
		text := "[strict] Invalid host name '" + name + "'"
		if near != "" {
			text += ", problem near: " + near[:min(len(near), 6)]
		}
		return malformedHost(refuse(400, SeverityDebug, "AH02415", text), sent)
	}
	return nil
}

// strictHostname is strict_hostname_check: letters, digits, "-", "_" and "." only; a number is an IPv4 address of four
// parts without leading zeros; a top-level domain begins with a letter. near is where the fault is, if anywhere.
func strictHostname(name string) (near string, ok bool) {
	numeric, leadingZero, dots := true, false, 0
	for i := range len(name) {
		switch c := name[i]; {
		case is(c, classAlpha), c == '-', c == '_':
			numeric = false
		case c == '.':
			dots++
			if strings.HasPrefix(name[i+1:], "0") && i+2 < len(name) && is(name[i+2], classDigit) {
				leadingZero = true
			}
		case !is(c, classDigit):
			return name[i:], false
		}
	}
	if numeric {
		if name == "" || name[0] == '.' || name[0] == '0' && len(name) > 1 && is(name[1], classDigit) {
			leadingZero = true
		}
		return "", dots == 3 && !leadingZero
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 && i+1 < len(name) && !is(name[i+1], classAlpha) {
		return name[i:], false
	}
	return "", true
}

// lower is strings.ToLower for ASCII letters alone.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
