package vhost

import (
	"strings"

	"httpd-wsgi/internal/apr"
)

// AddrHosts are the servers that answer at one address, by name. It is
// immutable. A lookup costs one map access, a few more for each dot of the name
// where there are patterns, and a comparison for each pattern that has no dot
// outside its wildcards.
type AddrHosts struct {
	// Default is the first server of the address, for requests whose name no server has.
	Default *Server

	list []*Server
	// exact maps names in lower case, suffix the rest of patterns "*.name" from the dot on; to places in list.
	exact, suffix map[string]int
	// tails are the other patterns by what follows the last wildcard, from its first dot on: "a*.example.com" by
	// ".example.com". heads are those that have no dot there by what precedes the first wildcard, up to its last dot:
	// "www.example.*" by "www.example.". patterns are the rest. All are in order of place.
	tails, heads map[string][]pattern
	patterns     []pattern
	paths        []*Server // those with a ServerPath, in order
}

type pattern struct {
	text  string
	place int
}

func newAddrHosts(names []named) *AddrHosts {
	h := &AddrHosts{Default: names[0].server, exact: map[string]int{}, suffix: map[string]int{}}
	file := func(m map[string]int, key string, place int) {
		if _, ok := m[key]; !ok {
			m[key] = place
		}
	}
	for i, n := range names {
		place := len(h.list)
		if i > 0 && names[i-1].server == n.server {
			place--
		} else {
			s := n.server
			h.list = append(h.list, s)
			file(h.exact, strings.ToLower(s.Name), place)
			for _, a := range s.Aliases {
				file(h.exact, strings.ToLower(a), place)
			}
			for _, a := range s.WildAliases {
				a = strings.ToLower(a)
				if rest, ok := strings.CutPrefix(a, "*"); ok && strings.HasPrefix(rest, ".") && !isPattern(rest) {
					file(h.suffix, rest, place)
				} else {
					h.pattern(pattern{a, place})
				}
			}
			if s.Path != "" {
				h.paths = append(h.paths, s)
			}
		}
		if n.addr.name != "" {
			file(h.exact, strings.ToLower(n.addr.name), place)
		}
	}
	return h
}

// pattern files a pattern that is not "*.name".
func (h *AddrHosts) pattern(p pattern) {
	tail := p.text[strings.LastIndexAny(p.text, "*?")+1:]
	if i := strings.IndexByte(tail, '.'); i >= 0 {
		if h.tails == nil {
			h.tails = map[string][]pattern{}
		}
		h.tails[tail[i:]] = append(h.tails[tail[i:]], p)
		return
	}
	head := p.text[:strings.IndexAny(p.text, "*?")]
	if i := strings.LastIndexByte(head, '.'); i >= 0 {
		if h.heads == nil {
			h.heads = map[string][]pattern{}
		}
		h.heads[head[:i+1]] = append(h.heads[head[:i+1]], p)
		return
	}
	h.patterns = append(h.patterns, p)
}

// first is the place of the first pattern that fits, if that is before place; else place.
func first(patterns []pattern, name string, place int) int {
	for i := range patterns {
		p := &patterns[i]
		if p.place >= place {
			break
		}
		if apr.StrcmpMatch(name, p.text) {
			return p.place
		}
	}
	return place
}

func isPattern(name string) bool { return apr.IsMatchexp(name) }

// Match finds the server of a host name, which is in lower case and has no
// port: the first in file order of which ServerName, a ServerAlias or the name
// in <VirtualHost> fits. ok is false where none does; the server is Default
// then.
func (h *AddrHosts) Match(name string) (s *Server, ok bool) {
	place, ok := h.exact[name]
	if !ok {
		place = len(h.list)
	}
	if len(h.suffix)+len(h.tails)+len(h.heads) > 0 {
		for i := 0; i < len(name); i++ {
			if name[i] == '.' {
				if p, found := h.suffix[name[i:]]; found && p < place {
					place = p
				}
				place = first(h.tails[name[i:]], name, place)
				place = first(h.heads[name[:i+1]], name, place)
			}
		}
	}
	place = first(h.patterns, name, place)
	if place == len(h.list) {
		return h.Default, false
	}
	return h.list[place], true
}

// Host is Match with Default as the last resort.
func (h *AddrHosts) Host(name string) *Server {
	if len(h.list) == 1 {
		return h.Default
	}
	s, _ := h.Match(name)
	return s
}

// ByPath finds the server of a request without host name by ServerPath; nil if
// none has such a path.
func (h *AddrHosts) ByPath(uri string) *Server {
	for _, s := range h.paths {
		if rest, ok := strings.CutPrefix(uri, s.Path); ok && (rest == "" || rest[0] == '/' || s.Path[len(s.Path)-1] == '/') {
			return s
		}
	}
	return nil
}

// List are the servers of the address in file order, for TLS's choice of certificate by name.
func (h *AddrHosts) List() []*Server { return h.list }
