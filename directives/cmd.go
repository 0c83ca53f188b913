package directives

import (
	"fmt"
	"path/filepath"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/pcre"
)

// Cmd is what a setter may know about the line it carries out: Apache's
// cmd_parms. It is valid only during the call.
type Cmd struct {
	// Name is the directive's name as its table spells it ("<RequireAll" for a section).
	Name string
	// Args is the raw argument text; for a section, what stands before '>'.
	Args string
	// Pos is the place for messages.
	Pos apacheconf.Pos
	// Path is the directory of the enclosing <Directory> or .htaccess, or the
	// URL of <Location>; "" outside.
	Path string
	// Server is the server that the line belongs to.
	Server *Server
	// Section is the innermost enclosing section that carries a configuration; nil at server scope.
	Section *Section
	// Limited is the set of methods of an enclosing <Limit> or <LimitExcept>; AllMethods outside.
	Limited MethodSet
	// Override is the set of override classes in force.
	Override Scope
	// OverrideOptions is the mask of AllowOverride Options=...; all bits outside .htaccess.
	OverrideOptions uint32

	item   *apacheconf.Item
	up     *context
	c      *compiler
	module string // see As
}

// As is c for what another module makes of the line, such as a provider of Require: its expressions are that module's
// in the error log.
func (c *Cmd) As(module string) *Cmd {
	d := *c
	d.module = module
	return &d
}

// InHtaccess tells whether the line stands in a .htaccess file.
func (c *Cmd) InHtaccess() bool { return c.c.htaccess }

// Check is Apache's ap_check_cmd_context: an error when the line stands inside
// a container that not forbids.
func (c *Cmd) Check(not Not) error {
	name := c.Name
	if strings.HasPrefix(name, "<") && !strings.HasSuffix(name, ">") {
		name += ">"
	}
	if not&NotInVirtualHost != 0 && c.Server.Virtual {
		return fmt.Errorf("%s cannot occur within <VirtualHost> section", name)
	}
	if not&NotInDirContext != 0 && (c.Limited != AllMethods || c.up.closed) {
		return fmt.Errorf("%s cannot occur within <Limit> or <LimitExcept> section", name)
	}
	if not&NotInHtaccess != 0 && c.c.htaccess {
		return fmt.Errorf("%s cannot occur within htaccess files", name)
	}
	if not&NotInDirContext == NotInDirContext && c.Section != nil {
		return fmt.Errorf("%s cannot occur within <Directory/Location/Files> section", name)
	}
	for x := c.up; x != nil; x = x.parent {
		if x.section == nil {
			continue
		}
		if not&x.section.Kind.not() != 0 {
			return fmt.Errorf("%s cannot occur within <%s> section", name, x.section.Kind)
		}
	}
	return nil
}

// ServerRootRelative makes a file name absolute below ServerRoot
// (ap_server_root_relative).
func (c *Cmd) ServerRootRelative(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(c.c.plan.ServerRoot, name)
}

// Regexp compiles a PCRE pattern with RegexDefaultOptions in force and the
// given flags besides.
func (c *Cmd) Regexp(pattern string, flags pcre.Flags) (*pcre.Regexp, error) {
	return c.c.regexp(pattern, c.c.plan.RegexFlags|flags)
}

// Expr compiles a condition (ap_expr).
func (c *Cmd) Expr(text string) (*expr.Cond, error) {
	return expr.Compile(text, c.exprOptions())
}

// Template compiles a string with %{...} in it (ap_expr's string form).
func (c *Cmd) Template(text string) (*expr.String, error) {
	return expr.CompileString(text, c.exprOptions())
}

// exprOptions are those in force here: expressions in .htaccess may not read files.
func (c *Cmd) exprOptions() *expr.Options {
	flags := c.c.plan.RegexFlags
	place := expr.Place{File: c.Pos.File, Line: c.Pos.Line, Module: c.module}
	if e := c.Lookup(c.Name); e != nil && place.Module == "" {
		place.Module = e.Module.ID
	}
	return &expr.Options{Htaccess: c.c.htaccess, RegexFlags: &flags, Place: place}
}

// Plan is the plan under construction, for values that belong to the whole
// server (methods, notices). Its servers are not merged yet.
func (c *Cmd) Plan() *Plan { return c.c.plan }

// Warnf records a warning for the error log; the text carries its AH code if
// it has one.
func (c *Cmd) Warnf(format string, args ...any) {
	c.notice(true, fmt.Sprintf(format, args...))
}

func (c *Cmd) notice(warn bool, text string) {
	n := Notice{Warn: warn, Pos: c.Pos, Text: text}
	if e := c.Lookup(c.Name); e != nil {
		n.Module = e.Module.File
	}
	c.c.plan.Notices = append(c.c.plan.Notices, n)
}

// Infof records a line for LogLevel info.
func (c *Cmd) Infof(format string, args ...any) {
	c.notice(false, fmt.Sprintf(format, args...))
}

// Provider finds what a loaded module provides under group and name
// (ap_lookup_provider): an authentication or authorization provider, ...
func (c *Cmd) Provider(group, name string) (any, bool) {
	return c.c.plan.Provider(group, name)
}

// Lookup finds a loaded module's directive by name; nil if there is none.
func (c *Cmd) Lookup(name string) *Entry { return c.c.loaded.entry(name) }

// Options are those that Compile was given.
func (c *Cmd) Options() Options { return c.c.options }

// Loaded tells whether the module with this identifier or source file name is
// loaded.
func (c *Cmd) Loaded(name string) bool { return c.c.loaded.Has(name) }

// Walk carries out the lines inside a module's own container in the context
// that the container stands in.
func (c *Cmd) Walk() error { return c.c.walk(c.item, c.item.Items, c.up) }

// HasLines tells whether a container has anything in it.
func (c *Cmd) HasLines() bool { return len(c.item.Items) > 0 }

// WalkLimited is Walk for <Limit>: the lines apply to methods only.
func (c *Cmd) WalkLimited(methods MethodSet) error {
	x := *c.up
	x.parent, x.limited = c.up, methods
	x.section, x.transparent = nil, true
	return c.c.walk(c.item, c.item.Items, &x)
}

// WalkWithin is Walk for a container of a module's own in which only directives
// of the given override classes may stand, and no sections of core's.
func (c *Cmd) WalkWithin(override Scope) error {
	x := *c.up
	x.parent, x.override = c.up, override
	x.section, x.transparent, x.closed = nil, true, true
	return c.c.walk(c.item, c.item.Items, &x)
}

// OpenSection files s with its server or enclosing section and carries out the
// lines inside it in s's own configuration. s needs Kind, Name and its match;
// the rest is filled in.
func (c *Cmd) OpenSection(s *Section) error {
	s.Pos, s.Parent = c.Pos, c.Section
	s.Conf = c.c.reg.newDirVector()
	c.c.sections++
	s.ID = c.c.sections
	x := &context{parent: c.up, section: s, server: c.Server, dir: s.Conf, path: c.Path,
		override: sectionScope, options: c.OverrideOptions, limited: AllMethods}
	if c.c.htaccess {
		x.override = c.Override
	}
	switch s.Kind {
	case KindDirectory, KindDirectoryMatch, KindLocation, KindLocationMatch:
		x.path = s.Name
	}
	if err := c.c.walk(c.item, c.item.Items, x); err != nil {
		return err
	}
	switch s.Kind {
	case KindDirectory, KindDirectoryMatch:
		c.Server.Dirs = append(c.Server.Dirs, s)
	case KindLocation, KindLocationMatch:
		c.Server.Locations = append(c.Server.Locations, s)
	case KindFiles, KindFilesMatch:
		if c.Section != nil {
			c.Section.Files = append(c.Section.Files, s)
		} else {
			c.Server.Files = append(c.Server.Files, s)
		}
	default:
		if c.Section != nil {
			c.Section.Ifs = append(c.Section.Ifs, s)
		} else {
			c.Server.Ifs = append(c.Server.Ifs, s)
		}
	}
	return nil
}

// LastIf returns the <If> or <ElseIf> that an <ElseIf> or <Else> here would
// continue, nil if there is none.
func (c *Cmd) LastIf() *Section {
	l := c.Server.Ifs
	if c.Section != nil {
		l = c.Section.Ifs
	}
	if len(l) == 0 {
		return nil
	}
	return l[len(l)-1]
}

// OpenVirtualHost adds a server for the given addresses and carries out the
// lines inside <VirtualHost> in it.
func (c *Cmd) OpenVirtualHost(addrs []string) error {
	s := &Server{Virtual: true, Pos: c.Pos, Addrs: addrs}
	s.own, s.ownDefaults = c.c.reg.newServerVector(), c.c.reg.newDirVector()
	c.c.plan.VirtualHosts = append(c.c.plan.VirtualHosts, s)
	return c.c.walk(c.item, c.item.Items, &context{server: s, dir: s.ownDefaults,
		override: serverScope, options: ^uint32(0), limited: AllMethods})
}
