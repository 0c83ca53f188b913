package vhost

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/internal/apr"
)

// many is n virtual hosts with names of every kind, at one address or each at its own.
func many(n int, byAddr bool) string {
	var b strings.Builder
	b.WriteString("Listen 80\nServerName main.example\n")
	for i := range n {
		addr := "*:80"
		if byAddr {
			addr = fmt.Sprintf("10.%d.%d.%d:80", i>>16, i>>8&255, i&255)
		}
		fmt.Fprintf(&b, "<VirtualHost %s>\nServerName s%d.example.com\nServerAlias www.s%[2]d.example.com *.s%[2]d.example.net m*.s%[2]d.example.org\n"+
			"ServerAlias s%[2]d.example.*\n</VirtualHost>\n", addr, i)
	}
	return b.String()
}

// TestMatchesLikeApache compares the index with what Apache does: the first server in order, of which a name or a pattern fits.
func TestMatchesLikeApache(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	label := func() string { return []string{"a", "b", "www", "x1", "ab"}[r.IntN(5)] }
	name := func() string {
		s := label()
		for range r.IntN(4) {
			s += "." + label()
		}
		return s
	}
	pattern := func() string {
		b := []byte(name())
		for range 1 + r.IntN(2) {
			b[r.IntN(len(b))] = "*?"[r.IntN(2)]
		}
		return string(b)
	}
	for round := range 200 {
		var conf strings.Builder
		conf.WriteString("Listen 80\nServerName main.example\n")
		for range 1 + r.IntN(12) {
			fmt.Fprintf(&conf, "<VirtualHost *:80>\nServerName %s\nServerAlias %s %s %s\n</VirtualHost>\n", name(), pattern(), pattern(), name())
		}
		h := build(t, conf.String(), nil).ByAddr(netip.MustParseAddrPort("10.0.0.1:80"))
		for range 50 {
			host := name()
			var want *Server
			for _, s := range h.List() {
				fits := strings.EqualFold(s.Name, host)
				for _, a := range s.Aliases {
					fits = fits || a == host
				}
				for _, a := range s.WildAliases {
					fits = fits || apr.StrcmpMatch(host, a)
				}
				if fits {
					want = s
					break
				}
			}
			if got, ok := h.Match(host); ok != (want != nil) || ok && got != want {
				t.Fatalf("round %d: %s: %v %v, want %v in\n%s", round, host, got, ok, want, conf.String())
			}
		}
	}
}

// TestManyCostNoMore shows that choosing one of 10,000 servers costs what one of 10 does, and no memory. What is compared is the
// best of many short runs; a search in order would be hundreds of times as slow.
func TestManyCostNoMore(t *testing.T) {
	for _, kind := range []string{"s%d.example.com", "www.s%d.example.com", "x.s%d.example.net", "mobil.s%d.example.org", "s%d.example.de", "none%d.example.com", "address"} {
		var cost [2]time.Duration
		for k, n := range []int{10, 10000} {
			s := build(t, many(n, kind == "address"), nil)
			var names []string
			var addrs []netip.AddrPort
			for i := range 10 {
				i = i * (n - 1) / 9
				names = append(names, strings.Replace(kind, "%d", fmt.Sprint(i), 1))
				addrs = append(addrs, netip.MustParseAddrPort(fmt.Sprintf("10.%d.%d.%d:80", i>>16, i>>8&255, i&255)))
			}
			h := s.ByAddr(addrs[0])
			look := func() {
				if kind == "address" {
					for i, a := range addrs {
						if got := s.ByAddr(a).Default.Index; got != 1+i*(n-1)/9 {
							t.Fatalf("%v: server %d", a, got)
						}
					}
					return
				}
				for i, name := range names {
					got, ok := h.Match(name)
					if want := 1 + i*(n-1)/9; ok != !strings.HasPrefix(name, "none") || ok && got.Index != want {
						t.Fatalf("%s: %v %v", name, got, ok)
					}
				}
			}
			if allocs := testing.AllocsPerRun(10, look); allocs != 0 {
				t.Errorf("%s: %v allocations", kind, allocs)
			}
			cost[k] = time.Hour
			for range 50 {
				start := time.Now()
				for range 20 {
					look()
				}
				cost[k] = min(cost[k], time.Since(start)/200)
			}
		}
		t.Logf("%-24s 10: %v, 10000: %v", kind, cost[0], cost[1])
		if cost[1] > 8*cost[0]+100 {
			t.Errorf("%s: %v of 10, %v of 10000", kind, cost[0], cost[1])
		}
	}
}
