package mpm

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/scoreboard"
)

// A Child is this process, when it is a child: what it was told and how it
// speaks with its master. Its methods may be called from any goroutine.
type Child struct {
	Kind, Name string // of its Spec
	Instance   int    // number of the child within its group, from 0; kept by its successor
	Generation int
	Model      Model
	Threads    int // ThreadsPerChild

	// Slots are the request slots of a child of the server.
	Slots *Slots

	// Log receives what the child's own machinery has to say. The caller sets
	// it before Serve; until then it writes to standard error.
	Log func(Entry)

	m       *manifest
	files   map[string]*os.File
	config  []byte
	control *os.File
	board   *scoreboard.Board
	proc    *scoreboard.Process

	draining, stopping  chan struct{}
	drainOnce, stopOnce sync.Once
	ready, retired      atomic.Bool
	reaping             atomic.Bool // idle connections are closed at once

	mu    sync.Mutex
	conns Conn // list head of the open connections
	open  int
	taken bool          // the acceptor has ended: there will be no more
	empty chan struct{} // closed once taken and none is open
	last  uint64

	acc *acceptor
}

// A BootError is why a child cannot be what its Spec says.
type BootError struct{ Entry Entry }

func (e *BootError) Error() string { return e.Entry.String() }

// Inherited returns the child that this process is, or nil if it is none. It
// must be the first thing that main does. The child still has the master's
// rights, until Become. If it fails with a Child, the caller passes the error
// to Fail.
func Inherited() (*Child, error) {
	if os.Getenv(childEnv) == "" {
		return nil, nil
	}
	os.Unsetenv(childEnv)
	m, err := readManifest()
	if err != nil {
		return nil, err
	}
	c := &Child{
		Kind: m.Kind, Name: m.Name, Instance: m.Instance, Generation: m.Generation,
		Model: m.Model, Threads: m.Threads, m: m,
		files:    make(map[string]*os.File, len(m.Files)),
		draining: make(chan struct{}), stopping: make(chan struct{}), empty: make(chan struct{}),
	}
	c.Log = func(e Entry) { fmt.Fprintln(os.Stderr, e) }
	c.conns.next, c.conns.prev = &c.conns, &c.conns
	if err := closeOnExec(); err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(m.Control, true); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	c.control = os.NewFile(uintptr(m.Control), "control")
	for _, f := range m.Files {
		c.files[f.Name] = os.NewFile(uintptr(f.FD), f.Name)
	}
	if m.Config >= 0 {
		if c.config, err = readAll(m.Config); err != nil {
			return c, &BootError{Entry{Level: Alert, Module: "core", Errno: errnoOf(err), Text: "cannot read the configuration handed over by the parent"}}
		}
	}
	if err := c.openBoard(); err != nil {
		return c, &BootError{Entry{Level: Alert, Module: "core", ID: "AH00004", Errno: errnoOf(err), Text: err.Error()}}
	}
	setComm(m.Comm)
	c.watch()
	return c, nil
}

// Become makes the process what its Spec says: user, root, directory, limits.
// The caller does before it what takes the master's rights, and everything
// that is not the configuration's after it. The error is a [BootError].
func (c *Child) Become() error {
	if e := become(c.m); e != nil {
		return &BootError{*e}
	}
	return nil
}

// closeOnExec keeps all descriptors but the first three from programs that
// this process executes, save those that are passed on by name.
func closeOnExec() error {
	if unix.CloseRange(manifestFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	// A kernel before 5.11.
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, f := range fds {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd >= manifestFD {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// openBoard maps the scoreboard. A child without a row has one of its own
// that nobody else sees, so that what counts need not ask.
func (c *Child) openBoard() error {
	free := make([]atomic.Uint64, (max(c.Threads, 1)+63)/64)
	c.proc = new(scoreboard.Process)
	if c.m.Board >= 0 {
		b, err := scoreboard.Open(os.NewFile(uintptr(c.m.Board), "scoreboard"))
		if err != nil {
			return err
		}
		c.board = b
		if c.m.Slot >= 0 {
			c.proc = b.Process(c.m.Slot)
			free = b.Free(c.m.Slot)
		}
	}
	c.Slots = newSlots(free, max(c.Threads, 1))
	return nil
}

// watch listens to the master and to signals.
func (c *Child) watch() {
	go func() {
		buf := make([]byte, 16)
		for {
			n, err := c.control.Read(buf)
			if n == 0 || err != nil {
				// The master is gone. What it would have stopped stops itself.
				c.Stop()
				return
			}
			if buf[0] == msgDrain {
				c.Drain()
			}
		}
	}()
	sig := make(chan os.Signal, 8)
	// PIPE is caught, not ignored: programs that the application starts shall
	// find it as it was.
	signal.Notify(sig, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1, syscall.SIGPIPE)
	go func() {
		for s := range sig {
			switch s {
			case syscall.SIGTERM, syscall.SIGINT:
				c.Stop()
			case syscall.SIGUSR1:
				c.Retire()
			}
		}
	}()
}

// Config is the generation's configuration, as Spec.Config held it.
func (c *Child) Config() []byte { return c.config }

// File is the inherited descriptor of that name, or nil. The caller owns it.
func (c *Child) File(name string) *os.File { return c.files[name] }

// Sockets are the inherited listening sockets. Serve takes them.
func (c *Child) Sockets() []*Socket {
	out := make([]*Socket, len(c.m.Listeners))
	for i, l := range c.m.Listeners {
		out[i] = &Socket{Addr: l.Addr, Protocol: l.Protocol, shared: &sharedSocket{fd: l.FD, refs: 1}}
	}
	return out
}

// Scoreboard is the server's scoreboard, nil in a child that has none.
func (c *Child) Scoreboard() *scoreboard.Board { return c.board }

// Slot is the child's row of the scoreboard, -1 if it has none.
func (c *Child) Slot() int { return c.m.Slot }

// Worker is the scoreboard row of request slot i; nil in a child without.
func (c *Child) Worker(i int) *scoreboard.Worker {
	if c.board == nil || c.m.Slot < 0 {
		return nil
	}
	return c.board.Worker(c.m.Slot, i)
}

// Process is the child's own scoreboard row.
func (c *Child) Process() *scoreboard.Process { return c.proc }

// Ready says that the child can serve.
func (c *Child) Ready() {
	if c.ready.CompareAndSwap(false, true) {
		if c.board != nil && c.m.Slot >= 0 {
			for i := range c.Threads {
				c.Worker(i).SetStatus(scoreboard.Ready)
			}
		}
		c.proc.SetState(scoreboard.Serving)
		c.tell([]byte{msgReady})
	}
}

// Retire asks the master for a successor: because of a number of requests, an
// age, a changed script. The master lets this child drain once the successor
// is ready. The first call counts.
func (c *Child) Retire() {
	if c.retired.CompareAndSwap(false, true) && !c.tell([]byte{msgRetire}) {
		c.Drain()
	}
}

// Leave tells this child's successors something: children of the group that
// start later, of this generation or, after a graceful restart, the next. What
// is longer than 4 KiB, or too much altogether, is lost.
func (c *Child) Leave(word string) {
	if len(word) <= maxLegacyWord {
		c.tell(append([]byte{msgLeave}, word...))
	}
}

// Legacy is what children before this one have left to it, each word once.
func (c *Child) Legacy() []string { return c.m.Legacy }

// Fail tells the master why this child cannot start, for its log, and returns
// the code to exit with: ExitFatal if no other child would fare better.
func (c *Child) Fail(err error, fatal bool) int {
	e := Entry{Level: Alert, Module: "core", Text: err.Error(), Errno: errnoOf(err)}
	if b, ok := err.(*BootError); ok {
		e = b.Entry
	}
	if len(e.Text) > maxFailText {
		e.Text = e.Text[:maxFailText]
	}
	data, _ := json.Marshal(e) // of strings and numbers: cannot fail
	c.tell(append([]byte{msgFail}, data...))
	if fatal {
		return ExitFatal
	}
	return ExitSick
}

func (c *Child) tell(b []byte) bool {
	_ = c.control.SetWriteDeadline(time.Now().Add(time.Second))
	_, err := c.control.Write(b)
	return err == nil
}

// Draining is closed when the child is to finish what it has and to begin
// nothing new: responses say "Connection: close".
func (c *Child) Draining() <-chan struct{} { return c.draining }

// Stopping is closed when the child is to end at once.
func (c *Child) Stopping() <-chan struct{} { return c.stopping }

// Drain begins the drain, as the master's word does.
func (c *Child) Drain() {
	c.drainOnce.Do(func() {
		c.proc.SetState(scoreboard.Quiescing)
		close(c.draining)
		time.AfterFunc(time.Duration(c.m.MaxWait)*time.Millisecond, c.reapIdle)
	})
}

// Stop ends the child at once, as a TERM does.
func (c *Child) Stop() {
	c.stopOnce.Do(func() { close(c.stopping) })
	c.Drain()
}

// reapIdle closes the connections between two requests, now and as they
// become so.
func (c *Child) reapIdle() {
	c.reaping.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := c.conns.next; n != &c.conns; n = n.next {
		n.reap()
	}
}

// A Handler serves connections.
type Handler interface {
	// ServeConn serves c until it ends. It runs in a goroutine of its own and
	// closes c when it returns at the latest.
	ServeConn(c *Conn)
}

// Serve accepts connections and hands them to h. It returns when the child
// has drained or is to stop. The child is Ready once it accepts.
func (c *Child) Serve(h Handler) error {
	if err := startAcceptor(c, h); err != nil {
		return err
	}
	c.Ready()
	select {
	case <-c.empty:
	case <-c.stopping:
	}
	return nil
}

// acceptorDone says that no connection comes any more.
func (c *Child) acceptorDone() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken = true
	c.checkEmpty()
}

// opened counts a connection in.
func (c *Child) opened(n *Conn) {
	c.mu.Lock()
	c.last++
	n.ID = c.last
	n.prev, n.next = c.conns.prev, &c.conns
	n.prev.next, n.next.prev = n, n
	c.open++
	c.mu.Unlock()
	c.proc.Connections.Add(1)
	c.proc.Accepted.Add(1)
}

// closed counts a connection out.
func (c *Child) closed(n *Conn) {
	c.mu.Lock()
	n.prev.next, n.next.prev = n.next, n.prev
	c.open--
	c.checkEmpty()
	c.mu.Unlock()
	c.proc.Connections.Add(-1)
	c.acc.connClosed()
}

// checkEmpty closes empty when the drain is over. c.mu is held.
func (c *Child) checkEmpty() {
	if c.taken && c.open == 0 {
		close(c.empty)
	}
}
