package directives

import (
	"httpd-wsgi/apacheconf"
	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/pcre"
)

// SectionKind names a container that carries a per-directory configuration.
type SectionKind uint8

const (
	KindDirectory SectionKind = iota
	KindDirectoryMatch
	KindFiles
	KindFilesMatch
	KindLocation
	KindLocationMatch
	KindIf
	KindElseIf
	KindElse
	KindHtaccess
)

// String is the container's name as Apache prints it between brackets.
func (k SectionKind) String() string {
	return [...]string{"Directory", "DirectoryMatch", "Files", "FilesMatch", "Location", "LocationMatch", "If", "ElseIf", "Else", ".htaccess"}[k]
}

func (k SectionKind) not() Not {
	switch k {
	case KindDirectory, KindDirectoryMatch:
		return NotInDirectory
	case KindLocation, KindLocationMatch:
		return NotInLocation
	case KindFiles, KindFilesMatch, KindIf, KindElseIf, KindElse:
		return NotInFiles
	}
	return 0
}

// Section is one container and what it sets. It is immutable after Compile.
type Section struct {
	Kind SectionKind
	// Name is the path, URL or pattern, cleaned as the container demands.
	Name string
	// Pos is the line of the opening tag.
	Pos apacheconf.Pos
	// Regexp is set for the Match forms and for "~"; Glob tells that Name has wildcards.
	Regexp *pcre.Regexp
	Glob   bool
	// Cond is the expression of <If> and <ElseIf>.
	Cond *expr.Cond
	// Conf holds only what this section sets; modules it does not touch are absent.
	Conf *Vector
	// Files and Ifs are the containers nested in this one.
	Files, Ifs []*Section
	// Parent is the enclosing section, nil at server scope.
	Parent *Section
	// ID numbers the sections of one plan from 1, in the order they are opened.
	ID int
}

// Server is one server_rec: the main server or a <VirtualHost>. After Compile
// it is immutable and Conf, Defaults and the section lists are merged: those
// of a virtual host start with the main server's.
type Server struct {
	// Virtual is false for the main server.
	Virtual bool
	// Pos is the line of <VirtualHost>; zero for the main server.
	Pos apacheconf.Pos
	// Name is the host of ServerName as far as it was read, for setters that ask; "" before.
	Name string
	// Addrs are the arguments of <VirtualHost>.
	Addrs []string
	// Conf is the merged per-server configuration.
	Conf *Vector
	// Defaults is the merged per-directory configuration outside sections (lookup_defaults).
	Defaults *Vector
	// Dirs, Locations, Files and Ifs are the sections outside others, main server's first, in file order.
	Dirs, Locations, Files, Ifs []*Section

	own, ownDefaults *Vector
}

// Own gives the server's own, unmerged configurations, for checks that ask
// whether this very server has a directive.
func (s *Server) Own() (server, defaults *Vector) { return s.own, s.ownDefaults }

// Plan is the compiled configuration: one immutable snapshot.
type Plan struct {
	Main         *Server
	VirtualHosts []*Server // in file order
	ServerRoot   string
	// Methods knows the names of HTTP methods that the configuration mentions.
	Methods *Methods
	// RegexFlags are RegexDefaultOptions'.
	RegexFlags pcre.Flags
	// Files are the contents of files that setters and checks read (TypesConfig ...).
	Files *Files
	// Components are the modules' own products for the banner, in load order (ap_add_version_component);
	// their Check functions append them.
	Components []string
	// Notices are what goes to the error log at start.
	Notices []Notice
	// Loaded tells which modules are.
	Loaded *Loaded
	// Tree is what the plan was compiled from.
	Tree *apacheconf.Tree
	// Sections is the number of sections; their IDs run from 1 to it.
	Sections int

	Registry *Registry

	state map[string]any
}

// State returns what a module keeps beside the plan while it is compiled,
// making it at first use.
func State[T any](p *Plan, module string, create func() *T) *T {
	if v, ok := p.state[module].(*T); ok {
		return v
	}
	v := create()
	if p.state == nil {
		p.state = map[string]any{}
	}
	p.state[module] = v
	return v
}

// Servers lists the main server and the virtual hosts in file order.
func (p *Plan) Servers() []*Server {
	return append([]*Server{p.Main}, p.VirtualHosts...)
}

// Provider finds what a loaded module provides under group and name.
func (p *Plan) Provider(group, name string) (any, bool) {
	v, ok := p.Registry.providers[providerKey{group, name}]
	if !ok || !p.Loaded.module(v.module) {
		return nil, false
	}
	return v.value, true
}

// Notice is a line for the error log that compiling the configuration gave.
type Notice struct {
	Warn bool // LogLevel warn; else info
	// Module is the source file's name of the module whose line gave it; "" is core.
	Module string
	Pos    apacheconf.Pos
	Text   string
}
