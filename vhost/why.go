package vhost

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"httpd-wsgi/internal/apr"
)

// AddrName is the address by which ByAddr finds its answer for local, in the
// form of <VirtualHost>: "10.0.0.1:80", "*:80", "*"; "" if no <VirtualHost>
// fits and the main server answers.
func (s *Site) AddrName(local netip.AddrPort) string {
	t := &s.addrs
	ip, port := local.Addr().Unmap(), local.Port()
	switch {
	case t.exact[netip.AddrPortFrom(ip, port)] != nil:
		return netip.AddrPortFrom(ip, port).String()
	case t.anyPort[ip] != nil:
		return ip.String()
	case t.byPort[int(port)] != nil:
		return net.JoinHostPort("*", strconv.Itoa(int(port)))
	case t.wild != nil:
		return "*"
	}
	return ""
}

// NamedAddrs are the addresses, other than "*", at which a server of that name,
// in lower case, answers on a port: where a client that asks for the name is
// likely to arrive.
func (s *Site) NamedAddrs(name string, port uint16) []netip.Addr {
	var out []netip.Addr
	add := func(ip netip.Addr, h *AddrHosts) {
		if _, ok := h.Match(name); ok && !slices.Contains(out, ip) {
			out = append(out, ip)
		}
	}
	for at, h := range s.addrs.exact {
		if at.Port() == port {
			add(at.Addr(), h)
		}
	}
	for ip, h := range s.addrs.anyPort {
		add(ip, h)
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// NameOf tells by which of its names Match finds s: the directive, and the
// name or pattern in it. The directive is "VirtualHost" for the name in a
// <VirtualHost> line, "" if s does not have the name.
func (s *Server) NameOf(name string) (directive, as string) {
	if strings.EqualFold(s.Name, name) {
		return "ServerName", s.Name
	}
	for _, a := range s.Aliases {
		if strings.EqualFold(a, name) {
			return "ServerAlias", a
		}
	}
	for _, a := range s.WildAliases {
		if apr.StrcmpMatch(name, strings.ToLower(a)) {
			return "ServerAlias", a
		}
	}
	for _, a := range s.Plan.Addrs {
		if host, _, _ := strings.Cut(a, ":"); strings.EqualFold(host, name) {
			return "VirtualHost", a
		}
	}
	return "", ""
}
