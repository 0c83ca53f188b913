package check

import (
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/vhost"
)

// rules are the access rules that stand in one section.
type rules struct {
	// require are the arguments of Require lines, old those of Allow and Deny with their names in front, in lower case.
	require, old []string
	// first is a line of the old kind; satisfy tells that Satisfy is there.
	first   apacheconf.Pos
	satisfy bool
}

// access gathers the rules by section.
func (s *Site) access() map[*directives.Section]*rules {
	out := map[*directives.Section]*rules{}
	for _, u := range s.uses {
		if u.Item == nil || u.Section == nil || u.Err != nil {
			continue
		}
		name := strings.ToLower(u.Item.Tag())
		switch name {
		case "require", "order", "allow", "deny", "satisfy":
		default:
			continue
		}
		r := out[u.Section]
		if r == nil {
			r = &rules{}
			out[u.Section] = r
		}
		args := strings.ToLower(strings.Join(words(u.Item), " "))
		switch name {
		case "require":
			r.require = append(r.require, args)
			continue
		case "satisfy":
			r.satisfy = true
		default:
			r.old = append(r.old, name+" "+args)
		}
		if r.first.IsZero() {
			r.first = u.Item.Pos
		}
	}
	return out
}

// mixedAccess finds sections with rules of both of Apache's kinds.
func mixedAccess(s *Site) []Finding {
	var out []Finding
	for section, r := range s.access() {
		if len(r.require) == 0 || len(r.old) == 0 {
			continue
		}
		f := at(warning, r.first, "Say it with Require alone: Require all granted for Allow from all, Require ip for Allow from an address.",
			"%s has Order, Allow or Deny beside Require: a request must pass both.", tag(section))
		if r.satisfy {
			f.Message = tag(section) + " has Order, Allow or Deny beside Require, tied together by Satisfy."
			f.Severity = hint
		}
		out = append(out, f)
	}
	return out
}

// refuses tells whether rules refuse everybody.
func (r *rules) refuses() bool {
	for _, x := range r.require {
		if x != "all denied" {
			return false
		}
	}
	if len(r.require) > 0 {
		return true
	}
	deny := false
	for _, x := range r.old {
		if strings.HasPrefix(x, "allow ") {
			return false
		}
		deny = deny || x == "deny from all"
	}
	return deny
}

// served is a directory or script that a server hands out.
type served struct {
	pos       apacheconf.Pos
	what      string
	file, url string
}

// servedBy lists what a server's own lines hand out.
func (s *Site) servedBy(v *vhost.Server, uses []directives.Use) []served {
	var out []served
	covered := false
	var root *served
	for _, u := range uses {
		w := words(u.Item)
		switch name := strings.ToLower(u.Item.Tag()); name {
		case "documentroot":
			if len(w) == 1 {
				root = &served{u.Item.Pos, "DocumentRoot " + w[0], strings.TrimSuffix(s.root(w[0]), "/") + "/", "/"}
			}
		case "alias", "scriptalias", "wsgiscriptalias":
			if len(w) < 2 {
				continue
			}
			covered = covered || w[0] == "/"
			file := s.root(w[1])
			if name != "wsgiscriptalias" {
				file = strings.TrimSuffix(file, "/") + "/"
			}
			out = append(out, served{u.Item.Pos, u.Entry.Name + " " + w[0], file, w[0]})
		case "redirect", "redirectpermanent":
			for _, x := range w {
				covered = covered || x == "/"
			}
		}
	}
	// Nothing of a DocumentRoot is handed out where an alias takes every URL, nor of the main server's where it has virtual hosts.
	if root != nil && !covered && (v.Plan.Virtual || len(s.Hosts.Servers) == 1) {
		out = append(out, *root)
	}
	return out
}

// denied finds what is handed out and refused to everybody by a section above
// it, <Directory /> as a rule. Apache refuses it likewise.
func denied(s *Site) []Finding {
	access := s.access()
	own := map[*directives.Server][]directives.Use{}
	for _, u := range s.uses {
		if u.Item != nil && u.Section == nil && u.Err == nil && u.Entry != nil {
			own[u.Server] = append(own[u.Server], u)
		}
	}
	var out []Finding
	for _, v := range s.Hosts.Servers {
		for _, x := range s.servedBy(v, own[v.Plan]) {
			sections, _ := s.sections(v, x.file, x.url)
			var by *directives.Section
			for _, section := range sections {
				if r := access[section]; r != nil {
					by = nil
					if r.refuses() {
						by = section
					}
				}
			}
			dir := x.file[:strings.LastIndexByte(x.file, '/')+1]
			if by == nil || by.Kind != directives.KindDirectory || by.Name == dir || s.openBelow(v, dir, access) {
				continue
			}
			out = append(out, at(warning, x.pos, fmt.Sprintf("Add <Directory %s> with Require all granted, or whoever is to see it.", strings.TrimSuffix(dir, "/")),
				"%s is answered with 403: no section lets anybody in, and %s (%s) refuses all.", x.what, tag(by), by.Pos))
		}
	}
	return out
}

// openBelow tells whether a section for a part of a directory lets somebody in.
func (s *Site) openBelow(v *vhost.Server, dir string, access map[*directives.Section]*rules) bool {
	for _, x := range v.Dirs.All {
		if x.Regexp != nil || !strings.HasPrefix(x.Name, dir) {
			continue
		}
		for _, in := range append([]*directives.Section{x}, x.Files...) {
			if r := access[in]; r != nil && !r.refuses() {
				return true
			}
		}
	}
	return false
}

// tag is a section's opening tag, or the file for .htaccess.
func tag(x *directives.Section) string {
	name := x.Name
	if len(name) > 1 && x.Kind == directives.KindDirectory {
		name = strings.TrimSuffix(name, "/")
	}
	if x.Kind == directives.KindHtaccess {
		return "The .htaccess file in " + name
	}
	return fmt.Sprintf("<%s %s>", x.Kind, name)
}
