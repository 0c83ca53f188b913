package mpm

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestStartAndStop(t *testing.T) {
	s := small(2, 4)
	s.Timing.Ladder = nil // Apache's: on a busy machine a child may take longer than a test's to end
	v := newServer(t, s).run()
	if got, _ := ReadPid(v.site.PidFile); got != v.pid {
		t.Errorf("PidFile has %d, the master is %d", got, v.pid)
	}
	pid, gen := v.who()
	if pid == v.pid || gen != 0 {
		t.Errorf("answered by %d of generation %d, master is %d", pid, gen, v.pid)
	}
	named := func(p int) bool {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p))
		return string(name) == "httpd-test\n"
	}
	v.eventually("two children by the program's name", func() bool {
		kids := v.children()
		return len(kids) == 2 && named(kids[0]) && named(kids[1])
	})
	for _, p := range v.children() {
		cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p))
		if string(cmd) != "httpd-test\x00-k\x00start\x00" {
			t.Errorf("child %d shows as %q", p, cmd)
		}
	}
	v.stop()
	if _, err := os.Stat(v.site.PidFile); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("PidFile: %v", err)
	}
	if c, err := net.Dial("tcp", v.addr); err == nil {
		c.Close()
		t.Error("the port is still served")
	}
	var ids []string
	for _, l := range v.lines {
		if i := strings.Index(l, "AH0"); i >= 0 {
			ids = append(ids, l[i:i+7])
		}
	}
	if want := []string{"AH00489", "AH00094", "AH00096", "AH00491"}; !slices.Equal(ids, want) {
		t.Errorf("logged %v, want %v", ids, want)
	}
	if n := v.count("released"); n != 1 {
		t.Errorf("%d generations released, want 1", n)
	}
}

func TestCrashIsReplaced(t *testing.T) {
	v := newServer(t, small(1, 4)).run()
	for i, how := range []struct{ cmd, line string }{
		{"segv", "AH00052: child pid %d exit signal Segmentation fault (11)"},
		{"die", "AH00052: child pid %d exit signal Killed (9)"},
	} {
		pid, _ := v.who()
		c := v.dial()
		io.WriteString(c, how.cmd+"\n")
		if _, err := c.r.ReadString('\n'); err == nil {
			t.Fatal("the child lives")
		}
		v.wait(fmt.Sprintf(how.line, pid))
		if now, gen := v.who(); now == pid || gen != 0 {
			t.Errorf("%d: answered by %d (generation %d) after the crash of %d", i, now, gen, pid)
		}
	}
	v.stop()
}

func TestLegacy(t *testing.T) {
	v := newServer(t, small(1, 4)).run()
	legacy := func(want string) {
		t.Helper()
		if got := v.ask("legacy"); got != want {
			t.Errorf("a child was left %s, want %s", got, want)
		}
	}
	legacy("[]")
	v.ask("leave a1")
	v.ask("leave b1")
	v.ask("leave a1")
	v.ask("leave " + strings.Repeat("x", maxLegacyWord+1))
	pid, _ := v.who()
	c := v.dial()
	io.WriteString(c, "die\n")
	v.wait(fmt.Sprintf("AH00052: child pid %d", pid))
	v.served(0)
	legacy(`["a1" "b1"]`)
	// The next generation keeps what is its own.
	v.site.Keep = "b"
	v.write()
	v.signal(syscall.SIGUSR1)
	v.served(1)
	v.wait("released") // until then one of the generation before may answer
	legacy(`["b1"]`)
	// After a restart nothing is left: all begin anew.
	v.signal(syscall.SIGHUP)
	v.served(2)
	legacy("[]")
	v.stop()
}

// hammer connects without a pause until told to stop and counts failures.
type hammer struct {
	stop   atomic.Bool
	done   sync.WaitGroup
	ok     atomic.Int64
	mu     sync.Mutex
	errors []string
	gens   map[int]int
	pause  time.Duration // the longest from one answer to the next
}

func startHammer(addr string, clients int) *hammer {
	h := &hammer{gens: map[int]int{}}
	for range clients {
		h.done.Go(func() {
			last := time.Now()
			for !h.stop.Load() {
				gen, err := h.once(addr)
				now := time.Now()
				h.mu.Lock()
				if err != nil {
					h.errors = append(h.errors, err.Error())
				} else {
					h.gens[gen]++
					h.pause = max(h.pause, now.Sub(last))
				}
				h.mu.Unlock()
				last = now
				h.ok.Add(1)
			}
		})
	}
	return h
}

func (h *hammer) once(addr string) (gen int, err error) {
	c, err := dial(addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var s string
	if s, err = c.ask("last"); err == nil {
		var pid int
		_, err = fmt.Sscan(s, &pid, &gen)
	}
	return
}

func (h *hammer) end() { h.stop.Store(true); h.done.Wait() }

func TestGracefulLosesNothing(t *testing.T) {
	for _, model := range []Model{Event, Prefork} {
		t.Run(model.Name(), func(t *testing.T) {
			s := small(2, 4)
			if model == Prefork {
				s.Settings = Defaults(Prefork)
				s.Settings.StartServers = 4
			}
			v := newServer(t, s).run()
			h := startHammer(v.addr, 4)
			for n := 1; n <= 3; n++ {
				at := h.ok.Load()
				v.signal(syscall.SIGUSR1)
				v.waitN("resuming normal operations", n+1)
				v.eventually("requests after the restart", func() bool { return h.ok.Load() > at+50 })
			}
			h.end()
			if len(h.errors) > 0 {
				t.Errorf("%d of %d failed: %s", len(h.errors), h.ok.Load(), h.errors[0])
			}
			for g := range 4 {
				if h.gens[g] == 0 {
					t.Errorf("generation %d served nothing: %v", g, h.gens)
				}
			}
			t.Logf("%d connections, 0 failed, longest pause %v, by generation %v", h.ok.Load(), h.pause, h.gens)
			v.eventually("old generations gone", func() bool { return v.count("released") == 3 })
			v.stop()
		})
	}
}

func TestGracefulLetsRequestsFinish(t *testing.T) {
	v := newServer(t, small(1, 4)).run()
	busy, idle := v.dial(), v.dial()
	v.say(busy, "hold")
	v.say(idle, "who")
	old, _ := v.who()
	v.signal(syscall.SIGUSR1)
	v.waitN("resuming normal operations", 2)
	if pid := v.served(1); pid == old {
		t.Errorf("answered by %d", pid)
	}
	// The idle connection is let go, the busy one is not.
	if _, err := idle.r.ReadString('\n'); err != io.EOF {
		t.Errorf("idle connection: %v", err)
	}
	if got := v.say(busy, "go on"); got != fmt.Sprintf("%d 0", old) {
		t.Errorf("the request under way got %q", got)
	}
	v.wait(fmt.Sprintf("gone server  pid=%d ready=true wanted=true", old))
	v.stop()
}

func TestRestart(t *testing.T) {
	v := newServer(t, small(2, 4)).run()
	old := v.children()
	busy := v.dial()
	v.say(busy, "hold")
	v.signal(syscall.SIGHUP)
	v.waitN("resuming normal operations", 2)
	if v.count("AH00494: SIGHUP received.  Attempting to restart") != 1 {
		t.Error("AH00494 is not logged")
	}
	if _, err := busy.r.ReadString('\n'); err == nil {
		t.Error("the request under way went on")
	}
	for _, p := range old {
		if Running(p) {
			t.Errorf("old child %d lives", p)
		}
	}
	if _, gen := v.who(); gen != 1 {
		t.Errorf("generation %d", gen)
	}
	v.stop()
}

func TestBrokenConfigurationKeepsServing(t *testing.T) {
	v := newServer(t, small(1, 4)).run()
	pid, _ := v.who()
	v.site.Broken = true
	v.write()
	for i, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGHUP} {
		v.signal(s)
		v.waitN("restart failed, the server goes on with the configuration it has: Syntax error on line 1", i+1)
		if now, gen := v.who(); now != pid || gen != 0 {
			t.Errorf("%v: answered by %d of generation %d, was %d", s, now, gen, pid)
		}
	}
	v.site.Broken = false
	v.write()
	v.signal(syscall.SIGUSR1)
	v.waitN("resuming normal operations", 2)
	v.stop()
}

func TestChildrenThatDoNotStart(t *testing.T) {
	t.Run("fatal", func(t *testing.T) {
		s := small(2, 1)
		s.Child.Boot = "fatal"
		v := newServer(t, s)
		v.exec()
		if code := v.waitEnd(); code != 1 {
			t.Errorf("exit code %d", code)
		}
		v.wait("[core:1] no Python here")
		v.wait("returned a Fatal error... Apache is exiting!")
		if _, err := os.Stat(s.PidFile); err == nil {
			t.Error("PidFile is left")
		}
	})
	t.Run("exit", func(t *testing.T) {
		s := small(2, 1)
		s.Child.Boot = "exit"
		v := newServer(t, s)
		v.exec()
		if code := v.waitEnd(); code != 1 {
			t.Errorf("exit code %d", code)
		}
		v.wait("AH02324: A resource shortage or other unrecoverable failure")
		if n := v.count("gone server"); n < tries || n > 4 {
			t.Errorf("%d children were tried", n)
		}
	})
	t.Run("next generation", func(t *testing.T) {
		for _, boot := range []string{"fatal", "exit", "hang"} {
			s := small(1, 1)
			v := newServer(t, s).run()
			pid, _ := v.who()
			s.Child.Boot = boot
			s.Spec.ReadyTimeout = slow * 200 * time.Millisecond
			v.write()
			v.signal(syscall.SIGUSR1)
			v.wait("the children of the new configuration do not start (server)")
			if now, gen := v.who(); now != pid || gen != 0 {
				t.Errorf("%s: answered by %d of generation %d", boot, now, gen)
			}
			v.eventually("generation released", func() bool { return v.count("released") == 1 })
			s.Child.Boot = ""
			v.write()
			v.signal(syscall.SIGUSR1)
			v.waitN("resuming normal operations", 2)
			v.stop()
		}
	})
	t.Run("group backs off", func(t *testing.T) {
		s := small(1, 1)
		s.Groups = []siteGroup{{Name: "bad", Processes: 1, Child: behaviour{Boot: "exit"}}}
		v := newServer(t, s).run()
		last := v.waitN("(wsgi 'bad') ended before it could serve", 6)
		if !strings.HasSuffix(last, "trying again in 200ms") {
			t.Errorf("sixth: %s", last)
		}
		if first := v.wait("(wsgi 'bad') ended before it could serve"); !strings.HasSuffix(first, "trying again in 20ms") {
			t.Errorf("first: %s", first)
		}
		v.who()
		v.stop()
	})
}

func TestGracefulStop(t *testing.T) {
	s := small(2, 4)
	v := newServer(t, s).run()
	busy := v.dial()
	v.say(busy, "hold")
	v.signal(syscall.SIGWINCH)
	v.wait("AH00492: caught SIGWINCH, shutting down gracefully")
	if _, err := os.Stat(s.PidFile); err == nil {
		t.Error("PidFile is left")
	}
	v.eventually("port closed", func() bool {
		c, err := net.Dial("tcp", v.addr)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if _, err := busy.ask("go on"); err != nil {
		t.Error(err)
	}
	if code := v.waitEnd(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := v.count("AH00491"); n != 0 {
		t.Error("a graceful stop logs a TERM")
	}
}

func TestGracefulShutdownTimeout(t *testing.T) {
	s := small(1, 4)
	s.Settings.GracefulShutdown = 100 * time.Millisecond
	v := newServer(t, s).run()
	busy := v.dial()
	v.say(busy, "hold")
	v.signal(syscall.SIGWINCH)
	if code := v.waitEnd(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := busy.r.ReadString('\n'); err == nil {
		t.Error("the request outlived the timeout")
	}
}

func TestDrainTimeout(t *testing.T) {
	s := small(1, 4)
	s.Spec.DrainTimeout = 100 * time.Millisecond
	v := newServer(t, s).run()
	busy := v.dial()
	var pid int
	fmt.Sscanf(v.say(busy, "hold"), "holding %d", &pid)
	v.signal(syscall.SIGUSR1)
	v.wait(fmt.Sprintf("gone server  pid=%d ready=true wanted=true", pid))
	v.stop()
}

func TestStubbornChildIsKilled(t *testing.T) {
	s := small(1, 1)
	s.Child.Stubborn = true
	v := newServer(t, s).run()
	pid, _ := v.who()
	v.signal(syscall.SIGTERM)
	if code := v.waitEnd(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := v.count(fmt.Sprintf("AH00045: child process %d still did not exit, sending a SIGTERM", pid)); n != 3 {
		t.Errorf("%d times AH00045, want 3", n)
	}
	v.wait(fmt.Sprintf("AH00046: child process %d still did not exit, sending a SIGKILL", pid))
}

func TestKilledMasterLeavesNoOrphan(t *testing.T) {
	s := small(2, 1)
	s.Groups = []siteGroup{{Name: "a", Processes: 1}}
	v := newServer(t, s).run()
	v.wait("daemon a.0")
	kids := v.children()
	if len(kids) != 3 {
		t.Fatalf("children %v", kids)
	}
	v.signal(syscall.SIGKILL)
	v.waitEnd()
	v.eventually("orphans gone", func() bool {
		return !slices.ContainsFunc(kids, func(p int) bool { return Running(p) && !zombie(p) })
	})
}

func zombie(pid int) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	i := strings.LastIndexByte(string(b), ')')
	return i > 0 && len(b) > i+2 && b[i+2] == 'Z'
}

func TestStalePidFile(t *testing.T) {
	s := small(1, 1)
	v := newServer(t, s)
	os.WriteFile(s.PidFile, []byte("4194303\n"), 0o644)
	v.run()
	v.wait("AH00098: pid file " + s.PidFile + " overwritten -- Unclean shutdown of previous Apache run?")
	if got, _ := ReadPid(s.PidFile); got != v.pid {
		t.Errorf("PidFile has %d", got)
	}
	v.stop()
	os.WriteFile(s.PidFile, []byte("rubbish\n"), 0o644)
	if _, err := ReadPid(s.PidFile); err != ErrBadPid {
		t.Errorf("rubbish: %v", err)
	}
	if pid, err := ReadPid(s.PidFile + ".no"); pid != 0 || err != nil {
		t.Errorf("no file: %d %v", pid, err)
	}
}

func TestMaxConnectionsPerChild(t *testing.T) {
	for _, most := range []int{1, 4, 40} {
		s := small(2, 2)
		s.Settings.MaxConnectionsPerChild = most
		v := newServer(t, s).run()
		by := map[int]int{}
		conns := 5 * most
		for range conns {
			pid, _ := v.who()
			by[pid]++
		}
		for pid, n := range by {
			if n > most {
				t.Errorf("MaxConnectionsPerChild %d: child %d served %d", most, pid, n)
			}
		}
		if len(by) < conns/most {
			t.Errorf("MaxConnectionsPerChild %d: %d children served %d connections", most, len(by), conns)
		}
		if n := v.count("trying again"); n > 0 {
			t.Errorf("MaxConnectionsPerChild %d: retired children are taken for crashed", most)
		}
		v.stop()
	}
}

func TestPreforkServesOneAtATime(t *testing.T) {
	s := small(1, 1)
	s.Settings = Defaults(Prefork)
	s.Settings.StartServers, s.Settings.MinSpareServers, s.Settings.MaxSpareServers, s.Settings.MaxRequestWorkers = 3, 1, 20, 6
	v := newServer(t, s).run()
	var held []*client
	pids := map[string]bool{}
	for range 6 {
		c := v.dial()
		got := v.say(c, "hold")
		if pids[got] {
			t.Errorf("%s holds two requests", got)
		}
		pids[got] = true
		held = append(held, c)
	}
	v.wait("AH00161: server reached MaxRequestWorkers setting")
	// All six are busy: a seventh waits for the first to end.
	c := v.dial()
	io.WriteString(c, "who\n")
	v.say(held[0], "go on")
	if _, err := c.r.ReadString('\n'); err != nil {
		t.Error(err)
	}
	v.stop()
}

// More idle connections than children: each child has some, and all are
// answered.
func TestPreforkIdleConnectionsCostNoChild(t *testing.T) {
	s := small(1, 1)
	s.Settings = Defaults(Prefork)
	s.Settings.StartServers, s.Settings.MinSpareServers, s.Settings.MaxSpareServers, s.Settings.MaxRequestWorkers = 3, 1, 3, 3
	v := newServer(t, s).run()
	v.eventually("all 3 children share the connections", func() bool {
		var cs []*client
		by := map[string]int{}
		for range 12 {
			c := v.dial()
			by[v.say(c, "who")]++
			cs = append(cs, c)
		}
		for _, c := range cs {
			v.say(c, "who")
			c.Close()
		}
		return len(by) == 3
	})
	v.stop()
}

func TestEventBalances(t *testing.T) {
	s := small(2, 8)
	s.Settings.MaxRequestWorkers = 16
	v := newServer(t, s).run()
	v.eventually("both children serve", func() bool {
		by := map[string]int{}
		var cs []*client
		for range 16 {
			c, err := dial(v.addr)
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.ask("who")
			if err != nil {
				t.Fatal(err)
			}
			by[got]++
			cs = append(cs, c)
		}
		for _, c := range cs {
			c.Close()
		}
		t.Log(by)
		for _, n := range by {
			if n < 6 {
				return false
			}
		}
		return len(by) == 2
	})
	v.stop()
}

func TestSpareServersFollowTheLoad(t *testing.T) {
	s := small(1, 1)
	s.Settings = Defaults(Prefork)
	s.Settings.StartServers, s.Settings.MinSpareServers, s.Settings.MaxSpareServers, s.Settings.MaxRequestWorkers = 1, 2, 3, 10
	v := newServer(t, s).run()
	v.eventually("two spare children", func() bool { return len(v.children()) == 2 })
	var held []*client
	for range 5 {
		c := v.dial()
		v.say(c, "hold")
		held = append(held, c)
	}
	v.eventually("seven children", func() bool { return len(v.children()) >= 7 })
	for _, c := range held {
		v.say(c, "go on")
		c.Close()
	}
	v.eventually("three spare children again", func() bool { return len(v.children()) <= 3 })
	v.stop()
}

func TestDaemonGroups(t *testing.T) {
	s := small(1, 1)
	s.Groups = []siteGroup{{Name: "app", Title: "(wsgi:app)", Processes: 2}}
	v := newServer(t, s).run()
	pid := map[string]int{}
	for _, who := range []string{"app.0", "app.1"} {
		var p int
		line := v.wait("daemon " + who)
		fmt.Sscanf(line, "daemon "+who+" pid=%d ready", &p)
		pid[who] = p
		cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p))
		if string(cmd) != "(wsgi:app)\x00-k\x00start\x00" {
			t.Errorf("%s shows as %q", who, cmd)
		}
	}
	// USR1 to one of them replaces it: the successor is ready first.
	syscall.Kill(pid["app.1"], syscall.SIGUSR1)
	v.waitN("daemon app.1", 2)
	v.wait(fmt.Sprintf("gone wsgi app pid=%d ready=true wanted=true", pid["app.1"]))
	v.mu.Lock()
	ready := slices.IndexFunc(v.lines, func(l string) bool {
		return strings.HasPrefix(l, "daemon app.1") && !strings.Contains(l, strconv.Itoa(pid["app.1"]))
	})
	gone := slices.IndexFunc(v.lines, func(l string) bool { return strings.HasPrefix(l, "gone wsgi") })
	v.mu.Unlock()
	if ready > gone {
		t.Error("the old one ended before its successor was ready")
	}
	// A TERM or a crash replaces it too.
	syscall.Kill(pid["app.0"], syscall.SIGTERM)
	v.waitN("daemon app.0", 2)
	if n := v.count("gone server"); n != 0 {
		t.Error("a child of the server ended")
	}
	v.stop()
}

func TestIdentity(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: it becomes somebody else")
	}
	root, err := os.MkdirTemp("", "mpm") // t.TempDir lies in a directory of mode 700
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	os.Chmod(root, 0o755)
	os.Mkdir(filepath.Join(root, "home"), 0o755)
	s := small(1, 1)
	s.Spec = Spec{
		Identity: &Identity{UID: 65534, GID: 65533, Groups: []int{65532, 65531}, User: "nobody"},
		Dir:      root + "/home", Umask: 0o027, Nice: 3, Env: []string{"MPM_TEST_VAR=x"},
		Limits: []Limit{{unix.RLIMIT_NOFILE, 345, 400}},
	}
	v := newServer(t, s).run()
	const same = " umask=027 nice=3 nofile=345 env=x"
	want := "uid=65534 gid=65533 groups=[65532 65531]"
	got := v.ask("self")
	if !strings.HasPrefix(got, want) && !strings.HasPrefix(got, "uid=65534 gid=65533 groups=[65531 65532]") || !strings.HasSuffix(got, " wd="+root+"/home"+same) {
		t.Errorf("got  %s", got)
	}
	s.Spec.Chroot, s.Spec.Dir = root, "/home"
	v.write()
	v.signal(syscall.SIGUSR1)
	v.waitN("resuming normal operations", 2)
	v.served(1)
	if got := v.ask("self"); !strings.HasSuffix(got, " wd=/home"+same) {
		t.Errorf("in the chroot: %s", got)
	}
	s.Spec.Chroot = root + "/nowhere"
	v.write()
	v.signal(syscall.SIGUSR1)
	v.wait("(2)No such file or directory: AH02159: Can't chdir to " + root + "/nowhere")
	v.wait("the children of the new configuration do not start")
	if got := v.ask("self"); !strings.HasSuffix(got, " wd=/home"+same) {
		t.Errorf("after a failed restart: %s", got)
	}
	v.stop()
}

func TestNoDescriptorLeaks(t *testing.T) {
	v := newServer(t, small(2, 2)).run()
	open := func() []string {
		var out []string
		fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", v.pid))
		for _, f := range fds {
			to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", v.pid, f.Name()))
			if err != nil {
				continue
			}
			out = append(out, to[:min(len(to), 12)])
		}
		slices.Sort(out)
		return out
	}
	v.who()
	v.eventually("two children", func() bool { return len(v.children()) == 2 })
	before := open()
	for n := range 4 {
		v.signal(syscall.SIGUSR1)
		v.waitN("resuming normal operations", n+2)
		v.waitN("released", n+1)
	}
	v.eventually("two children", func() bool { return len(v.children()) == 2 })
	if after := open(); len(after) != len(before) {
		t.Errorf("descriptors of the master\nbefore %v\nafter  %v", before, after)
	}
	if got := v.ask("fds"); strings.Contains(got, "(inheritable)") {
		t.Errorf("a program that the child starts inherits: %s", got)
	}
	v.stop()
}

func TestDetach(t *testing.T) {
	s := small(1, 1)
	s.Detach = true
	v := newServer(t, s)
	v.exec()
	if code := v.waitEnd(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	pid, err := ReadPid(s.PidFile)
	if err != nil || pid == 0 || pid == v.pid {
		t.Fatalf("pid %d, foreground was %d: %v", pid, v.pid, err)
	}
	v.pid = pid // for Cleanup
	sid, err := unix.Getsid(pid)
	if sid != pid {
		t.Errorf("session of the server is %d, its pid %d: %v", sid, pid, err)
	}
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if string(name) != "httpd-test\n" {
		t.Errorf("name %q", name)
	}
	if wd, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); wd != "/" {
		t.Errorf("working directory %q", wd)
	}
	v.who()
	v.signal(syscall.SIGTERM)
	v.eventually("end", func() bool { return !Running(pid) || zombie(pid) })

	s.Fail = "(98)Address already in use"
	w := newServer(t, s)
	w.exec()
	if code := w.waitEnd(); code != 1 {
		t.Errorf("failed start: exit code %d", code)
	}
	w.wait("(98)Address already in use")
}

func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.SetReadDeadline(time.Now().Add(patience))
	read := func() string {
		b := make([]byte, 500)
		n, err := l.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	v := newServer(t, small(1, 1)).run("NOTIFY_SOCKET="+path, "WATCHDOG_USEC=200000")
	if got := read(); got != fmt.Sprintf("READY=1\nMAINPID=%d", v.pid) {
		t.Errorf("start: %q", got)
	}
	if got := read(); got != "WATCHDOG=1" {
		t.Errorf("alive: %q", got)
	}
	v.signal(syscall.SIGUSR1)
	got := read()
	for got == "WATCHDOG=1" {
		got = read()
	}
	if !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("reload: %q", got)
	}
	for got = read(); got == "WATCHDOG=1"; got = read() {
	}
	if !strings.HasPrefix(got, "READY=1") {
		t.Errorf("reloaded: %q", got)
	}
	v.stop()
	for got = read(); got == "WATCHDOG=1"; got = read() {
	}
	if got != "STOPPING=1" {
		t.Errorf("stop: %q", got)
	}
}

func TestAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := small(1, 1)
	s.Listen = l.Addr().String()
	v := newServer(t, s)
	v.exec()
	if code := v.waitEnd(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	v.wait("(98)Address already in use: AH00072: make_sock: could not bind to address " + s.Listen)
	v.wait("no listening sockets available, shutting down")
}

func TestListenChangesAtRestart(t *testing.T) {
	s := small(1, 1)
	v := newServer(t, s).run()
	old := v.addr
	s.Listen = fmt.Sprintf("127.0.0.1:%d", freePort(t))
	v.addr = s.Listen
	v.write()
	v.signal(syscall.SIGUSR1)
	v.waitN("resuming normal operations", 2)
	v.who()
	v.eventually("old port closed", func() bool {
		c, err := net.Dial("tcp", old)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	v.stop()
}
