package modcore

import (
	"errors"
	"net/netip"
	"regexp"
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
	if strings.EqualFold(w, "_default_") {
		return VHostAddr{Host: "*", Any: true}, nil
	}
	head, _ := strings.CutSuffix(w, ":*")
	var err error
	if a.Host, a.Port, err = ParseAddrPort(head); err != nil {
		return a, errVHostAddr
	}
	switch {
	case a.Host == "":
		return a, errors.New("Missing address for VirtualHost")
	case a.Host == "*" || strings.EqualFold(a.Host, "_default_"):
		a.Host, a.Any = "*", true
		return a, nil
	}
	if ip, err := netip.ParseAddr(a.Host); err == nil {
		if ip.IsUnspecified() {
			a.Any = true
		} else {
			a.IP = ip
		}
	}
	return a, nil
}

// ParseAddrPort splits "host:port", "[v6]:port", "host" or "port"
// (apr_parse_addr_port). The host is without brackets; the port is 0 where
// there is none. Digits after the last colon are a port; a text of another
// shape is a name, which won't resolve.
func ParseAddrPort(w string) (host string, port int, err error) {
	errShape := errors.New("Invalid address or port")
	digit := ""
	switch {
	case digits(w):
		digit = w
	case strings.HasPrefix(w, "["):
		end := strings.IndexByte(w, ']')
		if end < 0 {
			return "", 0, errShape
		}
		host = w[1:end]
		// More zeros than an address may have make it a name, which won't resolve.
		if ip, err := netip.ParseAddr(leadingZeros.ReplaceAllString(host, "$1")); err != nil || ip.Is4() {
			return "", 0, errShape
		}
		switch rest := w[end+1:]; {
		case rest == "":
		case rest[0] == ':' && digits(rest[1:]):
			digit = rest[1:]
		default:
			return "", 0, errShape
		}
	default:
		host = w
		if i := strings.LastIndexByte(w, ':'); i >= 0 && digits(w[i+1:]) {
			if host, digit = w[:i], w[i+1:]; host == "" {
				return "", 0, errShape
			}
		}
	}
	if digit != "" {
		if port, err = strconv.Atoi(digit); err != nil || port < 1 || port > 65535 {
			return "", 0, errShape
		}
	}
	return host, port, nil
}

var leadingZeros = regexp.MustCompile(`\b0+([0-9a-fA-F])`)

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
