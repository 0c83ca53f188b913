package mpm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// A Listen is one Listen directive.
type Listen struct {
	Addrs    []netip.AddrPort // what its name resolved to; of a wildcard: [::] and 0.0.0.0
	Wild     bool             // no address given
	Protocol string           // "http", "https", or what the directive says
}

// A ListenError is why a Listen directive cannot be. Its text is Apache's
// message for the line; Logged, if set, is a line that Apache logs beside it.
type ListenError struct {
	Text   string
	Logged *Entry
}

func (e *ListenError) Error() string { return e.Text }

// NewListen resolves a Listen directive: host is an address without brackets,
// a name, or empty for all addresses. The error is a [ListenError].
func NewListen(host string, port uint16, protocol string) (Listen, error) {
	l := Listen{Protocol: protocol}
	if host == "" {
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
		return Listen{}, &ListenError{"Listen setup failed", &Entry{Level: Crit, Module: "core", Console: true,
			Text: why + "AH00077: alloc_listener: failed to set up sockaddr for " + host}}
	}
	for _, a := range found {
		l.Addrs = append(l.Addrs, netip.AddrPortFrom(a.Unmap(), port))
	}
	return l, nil
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
