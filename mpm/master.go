package mpm

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/scoreboard"
)

// Options are what a Master is made with.
type Options struct {
	// Load makes the next generation at a restart. It runs in the master's
	// goroutine. If it fails the generation at work goes on.
	Load func(at *Generation) (*Generation, error)
	// Sockets is the pool that the generations' sockets come from.
	Sockets *Sockets
	// Log receives the master's lines. It is looked up for every line, so it
	// may lead to a log that Load has just opened.
	Log func(Entry)
	// Started is called once when the PidFile is written, before the first
	// children start: they have the standard streams that it leaves. It may be
	// nil.
	Started func()
	// Exited is called when a child is gone. It may be nil.
	Exited func(Exit)

	PidFile string // empty: none
	Args    []string
	Notify  *Notifier // nil: nobody to tell
	Timing  Timing    // zero fields: Apache's
}

// Timing are the master's delays. Tests shorten them.
type Timing struct {
	Tick    time.Duration   // between two looks at spare children: 1 s
	Ladder  []time.Duration // TERM again after these, the last but one KILL, the last gives up: 3, 5, 7, 9, 10 s
	Backoff time.Duration   // after a child that never was ready, doubled each time: 1 s
	Most    time.Duration   // and at most: 32 s
	Young   time.Duration   // a child that ends sooner counts as not having started: 1 s
	Reap    time.Duration   // for which a drain spares idle connections: 1 s
}

func (t *Timing) fill() {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&t.Tick, time.Second)
	def(&t.Backoff, time.Second)
	def(&t.Most, 32*time.Second)
	def(&t.Young, time.Second)
	def(&t.Reap, time.Second)
	if len(t.Ladder) < 2 {
		t.Ladder = []time.Duration{3 * time.Second, 5 * time.Second, 7 * time.Second, 9 * time.Second, 10 * time.Second}
	}
}

// An Exit tells of a child that is gone.
type Exit struct {
	Kind, Name string
	PID        int
	Status     syscall.WaitStatus
	Lived      time.Duration
	Ready      bool // it had been ready
	Wanted     bool // the master had told it to end, or it had asked to
}

// A Master supervises all children. Make one with NewMaster; Run does all.
type Master struct {
	o      Options
	board  *scoreboard.Board
	crowd  int // eventfd by which prefork children call each other; no os.File: the runtime would watch it
	events chan event
	quit   chan struct{}

	gens    []*generation // those that have children
	current *generation
	next    *generation // being started by a graceful restart
	after   *Generation // to be started when all children are gone
	number  int
	slots   []*process // by row of the scoreboard

	phase    phase
	again    bool // a restart was asked for while one was under way
	err      error
	tickAt   time.Time
	watchdog time.Time
	stopAt   time.Time // the end of a graceful-stop's patience
}

type phase int

const (
	serving    phase = iota
	restarting       // the old children end, then after starts
	draining         // graceful-stop
	stopping         // stop
)

// event is what reaches the master from a child's control socket.
type event struct {
	p    *process
	word byte   // 0: the socket is at its end
	data []byte // of msgFail
}

// ErrFatal is returned by Run when the first generation's children cannot
// start; the reason is in the log.
var ErrFatal = errors.New("no child process could be started")

// NewMaster makes a master.
func NewMaster(o Options) *Master {
	o.Timing.fill()
	if len(o.Args) == 0 {
		o.Args = os.Args
	}
	return &Master{o: o, events: make(chan event, 64), quit: make(chan struct{}), phase: serving}
}

// Run serves first and its successors until the server is stopped. It writes
// the PidFile, starts the children and removes the PidFile at the end. An
// error means that it could not start or that the first children failed.
func (m *Master) Run(first *Generation) error {
	sig := make(chan os.Signal, 32)
	signal.Notify(sig, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGWINCH, syscall.SIGCHLD, syscall.SIGPIPE)
	defer signal.Stop(sig)
	defer close(m.quit)

	if err := closeOnExec(); err != nil {
		return err
	}
	s := &first.Settings
	// Twice the children: those of an old generation may still drain.
	board, err := scoreboard.Create(2*s.ServerLimit, s.ThreadLimit)
	if err != nil {
		m.o.Log(Entry{Level: Crit, Module: "core", Errno: errnoOf(err), ID: "AH00004", Text: "Unable to create or access scoreboard (anonymous shared memory failure)", Console: true})
		return err
	}
	m.board = board
	defer board.Close()
	m.slots = make([]*process, board.Servers())
	if m.crowd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	defer unix.Close(m.crowd)
	if m.o.PidFile != "" {
		if err := m.writePid(); err != nil {
			return err
		}
	}
	board.Started().Store(time.Now().UnixMicro())
	if m.o.Started != nil {
		m.o.Started()
	}
	m.begin(first)
	m.loop(sig)
	return m.err
}

func (m *Master) loop(sig <-chan os.Signal) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := time.Now()
		m.maintain(now)
		if m.phase == stopping && len(m.gens) == 0 {
			m.finish()
			return
		}
		if m.phase == draining && len(m.gens) == 0 {
			return // said and removed when it began
		}
		timer.Reset(m.wakeAt(now).Sub(now))
		select {
		case s := <-sig:
			m.signal(s)
		case e := <-m.events:
			m.handle(e)
		case <-timer.C:
		}
	}
}

// wakeAt is when maintain has something to do next, come what may.
func (m *Master) wakeAt(now time.Time) time.Time {
	at := now.Add(time.Minute)
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(at) {
			at = t
		}
	}
	if m.phase == serving {
		sooner(m.tickAt)
	}
	sooner(m.watchdog)
	sooner(m.stopAt)
	for _, g := range m.gens {
		for _, gr := range g.groups {
			if gr.retryAt.After(now) {
				sooner(gr.retryAt)
			}
			for _, p := range gr.procs {
				sooner(p.deadline)
			}
		}
	}
	return at
}

func (m *Master) signal(s os.Signal) {
	id := m.current.g.Settings.Model.ids()
	module := m.current.g.Settings.Model.Module()
	switch s {
	case syscall.SIGCHLD:
		m.reap()
	case syscall.SIGTERM, syscall.SIGINT:
		m.o.Notify.Stopping()
		if m.phase == draining {
			// The PidFile is gone already: the log has said so.
			m.terminateAll()
			return
		}
		m.phase = stopping
		m.terminateAll()
	case syscall.SIGWINCH:
		if m.phase == serving || m.phase == restarting {
			m.o.Notify.Stopping()
			m.gracefulStop()
		}
	case syscall.SIGUSR1:
		if m.phase == serving && m.next == nil {
			m.log(Notice, module, id.usr1, usr1Text(m.current.g.Settings.Model))
			m.graceful()
		} else if m.phase == serving || m.phase == restarting {
			m.again = true
		}
	case syscall.SIGHUP:
		switch m.phase {
		case serving:
			m.log(Notice, module, id.hup, "SIGHUP received.  Attempting to restart")
			m.restart()
		case restarting:
			m.again = true
		}
	}
}

func usr1Text(m Model) string {
	if m == Prefork {
		return "Graceful restart requested, doing restart"
	}
	return "SIGUSR1 received.  Doing graceful restart"
}

func (m *Master) log(l Level, module, id, text string) {
	m.o.Log(Entry{Level: l, Module: module, ID: id, Text: text})
}

// load makes the next generation, or says why not.
func (m *Master) load() *Generation {
	m.o.Notify.Reloading()
	g, err := m.o.Load(m.current.g)
	if err == nil && g.Settings.Model != m.current.g.Settings.Model {
		err = fmt.Errorf("the MPM cannot be changed from %s to %s by a restart: stop and start the server",
			m.current.g.Settings.Model.Name(), g.Settings.Model.Name())
		m.discard(g)
	}
	if err != nil {
		m.log(Error, "core", "", "restart failed, the server goes on with the configuration it has: "+err.Error())
		m.o.Notify.Ready()
		return nil
	}
	return g
}

func (m *Master) discard(g *Generation) {
	m.o.Sockets.Release(g.Sockets)
	if g.Release != nil {
		g.Release()
	}
}

// graceful starts the next generation beside the one at work.
func (m *Master) graceful() {
	g := m.load()
	if g == nil {
		return
	}
	m.next = m.newGeneration(g)
	m.next.inherit(m.current)
	// As many children as serve now: the load has not gone.
	server := m.next.groups[0]
	server.want = min(max(server.want, m.current.groups[0].active()), g.Settings.Children())
	server.rate.HoldOff = 10
}

// restart stops all children; the next generation starts when they are gone.
func (m *Master) restart() {
	g := m.load()
	if g == nil {
		return
	}
	if m.next != nil {
		m.abandon(m.next)
	}
	m.after = g
	m.phase = restarting
	m.terminateAll()
}

// begin makes g the generation at work and starts its children.
func (m *Master) begin(g *Generation) {
	m.phase = serving
	m.current = m.newGeneration(g)
	now := time.Now()
	for _, gr := range m.current.groups {
		m.keep(gr, now)
	}
	m.resumed()
}

// promote makes the next generation the one at work and lets the old drain.
func (m *Master) promote() {
	old := m.current
	m.current, m.next = m.next, nil
	m.retire(old)
	m.resumed()
	if m.again {
		m.again = false
		m.signal(syscall.SIGUSR1)
	}
}

// resumed says that a generation is at work.
func (m *Master) resumed() {
	g := m.current.g
	now := time.Now()
	m.tickAt = now.Add(m.o.Timing.Tick)
	m.board.Generation().Store(int64(m.current.number))
	m.board.Restarted().Store(now.UnixMicro())
	id, module := g.Settings.Model.ids(), g.Settings.Model.Module()
	m.log(Notice, module, id.resume, g.Description+" configured -- resuming normal operations")
	if g.Built != "" {
		m.log(Info, module, id.built, "Server built: "+g.Built)
	}
	m.log(Notice, "core", "AH00094", "Command line: '"+g.CommandLine+"'")
	m.o.Notify.Ready()
	m.watchdog = m.o.Notify.watchdogAt(now)
}

// gracefulStop drains everything. As in Apache the listeners are closed and
// the PidFile is removed at its beginning, so that another server may start.
func (m *Master) gracefulStop() {
	m.phase = draining
	if m.after != nil {
		m.discard(m.after)
		m.after = nil
	}
	if m.next != nil {
		m.abandon(m.next)
	}
	cur := m.current
	m.retire(cur)
	if t := cur.g.Settings.GracefulShutdown; t > 0 {
		m.stopAt = time.Now().Add(t)
	}
	m.removePid()
	m.log(Notice, cur.g.Settings.Model.Module(), cur.g.Settings.Model.ids().winch, "caught SIGWINCH, shutting down gracefully")
}

// finish is the end of a stop.
func (m *Master) finish() {
	if m.after != nil {
		m.discard(m.after)
	}
	m.removePid()
	if m.err == nil {
		model := m.current.g.Settings.Model
		m.log(Notice, model.Module(), model.ids().term, "caught SIGTERM, shutting down")
	}
}

// maintain does what is due: starts, stops, swaps, deadlines.
func (m *Master) maintain(now time.Time) {
	if !m.stopAt.IsZero() && !now.Before(m.stopAt) {
		m.stopAt = time.Time{}
		m.terminateAll()
	}
	for _, g := range m.gens {
		for _, gr := range g.groups {
			for _, p := range gr.procs {
				m.climb(p, now)
			}
		}
	}
	for _, g := range m.gens {
		if g.retired {
			m.linger(g, now)
		}
	}
	m.sweep()
	switch {
	case m.phase == restarting && len(m.gens) == 0:
		g := m.after
		m.after = nil
		m.begin(g)
		if m.again {
			m.again = false
			m.signal(syscall.SIGHUP)
		}
	case m.phase == serving:
		m.serve(now)
	}
	if !m.watchdog.IsZero() && !now.Before(m.watchdog) {
		m.o.Notify.Watchdog()
		m.watchdog = m.o.Notify.watchdogAt(now)
	}
}

func (m *Master) serve(now time.Time) {
	if !now.Before(m.tickAt) {
		m.spare(now)
		m.tickAt = now.Add(m.o.Timing.Tick)
	}
	for _, gr := range m.current.groups {
		m.keep(gr, now)
	}
	if m.next == nil {
		return
	}
	ready := true
	for _, gr := range m.next.groups {
		if gr.hopeless {
			m.log(Error, "core", "", "the children of the new configuration do not start ("+gr.label()+"), the server goes on with the configuration it has")
			m.abandon(m.next)
			m.o.Notify.Ready()
			if m.again {
				m.again = false
				m.signal(syscall.SIGUSR1)
			}
			return
		}
		m.keep(gr, now)
		ready = ready && gr.ready() >= gr.want
	}
	if ready {
		m.promote()
	}
}

// spare starts or stops children of the server by the load.
func (m *Master) spare(now time.Time) {
	gr := m.current.groups[0]
	s := &m.current.g.Settings
	var l load
	for _, p := range m.slots {
		switch {
		case p == nil:
			l.Slots++
		case p.group != gr || p.leaving():
			l.Draining++
		default:
			l.Children++
			l.Idle += m.idle(p, s)
		}
	}
	start, stop, next, note := decide(s, l, gr.rate)
	gr.rate = next
	if note != nil {
		m.o.Log(*note)
	}
	switch {
	case start > 0:
		gr.want = gr.active() + start
	case stop > 0:
		if p := gr.leastBusy(m.board); p != nil {
			gr.want = gr.active() - 1
			m.drain(p)
		}
	}
}

// idle counts the idle workers of a child; one that starts is idle.
func (m *Master) idle(p *process, s *Settings) int {
	if p.state == starting {
		return s.ThreadsPerChild
	}
	if s.Model == Prefork && m.board.Process(p.slot).Connections.Load() > 0 {
		return 0
	}
	return min(m.board.Idle(p.slot), s.ThreadsPerChild)
}

// environ is the environment of children: the master's with the spec's
// variables in the place of its own of that name.
func environ(sp *Spec) []string {
	own := make(map[string]bool, len(sp.Env))
	for _, v := range sp.Env {
		name, _, _ := strings.Cut(v, "=")
		own[name] = true
	}
	var env []string
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !own[name] {
			env = append(env, v)
		}
	}
	env = append(env, sp.Env...)
	return append(env, childEnv+"=1")
}

// argv is what ps shows of a child.
func (m *Master) argv(sp *Spec) []string {
	argv := append([]string(nil), m.o.Args...)
	if sp.Title != "" {
		argv[0] = sp.Title
	}
	return argv
}
