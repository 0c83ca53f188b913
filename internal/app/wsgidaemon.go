package app

import (
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/mpm"
	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
	"httpd-wsgi/wsgi/daemon"
)

// daemon is a process of a daemon process group.
func (p *process) daemon() int {
	group := p.group()
	if group == nil {
		return p.Fail(fmt.Errorf("no WSGIDaemonProcess %s", p.Name), true)
	}
	l, err := unixListener(p.File(socketName))
	if err != nil {
		return p.Fail(err, false)
	}
	limits := &daemon.Limits{MaximumRequests: group.MaximumRequests, RestartInterval: group.RestartInterval,
		Inactivity: group.InactivityTimeout, Request: group.RequestTimeout, Threads: group.Threads}
	srv := &daemon.Server{QueueTimeout: group.QueueTimeout, Limits: limits}
	reason := make(chan string, 1)
	srv.Restart = func(why, detail string) {
		p.explain(why, detail)
		select {
		case reason <- why:
		default:
		}
		p.Retire()
	}
	// A Python that does not start is told to each request, as in mod_wsgi.
	if engine, err := wsgi.Start(p.engineOptions(group)); err != nil {
		p.logWSGI(errlog.Error, "WSGI0100", fmt.Sprintf("Python could not be started in daemon process '%s': %s", group.Name, err))
		srv.Runner = broken{}
	} else {
		srv.Runner = engine
		for _, im := range modwsgi.Of(p.conf.plan).Imports(group.Name) {
			engine.Preload(im.Script, im.ApplicationGroup)
		}
		defer engine.Stop(last(reason), group.ShutdownTimeout)
	}
	go limits.Watch(srv)
	cpu := make(chan os.Signal, 1)
	signal.Notify(cpu, syscall.SIGXCPU)
	go func() {
		for range cpu {
			srv.Restart("cpu_time_limit", "")
		}
	}()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	p.Ready()
	code := mpm.ExitOK
	select {
	case <-p.Draining():
	case <-p.Stopping():
	}
	limits.Stop()
	grace := group.GracefulTimeout
	select {
	case <-p.Stopping():
		grace = 0
	default:
	}
	p.drain(srv, grace)
	return code
}

// drain lets requests end, unless a stop comes first.
func (p *process) drain(srv *daemon.Server, grace time.Duration) {
	done := make(chan struct{})
	go func() {
		srv.Drain(grace)
		close(done)
	}()
	select {
	case <-done:
	case <-p.Stopping():
	}
}

// last is the reason that a process was restarted for, or "shutdown_signal".
func last(reason <-chan string) string {
	select {
	case r := <-reason:
		return r
	default:
		return "shutdown_signal"
	}
}

// group is this process's WSGIDaemonProcess.
func (p *process) group() *modwsgi.Daemon {
	for _, d := range modwsgi.Of(p.conf.plan).Daemons() {
		if d.Name == p.Name {
			return d
		}
	}
	return nil
}

// explain logs why the process gives way to another.
func (p *process) explain(why, detail string) {
	text := map[string]string{
		"maximum_requests":   "Maximum requests reached '%s'.",
		"restart_interval":   "Daemon process restart interval reached '%s'.",
		"inactivity_timeout": "Daemon process idle inactivity timer expired, stopping process '%s'.",
		"request_timeout":    "Daemon process request time limit exceeded, stopping process '%s'.",
		"cpu_time_limit":     "Exceeded CPU time limit '%s'.",
		"script_reload":      "Script of daemon process '%s' has changed.",
	}[why]
	if text == "" {
		text = why + " '%s'."
	}
	text = fmt.Sprintf(text, p.Name)
	if detail != "" {
		text += " (" + detail + ")"
	}
	p.logWSGI(errlog.Info, "", fmt.Sprintf("mod_wsgi (pid=%d): %s", os.Getpid(), text))
}

func (p *process) logWSGI(lv errlog.Level, code, text string) {
	p.log(&errlog.Entry{Level: lv, Module: errlog.WSGI, Code: code, Message: text})
}

// engineOptions are those of Python in this process.
func (p *process) engineOptions(d *modwsgi.Daemon) wsgi.Options {
	py := modwsgi.Of(p.conf.plan).Python()
	s := &p.snap.Settings
	pick := func(own string, general string) string {
		if own != "" {
			return own
		}
		return general
	}
	seed := int64(wsgi.SeedDefault)
	if py.HashSeed.Set {
		if seed = py.HashSeed.V; seed < 0 {
			seed = wsgi.SeedRandom
		}
	}
	return wsgi.Options{
		Log: p.logPython, Threads: d.Threads, StackSize: d.StackSize, ProcessGroup: d.Name,
		PythonHome: pick(d.PythonHome, py.Home.Get("")), Optimize: py.Optimize.Get(0), NoBytecode: py.DontWriteBytecode.Get(false),
		HashSeed: seed, Warnings: py.Warnings, PythonEggs: pick(d.PythonEggs, py.Eggs.Get("")), WorkingDirectory: d.Home,
		SwitchInterval: py.SwitchInterval.Get(0), KeepInterpreters: !py.DestroyInterpreter.Get(true),
		Group: func(string) wsgi.GroupOptions {
			return wsgi.GroupOptions{PythonPath: splitPath(pick(d.PythonPath, py.Path.Get(""))), RestrictStdin: py.RestrictStdin.Get(false),
				RestrictStdout: py.RestrictStdout.Get(false), AllowSignals: !py.RestrictSignal.Get(true)}
		},
		MaximumProcesses: d.Processes, ApacheVersion: server.ApacheVersion, ServerDescription: p.site.Banner, BuildDate: built(),
		MPMName: s.Model.Name(), MPMProcesses: s.Children(), MPMThreads: s.ThreadsPerChild,
	}
}

// logPython writes Python's records: those of a request to its virtual
// host's log, with the client's address.
func (p *process) logPython(level wsgi.Level, code, msg string, x wsgi.Exchange) {
	e := &errlog.Entry{Level: errlog.Level(level), Module: errlog.WSGI, Code: code, Message: msg}
	log := p.site.Logger(0)
	if x, ok := x.(*daemon.Exchange); ok {
		if x.Meta.Server >= 0 && x.Meta.Server < len(p.conf.hosts.Servers) {
			log = p.site.Logger(x.Meta.Server)
		}
		e.Script = x.Script
		e.Context = &remote{client: x.Meta.Client}
	}
	if log.Enabled(nil, errlog.WSGI, e.Level) {
		log.Log(e)
	}
}

// remote is a request of another process in the error log (errlog.Context).
type remote struct {
	client netip.AddrPort
	conn   errlog.LogID
}

func (r *remote) RequestID() *errlog.LogID     { return nil }
func (r *remote) ConnectionID() *errlog.LogID  { return &r.conn }
func (r *remote) ClientAddr() netip.AddrPort   { return r.client }
func (r *remote) PeerAddr() netip.AddrPort     { return r.client }
func (r *remote) LocalAddr() netip.AddrPort    { return netip.AddrPort{} }
func (r *remote) Remote() bool                 { return true }
func (r *remote) ServerName() string           { return "" }
func (r *remote) Header(string) (string, bool) { return "", false }
func (r *remote) Env(string) (string, bool)    { return "", false }
func (r *remote) Note(string) (string, bool)   { return "", false }
func (r *remote) Keepalives() int              { return 0 }

// broken answers requests where Python could not be started.
type broken struct{}

// Run implements daemon.Runner.
func (broken) Run(*wsgi.Call) wsgi.Result { return wsgi.Result{Outcome: wsgi.LoadFailed} }

// runner reaches a group's processes from a child of the server.
func (p *process) runner(d *modwsgi.Daemon) modwsgi.Runner {
	return daemon.NewClient(daemon.Options{Group: d.Name, Socket: p.snap.Sockets[d.Name], Processes: d.Processes, Connect: d.ConnectTimeout, Timeout: d.SocketTimeout})
}
