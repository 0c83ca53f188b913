package check

import (
	"fmt"
	"slices"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/vhost"
)

// virtualHosts finds virtual hosts that no request reaches, because an earlier
// one has their address and names, and such as have no name.
func virtualHosts(s *Site) []Finding {
	type key struct{ addr, name string }
	first := map[string]*vhost.Server{} // by address: the one that answers unknown names
	taken := map[key]*vhost.Server{}
	var out []Finding
	for _, v := range s.Hosts.Servers[1:] {
		names := v.Aliases
		named := v.Core.Name.Set
		if named {
			names = append([]string{v.Core.Name.V.Host}, names...)
		}
		reached := len(v.Plan.Addrs) == 0 || len(v.WildAliases) > 0
		isFirst := false
		var by *vhost.Server
		for _, w := range v.Plan.Addrs {
			addr := address(w)
			if first[addr] == nil {
				first[addr], reached, isFirst = v, true, true
			} else if by == nil {
				by = first[addr]
			}
			for _, n := range names {
				k := key{addr, strings.ToLower(n)}
				if taken[k] == nil {
					taken[k], reached = v, true
				} else if taken[k] != v {
					by = taken[k]
				}
			}
		}
		switch {
		case !named && !reached:
			out = append(out, at(warning, v.Plan.Pos, "Give it a ServerName.",
				"<VirtualHost %s> has no ServerName and is not the first of its address: requests go to %s.", strings.Join(v.Plan.Addrs, " "), describe(by)))
		case !named:
			f := at(hint, v.Plan.Pos, "Give it a ServerName.", "<VirtualHost %s> has no ServerName.", strings.Join(v.Plan.Addrs, " "))
			if !isFirst {
				f.Severity = warning
			}
			out = append(out, f)
		case !reached:
			out = append(out, at(warning, v.Plan.Pos, "Remove one of them, or put together what they say.",
				"<VirtualHost %s> for %s is never reached: %s has the same address and names.", strings.Join(v.Plan.Addrs, " "), strings.Join(names, ", "), describe(by)))
		}
	}
	told := slices.ContainsFunc(s.Notices, func(n Notice) bool { return strings.HasPrefix(n.Message, "AH00558") })
	if main := s.Hosts.Main; !main.Core.Name.Set && !told {
		out = append(out, at(hint, apacheconf.Pos{}, "Add a ServerName line outside <VirtualHost>.",
			"The main server has no ServerName; %s was found for it.", main.Name))
	}
	return out
}

// address is an argument of <VirtualHost> in one form.
func address(w string) string {
	a, err := modcore.ParseVHostAddr(w)
	if err != nil {
		return strings.ToLower(w)
	}
	host := strings.ToLower(a.Host)
	if a.Any {
		host = "*"
	} else if a.IP.IsValid() {
		host = a.IP.String()
	}
	return fmt.Sprintf("%s:%d", host, a.Port)
}

func describe(v *vhost.Server) string {
	if v == nil {
		return "another virtual host"
	}
	return "the one at " + v.Plan.Pos.String()
}
