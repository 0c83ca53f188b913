package vhost

import (
	"fmt"
	"net/netip"
	"slices"

	"httpd-wsgi/directives/modcore"
)

// hostAddr is one address of one <VirtualHost> (server_addr_rec).
type hostAddr struct {
	ip   netip.Addr // invalid for any
	port int        // 0 for any
	name string     // as written, without port
}

func (a hostAddr) any() bool { return !a.ip.IsValid() }

// chain is one address with the servers that have it, in file order (ipaddr_chain).
type chain struct {
	addr  hostAddr
	names []named
}

// named is one server in a chain, by one of its addresses.
type named struct {
	server *Server
	addr   hostAddr
}

// addrTable finds the servers of a connection's own address.
type addrTable struct {
	// exact has the addresses with a port, anyPort those without.
	exact   map[netip.AddrPort]*AddrHosts
	anyPort map[netip.Addr]*AddrHosts
	// byPort has "*:port", wild "*".
	byPort map[int]*AddrHosts
	wild   *AddrHosts
	main   *AddrHosts

	// buckets and defaults are the chains in the order of httpd -S.
	buckets  [256][]*chain
	defaults []*chain
}

// ByAddr finds the servers that answer at a connection's local address: those
// of the very address and port, of the address, of the port, of any; the main
// server alone where no <VirtualHost> fits. It is asked once per connection.
func (s *Site) ByAddr(local netip.AddrPort) *AddrHosts {
	t := &s.addrs
	ip := local.Addr().Unmap()
	if h := t.exact[netip.AddrPortFrom(ip, local.Port())]; h != nil {
		return h
	}
	if h := t.anyPort[ip]; h != nil {
		return h
	}
	if h := t.byPort[int(local.Port())]; h != nil {
		return h
	}
	if t.wild != nil {
		return t.wild
	}
	return t.main
}

type builder struct {
	site   *Site
	names  *Names
	chains map[chainKey]*chain
}

type chainKey struct {
	ip   netip.Addr
	port int
}

// localName names a main server that has no ServerName.
func (b *builder) localName() string {
	name, doubt := b.names.local()
	if doubt {
		b.site.notice(fmt.Sprintf("AH00558: Could not reliably determine the server's fully qualified domain name, using %s. Set the 'ServerName' directive globally to suppress this message", name))
	}
	return name
}

// resolve gives the addresses of a <VirtualHost>.
func (b *builder) resolve(s *Server) []hostAddr {
	var out []hostAddr
	for _, w := range s.Plan.Addrs {
		a, err := modcore.ParseVHostAddr(w)
		switch {
		case err != nil: // has been refused before
		case a.Any:
			out = append(out, hostAddr{port: a.Port, name: a.Host})
		case a.IP.IsValid():
			out = append(out, hostAddr{ip: a.IP, port: a.Port, name: a.Host})
		default:
			found := b.names.host(a.Host)
			if len(found) == 0 {
				b.site.notice(fmt.Sprintf("(EAI 2)Name or service not known: AH00547: Could not resolve host name %s -- ignoring!", a.Host))
			}
			for _, ip := range found {
				out = append(out, hostAddr{ip: ip, port: a.Port, name: a.Host})
			}
		}
	}
	return out
}

// addresses fills the tables (ap_fini_vhost_config). Apache takes the servers
// from the last to the first and puts each in front, so that lists come out in
// the order of the file; here they are turned round at the end.
func (b *builder) addresses() {
	t := &b.site.addrs
	b.chains = map[chainKey]*chain{}
	servers := b.site.Servers
	for i := len(servers) - 1; i > 0; i-- {
		s := servers[i]
		addrs := b.resolve(s)
		if !s.Core.Name.Set {
			if s.Port = b.site.Main.Port; len(addrs) > 0 && addrs[0].port != 0 {
				s.Port = addrs[0].port
			}
		}
		hasAny := false
		var prev *hostAddr
		for k := range addrs {
			a := addrs[k]
			if a.any() {
				hasAny = true
				if prev == nil || !prev.any() || prev.port != a.port {
					b.join(&t.defaults, s, a)
				}
			} else {
				b.join(&t.buckets[bucket(a.ip)], s, a)
			}
			prev = &addrs[k]
		}
		if s.Name == "" {
			s.Name = b.nameFor(s, addrs, hasAny)
		}
	}
	for _, c := range b.chains {
		slices.Reverse(c.names)
	}
	for _, chains := range t.buckets {
		slices.Reverse(chains)
	}
	slices.Reverse(t.defaults)
	b.index()
}

// nameFor names a virtual host that has no ServerName.
func (b *builder) nameFor(s *Server, addrs []hostAddr, hasAny bool) string {
	switch {
	case hasAny:
		return b.site.Main.Name
	case len(addrs) == 0:
		return "bogus_host_without_forward_dns"
	}
	if name := b.names.addr(addrs[0].ip); name != "" {
		return name
	}
	b.site.notice(fmt.Sprintf("(EAI 2)Name or service not known: AH00549: Failed to resolve server name for %s (check DNS) -- or specify an explicit ServerName", addrs[0].ip))
	return "bogus_host_without_reverse_dns"
}

// join adds s to the chain of a, which it makes if there is none.
func (b *builder) join(chains *[]*chain, s *Server, a hostAddr) {
	key := chainKey{a.ip, a.port}
	c := b.chains[key]
	if c == nil {
		c = &chain{addr: a}
		b.chains[key] = c
		*chains = append(*chains, c)
	}
	c.names = append(c.names, named{s, a})
}

// bucket is Apache's hash of an address (hash_addr).
func bucket(ip netip.Addr) int {
	b := ip.AsSlice()
	b = b[len(b)-4:]
	return int(b[0] ^ b[1] ^ b[2] ^ b[3])
}

func (b *builder) index() {
	t := &b.site.addrs
	t.exact, t.anyPort = map[netip.AddrPort]*AddrHosts{}, map[netip.Addr]*AddrHosts{}
	t.byPort = map[int]*AddrHosts{}
	t.main = newAddrHosts([]named{{server: b.site.Main}})
	for _, chains := range t.buckets {
		for _, c := range chains {
			h := newAddrHosts(c.names)
			if c.addr.port == 0 {
				t.anyPort[c.addr.ip] = h
			} else {
				t.exact[netip.AddrPortFrom(c.addr.ip, uint16(c.addr.port))] = h
			}
		}
	}
	for _, c := range t.defaults {
		if h := newAddrHosts(c.names); c.addr.port == 0 {
			t.wild = h
		} else {
			t.byPort[c.addr.port] = h
		}
	}
}
