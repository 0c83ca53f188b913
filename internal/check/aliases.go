package check

import (
	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

// prefix is an alias for a URL prefix in the order in which requests try them.
type prefix struct {
	use  directives.Use
	path string
}

// prefixes are a server's lines of some directives, outside sections.
func (s *Site) prefixes(names ...string) map[*directives.Server][]prefix {
	out := map[*directives.Server][]prefix{}
	for _, u := range s.named(names...) {
		w := words(u.Item)
		if len(w) < 2 || u.Err != nil || u.Section != nil {
			continue
		}
		out[u.Server] = append(out[u.Server], prefix{u, w[0]})
	}
	return out
}

// aliases finds aliases that no request reaches: an earlier one of the same
// kind covers them, or one of mod_alias covers one of mod_wsgi, which is asked
// later whatever the order of the lines. A virtual host's own come before the
// main server's.
func aliases(s *Site) []Finding {
	var out []Finding
	hidden := map[apacheconf.Pos]bool{}
	plain, wsgi := s.prefixes("Alias", "ScriptAlias"), s.prefixes("WSGIScriptAlias")
	for _, v := range s.Hosts.Servers {
		for _, kind := range []map[*directives.Server][]prefix{plain, wsgi} {
			list := kind[v.Plan]
			for i, later := range list {
				for _, earlier := range list[:i] {
					if apr.MatchPrefix(later.path, earlier.path) == 0 {
						continue
					}
					if later.path == earlier.path && words(later.use.Item)[1] == words(earlier.use.Item)[1] {
						break // the same line twice does no harm
					}
					hidden[later.use.Item.Pos] = true
					out = append(out, at(warning, later.use.Item.Pos, "Put the longer prefix before the shorter one.",
						"%s %s is never reached: %s %s (%s) comes first and covers it.", later.use.Entry.Name, later.path,
						earlier.use.Entry.Name, earlier.path, earlier.use.Item.Pos))
					break
				}
			}
		}
		before := plain[v.Plan]
		if v.Plan.Virtual {
			before = append(before[:len(before):len(before)], plain[s.Plan.Main]...)
		}
		for _, w := range wsgi[v.Plan] {
			for _, p := range before {
				if !hidden[w.use.Item.Pos] && apr.MatchPrefix(w.path, p.path) > 0 {
					out = append(out, at(warning, w.use.Item.Pos, "Give one of them another prefix: all of mod_alias is looked at before mod_wsgi's aliases.",
						"WSGIScriptAlias %s is never reached: %s %s (%s) covers it.", w.path, p.use.Entry.Name, p.path, p.use.Item.Pos))
					break
				}
			}
		}
	}
	return out
}
