package modcore

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// VHostAddr is one argument of <VirtualHost>.
type VHostAddr struct {
	// Host is the address or name without port and brackets; "*" for "*" and "_default_".
	Host string
	// Port is 0 for none or "*".
	Port int
	// Any tells "*", "_default_" and the addresses that mean any; IP is valid for another numeric address.
	Any bool
	IP  netip.Addr
}

var errVHostAddr = errors.New("The address or port is invalid")

// ParseVHostAddr takes an argument of <VirtualHost> apart (get_addresses). A
// Host that is neither Any nor an IP is a name to be resolved, or not, at start.
func ParseVHostAddr(w string) (VHostAddr, error) {
	a := VHostAddr{Host: w}
	port := ""
	if w == "*" || strings.EqualFold(w, "_default_") {
		a.Host, a.Any = "*", true
		return a, nil
	}
	switch head, ok := strings.CutSuffix(w, ":*"); {
	case ok:
		a.Host = head
	case strings.HasPrefix(w, "["):
		end := strings.IndexByte(w, ']')
		if end < 0 {
			return a, errVHostAddr
		}
		a.Host = w[:end+1]
		if rest := w[end+1:]; rest != "" {
			if rest[0] != ':' || !digits(rest[1:]) {
				return a, errVHostAddr
			}
			port = rest[1:]
		}
	default:
		// The digits after the last colon are a port; a text of other shape is a name that won't resolve.
		i := strings.LastIndexByte(w, ':')
		if i < 0 && digits(w) {
			return a, errors.New("Missing address for VirtualHost")
		}
		if i >= 0 && digits(w[i+1:]) {
			a.Host, port = w[:i], w[i+1:]
			if a.Host == "" {
				return a, errVHostAddr
			}
		}
	}
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return a, errVHostAddr
		}
		a.Port = n
	}
	if a.Host == "*" || strings.EqualFold(a.Host, "_default_") {
		a.Host, a.Any = "*", true
		return a, nil
	}
	if strings.HasPrefix(a.Host, "[") {
		a.Host = strings.Trim(a.Host, "[]")
		ip, err := netip.ParseAddr(a.Host)
		if err != nil || ip.Is4() {
			return a, errVHostAddr
		}
		a.IP = ip
	} else if ip, err := netip.ParseAddr(a.Host); err == nil {
		a.IP = ip
	}
	if a.IP.IsValid() && a.IP.IsUnspecified() {
		a.Any = true
	}
	return a, nil
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
