package app

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

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
	if err := limitMemory(group); err != nil {
		return p.Fail(err, false)
	}
	if group.Threads == 0 {
		return p.service(group)
	}
	l, err := unixListener(p.File(socketName))
	if err != nil {
		return p.Fail(err, false)
	}
	limits := &daemon.Limits{MaximumRequests: maximumRequests(group), RSS: group.RestartRSS, Resident: resident, RestartInterval: group.RestartInterval,
		Inactivity: group.InactivityTimeout, Request: group.RequestTimeout, Interrupt: group.InterruptTimeout, Threads: group.Threads}
	srv := &daemon.Server{QueueTimeout: group.QueueTimeout, Limits: limits, SendBuffer: group.SendBufferSize, ReceiveBuffer: group.ReceiveBuffer}
	end := &ending{p: p}
	srv.Restart = end.restart
	p.starting(group)
	// A Python that does not start is told to each request, as in mod_wsgi.
	engine, err := wsgi.Start(p.engineOptions(group))
	if err != nil {
		p.logWSGI(errlog.Error, "WSGI0100", fmt.Sprintf("Python could not be started in daemon process '%s': %s", group.Name, err))
		srv.Runner = broken{}
	} else {
		srv.Runner = engine
		limits.Startup, limits.Loaded = group.StartupTimeout, engine.Loaded
		limits.Deadlock, limits.Responsive = group.DeadlockTimeout, engine.Responsive
		limits.Expired = func(x *daemon.Exchange, age time.Duration) { p.expired(engine, x, age) }
		for _, im := range modwsgi.Of(p.conf.plan).Imports(group.Name) {
			if script, ok := p.inside(group, im.Script); ok {
				engine.Preload(script, im.ApplicationGroup)
			}
		}
		modwsgi.Warm(engine, p.Legacy(), group.Trusts, p.Stopping())
	}
	go limits.Watch(srv)
	go p.signals(engine, end)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	p.Ready()
	select {
	case <-p.Draining():
	case <-p.Stopping():
	}
	limits.Stop()
	p.drain(srv, end.grace(group))
	p.stop(engine, end.cause(group), group.ShutdownTimeout)
	srv.Finish(100 * time.Millisecond)
	return mpm.ExitOK
}

// maximumRequests is how many requests this process serves: maximum-requests and a part of its jitter.
func maximumRequests(d *modwsgi.Daemon) int {
	n := d.MaximumRequests
	if n > 0 && d.RequestsJitter > 0 {
		n += rand.IntN(d.RequestsJitter + 1)
	}
	return n
}

// resident is the process's resident memory in bytes; 0 if the system does not tell.
func resident() int64 {
	n, _ := statusBytes("VmRSS:")
	return int64(n)
}

// starting logs what the process is.
func (p *process) starting(d *modwsgi.Daemon) {
	who := ""
	if p.root {
		who = fmt.Sprintf("uid=%d, gid=%d and ", os.Getuid(), os.Getgid())
	}
	p.logWSGI(errlog.Info, "", fmt.Sprintf("Starting daemon process '%s' with %sthreads=%d.", d.Name, who, d.Threads))
}

// stop ends Python, with mod_wsgi's lines about it.
func (p *process) stop(engine *wsgi.Engine, cause string, limit time.Duration) {
	say := func(text string) { p.logWSGI(errlog.Info, "", fmt.Sprintf(text, p.Name)) }
	say("Shutdown requested for daemon process '%s'.")
	if engine != nil {
		say("Stopping process '%s'.")
		wait := limit
		if wait == 0 {
			wait = 1 << 62 // shutdown-timeout=0: for as long as it takes
		}
		if !engine.Stop(cause, wait) {
			say("Shutdown timeout expired; aborting daemon process '%s'.")
			return
		}
	}
	say("Exiting daemon process '%s'.")
}

// expired logs a request that ran for longer than request-timeout, and where all threads are.
func (p *process) expired(engine *wsgi.Engine, x *daemon.Exchange, age time.Duration) {
	p.logPython(wsgi.Info, "", fmt.Sprintf("Daemon process request time limit exceeded in '%s': a request has run for %.1f seconds.", p.Name, age.Seconds()), x)
	engine.LogStacks(time.Second)
}

// signals hands signals to applications that subscribed to them; a limit of CPU time ends the process.
func (p *process) signals(engine *wsgi.Engine, end *ending) {
	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGHUP, syscall.SIGUSR2, syscall.SIGXCPU)
	for s := range c {
		switch {
		case s == syscall.SIGXCPU:
			end.restart("cpu_time_limit", "")
		case engine == nil:
		case s == syscall.SIGHUP:
			engine.Signal("SIGHUP", int(syscall.SIGHUP))
		default:
			engine.Signal("SIGUSR2", int(syscall.SIGUSR2))
		}
	}
}

// ending is why the process gives way to another.
type ending struct {
	p   *process
	mu  sync.Mutex
	why string // the first reason; "" if the process has none of its own
}

// restart asks for a successor.
func (e *ending) restart(why, detail string) {
	e.mu.Lock()
	first := e.why == ""
	if first {
		e.why = why
	}
	e.mu.Unlock()
	if first {
		e.p.explain(why, detail)
		e.p.Retire()
	}
}

// cause is mod_wsgi's word for the reason (event process_stopping).
func (e *ending) cause(d *modwsgi.Daemon) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.why != "" {
		return e.why
	}
	select {
	case <-e.p.Stopping():
		return "shutdown_signal"
	default:
	}
	if d.EvictionTimeout > 0 {
		return "eviction_signal"
	}
	return "graceful_signal"
}

// grace is how long requests under way may take.
func (e *ending) grace(d *modwsgi.Daemon) time.Duration {
	switch e.cause(d) {
	case "shutdown_signal", "deadlock_timeout", "startup_timeout":
		return 0
	case "eviction_signal":
		return d.EvictionTimeout
	}
	return d.GracefulTimeout
}

// limitMemory sets memory-limit and virtual-memory-limit. What the server's
// own part of the process has mapped by now comes on top, so that as much is
// left for Python as in a process of Apache.
func limitMemory(d *modwsgi.Daemon) error {
	for _, l := range [...]struct {
		option   string
		resource int
		line     string
		n        int64
	}{{"memory-limit", unix.RLIMIT_DATA, "VmData:", d.MemoryLimit}, {"virtual-memory-limit", unix.RLIMIT_AS, "VmSize:", d.VirtualMemoryLimit}} {
		if l.n == 0 {
			continue
		}
		mapped, err := statusBytes(l.line)
		if err != nil {
			return err
		}
		n := mapped + uint64(l.n)
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: n, Max: n}); err != nil {
			return fmt.Errorf("%s=%d of WSGIDaemonProcess %s can't be set: %w", l.option, l.n, d.Name, err)
		}
	}
	return nil
}

// statusBytes reads a size from /proc/self/status.
func statusBytes(name string) (uint64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 54)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/self/status", name)
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
		"maximum_requests":   "Maximum requests reached for daemon process '%s'.",
		"restart_interval":   "Restart interval reached for daemon process '%s'.",
		"inactivity_timeout": "Daemon process idle inactivity timer expired, stopping process '%s'.",
		"request_timeout":    "Daemon process request time limit exceeded, stopping process '%s'.",
		"startup_timeout":    "Application startup timer expired, stopping process '%s'.",
		"restart_rss":        "Resident memory limit exceeded, stopping process '%s'.",
		"deadlock_timeout":   "Daemon process deadlock timer expired, stopping process '%s'.",
		"cpu_time_limit":     "CPU time limit exceeded, stopping process '%s'.",
		"script_reload":      "Forcing restart of daemon process '%s' due to modification of script '" + detail + "'.",
	}[why]
	text = fmt.Sprintf(text, p.Name)
	if detail != "" && why != "script_reload" {
		text += " (" + detail + ")"
	}
	p.logWSGI(errlog.Info, "", text)
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
		Log: p.logPython, Loaded: func(path, group string) { p.Leave(modwsgi.LegacyWord(path, group)) }, Threads: max(d.Threads, 1), Service: d.Threads == 0, StackSize: d.StackSize, ProcessGroup: d.Name,
		PythonHome: pick(d.PythonHome, py.Home.Get("")), Optimize: py.Optimize.Get(0), NoBytecode: py.DontWriteBytecode.Get(false),
		HashSeed: seed, Warnings: py.Warnings, PythonEggs: d.PythonEggs, WorkingDirectory: d.Home, Locale: d.Locale,
		SwitchInterval: d.SwitchInterval, KeepInterpreters: !py.DestroyInterpreter.Get(true),
		Group: func(string) wsgi.GroupOptions {
			return wsgi.GroupOptions{PythonPath: splitPath(d.PythonPath), RestrictStdin: py.RestrictStdin.Get(false),
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
	return daemon.NewClient(daemon.Options{Group: d.Name, Socket: p.snap.Sockets[d.Name], Processes: d.Processes, Connect: d.ConnectTimeout, Timeout: d.SocketTimeout,
		HeaderBuffer: d.HeaderBufferSize, SendBuffer: d.SendBufferSize, ReceiveBuffer: d.ReceiveBuffer})
}
