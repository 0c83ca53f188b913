package check

import (
	"fmt"
	"sort"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/vhost"
)

// Site is what the audits look at: a configuration that was read and compiled,
// with errors or without.
type Site struct {
	Plan  *directives.Plan
	Hosts *vhost.Site
	Core  modcore.Slots
	// ErrorLog is the program's own default.
	ErrorLog string
	// AssumePaths leaves out what looks at this machine.
	AssumePaths bool
	// Htaccess looks at the .htaccess files below what is served.
	Htaccess bool
	// Notices are the server's messages.
	Notices []Notice

	uses   []directives.Use
	blocks []block
	hosts  map[*directives.Server]*vhost.Server
	// daemons are the process groups by name; nil until they are asked for.
	daemons map[string]*modwsgi.Daemon
}

// audit is one way to look at a site.
type audit struct {
	name string
	// local audits look at this machine's files, accounts or network.
	local bool
	run   func(*Site) []Finding
}

// audits are all, in the order of the report.
var audits = [...]audit{
	{"variable", false, variables},
	{"condition", false, elseBranches},
	{"log", true, logs},
	{"listen", true, listens},
	{"certificate", true, certificates},
	{"python", true, pythons},
	{"script", true, scripts},
	{"process group", false, processGroups},
	{"application group", false, applicationGroups},
	{"alias", false, aliases},
	{"access", false, mixedAccess},
	{"denied", false, denied},
	{"virtual host", false, virtualHosts},
}

// Report runs the audits and makes the report. file is the main configuration
// file's name.
func (r *Reader) Report(file string, s *Site) *Report {
	r.decide()
	s.uses, s.blocks = r.uses, r.blocks
	out := &Report{Configuration: file, AssumePaths: s.AssumePaths, Directives: r.lines(s.Plan.Tree), Modules: append([]Module{}, r.modules...),
		Blocks: r.passedOver(), Findings: []Finding{}, Htaccess: []string{}, Notices: r.notices(s)}
	out.addHtaccess(r, s)
	for _, a := range audits {
		if a.local && s.AssumePaths {
			continue
		}
		found := a.run(s)
		sort.SliceStable(found, func(i, j int) bool {
			if found[i].File != found[j].File {
				return found[i].File < found[j].File
			}
			return found[i].Line < found[j].Line
		})
		for _, f := range found {
			f.Audit = a.name
			out.Findings = append(out.Findings, f)
		}
	}
	out.settle(len(s.Plan.Tree.Included) + len(out.Htaccess))
	return out
}

// notices leaves out what the report says in another place.
func (r *Reader) notices(s *Site) []Notice {
	said := map[Notice]bool{}
	for _, u := range r.uses {
		if e := u.Entry; e != nil && e.Class() == directives.WithoutEffect {
			said[Notice{"info", placeOf(u.Item.Pos), fmt.Sprintf("%s has no effect here: %s", e.Name, e.Why)}] = true
		}
	}
	out := []Notice{}
	for _, n := range s.Notices {
		if said[n] || strings.Contains(n.Message, undefinedVariable) || strings.HasPrefix(n.Message, "AH00671") {
			continue
		}
		out = append(out, n)
	}
	return out
}

// named lists the uses of directives that were carried out, or would be but for an error, by name.
func (s *Site) named(names ...string) []directives.Use {
	var out []directives.Use
	for _, u := range s.uses {
		if u.Item == nil {
			continue
		}
		for _, n := range names {
			if strings.EqualFold(u.Item.Tag(), n) {
				out = append(out, u)
			}
		}
	}
	return out
}

// host is the virtual host of a server.
func (s *Site) host(p *directives.Server) *vhost.Server {
	if s.hosts == nil {
		s.hosts = map[*directives.Server]*vhost.Server{}
		for _, v := range s.Hosts.Servers {
			s.hosts[v.Plan] = v
		}
	}
	return s.hosts[p]
}

// root makes a file name absolute below ServerRoot.
func (s *Site) root(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return strings.TrimSuffix(s.Plan.ServerRoot, "/") + "/" + name
}

// wsgi is mod_wsgi's part of the configuration.
func (s *Site) wsgi() *modwsgi.Processes { return modwsgi.Of(s.Plan) }

// sections are those that apply to a file which a URL maps to, in the order in
// which they are merged, and what they make. A name that ends in a slash is a
// directory. <If> is left out, and so are .htaccess files.
func (s *Site) sections(v *vhost.Server, file, url string) ([]*directives.Section, *vhost.Node) {
	dir, base := file[:strings.LastIndexByte(file, '/')+1], file[strings.LastIndexByte(file, '/')+1:]
	n := v.Root
	var out []*directives.Section
	add := func(x *directives.Section) {
		n = n.Step(x)
		out = append(out, x)
	}
	for _, x := range v.Dirs.All {
		if dirMatches(x, dir) {
			add(x)
		}
	}
	if base != "" {
		for _, x := range n.Files {
			if x.Regexp == nil && vhost.MatchesFile(x, base) || matchesRegexp(x, base) {
				add(x)
			}
		}
	}
	for _, x := range v.Locations {
		if x.Regexp == nil && vhost.MatchesURL(x, url) || matchesRegexp(x, url) {
			add(x)
		}
	}
	return out, n
}

func matchesRegexp(x *directives.Section, text string) bool {
	if x.Regexp == nil {
		return false
	}
	ok, err := x.Regexp.Match(text)
	return ok && err == nil
}

// dirMatches tells whether a <Directory> section applies to a directory or one above it. dir ends in a slash.
func dirMatches(x *directives.Section, dir string) bool {
	switch {
	case x.Regexp != nil:
		return matchesRegexp(x, dir)
	case !x.Glob:
		return strings.HasPrefix(dir, x.Name)
	}
	for i := 0; i < len(dir); i++ {
		if dir[i] == '/' && apr.Fnmatch(x.Name, dir[:i+1], apr.FnmPathname) {
			return true
		}
	}
	return false
}

// words are the arguments of a line.
func words(it *apacheconf.Item) []string { return apacheconf.Words(it.Args) }

// options reads the "name=value" words of a mod_wsgi line behind its first skip words.
func wsgiOptions(it *apacheconf.Item, skip int) map[string]string {
	out := map[string]string{}
	for i, w := range words(it) {
		if name, value, ok := strings.Cut(w, "="); ok && i >= skip {
			out[name] = strings.Trim(value, `"'`)
		}
	}
	return out
}

// at begins a finding on a line.
func at(severity string, pos apacheconf.Pos, advice, format string, args ...any) Finding {
	return Finding{Severity: severity, Place: placeOf(pos), Message: fmt.Sprintf(format, args...), Advice: advice}
}
