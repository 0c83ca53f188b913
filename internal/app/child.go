package app

import (
	"fmt"
	"os"
	"runtime/debug"

	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/logfile"
	"httpd-wsgi/mpm"
	"httpd-wsgi/server"
)

// process is a child of either kind, with the master's configuration.
type process struct {
	*mpm.Child
	snap *snapshot
	conf *config
	site *server.Site
	root bool // the parent is root
}

// runChild is a child's life; it returns the exit code.
func runChild(c *mpm.Child) int {
	debug.SetTraceback("none") // what the log says of a crash is the parent's line
	p := &process{Child: c}
	if err := p.begin(); err != nil {
		return c.Fail(err, true)
	}
	c.Log = func(e mpm.Entry) {
		x := entry(e)
		p.log(&x)
	}
	if c.Kind == kindDaemon {
		return p.daemon()
	}
	return p.serve()
}

// begin compiles the configuration, with the master's rights still, and gives
// them up.
func (p *process) begin() (err error) {
	p.root = os.Geteuid() == 0
	loading()
	if p.snap, err = decodeSnapshot(p.Config()); err != nil {
		return err
	}
	if p.conf, err = p.snap.config(p.dial); err != nil {
		return fmt.Errorf("%s", explain(p.snap.Program, err))
	}
	var files []*os.File
	for i := range p.snap.Logs {
		files = append(files, p.File(logName(i)))
	}
	set, err := logfile.Inherit(p.conf.plan.ServerRoot, p.snap.Logs, files)
	if err != nil {
		return err
	}
	loggers, _, err := openLogs(p.conf.hosts, set, p.snap.Program, p.snap.ErrorLog)
	if err != nil {
		return err
	}
	p.site = server.NewSite(p.conf.linked, p.conf.plan, p.conf.hosts, loggers)
	if err := p.site.Hooks.OpenLogFiles(p.conf.plan, set); err != nil {
		return err
	}
	if e := p.site.Hooks.Prepare(p.conf.plan); e != nil {
		return fmt.Errorf("%s: %s", e.Code, e.Message)
	}
	if err := p.Become(); err != nil {
		return err
	}
	p.snap.Tree, p.snap.Files, p.conf.tree = nil, nil, nil
	p.conf.plan.Tree = p.conf.plan.Tree.WithoutItems()
	settle()
	return nil
}

// garbage is how much of its live heap a process may allocate before the garbage collector runs, in percent. What is live is a
// few hundred KiB and requests allocate little, so collecting is cheap; with Go's 100 no heap stays below 4 MiB, with 25 below 1 MiB.
const garbage = 25

// loadingGarbage is garbage while a configuration is read and compiled, when nearly all that is allocated stays: collecting
// more often takes time and frees nothing.
const loadingGarbage = 400

// loading is called before a configuration is read. The result sets back what was.
func loading() (done func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	was := debug.SetGCPercent(loadingGarbage)
	return func() { debug.SetGCPercent(was) }
}

// settle gives back what memory only the start of a process needed. GOGC in the environment has its usual meaning.
func settle() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	debug.FreeOSMemory()
}

// log writes to the main server's log if the level is on.
func (p *process) log(e *errlog.Entry) {
	if l := p.site.Logger(0); l.Enabled(nil, e.Module, e.Level) {
		l.Log(e)
	}
}

// serve is a child of the server.
func (p *process) serve() int {
	s := &p.snap.Settings
	hooks := &server.Child{Site: p.site, Threads: p.Threads, Processes: s.Children(), MPM: s.Model.Name(), Board: p.Scoreboard(), Built: built(),
		Legacy: p.Legacy(), Leave: p.Leave, Stopping: p.Stopping()}
	if err := p.site.Hooks.InitChild(hooks); err != nil {
		return p.Fail(err, false)
	}
	code := mpm.ExitOK
	if err := p.Serve(handler{p.site}); err != nil {
		code = p.Fail(err, false)
	}
	p.site.Hooks.ExitChild(hooks)
	return code
}

// handler serves connections by a site.
type handler struct{ site *server.Site }

// ServeConn implements mpm.Handler.
func (h handler) ServeConn(c *mpm.Conn) { h.site.ServeConn(c) }

// dial makes the way from a child of the server to a daemon process group.
func (p *process) dial(c *server.Child, d *modwsgi.Daemon) (modwsgi.Runner, error) {
	return p.runner(d), nil
}
