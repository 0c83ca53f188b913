package check

import (
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// groupUse is a line that names a process group.
type groupUse struct {
	pos    apacheconf.Pos
	what   string
	name   string
	server *directives.Server
}

// groupUses lists them. dynamic tells that requests may choose a group.
func (s *Site) groupUses() (out []groupUse, dynamic bool) {
	add := func(u directives.Use, name string) {
		switch {
		case strings.HasPrefix(name, "%{ENV:"):
			dynamic = true
		case name != "" && !strings.HasPrefix(name, "%{"):
			out = append(out, groupUse{u.Item.Pos, u.Entry.Name, name, u.Server})
		}
	}
	for _, u := range s.named("WSGIProcessGroup") {
		if w := words(u.Item); len(w) == 1 && u.Err == nil {
			add(u, w[0])
		}
	}
	for _, u := range s.named("WSGIScriptAlias", "WSGIScriptAliasMatch", "WSGIHandlerScript", "WSGIImportScript") {
		skip := 2
		if strings.EqualFold(u.Item.Name, "WSGIImportScript") {
			skip = 1
		}
		if u.Entry != nil { // a preload of a group that is not there is refused, and has named it all the same
			add(u, wsgiOptions(u.Item, skip)["process-group"])
		}
	}
	return out, dynamic || len(s.named("WSGIDispatchScript")) > 0
}

// processGroups finds names of process groups that are none, or that are out
// of reach by mod_wsgi's rule, and groups that nothing uses.
func processGroups(s *Site) []Finding {
	var out []Finding
	uses, dynamic := s.groupUses()
	used, faulty := map[string]bool{}, map[string]bool{}
	for _, u := range s.named("WSGIDaemonProcess") {
		if w := words(u.Item); u.Err != nil && len(w) > 0 {
			faulty[w[0]] = true
		}
	}
	for _, u := range uses {
		used[u.name] = true
		d := s.daemon(u.name)
		switch {
		case faulty[u.name]: // its definition is refused
		case d == nil:
			out = append(out, at(severe, u.pos, "Define it with WSGIDaemonProcess "+u.name+", or mend the name; until then its requests are answered with 500.",
				"%s names the process group %s, which no WSGIDaemonProcess defines.", u.what, u.name))
		case u.server.Virtual && !d.Visible(s.host(u.server)):
			out = append(out, at(severe, u.pos, "Move the WSGIDaemonProcess line out of <VirtualHost>, or give both virtual hosts the same ServerName.",
				"%s names the process group %s, which belongs to another virtual host (%s) and may not be used from here.", u.what, u.name, d.Pos))
		}
	}
	if dynamic {
		return out
	}
	for _, d := range s.wsgi().Daemons() {
		if used[d.Name] {
			continue
		}
		f := at(warning, d.Pos, "Name it with WSGIProcessGroup "+d.Name+" or process-group="+d.Name+", or remove it.", "Nothing uses the process group %s.", d.Name)
		if s.embedded() {
			f.Message = "Nothing uses the process group " + d.Name + ", and there are applications that run in the server's own processes (embedded mode)."
		}
		out = append(out, f)
	}
	return out
}

// embedded tells whether an alias leads to embedded mode.
func (s *Site) embedded() bool {
	for _, v := range s.Hosts.Servers {
		for _, a := range s.wsgi().Aliases(v.Plan) {
			if p, _ := s.groups(v, a); p == embeddedGroup {
				return true
			}
		}
	}
	return false
}
