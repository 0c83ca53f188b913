package directives

import (
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/pcre"
)

// context is where a line stands: the part of Apache's cmd_parms that a
// container changes.
type context struct {
	parent      *context
	section     *Section
	transparent bool // <Limit>: no configuration of its own
	closed      bool // Cmd.WalkWithin
	server      *Server
	dir         *Vector
	path        string
	override    Scope
	options     uint32
	limited     MethodSet
}

func (x *context) enclosing() *Section {
	for ; x != nil; x = x.parent {
		if x.section != nil {
			return x.section
		}
	}
	return nil
}

// Options are what the command line has to say to the compiler.
type Options struct {
	// Program is the name in messages that begin with one; "" is "httpd-wsgi".
	Program string
	// NoDocumentRootCheck lets a DocumentRoot be missing (-T).
	NoDocumentRootCheck bool
	// Files is Compile's.
	Files *Files
	// Check runs with the merged servers, before what the modules check; nil for none.
	Check func(*Plan) error
	// Each is told every line when it has been carried out or refused, a container after what it holds, and
	// then the checks' errors. With it an error does not end the compilation: the rest is looked at too, the plan
	// that results is for reports only, and CompileWith returns the first error beside it. nil stops at the first error.
	Each func(Use)
}

type compiler struct {
	reg      *Registry
	options  Options
	plan     *Plan
	loaded   *Loaded
	htaccess bool
	list     map[string]bool // AllowOverrideList
	nonfatal Nonfatal
	sections int
	told     map[string]bool
	regexps  map[regexpKey]*pcre.Regexp // nil for .htaccess
	first    *apacheconf.Error          // the first error that Each was told
}

// regexpKey is what makes two regular expressions of a configuration one.
type regexpKey struct {
	pattern string
	flags   pcre.Flags
}

// regexp compiles a pattern, once for all lines that have it: virtual hosts are much alike.
func (c *compiler) regexp(pattern string, flags pcre.Flags) (*pcre.Regexp, error) {
	key := regexpKey{pattern, flags}
	if re := c.regexps[key]; re != nil {
		return re, nil
	}
	re, err := pcre.Compile(pattern, flags)
	if err == nil && c.regexps != nil {
		c.regexps[key] = re
	}
	return re, err
}

func (c *compiler) notice(warn bool, pos apacheconf.Pos, text string) {
	c.plan.Notices = append(c.plan.Notices, Notice{Warn: warn, Pos: pos, Text: text})
}

// Compile carries out the lines of a loaded tree and merges servers: Apache's
// walk of the configuration tree and ap_fixup_virtual_hosts. Like Apache it
// stops at the first error, an *apacheconf.Error.
//
// files is what setters read besides the configuration; a child process gives
// the master's, so that it opens nothing that its user may not. nil reads anew.
func (r *Registry) Compile(tree *apacheconf.Tree, loaded *Loaded, files *Files) (*Plan, error) {
	return r.CompileWith(Options{Files: files}, tree, loaded)
}

// CompileWith is Compile with options of the command line. With an error of a
// check, which comes after all lines were carried out, the plan is there too.
func (r *Registry) CompileWith(o Options, tree *apacheconf.Tree, loaded *Loaded) (*Plan, error) {
	if o.Program == "" {
		o.Program = "httpd-wsgi"
	}
	if o.Files == nil {
		o.Files = NewFiles()
	}
	if err := loaded.Check(o.Program); err != nil {
		return nil, err
	}
	main := &Server{own: r.newServerVector(), ownDefaults: r.newDirVector()}
	p := &Plan{Main: main, ServerRoot: tree.ServerRoot, Methods: newMethods(), RegexFlags: pcre.DefaultFlags, Files: o.Files, Loaded: loaded,
		Tree: tree, Registry: r}
	for _, w := range tree.Warnings {
		p.Notices = append(p.Notices, Notice{Warn: true, Pos: w.Pos, Text: w.Msg})
	}
	c := &compiler{reg: r, options: o, plan: p, loaded: loaded, told: map[string]bool{}, regexps: map[regexpKey]*pcre.Regexp{}}
	err := c.walk(nil, tree.Items, &context{server: main, dir: main.ownDefaults,
		override: serverScope, options: ^uint32(0), limited: AllMethods})
	if err != nil {
		return nil, err
	}
	p.Sections = c.sections
	r.fixup(p)
	return p, c.check()
}

// check runs the checks of the finished plan: the caller's, then the modules'.
func (c *compiler) check() error {
	checks := []func(*Plan) error{c.options.Check}
	for _, m := range c.loaded.Modules() {
		checks = append(checks, m.check)
	}
	for _, check := range checks {
		if check == nil {
			continue
		}
		err := check(c.plan)
		if err == nil {
			continue
		}
		if c.options.Each == nil {
			return err
		}
		c.report(Use{Err: placed(err, apacheconf.Pos{}, apacheconf.PhaseCheck)})
	}
	if c.first != nil {
		return c.first
	}
	return nil
}

// placed makes an *apacheconf.Error of err, at pos if it says no place itself.
func placed(err error, pos apacheconf.Pos, phase apacheconf.Phase) *apacheconf.Error {
	if e, ok := err.(*apacheconf.Error); ok {
		return e
	}
	return &apacheconf.Error{Pos: pos, Msg: err.Error(), Phase: phase}
}

// report tells Each of a line.
func (c *compiler) report(u Use) {
	if u.Err != nil && c.first == nil {
		c.first = u.Err
	}
	c.options.Each(u)
}

// fixup merges each virtual host over the main server.
func (r *Registry) fixup(p *Plan) {
	m := p.Main
	m.Conf, m.Defaults = m.own.complete(), m.ownDefaults.complete()
	conf, defaults := m.Conf.hollow(), m.Defaults.hollow()
	for _, v := range p.VirtualHosts {
		v.Conf = conf.with(m.Conf, v.own)
		v.Defaults = defaults.with(m.Defaults, v.ownDefaults)
		v.Dirs = concat(m.Dirs, v.Dirs)
		v.Locations = concat(m.Locations, v.Locations)
		v.Files = concat(m.Files, v.Files)
		v.Ifs = concat(m.Ifs, v.Ifs)
	}
}

// Htaccess says how a .htaccess file is to be read.
type Htaccess struct {
	// Dir is the directory, with its final slash.
	Dir string
	// Server is the request's server.
	Server *Server
	// Override and Options are AllowOverride's classes and its Options= mask.
	Override Scope
	Options  uint32
	// List is AllowOverrideList, in lower case; nil when not set.
	List map[string]bool
	// Nonfatal is what AllowOverride Nonfatal= lets pass.
	Nonfatal Nonfatal
	// Each is Options.Each for the lines of the file; the section and the first error are returned beside it.
	Each func(Use)
}

// Nonfatal says which faults of a .htaccess file cost a warning and the line
// only, not the request.
type Nonfatal struct {
	// Override is for directives that are not allowed, Unknown for those that are not known.
	Override, Unknown bool
}

// CompileHtaccess compiles a .htaccess tree into a section that is not filed
// with any server. Safe for concurrent use: it changes nothing of p.
func (r *Registry) CompileHtaccess(p *Plan, tree *apacheconf.Tree, h Htaccess) (*Section, []Notice, error) {
	// A copy of the plan collects the notices; methods are registered at start only (modcore's <Limit> sees to it).
	q := *p
	q.Notices, q.Files = nil, NewFiles()
	s := &Section{Kind: KindHtaccess, Name: h.Dir, Conf: r.newDirVector()}
	c := &compiler{reg: r, options: Options{Each: h.Each}, plan: &q, loaded: p.Loaded, htaccess: true, list: h.List, nonfatal: h.Nonfatal, told: map[string]bool{}}
	// The section serves as the place where nested <Files> and <If> are filed; at the top of a
	// .htaccess file Apache has no enclosing container, hence no parent item.
	err := c.walk(nil, tree.Items, &context{section: s, server: h.Server, dir: s.Conf, path: h.Dir,
		override: h.Override, options: h.Options, limited: AllMethods})
	if err == nil && c.first != nil {
		err = c.first
	}
	return s, q.Notices, err
}

// walk carries out items, which stand in parent (nil at the top), in context x.
func (c *compiler) walk(parent *apacheconf.Item, items []*apacheconf.Item, x *context) error {
	cmd := new(Cmd) // of one line after the other: no setter keeps it
	for _, it := range items {
		err := c.line(cmd, parent, it, x)
		if c.options.Each != nil {
			u := Use{Item: it, Entry: c.entry(it.Tag()), Server: x.server, Section: x.enclosing()}
			if err != nil {
				u.Err = placed(err, it.Pos, apacheconf.PhaseWalk)
			}
			c.report(u)
			continue
		}
		if err != nil {
			return placed(err, it.Pos, apacheconf.PhaseWalk)
		}
	}
	return nil
}

// line is Apache's execute_now for one directive: look it up, check where it
// stands, split its arguments, call its setter on the right configuration. cmd
// is filled in.
func (c *compiler) line(cmd *Cmd, parent, it *apacheconf.Item, x *context) error {
	name := it.Tag()
	e := c.entry(name)
	if e == nil {
		if c.nonfatal.Unknown {
			c.notice(true, it.Pos, fmt.Sprintf("AH02296: Unknown directive %s perhaps misspelled or defined by a module not included in the server configuration", strings.ToLower(name)))
			return nil
		}
		return c.unknown(name)
	}
	allowed := x.override&e.Scope != 0
	if c.list != nil && c.list[strings.ToLower(name)] {
		allowed = true
	}
	if !allowed {
		if c.nonfatal.Override {
			c.notice(true, it.Pos, fmt.Sprintf("AH02295: %s in .htaccess forbidden by AllowOverride", e.Name))
			return nil
		}
		if parent != nil {
			return fmt.Errorf("%s not allowed in <%s> context", e.Name, parent.Name)
		}
		return fmt.Errorf("%s not allowed here", e.Name)
	}
	if it.Unclosed {
		return fmt.Errorf("%s> directive missing closing '>'", e.Name)
	}
	*cmd = Cmd{Name: e.Name, Args: it.Args, Pos: it.Pos, Path: x.path, Server: x.server, Section: x.enclosing(),
		Limited: x.limited, Override: x.override, OverrideOptions: x.options, item: it, up: x, c: c}
	if e.Not != 0 {
		if err := cmd.Check(e.Not); err != nil {
			return err
		}
	}
	switch e.Policy {
	case NoEffect:
		if key := strings.ToLower(name); !c.told[key] {
			c.told[key] = true
			c.notice(false, it.Pos, fmt.Sprintf("%s has no effect here: %s", e.Name, e.Why))
		}
		if e.server == nil && e.dir == nil {
			return nil
		}
	case Refused:
		return fmt.Errorf("%s is not supported by httpd-wsgi: %s", e.Name, e.Why)
	}
	atServer := cmd.Section == nil
	if e.server != nil && (atServer || e.dir == nil) {
		v := x.server.own
		if c.htaccess {
			return fmt.Errorf("%s not allowed here", e.Name)
		}
		if err := e.server(cmd, v.own(e.serverSlot)); err != nil || !e.defaults {
			return err
		}
	} else if e.server != nil && !c.htaccess {
		// A line in a section makes its module's configuration of the server too, empty (ap_set_config_vectors).
		x.server.own.own(e.serverSlot)
	}
	return e.dir(cmd, x.dir.own(e.dirSlot))
}

// unknown is the error for a command that no loaded module has: Apache's
// sentence, and in parentheses what is known of it.
func (c *compiler) unknown(name string) error {
	err := fmt.Errorf("Invalid command '%s', perhaps misspelled or defined by a module not included in the server configuration", name)
	if advice := c.reg.Advice(name); advice != "" {
		return fmt.Errorf("%w (%s)", err, advice)
	}
	var ids []string
	for _, m := range c.reg.absent {
		if m.Partial && c.loaded.absent[m.ID] {
			ids = append(ids, m.ID)
		}
	}
	if ids == nil {
		return err
	}
	return fmt.Errorf("%w (loaded, but not part of httpd-wsgi: %s)", err, strings.Join(ids, ", "))
}
