package mpm

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary plays all parts: the tests, a master in a process of its
// own (roleEnv) and, executed again by that master, its children.
const roleEnv = "MPM_TEST_SITE"

// site is the "configuration file" of the test server; it is read anew at
// every restart.
type site struct {
	Settings Settings
	Listen   string
	PidFile  string
	Broken   bool      // cannot be loaded
	Child    behaviour // of the server's children
	Spec     Spec      // of the server's children: identity and so on
	Groups   []siteGroup
	Timing   Timing
	Activate bool
	Detach   bool
	Fail     string // the start fails with this text
	Keep     string // beginning of the words that a new generation keeps
}

type siteGroup struct {
	Name      string
	Title     string
	Processes int
	Child     behaviour
}

// behaviour is what a child of the test server does.
type behaviour struct {
	Boot     string // "", "fatal", "exit" or "hang": how it starts
	Stubborn bool   // does not end on TERM
}

func TestMain(m *testing.M) {
	c, err := Inherited()
	switch {
	case c != nil && err != nil:
		os.Exit(c.Fail(err, true))
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(ExitFatal)
	case c != nil:
		if err := c.Become(); err != nil {
			os.Exit(c.Fail(err, true))
		}
		os.Exit(childMain(c))
	case os.Getenv(roleEnv) != "":
		os.Exit(masterMain(os.Getenv(roleEnv)))
	}
	os.Exit(m.Run())
}

func masterMain(path string) int {
	var out sync.Mutex
	say := func(e Entry) {
		out.Lock()
		defer out.Unlock()
		fmt.Printf("[%s:%d] %s\n", e.Module, e.Level, e)
	}
	read := func() (*site, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		s := new(site)
		if err := json.Unmarshal(b, s); err != nil {
			return nil, err
		}
		if s.Broken {
			return nil, errors.New("Syntax error on line 1")
		}
		return s, nil
	}
	s, err := read()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	detached := WasDetached()
	if s.Detach && detached == nil {
		code, err := Detach(os.Args)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		return code
	}
	if s.Fail != "" {
		fmt.Fprintln(os.Stderr, s.Fail)
		return 1
	}
	pool := &Sockets{Log: say}
	if s.Activate {
		fmt.Printf("adopted %d\n", pool.Adopt())
	}
	compile := func(s *site, prev *Settings) (*Generation, error) {
		for _, e := range s.Settings.Clamp(prev) {
			say(e)
		}
		at, err := netip.ParseAddrPort(s.Listen)
		if err != nil {
			return nil, err
		}
		l := Listen{Addrs: []netip.AddrPort{at}}
		socks, err := pool.Bind([]Listen{l}, SocketOptions{Backlog: s.Settings.ListenBacklog})
		if err != nil {
			return nil, err
		}
		conf := func(b behaviour) *os.File {
			data, _ := json.Marshal(b)
			f, err := ConfigFile(data)
			if err != nil {
				panic(err)
			}
			return f
		}
		g := &Generation{Settings: s.Settings, Sockets: socks, Description: "test", CommandLine: strings.Join(os.Args, " ")}
		g.Server = s.Spec
		g.Server.Kind, g.Server.Listeners, g.Server.Config = "server", socks, conf(s.Child)
		files := []*os.File{g.Server.Config}
		for _, x := range s.Groups {
			sp := Spec{Kind: "wsgi", Name: x.Name, Title: x.Title, Umask: -1, Config: conf(x.Child)}
			files = append(files, sp.Config)
			g.Groups = append(g.Groups, Group{Spec: sp, Processes: x.Processes})
		}
		g.Keep = func(_ *Spec, word string) bool { return strings.HasPrefix(word, s.Keep) }
		g.Release = func() {
			for _, f := range files {
				f.Close()
			}
			fmt.Println("released")
		}
		return g, nil
	}
	first, err := compile(s, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	m := NewMaster(Options{
		Sockets: pool, Log: say, PidFile: s.PidFile, Timing: s.Timing, Notify: NewNotifier(),
		Load: func(at *Generation) (*Generation, error) {
			s, err := read()
			if err != nil {
				return nil, err
			}
			return compile(s, &at.Settings)
		},
		Started: func() {
			if detached != nil {
				if err := detached.Started(nil); err != nil {
					panic(err)
				}
			}
			fmt.Println("started")
		},
		Exited: func(e Exit) {
			fmt.Printf("gone %s %s pid=%d ready=%v wanted=%v\n", e.Kind, e.Name, e.PID, e.Ready, e.Wanted)
		},
	})
	if err := m.Run(first); err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	return 0
}

func childMain(c *Child) int {
	var b behaviour
	if err := json.Unmarshal(c.Config(), &b); err != nil {
		return c.Fail(err, true)
	}
	switch b.Boot {
	case "fatal":
		return c.Fail(errors.New("no Python here"), true)
	case "exit":
		return 1
	case "hang":
		select {}
	}
	if c.Kind == "server" {
		if err := c.Serve(echo{c}); err != nil {
			return c.Fail(err, false)
		}
	} else {
		hup := make(chan os.Signal, 1)
		signal.Notify(hup, syscall.SIGHUP)
		c.Ready()
		fmt.Printf("daemon %s.%d pid=%d ready\n", c.Name, c.Instance, os.Getpid())
		select {
		case <-c.Draining():
		case <-c.Stopping():
		}
	}
	if b.Stubborn {
		select {}
	}
	return 0
}

// echo is the test server's protocol: a command a line, an answer a line.
type echo struct{ c *Child }

func (h echo) ServeConn(c *Conn) {
	r := bufio.NewReader(c)
	for {
		c.Idle()
		_, err := r.Peek(1)
		if !c.Busy() || err != nil {
			return
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if !c.Acquire() {
			return
		}
		more := h.command(c, r, strings.TrimSpace(line))
		c.Release()
		select {
		case <-h.c.Draining():
			return
		default:
		}
		if !more {
			return
		}
	}
}

func (h echo) command(c *Conn, r *bufio.Reader, line string) bool {
	if word, ok := strings.CutPrefix(line, "leave "); ok {
		h.c.Leave(word)
		line = "who"
	}
	switch line {
	case "legacy":
		fmt.Fprintf(c, "%q\n", h.c.Legacy())
	case "who":
		fmt.Fprintf(c, "%d %d\n", os.Getpid(), h.c.Generation)
	case "last": // answer and close
		fmt.Fprintf(c, "%d %d\n", os.Getpid(), h.c.Generation)
		return false
	case "hold": // a request that takes until the client says so
		fmt.Fprintf(c, "holding %d\n", os.Getpid())
		if _, err := r.ReadString('\n'); err != nil {
			return false
		}
		fmt.Fprintf(c, "%d %d\n", os.Getpid(), h.c.Generation)
	case "die":
		unix.Kill(os.Getpid(), unix.SIGKILL)
	case "segv": // Go would catch its own
		syscall.Exec("/bin/sh", []string{"sh", "-c", "kill -SEGV $$"}, nil)
	case "retire":
		h.c.Retire()
		fmt.Fprintln(c, "ok")
	case "self":
		var st syscall.Utsname
		syscall.Uname(&st)
		groups, _ := os.Getgroups()
		wd, _ := os.Getwd()
		um := unix.Umask(0)
		unix.Umask(um)
		nice, _ := unix.Getpriority(unix.PRIO_PROCESS, 0)
		var lim unix.Rlimit
		unix.Getrlimit(unix.RLIMIT_NOFILE, &lim)
		fmt.Fprintf(c, "uid=%d gid=%d groups=%v wd=%s umask=%03o nice=%d nofile=%d env=%s\n", os.Getuid(), os.Getgid(), groups, wd, um, 20-nice, lim.Cur, os.Getenv("MPM_TEST_VAR"))
	case "fds":
		fds, _ := os.ReadDir("/proc/self/fd")
		var open []string
		for _, f := range fds {
			to, err := os.Readlink("/proc/self/fd/" + f.Name())
			if err != nil {
				continue
			}
			fd, _ := strconv.Atoi(f.Name())
			fl, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
			if fd > 2 && err == nil && fl&unix.FD_CLOEXEC == 0 {
				to += "(inheritable)"
			}
			open = append(open, to)
		}
		fmt.Fprintln(c, strings.Join(open, " "))
	default:
		fmt.Fprintf(c, "?%s\n", line)
	}
	return true
}

// server is a running test server.
type server struct {
	t    *testing.T
	dir  string
	path string
	site *site
	addr string
	pid  int

	mu    sync.Mutex
	cond  *sync.Cond
	lines []string
	ended bool
	code  int
}

const patience = 20 * time.Second * (1 + slow/5)

// freePort is a port of the loopback interface that nobody has.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func newServer(t *testing.T, s *site) *server {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	v := &server{t: t, dir: dir, path: filepath.Join(dir, "site.json"), site: s}
	v.cond = sync.NewCond(&v.mu)
	if s.Listen == "" {
		s.Listen = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	}
	v.addr = s.Listen
	if s.PidFile == "" {
		s.PidFile = filepath.Join(dir, "httpd.pid")
	}
	if s.Spec.Umask == 0 {
		s.Spec.Umask = -1
	}
	v.write()
	return v
}

func (v *server) write() {
	v.t.Helper()
	b, err := json.Marshal(v.site)
	if err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(v.path, b, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// run starts the master and waits until it has started.
func (v *server) run(env ...string) *server {
	v.t.Helper()
	v.exec(env...)
	v.wait("started")
	return v
}

func (v *server) exec(env ...string) {
	v.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		v.t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		v.t.Fatal(err)
	}
	p, err := os.StartProcess(exe, []string{"httpd-test", "-k", "start"}, &os.ProcAttr{
		Env: append(append(os.Environ(), roleEnv+"="+v.path, "GORACE=atexit_sleep_ms=10"), env...), Files: []*os.File{nil, w, w}})
	w.Close()
	if err != nil {
		v.t.Fatal(err)
	}
	v.pid = p.Pid
	read := make(chan struct{})
	go func() {
		defer close(read)
		sc := bufio.NewScanner(r)
		for sc.Scan() {
			v.mu.Lock()
			v.lines = append(v.lines, sc.Text())
			v.cond.Broadcast()
			v.mu.Unlock()
		}
		r.Close()
	}()
	go func() {
		st, _ := p.Wait()
		v.mu.Lock()
		v.ended, v.code = true, st.ExitCode()
		v.cond.Broadcast()
		v.mu.Unlock()
	}()
	v.t.Cleanup(func() {
		if v.t.Failed() {
			v.mu.Lock()
			v.t.Logf("server said:\n%s", strings.Join(v.lines, "\n"))
			v.mu.Unlock()
		}
		syscall.Kill(v.pid, syscall.SIGKILL)
		// The pipe ends when no child is left: nothing outlives a test.
		select {
		case <-read:
		case <-time.After(patience):
			v.t.Error("a process of the server is left")
		}
	})
}

// until waits for a condition that changes with a line or with the end.
func (v *server) until(what string, f func() bool) {
	v.t.Helper()
	late := time.AfterFunc(patience, func() {
		v.mu.Lock()
		v.cond.Broadcast()
		v.mu.Unlock()
	})
	defer late.Stop()
	end := time.Now().Add(patience)
	v.mu.Lock()
	defer v.mu.Unlock()
	for !f() {
		if time.Now().After(end) {
			v.t.Fatalf("waited in vain for %s; the server said:\n%s", what, strings.Join(v.lines, "\n"))
		}
		v.cond.Wait()
	}
}

// wait waits for a line with the text and returns it.
func (v *server) wait(text string) string { v.t.Helper(); return v.waitN(text, 1) }

// waitN waits for the n-th such line.
func (v *server) waitN(text string, n int) (line string) {
	v.t.Helper()
	v.until(fmt.Sprintf("%d of %q", n, text), func() bool {
		k := 0
		for _, l := range v.lines {
			if strings.Contains(l, text) {
				if k++; k == n {
					line = l
					return true
				}
			}
		}
		return false
	})
	return
}

// count counts the lines with the text so far.
func (v *server) count(text string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for _, l := range v.lines {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

func (v *server) signal(s syscall.Signal) {
	v.t.Helper()
	if err := syscall.Kill(v.pid, s); err != nil {
		v.t.Fatal(err)
	}
}

func (v *server) waitEnd() int {
	v.t.Helper()
	v.until("the end", func() bool { return v.ended })
	return v.code
}

// stop stops the server in good order.
func (v *server) stop() {
	v.t.Helper()
	v.signal(syscall.SIGTERM)
	if code := v.waitEnd(); code != 0 {
		v.t.Errorf("exit code %d", code)
	}
}

// client is a connection to the test server.
type client struct {
	net.Conn
	r *bufio.Reader
}

func dial(addr string) (*client, error) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(patience))
	return &client{c, bufio.NewReader(c)}, nil
}

func (v *server) dial() *client {
	v.t.Helper()
	c, err := dial(v.addr)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { c.Close() })
	return c
}

func (c *client) ask(line string) (string, error) {
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		return "", err
	}
	s, err := c.r.ReadString('\n')
	return strings.TrimSpace(s), err
}

func (v *server) ask(line string) string {
	v.t.Helper()
	c := v.dial()
	defer c.Close()
	return v.say(c, line)
}

func (v *server) say(c *client, line string) string {
	v.t.Helper()
	s, err := c.ask(line)
	if err != nil {
		v.t.Fatalf("%s: %v", line, err)
	}
	return s
}

// who is the pid and generation of a child that answers.
func (v *server) who() (pid, gen int) {
	v.t.Helper()
	if _, err := fmt.Sscan(v.ask("last"), &pid, &gen); err != nil {
		v.t.Fatal(err)
	}
	return
}

// served waits until generation gen alone answers; an old one may take the
// first connections after a restart.
func (v *server) served(gen int) (pid int) {
	v.t.Helper()
	v.eventually(fmt.Sprintf("generation %d", gen), func() bool {
		p, g := v.who()
		pid = p
		return g == gen
	})
	return pid
}

// children are the pids of the master's children.
func (v *server) children() []int {
	v.t.Helper()
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", v.pid))
	var pids []int
	for _, t := range tasks {
		b, _ := os.ReadFile(t)
		for _, f := range strings.Fields(string(b)) {
			n, _ := strconv.Atoi(f)
			pids = append(pids, n)
		}
	}
	return pids
}

// eventually polls what no line tells of.
func (v *server) eventually(what string, f func() bool) {
	v.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !f(); <-tick.C {
		if time.Now().After(end) {
			v.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// small is an event site of n children with t threads each.
func small(n, threads int) *site {
	s := Defaults(Event)
	s.StartServers, s.ThreadsPerChild, s.MinSpareThreads = n, threads, 1
	s.MaxRequestWorkers = 8 * threads
	s.MaxSpareThreads = 8 * threads
	return &site{Settings: s, Timing: Timing{
		Tick: 50 * time.Millisecond, Backoff: 20 * time.Millisecond, Most: 200 * time.Millisecond,
		Young: time.Millisecond, Reap: 100 * time.Millisecond,
		Ladder: []time.Duration{slow * 100 * time.Millisecond, slow * 150 * time.Millisecond, slow * 200 * time.Millisecond, slow * 250 * time.Millisecond, slow * 5 * time.Second},
	}}
}
