package modwsgi

import (
	"sync"
	"sync/atomic"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
	"httpd-wsgi/wsgi/daemon"
)

// module is mod_wsgi in one process: written while the process starts, only
// read by requests.
type module struct {
	conf  directives.Slots[Server, Dir]
	alias server.Note[Alias]

	python   *Python
	daemons  map[string]*Daemon
	foldCase bool
	flags    wsgi.FormFlags // of requests in embedded mode
	pid      string

	embedded embedded
	groups   map[string]Runner
	pool     sync.Pool // *exchange
}

// Runner runs requests in a daemon process group; *daemon.Client implements
// it. Run has the rules of wsgi.Engine.Run.
type Runner interface {
	Run(call *wsgi.Call, meta daemon.Meta) (wsgi.Result, *daemon.Error)
	Close()
}

// Dial makes the Runner of a daemon process group in a child that serves.
type Dial func(*server.Child, *Daemon) (Runner, error)

// process is what the providers, which are registered before there is a
// configuration, know of the process that they run in.
type process struct{ module atomic.Pointer[module] }

// Module is mod_wsgi.
func Module(dial Dial) server.Module {
	p := new(process)
	return server.Bind(tables, func(r *directives.Registry, _ directives.Slots[Server, Dir]) {
		r.Provide(tables.ID, server.AuthnGroup, "wsgi", server.AuthnProvider(users{p}))
		r.Provide(tables.ID, server.AuthzGroup, "wsgi-group", server.AuthzProvider(server.AuthzParser(p.requireGroup)))
	}, func(h *server.HookSet, slots directives.Slots[Server, Dir]) {
		m := &module{conf: slots, alias: server.NewNote[Alias](h), pid: pid(), groups: map[string]Runner{}}
		m.pool.New = func() any { return new(exchange) }
		h.ChildInit.Add("mod_wsgi.c", server.Middle, func(c *server.Child) error {
			p.module.Store(m)
			return m.start(c, dial)
		})
		h.ChildExit.Add("mod_wsgi.c", server.Middle, m.stop)
		h.AccessChecker.Add("mod_wsgi.c", server.Middle, m.access)
		h.TranslateName.Add("mod_wsgi.c", server.Middle, m.intercept)
		h.Handler.Add("mod_wsgi.c", server.Middle, m.handle)
	})
}

// start readies the process for requests: daemon groups are connected, Python
// is started where a request may need it here.
func (m *module) start(c *server.Child, dial Dial) error {
	main := m.conf.Server.Of(c.Site.Plan.Main.Conf)
	m.python = &main.Python
	m.foldCase = !m.python.CaseSensitivity.Get(true)
	if c.Threads != 1 {
		m.flags |= wsgi.Multithread
	}
	if c.Processes != 1 {
		m.flags |= wsgi.Multiprocess
	}
	m.daemons = Daemons(c.Site.Plan, m.conf.Server)
	if c.Dry {
		return nil
	}
	for name, d := range m.daemons {
		r, err := dial(c, d)
		if err != nil {
			return err
		}
		m.groups[name] = r
	}
	m.embedded.configure(c, main, m.pid)
	if m.python.RestrictEmbedded.Get(false) {
		return nil
	}
	eager := false
	for _, s := range c.Site.Plan.Servers() {
		conf := m.conf.Server.Of(s.Conf)
		for _, a := range conf.Aliases {
			process := a.ProcessGroup.Or(conf.ProcessGroup)
			if name, ok := process.Get(Name{kind: global}).Static(); ok && name == "" {
				eager = true
			}
		}
	}
	imports := Imports(c.Site.Plan, m.conf.Server, "")
	if !eager && len(imports) == 0 && len(c.Legacy) == 0 {
		return nil
	}
	if e := m.embedded.engine(); e != nil {
		for _, im := range imports {
			e.Preload(im.Script, im.ApplicationGroup)
		}
		Warm(e, c.Legacy, nil, c.Stopping)
	}
	return nil
}

func (m *module) stop(c *server.Child) {
	for _, g := range m.groups {
		g.Close()
	}
	m.embedded.stop()
}

// runDaemon runs a request in a process of a daemon process group.
func (m *module) runDaemon(x *exchange, t *target) server.Status {
	if status := t.daemon.trusts(x.r, t); status != server.OK {
		return status
	}
	x.script = t.script
	s := &x.call.Script
	*s = wsgi.Script{Path: t.script, Callable: t.callable, Group: t.applicationGroup}
	if t.reload {
		s.Reload = wsgi.ReloadProcess
		s.Mtime = t.mtime(x.r)
	}
	r := x.r
	res, e := m.groups[t.daemon.Name].Run(&x.call, daemon.Meta{Server: r.Server.Index, Client: r.Client,
		IgnoreActivity: t.ignoreActivity, Timeout: r.Timeout()})
	if e == nil {
		if res.Outcome == wsgi.Expired {
			r.Logf(errlog.Error, errlog.WSGI, "WSGI0084", "Queue timeout expired for WSGI daemon process '%s'.", t.daemon.Name)
		}
		return x.finish(res, 500)
	}
	r.Logf(errlog.Error, errlog.WSGI, e.Code, "%s", e.Msg)
	if e.Responded {
		r.CutShort()
		return server.Done
	}
	return server.Status(e.Status)
}

// Daemons are the process groups that all servers define, by name.
func Daemons(p *directives.Plan, slot directives.Slot[Server]) map[string]*Daemon {
	out := map[string]*Daemon{}
	for _, s := range p.Servers() {
		own, _ := s.Own()
		if conf := slot.In(own); conf != nil {
			for _, d := range conf.Daemons {
				out[d.Name] = d
			}
		}
	}
	return out
}

// Imports are the scripts to load at the start of a process of the group, in
// the order of the configuration.
func Imports(p *directives.Plan, slot directives.Slot[Server], group string) []Import {
	var out []Import
	for _, s := range p.Servers() {
		own, _ := s.Own()
		if conf := slot.In(own); conf != nil {
			for _, im := range conf.Imports {
				if im.ProcessGroup == group {
					out = append(out, im)
				}
			}
		}
	}
	return out
}
