package app

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/logfile"
	"httpd-wsgi/mpm"
	"httpd-wsgi/server"
)

// parent is the master process. All but the log's reports runs in the
// goroutine of mpm.Master.
type parent struct {
	*program
	pool    *mpm.Sockets
	made    int        // generations made so far
	live    []*logging // of the generations that are not gone; the last is written to
	started bool
	ends    []<-chan struct{} // piped log programs that are to end
	tree    [sha256.Size]byte // of the last generation's configuration
}

// logging is a generation's logs.
type logging struct {
	set     *logfile.Set
	loggers []*errlog.Logger
	main    *os.File // nil: syslog
}

// pipedLogGrace is how long a piped log's program has to end when the server
// stops.
const pipedLogGrace = 3 * time.Second

// errPrepare is that of a configuration that is sound and cannot be served: the
// error log says why.
var errPrepare = errors.New("the configuration can't be served")

// serve is the master's life.
func (p *program) serve(c *config) int {
	m := &parent{program: p, pool: new(mpm.Sockets)}
	m.pool.Log = m.log
	m.pool.Adopt()
	first, err := m.generation(c, nil)
	switch {
	case errors.Is(err, errPrepare):
		fmt.Fprintln(p.stderr, "AH00016: Configuration Failed")
		return 1
	case err != nil:
		fmt.Fprintln(p.stderr, err)
		fmt.Fprintln(p.stderr, "AH00015: Unable to open logs")
		return 1
	}
	for _, e := range c.startupNotices() {
		m.write(&e)
	}
	master := mpm.NewMaster(mpm.Options{
		Load: m.load, Sockets: m.pool, Log: m.log, Started: m.onStarted, Exited: m.exited,
		PidFile: c.pidFile(p.layout), Args: p.o.argv, Notify: mpm.NewNotifier(),
	})
	err = master.Run(first)
	m.end()
	if err != nil {
		return 1
	}
	return 0
}

// onStarted lets the command that started the server return, and makes
// standard error the error log.
func (m *parent) onStarted() {
	m.started = true
	log := m.live[len(m.live)-1].main
	var err error
	switch {
	case m.detached != nil:
		err = m.detached.Started(log)
	case log != nil:
		err = logfile.RedirectStderr(log)
	}
	if err != nil {
		m.log(mpm.Entry{Level: mpm.Crit, Module: "core", ID: "AH00092", Text: "unable to replace stderr with error_log"})
	}
	settle()
}

// log is where package mpm writes to.
func (m *parent) log(e mpm.Entry) {
	if e.Console && !m.started {
		fmt.Fprintln(m.stderr, e)
	}
	x := entry(e)
	x.Startup = false
	m.write(&x)
}

// write writes to the main server's log if the level is on.
func (m *parent) write(e *errlog.Entry) {
	if len(m.live) == 0 {
		return
	}
	if l := m.live[len(m.live)-1].loggers[0]; l.Enabled(nil, e.Module, e.Level) {
		l.Log(e)
	}
}

// load is a restart's: read anew, compile, open.
func (m *parent) load(at *mpm.Generation) (*mpm.Generation, error) {
	c, err := read(m.o, m.layout)
	for _, e := range c.startupNotices() {
		m.write(&e)
	}
	if err == nil {
		var g *mpm.Generation
		if g, err = m.generation(c, &at.Settings); err == nil {
			m.redirect()
			settle()
			return g, nil
		}
		return nil, err
	}
	// Both lines of a message, as the terminal would show them.
	for line := range strings.SplitSeq(explain(m.o.program, err), "\n") {
		m.write(&errlog.Entry{Level: errlog.Emerg, Module: errlog.Core, Message: line, Startup: true})
	}
	return nil, errors.New("the configuration has errors")
}

// redirect makes standard error the log that is written to now.
func (m *parent) redirect() {
	if f := m.live[len(m.live)-1].main; f != nil && m.started {
		_ = logfile.RedirectStderr(f)
	}
}

// generation makes what package mpm supervises. On error nothing of it stays
// open.
func (m *parent) generation(c *config, prev *mpm.Settings) (g *mpm.Generation, err error) {
	var undo []func()
	defer func() {
		if err != nil {
			for i := len(undo) - 1; i >= 0; i-- {
				undo[i]()
			}
		}
	}()
	settings := c.settings()
	warnings := settings.Clamp(prev)
	if prev != nil {
		for _, e := range warnings {
			m.log(e)
		}
	}
	identity, err := c.identity()
	if err != nil {
		return nil, err
	}
	listens, err := c.listens()
	if err != nil {
		var le *mpm.ListenError
		if errors.As(err, &le) && le.Logged != nil {
			m.log(*le.Logged)
		}
		return nil, err
	}
	sockets, err := m.pool.Bind(listens, c.sockets())
	if err != nil {
		return nil, err
	}
	undo = append(undo, func() { m.pool.Release(sockets) })

	lg := &logging{set: logfile.NewSet(logfile.Options{Root: c.plan.ServerRoot, Program: m.o.program, Report: m.report})}
	undo = append(undo, func() { lg.set.Close(0) })
	if lg.loggers, lg.main, err = openLogs(c.hosts, lg.set, m.o.program, m.layout.defaults.ErrorLog); err != nil {
		return nil, err
	}
	site := server.NewSite(c.linked, c.plan, c.hosts, lg.loggers)
	if err = site.Hooks.OpenLogFiles(c.plan, lg.set); err != nil {
		return nil, err
	}
	if e := site.Hooks.Prepare(c.plan); e != nil {
		if l := lg.loggers[0]; l.Enabled(nil, e.Module, e.Level) {
			l.Log(e)
		}
		return nil, errPrepare
	}

	number := m.made
	m.made++
	core := &c.hosts.Main.Core.Global
	g = &mpm.Generation{Settings: settings, Sockets: sockets, Description: site.Banner, Built: built(), CommandLine: m.o.commandLine(),
		CoreDumpDir: core.CoreDumpDirectory.Get("")}
	snap := &snapshot{Program: m.o.program, Modules: c.modules, All: c.all, NoDocRoot: m.o.noDocRoot, Files: c.plan.Files.Contents,
		Names: *c.names, ErrorLog: m.layout.defaults.ErrorLog, DocumentRoot: m.layout.defaults.DocumentRoot, Settings: settings, Sockets: map[string]string{}}
	var tree bytes.Buffer
	if err = c.tree.Encode(&tree); err != nil {
		return nil, err
	}
	snap.Tree = tree.Bytes()
	names, open := lg.set.Files()
	snap.Logs = names
	var files []mpm.File
	for i, f := range open {
		files = append(files, mpm.File{Name: logName(i), File: f})
	}

	var groups []*daemonGroup
	undo = append(undo, func() {
		for _, d := range groups {
			d.close()
		}
	})
	for i, d := range modwsgi.Of(c.plan).Daemons() {
		dg, err := m.daemonGroup(c, d, identity, number, i)
		if err != nil {
			return nil, err
		}
		groups = append(groups, dg)
		snap.Sockets[d.Name] = dg.path
	}
	data, err := snap.encode()
	if err != nil {
		return nil, err
	}
	config, err := mpm.ConfigFile(data)
	if err != nil {
		return nil, err
	}
	g.Server = mpm.Spec{Kind: kindServer, Files: files, Listeners: sockets, Config: config, Identity: identity, MaxProcs: share(&settings),
		Chroot: c.linked.Core.Unixd.Of(c.plan.Main.Conf).ChrootDir.Get(""), Umask: -1}
	if identity == nil {
		g.Server.Chroot = "" // only root can
	}
	for _, d := range groups {
		sp := d.spec
		sp.Config = config
		sp.Files = append(append([]mpm.File(nil), files...), mpm.File{Name: socketName, File: d.file})
		g.Groups = append(g.Groups, mpm.Group{Spec: sp, Processes: d.daemon.Processes})
	}
	g.Release = func() { m.release(lg, groups, config) }
	if sum := sha256.Sum256(snap.Tree); sum != m.tree {
		m.tree = sum
		kept := modwsgi.Of(c.plan).Kept()
		g.Keep = func(_ *mpm.Spec, word string) bool { return kept(word) }
	}
	// The master writes to the main server's log alone; the others' loggers hold on to the configuration.
	lg.loggers = slices.Clone(lg.loggers[:1])
	m.live = append(m.live, lg)
	return g, nil
}

// share is how many threads of a child of the server run Go at once: its part of the processors when as many children run as
// the server starts with. More only get in each other's way; a child of prefork serves one connection and has no use for them.
func share(s *mpm.Settings) int {
	if s.Model == mpm.Prefork {
		return 1
	}
	children := max(s.StartServers, 1)
	return (runtime.GOMAXPROCS(0) + children - 1) / children
}

// release closes what a generation had open, when its last child is gone.
func (m *parent) release(lg *logging, groups []*daemonGroup, config *os.File) {
	for _, d := range groups {
		d.close()
	}
	config.Close()
	if len(m.live) == 1 && m.live[0] == lg {
		return // the last one's go on until the end
	}
	for i, l := range m.live {
		if l == lg {
			m.live = append(m.live[:i], m.live[i+1:]...)
			break
		}
	}
	m.redirect()
	lg.set.Close(-1)
}

// end closes the logs and waits for piped log programs.
func (m *parent) end() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil && m.started {
		_ = logfile.RedirectStderr(null)
		null.Close()
	}
	var done []<-chan struct{}
	for _, l := range m.live {
		done = append(done, l.set.Close(pipedLogGrace))
	}
	m.live = nil
	for _, d := range done {
		<-d
	}
}

// report is what becomes of piped log programs. It comes from goroutines of
// theirs; a line that comes too late for its log is lost.
func (m *parent) report(e errlog.Entry) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", e.Code, e.Message)
}

// exited tells of daemon processes as mod_wsgi does.
func (m *parent) exited(e mpm.Exit) {
	if e.Kind != kindDaemon {
		return
	}
	say := func(text string) {
		m.write(&errlog.Entry{Level: errlog.Info, Module: errlog.WSGI, Message: fmt.Sprintf("Process '%s' (pid=%d) ", e.Name, e.PID) + text})
	}
	if e.Wanted {
		say("has been stopped.")
	} else {
		say("has died; deregistering and restarting it.")
	}
	if e.Status.Signaled() {
		say(fmt.Sprintf("terminated by signal %d", e.Status.Signal()))
	} else {
		say(fmt.Sprintf("terminated normally, exit code %d", e.Status.ExitStatus()))
	}
}

// Kinds of children.
const (
	kindServer = "server"
	kindDaemon = "wsgi"
)

// identity is who the server's children are; nil if they stay who the master
// is, who is not root.
func (c *config) identity() (*mpm.Identity, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u := c.linked.Core.Unixd.Of(c.plan.Main.Conf)
	if !u.User.Set {
		return nil, errors.New("AH02155: getpwuid: couldn't determine user name from uid 4294967295, you probably need to modify the User directive")
	}
	group := u.Group
	if !group.Set && u.User.V.Primary >= 0 {
		group = directives.Some(modcore.ID{ID: u.User.V.Primary})
	}
	if !group.Set {
		return nil, errors.New("AH02156: setgid: unable to set group id to Group 4294967295")
	}
	return newIdentity(u.User.V, group.V.ID, nil)
}

// newIdentity is a user with a group and, unless groups are given, the
// supplementary groups that the system has for the user.
func newIdentity(u modcore.ID, gid int, groups []int) (*mpm.Identity, error) {
	id := &mpm.Identity{UID: u.ID, GID: gid, Groups: groups, User: u.Name}
	if groups != nil {
		return id, nil
	}
	id.Groups = []int{gid}
	account, err := user.LookupId(strconv.Itoa(u.ID))
	if err != nil {
		return id, nil // a bare number
	}
	list, err := account.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("AH02157: initgroups: unable to set groups for User %s and Group %d", u.Name, gid)
	}
	for _, g := range list {
		n, err := strconv.Atoi(g)
		if err == nil && n != gid && strconv.Itoa(n) != account.Gid {
			id.Groups = append(id.Groups, n)
		}
	}
	return id, nil
}

// runtimeDir is where the server keeps its sockets.
func (c *config) runtimeDir(l layout) string {
	if dir := c.tree.DefaultRuntimeDir; dir != "" {
		return dir
	}
	return c.root(l.defaults.RuntimeDir)
}
