package server

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	"httpd-wsgi/directives/modcore"
)

// lookupTimeout bounds a name lookup, so that a dead resolver does not hold a
// request for ever.
const lookupTimeout = 10 * time.Second

// ClientIP is the client's address as text; an IPv4-mapped address shows as IPv4.
func (r *Request) ClientIP() string {
	if r.Client == r.Conn.Remote {
		return r.Conn.RemoteIP()
	}
	return r.Client.Addr().Unmap().String()
}

// RemoteHost is the client's name where HostnameLookups asks for it, else its
// address (ap_get_remote_host with REMOTE_NAME).
func (r *Request) RemoteHost() string {
	switch r.dir().HostnameLookups.Get(modcore.LookupsOff) {
	case modcore.LookupsOn:
		if n := r.Conn.names.lookup(r.Client.Addr(), false); n != "" {
			return n
		}
	case modcore.LookupsDouble:
		if n := r.Conn.names.lookup(r.Client.Addr(), true); n != "" {
			return n
		}
	}
	return r.ClientIP()
}

// VerifiedHost is the client's name if its address leads to the name and the
// name back to the address, whatever HostnameLookups says (REMOTE_DOUBLE_REV);
// "" if not.
func (r *Request) VerifiedHost() string { return r.Conn.names.lookup(r.Client.Addr(), true) }

// hostNames remembers a connection's reverse lookups.
type hostNames struct {
	addr             netip.Addr
	name             string
	looked, verified bool
}

func (h *hostNames) lookup(addr netip.Addr, verify bool) string {
	if !h.looked || h.addr != addr {
		*h = hostNames{addr: addr, looked: true}
		ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
		defer cancel()
		if names, err := net.DefaultResolver.LookupAddr(ctx, addr.Unmap().String()); err == nil && len(names) > 0 {
			h.name = strings.ToLower(strings.TrimSuffix(names[0], "."))
			if addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", h.name); err == nil {
				for _, a := range addrs {
					h.verified = h.verified || a.Unmap() == addr.Unmap()
				}
			}
		}
	}
	if verify && !h.verified {
		return ""
	}
	return h.name
}

// InDomain tells whether host is domain or below it; a domain that begins with
// a dot matches any host that ends in it.
func InDomain(domain, host string) bool {
	d := len(host) - len(domain)
	if d < 0 || !strings.EqualFold(host[d:], domain) {
		return false
	}
	return d == 0 || domain[0] == '.' || host[d-1] == '.'
}
