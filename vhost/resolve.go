package vhost

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

// Names are the answers of the system's resolver that a site was built with.
// It can be encoded, for the processes that build the same site again.
type Names struct {
	// Hosts are the addresses of names in <VirtualHost>; empty for one that is not known.
	Hosts map[string][]netip.Addr
	// Addrs are the names of addresses; "" for one that has none.
	Addrs map[netip.Addr]string
	// Local is the machine's own name or address, for a main server without ServerName; Doubt tells that it is
	// no fully qualified name.
	Local string
	Doubt bool
}

// lookupTimeout bounds one question to the resolver.
const lookupTimeout = 10 * time.Second

func (n *Names) host(name string) []netip.Addr {
	if a, ok := n.Hosts[name]; ok {
		return a
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		found = nil
	}
	for i := range found {
		found[i] = found[i].Unmap()
	}
	if n.Hosts == nil {
		n.Hosts = map[string][]netip.Addr{}
	}
	n.Hosts[name] = found
	return found
}

func (n *Names) addr(a netip.Addr) string {
	if name, ok := n.Addrs[a]; ok {
		return name
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	name := ""
	if found, err := net.DefaultResolver.LookupAddr(ctx, a.String()); err == nil && len(found) > 0 {
		name = strings.TrimSuffix(found[0], ".")
	}
	if n.Addrs == nil {
		n.Addrs = map[netip.Addr]string{}
	}
	n.Addrs[a] = name
	return name
}

// local is Apache's ap_get_local_host: the machine's name if it has a dot, what
// its address is called, its address, or 127.0.0.1.
func (n *Names) local() (name string, doubt bool) {
	if n.Local != "" {
		return n.Local, n.Doubt
	}
	n.Local, n.Doubt = "127.0.0.1", true
	host, err := os.Hostname()
	if err != nil {
		return n.Local, n.Doubt
	}
	addrs := n.host(host)
	if len(addrs) == 0 {
		return n.Local, n.Doubt
	}
	full := n.addr(addrs[0])
	switch {
	case strings.Contains(full, "."):
		n.Local, n.Doubt = full, false
	case strings.Contains(host, "."):
		n.Local = host
	default:
		n.Local = addrs[0].String()
	}
	return n.Local, n.Doubt
}
