package check

import (
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/vhost"
)

// script is a Python file that the configuration names.
type script struct {
	pos  apacheconf.Pos
	what string // the directive
	path string
	// group is the process group that loads it, "" for the server's children; known is false where requests decide.
	group string
	known bool
}

// scriptFiles are the scripts of the configuration, each line once.
func (s *Site) scriptFiles() []script {
	var out []script
	for _, v := range s.Hosts.Servers {
		for _, a := range s.wsgi().Aliases(v.Plan) {
			name := "WSGIScriptAlias"
			target := a.Target
			if a.Regexp != nil {
				if name += "Match"; strings.Contains(target, "$") {
					continue // a request decides
				}
			}
			p, _ := s.groups(v, a)
			group, known := p.Static()
			out = append(out, script{a.Pos, name, target, group, known})
		}
	}
	for _, u := range s.named("WSGIImportScript") {
		if w := words(u.Item); len(w) > 0 && u.Err == nil {
			group := wsgiOptions(u.Item, 1)["process-group"]
			if group == "%{GLOBAL}" {
				group = ""
			}
			out = append(out, script{u.Item.Pos, u.Entry.Name, w[0], group, true})
		}
	}
	for _, u := range s.named("WSGIDispatchScript", "WSGIAccessScript", "WSGIAuthUserScript", "WSGIAuthGroupScript") {
		if w := words(u.Item); len(w) > 0 && u.Err == nil {
			out = append(out, script{u.Item.Pos, u.Entry.Name, w[0], "", true})
		}
	}
	for _, u := range s.named("WSGIHandlerScript") {
		if w := words(u.Item); len(w) > 1 && u.Err == nil {
			group, known := wsgiOptions(u.Item, 2)["process-group"]
			out = append(out, script{u.Item.Pos, u.Entry.Name, w[1], group, known})
		}
	}
	return out
}

// groups are the process and application group of a host's alias.
func (s *Site) groups(v *vhost.Server, a *modwsgi.Alias) (process, application modwsgi.Name) {
	_, n := s.sections(v, absolute(a.Target), a.Location)
	return s.wsgi().Groups(a, v.Conf, n.Conf)
}

// absolute is a path from the root, where the server's processes stand.
func absolute(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return "/" + path
}

// daemon finds a process group by name; nil if there is none.
func (s *Site) daemon(name string) *modwsgi.Daemon {
	if s.daemons == nil {
		s.daemons = map[string]*modwsgi.Daemon{}
		for _, d := range s.wsgi().Daemons() {
			s.daemons[d.Name] = d
		}
	}
	return s.daemons[name]
}

// scripts finds Python files that are missing, or that the user whose process
// is to load them may not read.
func scripts(s *Site) []Finding {
	var out []Finding
	for _, x := range s.scriptFiles() {
		var who *account
		if d := s.daemon(x.group); d != nil {
			if a, ok := s.daemonAccount(d); ok {
				who = &a
			}
		} else if a, ok := s.webAccount(); ok && x.known && x.group == "" {
			who = &a
		}
		o := reach(absolute(x.path), who)
		if o == nil {
			continue
		}
		if o.missing {
			out = append(out, o.finding(x.pos, x.what+" names what is not there: ", "Put the script there, or mend the path."))
			continue
		}
		out = append(out, o.finding(x.pos, x.what+" "+x.path+": ", "Give the user the right to read the script and to enter the directories above it, with chmod, chgrp or setfacl."))
	}
	return out
}
