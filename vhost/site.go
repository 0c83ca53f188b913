package vhost

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
)

// Site is a compiled configuration, ready for lookups.
type Site struct {
	Plan *directives.Plan
	// Core finds core's configurations in a Vector.
	Core modcore.Slots
	// Main is the main server; Servers lists it and the virtual hosts, in file order.
	Main    *Server
	Servers []*Server
	// Notices are what building the site has to say to the error log, beside Plan.Notices.
	Notices []directives.Notice

	addrs addrTable
}

// Server is the main server or a virtual host (server_rec).
type Server struct {
	// Plan is what the configuration says of it.
	Plan *directives.Server
	// Index is its place in Site.Servers: 0 for the main server.
	Index int
	// Name is the host name of ServerName, or what stands in for it; Port its
	// port, 0 if none is known; Scheme its scheme, "" if none.
	Name   string
	Port   int
	Scheme string
	// Aliases are ServerAlias's names, WildAliases its patterns, in order.
	Aliases, WildAliases []string
	// Path is ServerPath, "" if none.
	Path string
	// Conf is the per-server configuration.
	Conf *directives.Vector
	// Core and HTTP are core's own, taken out of Conf.
	Core *modcore.Server
	HTTP *modcore.HTTP
	// Root is where every walk begins: the configuration outside sections.
	Root *Node
	// Dirs are the <Directory> sections, indexed; Locations the <Location> ones in the order they are merged.
	Dirs      Dirs
	Locations []*directives.Section
}

// Build compiles the lookups of a plan. Names that the configuration leaves to
// the system (in <VirtualHost>, for a missing ServerName) are looked up.
func Build(plan *directives.Plan, core modcore.Slots) (*Site, error) {
	return BuildWith(plan, core, &Names{})
}

// BuildWith is Build with what was looked up before: a child process gets the
// master's Names, so that both agree and it asks nobody. What is missing in
// names is looked up and added.
func BuildWith(plan *directives.Plan, core modcore.Slots, names *Names) (*Site, error) {
	s := &Site{Plan: plan, Core: core}
	for i, p := range plan.Servers() {
		v := &Server{Plan: p, Index: i, Conf: p.Conf, Core: core.Server.Of(p.Conf), HTTP: core.HTTP.Of(p.Conf),
			Dirs: newDirs(p.Dirs), Locations: p.Locations, Root: newRoot(plan.Registry, p)}
		v.identify()
		s.Servers = append(s.Servers, v)
	}
	s.Main = s.Servers[0]
	b := builder{site: s, names: names}
	if s.Main.Name == "" {
		s.Main.Name = b.localName()
	}
	b.addresses()
	return s, nil
}

// identify takes the server's names from its own directives: none is inherited.
func (s *Server) identify() {
	if n := s.Core.Name; n.Set {
		s.Name, s.Port, s.Scheme = n.V.Host, n.V.Port, n.V.Scheme
	}
	s.Path = s.Core.Path.Get("")
	for _, a := range s.Core.Aliases {
		if isPattern(a) {
			s.WildAliases = append(s.WildAliases, a)
		} else {
			s.Aliases = append(s.Aliases, a)
		}
	}
}

func (s *Site) notice(text string) {
	s.Notices = append(s.Notices, directives.Notice{Warn: true, Text: text})
}
