package mpm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A Listen is one Listen directive.
type Listen struct {
	Addrs    []netip.AddrPort // what its name resolved to; of a wildcard: [::] and 0.0.0.0
	Wild     bool             // no address given
	Protocol string           // "http", "https", or what the directive says
}

// A ListenError is what ParseListen finds wrong. Its text is Apache's message
// for the line; Logged, if set, is a line that Apache logs beside it.
type ListenError struct {
	Text   string
	Logged *Entry
}

func (e *ListenError) Error() string { return e.Text }

// ParseListen reads the argument of a Listen directive: "80", "*:80",
// "host:port", "1.2.3.4:80", "[::1]:80". An empty protocol is https on port
// 443, else http. The error, if any, is a [ListenError].
func ParseListen(arg, protocol string) (Listen, error) {
	host, port, err := splitAddrPort(arg)
	if err != nil {
		return Listen{}, err
	}
	l := Listen{Protocol: strings.ToLower(protocol)}
	if l.Protocol == "" {
		l.Protocol = "http"
		if port == 443 {
			l.Protocol = "https"
		}
	}
	if host == "" || host == "*" {
		l.Wild = true
		l.Addrs = []netip.AddrPort{netip.AddrPortFrom(netip.IPv6Unspecified(), port), netip.AddrPortFrom(netip.IPv4Unspecified(), port)}
		return l, nil
	}
	if a, err := netip.ParseAddr(host); err == nil {
		l.Addrs = []netip.AddrPort{netip.AddrPortFrom(a, port)}
		return l, nil
	}
	found, err := net.DefaultResolver.LookupNetIP(context.Background(), "ip", host)
	if err != nil || len(found) == 0 {
		why := "(EAI 2)Name or service not known: "
		var dns *net.DNSError
		if errors.As(err, &dns) && dns.IsTemporary {
			why = "(EAI 3)Temporary failure in name resolution: "
		}
		return Listen{}, &ListenError{"Listen setup failed", &Entry{Level: Crit, Module: "core",
			Text: why + "AH00077: alloc_listener: failed to set up sockaddr for " + host}}
	}
	for _, a := range found {
		l.Addrs = append(l.Addrs, netip.AddrPortFrom(a.Unmap(), port))
	}
	return l, nil
}

// splitAddrPort follows apr_parse_addr_port: digits after the last colon are
// the port, digits alone are a port without a host.
func splitAddrPort(arg string) (string, uint16, error) {
	invalid := &ListenError{Text: "Invalid address or port"}
	host, digits := "", arg
	switch i := strings.LastIndexByte(arg, ':'); {
	case strings.Trim(arg, "0123456789") == "":
	case i < 0 || i < strings.LastIndexByte(arg, ']'):
		return "", 0, &ListenError{Text: "Port must be specified"}
	default:
		host, digits = arg[:i], arg[i+1:]
		if strings.Trim(digits, "0123456789") != "" {
			return "", 0, &ListenError{Text: "Port must be specified"}
		}
		if strings.HasPrefix(host, "[") != strings.HasSuffix(host, "]") || host == "" {
			return "", 0, invalid
		}
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 {
		return "", 0, invalid
	}
	return host, uint16(port), nil
}

// AddListen appends l unless an earlier one has an address of it.
func AddListen(all []Listen, l Listen) ([]Listen, error) {
	for _, o := range all {
		for _, a := range o.Addrs {
			for _, b := range l.Addrs {
				if a == b {
					return nil, &ListenError{Text: "Cannot define multiple Listeners on the same IP:port"}
				}
			}
		}
	}
	return append(all, l), nil
}

// addrText is the address as Apache's %pI prints it.
func addrText(a netip.AddrPort) string {
	if a.Addr().Is4() {
		return a.String()
	}
	return fmt.Sprintf("[%s]:%d", a.Addr(), a.Port())
}
