package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/all"
	"httpd-wsgi/directives/modmpm"
	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/mpm"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// config is a configuration, read and compiled.
type config struct {
	linked *server.Linked
	tree   *apacheconf.Tree
	plan   *directives.Plan
	hosts  *vhost.Site
	names  *vhost.Names
	models modmpm.Slots
	model  mpm.Model
	mpm    *modmpm.Conf

	// modules are the LoadModule lines in order; all tells that there was none and every module is on.
	modules []loadedModule
	all     bool
	// notices are what reading gave for the log.
	notices []errlog.Entry
}

type loadedModule struct{ ID, Path string }

// defined tells whether -D or Define set the name.
func (c *config) defined(name string) bool {
	for _, d := range c.tree.Defines {
		if d.Name == name {
			return true
		}
	}
	return false
}

// root makes a file name absolute below ServerRoot.
func (c *config) root(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(c.plan.ServerRoot, name)
}

// pidName is PidFile as written, pidFile its full path.
func (c *config) pidName(l layout) string {
	return c.hosts.Main.Core.Global.PidFile.Get(l.defaults.PidFile)
}

func (c *config) pidFile(l layout) string { return c.root(c.pidName(l)) }

// settings are the MPM's numbers as configured, not clamped.
func (c *config) settings() mpm.Settings {
	s, m := mpm.Defaults(c.model), c.mpm
	set := func(to *int, o directives.Opt[int]) { *to = o.Get(*to) }
	set(&s.StartServers, m.StartServers)
	set(&s.ServerLimit, m.ServerLimit)
	set(&s.ThreadLimit, m.ThreadLimit)
	set(&s.ThreadsPerChild, m.ThreadsPerChild)
	set(&s.MaxRequestWorkers, m.MaxRequestWorkers)
	if c.model == mpm.Prefork {
		set(&s.MinSpareServers, m.MinSpare)
		set(&s.MaxSpareServers, m.MaxSpare)
	} else {
		set(&s.MinSpareThreads, m.MinSpare)
		set(&s.MaxSpareThreads, m.MaxSpare)
	}
	set(&s.ListenBacklog, m.ListenBacklog)
	s.AsyncFactor = m.AsyncFactor.Get(s.AsyncFactor)
	s.GracefulShutdown = max(m.GracefulShutdown.Get(0), 0)
	s.MaxConnectionsPerChild = c.hosts.Main.Core.Global.MaxConnectionsPerChild.Get(0)
	s.OneProcess = c.defined("DEBUG") || c.defined("ONE_PROCESS")
	return s
}

// listens resolves the Listen directives.
func (c *config) listens() (all []mpm.Listen, err error) {
	for _, l := range c.mpm.Listen {
		x, err := mpm.NewListen(l.Host, uint16(l.Port), l.Protocol)
		if err == nil {
			all, err = mpm.AddListen(all, x)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// sockets are the options of the listening sockets.
func (c *config) sockets() mpm.SocketOptions {
	return mpm.SocketOptions{Backlog: c.mpm.ListenBacklog.Get(mpm.Defaults(c.model).ListenBacklog), SendBuffer: c.mpm.SendBuffer.Get(0),
		ReceiveBuffer: c.mpm.ReceiveBuffer.Get(0), DeferAccept: mpm.DeferAccept}
}

// newConfig links all modules, the MPMs among them.
func newConfig(dial modwsgi.Dial) *config {
	c := &config{linked: all.Link(dial)}
	c.models = modmpm.Add(c.linked.Registry)
	return c
}

// read reads the files and compiles them. With an error the config holds what
// was read so far; the error is one that explain prints.
func read(o *options, l layout) (*config, error) {
	defer loading()()
	c, err := readFiles(o, l)
	if err != nil {
		return c, err
	}
	return c, c.compile(o, l)
}

// readFiles is the read phase. With an error the tree holds what was read so far.
func readFiles(o *options, l layout) (*config, error) {
	c, err := readOnce(o, l, false)
	if err == nil && len(c.modules) == 0 {
		// A configuration without LoadModule has every module.
		c, err = readOnce(o, l, true)
	}
	return c, err
}

// compile carries out what was read. Where only a check failed the plan and the servers are there all the same.
func (c *config) compile(o *options, l layout) (err error) {
	options := compileOptions(o.program, o.noDocRoot, nil)
	options.Check = func(p *directives.Plan) error { return c.check(p, l) }
	if c.plan, err = c.linked.Registry.CompileWith(options, c.tree, c.loaded()); c.plan == nil {
		return err
	}
	if unbuilt := c.build(&vhost.Names{}, l.defaults.DocumentRoot); err == nil {
		err = unbuilt
	}
	return err
}

func compileOptions(program string, noDocRoot bool, files *directives.Files) directives.Options {
	return directives.Options{Program: program, NoDocumentRootCheck: noDocRoot, Files: files}
}

// build makes the lookups of a compiled plan. documentRoot is the layout's, for servers that set none.
func (c *config) build(names *vhost.Names, documentRoot string) (err error) {
	c.names = names
	if c.hosts, err = vhost.BuildWith(c.plan, c.linked.Core, names); err != nil {
		return err
	}
	for _, s := range c.hosts.Servers {
		if docs := &s.Core.DocumentRoot; !docs.Set {
			*docs = directives.Some(c.root(documentRoot))
		}
	}
	m, conf := c.models.Of(c.plan)
	c.mpm = conf
	c.model = map[modmpm.Model]mpm.Model{modmpm.Event: mpm.Event, modmpm.Worker: mpm.Worker, modmpm.Prefork: mpm.Prefork}[m]
	return nil
}

// loaded is the set of modules that the recorded LoadModule lines make.
func (c *config) loaded() *directives.Loaded {
	l := c.linked.Registry.NewLoaded(c.all)
	for _, m := range c.modules {
		_, _, _ = l.Load(m.ID, m.Path) // judged when it was read
	}
	return l
}

func readOnce(o *options, l layout, allModules bool) (*config, error) {
	c := newConfig(nil)
	c.all = allModules
	loaded := c.linked.Registry.NewLoaded(allModules)
	root, file := l.root, l.file
	if o.root != "" {
		root = o.root
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return c, err
	}
	if o.file != "" {
		file = o.file
	}
	loader := apacheconf.Loader{
		ServerRoot: root, Defines: o.defines, PreLines: o.pre, PostLines: o.post,
		Optional:     o.file == "" && len(o.pre)+len(o.post) > 0,
		Env:          os.LookupEnv,
		HasModule:    loaded.Has,
		HasDirective: loaded.HasDirective,
		HasSection:   loaded.HasSection,
		SectionName: func(name string) string {
			if e := c.linked.Registry.Lookup("<" + name); e != nil {
				return e.Name[1:]
			}
			return ""
		},
		LoadModule: func(id, path string, pos apacheconf.Pos) error {
			already, notice, err := loaded.Load(id, path)
			switch {
			case err != nil:
				return err
			case already:
				c.note(errlog.Warn, errlog.So, "AH01574", fmt.Sprintf("module %s is already loaded, skipping", id))
			case notice != "":
				c.note(errlog.Notice, errlog.So, "", fmt.Sprintf("%s (%s)", notice, pos))
			}
			if !already {
				c.modules = append(c.modules, loadedModule{id, path})
			}
			return nil
		},
	}
	if o.observe != nil {
		o.observe(c, &loader)
	}
	c.tree, err = loader.Load(file)
	return c, err
}

func (c *config) note(lv errlog.Level, m errlog.Module, code, text string) {
	c.notices = append(c.notices, errlog.Entry{Level: lv, Module: m, Code: code, Message: text})
}

// explain is what the terminal and the log say of an error of read.
func explain(program string, err error) string {
	var e *apacheconf.Error
	if errors.As(err, &e) {
		return e.Format(program)
	}
	return err.Error()
}
