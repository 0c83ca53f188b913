package integration

import (
	"fmt"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

// daemonApp does as its path says. Every answer is the process's number and a word.
const daemonApp = `
import os, sys, time, threading, ctypes, atexit
VERSION = 'one'
kept = []
try:
    import mod_wsgi
    def note(name, **event):
        if name in ('process_stopping', 'process_signal'):
            print(name, event.get('shutdown_reason') or event.get('signame'))
            sys.stdout.flush()
    mod_wsgi.subscribe_events(note)
    mod_wsgi.subscribe_signals(note)
except AttributeError:
    pass
def hang():
    while True:
        time.sleep(0.01)
def application(environ, start_response):
    what, _, argument = environ['PATH_INFO'][1:].partition('/')
    word, headers = VERSION, []
    if what == 'sleep':
        time.sleep(float(argument))
    elif what == 'wait':
        open(argument.replace('!', '/') + '.began', 'w').close()
        while not os.path.exists(argument.replace('!', '/')):
            time.sleep(0.005)
    elif what == 'busy':
        end = time.time() + float(argument)
        while time.time() < end: pass
    elif what == 'hang':
        open(argument.replace('!', '/') + '.began', 'w').close()
        hang()
    elif what == 'locked':
        ctypes.PyDLL(None).sleep(int(argument))
    elif what == 'crash':
        ctypes.string_at(0)
    elif what == 'kill':
        os.kill(os.getpid(), int(argument))
    elif what == 'header':
        headers = [('X-Long', 'x' * int(argument))]
    elif what == 'memory':
        try:
            word = 'got %d' % len(bytearray(int(argument)))
        except MemoryError:
            word = 'MemoryError'
    elif what == 'keep':
        kept.append(b'x' * int(argument))
    elif what == 'atexit':
        atexit.register(time.sleep, float(argument))
    elif what == 'body':
        word = str(len(environ['wsgi.input'].read()))
    elif what == 'stack':
        def deep(n):
            return 0 if n == 0 else 1 + deep(n - 1)
        sys.setrecursionlimit(int(argument) + 1000)
        word = str(deep(int(argument)))
    elif what == 'interval':
        word = '%g' % sys.getswitchinterval()
    start_response('200 OK', [('Content-Type', 'text/plain')] + headers)
    return [('%d %s' % (os.getpid(), word)).encode()]
`

// since6 skips a test of what mod_wsgi 4.9 does not do yet, or not as well, when Apache is the program under test.
func since6(t *testing.T) {
	t.Helper()
	if target(t).Apache {
		t.Skip("not with mod_wsgi 4.9")
	}
}

// serveDaemon serves daemonApp by a daemon process group with these options, and more configuration.
func serveDaemon(t *testing.T, options, more string) *running {
	t.Helper()
	return serve(t, "wsgi", `
WSGIDaemonProcess d `+options+`
WSGIProcessGroup d
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / "@W@/app/d.wsgi"
<Directory "@W@/app">
    Require all granted
</Directory>
`+more, "app/d.wsgi", daemonApp)
}

// ask gets a path and takes the answer apart: the process's number and the word.
func (r *running) ask(t *testing.T, path string) (int, string) {
	t.Helper()
	text := r.get(t, path, 200)
	number, word, _ := strings.Cut(text, " ")
	pid, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("GET %s: %q", path, text)
	}
	return pid, word
}

// status gets a path and returns the status, 0 for no answer.
func (r *running) status(path string) int {
	resp, err := httpdtest.Get(r.Ports[0], path)
	if err != nil {
		return 0
	}
	return resp.Status
}

// logged waits for a line of the error log.
func (r *running) logged(t *testing.T, pattern string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	eventually(t, "the error log has "+pattern, func() bool { return re.MatchString(r.Log("error_log")) })
}

// file is a path of the server's directory as an argument of daemonApp.
func (r *running) file(name string) string {
	return strings.ReplaceAll(filepath.Join(r.site.Dir, "run", name), "/", "!")
}

// began waits until an application is in a request that was given r.file(name).
func (r *running) began(t *testing.T, name string) {
	t.Helper()
	eventually(t, "the request begins", func() bool {
		_, err := os.Stat(filepath.Join(r.site.Dir, "run", name+".began"))
		return err == nil
	})
}

// release lets a request that waits for a file go on.
func (r *running) release(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.site.Dir, "run", name), nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// replaced waits until another process than old answers.
func (r *running) replaced(t *testing.T, old int) int {
	t.Helper()
	var pid int
	eventually(t, "another process answers", func() bool {
		pid, _ = r.ask(t, "/")
		return pid != old
	})
	return pid
}

// TestDaemonReload changes the script of a busy process group again and again: no request fails, and one that began after the change is
// answered by the new script.
func TestDaemonReload(t *testing.T) {
	t.Parallel()
	r := serveDaemon(t, "processes=2 threads=4", "")
	script := filepath.Join(r.site.Dir, "app/d.wsgi")
	first, _ := r.ask(t, "/")
	l := newLoad(r, 2)
	clock := time.Now()
	for _, version := range []string{"two", "three", "four"} {
		text := strings.Replace(daemonApp, "'one'", "'"+version+"'", 1)
		next := script + ".new"
		if err := os.WriteFile(next, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Hour)
		if err := os.Chtimes(next, clock, clock); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, script); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if pid, word := r.ask(t, "/"); word != version || pid == first {
				t.Errorf("after the change to %s: %s by %d", version, word, pid)
			}
		}
	}
	failures := l.end()
	t.Logf("%d requests by %d processes", l.requests.Load(), len(l.seen()))
	if len(failures) > 0 && !r.Program.Apache {
		t.Errorf("%d of %d requests failed: %v", len(failures), l.requests.Load(), failures[:min(len(failures), 10)])
	}
	r.logged(t, `Forc(e|ing) restart of (daemon )?process 'd'`)
}

// TestDaemonReloadKeepsRequests touches the script while a request is under way: it ends in the old process.
func TestDaemonReloadKeepsRequests(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "threads=2", "")
	old, _ := r.ask(t, "/")
	answer := make(chan string, 1)
	go func() {
		resp, err := httpdtest.Get(r.Ports[0], "/wait/"+r.file("go"))
		if err != nil {
			answer <- err.Error()
			return
		}
		answer <- string(resp.Body)
	}()
	r.began(t, "go")
	now := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(r.site.Dir, "app/d.wsgi"), now, now); err != nil {
		t.Fatal(err)
	}
	if pid, _ := r.ask(t, "/"); pid == old {
		t.Error("the old process answered after the change")
	}
	r.release(t, "go")
	if got, want := <-answer, fmt.Sprintf("%d one", old); got != want {
		t.Errorf("the request under way: %q, want %q", got, want)
	}
}

// TestDaemonMaximumRequests counts the requests of each process.
func TestDaemonMaximumRequests(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "threads=1 maximum-requests=3", "")
	var pids []int
	for range 9 {
		pid, _ := r.ask(t, "/")
		pids = append(pids, pid)
	}
	for i, pid := range pids {
		if same := i%3 != 0; i > 0 && same != (pid == pids[i-1]) {
			t.Fatalf("processes of nine requests: %v", pids)
		}
	}
	r.logged(t, "process_stopping maximum_requests")
}

// TestDaemonJitter counts the requests of processes that end at different numbers of them.
func TestDaemonJitter(t *testing.T) {
	since6(t) // mod_wsgi has no such option
	t.Parallel()
	r := serveDaemon(t, "threads=1 maximum-requests=3 maximum-requests-jitter=2", "")
	last, n, processes := 0, 0, 0
	for processes < 4 {
		pid, _ := r.ask(t, "/")
		if pid != last {
			if last != 0 && (n < 3 || n > 5) {
				t.Fatalf("a process answered %d requests", n)
			}
			last, n = pid, 0
			processes++
		}
		if n++; n > 5 {
			t.Fatal("a process goes on")
		}
	}
}

// TestDaemonResident makes a process grow: another takes its place.
func TestDaemonResident(t *testing.T) {
	since6(t) // mod_wsgi has no such option
	t.Parallel()
	r := serveDaemon(t, fmt.Sprintf("threads=2 restart-rss=%d", 120<<20), "")
	old, _ := r.ask(t, "/")
	if pid, _ := r.ask(t, fmt.Sprintf("/keep/%d", 150<<20)); pid != old {
		t.Errorf("process %d was replaced before it grew", old)
	}
	r.replaced(t, old)
	r.logged(t, "Resident memory limit exceeded, stopping process 'd'.")
}

// TestDaemonRestarts holds what ends a process by itself, though no request comes.
func TestDaemonRestarts(t *testing.T) {
	since6(t)
	for _, test := range []struct{ name, options, reason string }{
		{"age", "restart-interval=1", "restart_interval"},
		{"idle", "inactivity-timeout=1", "inactivity_timeout"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := serveDaemon(t, test.options+" deadlock-timeout=0", "")
			old, _ := r.ask(t, "/")
			r.logged(t, "process_stopping "+test.reason)
			r.replaced(t, old)
		})
	}
}

// TestDaemonIgnoredActivity polls a page that does not count as activity: the process ends all the same.
func TestDaemonIgnoredActivity(t *testing.T) {
	t.Parallel()
	r := serveDaemon(t, "inactivity-timeout=1", "<Location /poll>\nWSGIIgnoreActivity On\n</Location>\n")
	old, _ := r.ask(t, "/")
	eventually(t, "another process answers", func() bool {
		pid, _ := r.ask(t, "/poll")
		return pid != old
	})
}

// TestDaemonRequestTimeout lets a request run for too long: the client is told, the log says where it was, another process takes over
// and nobody else waits for long.
func TestDaemonRequestTimeout(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "threads=1 request-timeout=1 deadlock-timeout=0 shutdown-timeout=1", "")
	old, _ := r.ask(t, "/")
	began := time.Now()
	waiting := make(chan int, 1)
	answer := make(chan int, 1)
	go func() { answer <- r.status("/hang/" + r.file("hang")) }()
	r.began(t, "hang")
	go func() { waiting <- r.status("/") }()
	if status := <-answer; status != 504 && status != 502 {
		t.Errorf("the request that hangs: %d", status)
	}
	if took := time.Since(began); took < time.Second || took > 10*time.Second {
		t.Errorf("the client was told after %v", took)
	}
	if status := <-waiting; status != 200 {
		t.Errorf("the request that waited behind it: %d", status)
	}
	r.replaced(t, old)
	r.logged(t, `d\.wsgi", line \d+, in hang`)
	r.logged(t, `request time limit exceeded`)
}

// TestDaemonInterruptTimeout interrupts a request that runs for too long: the process lives.
func TestDaemonInterruptTimeout(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "threads=1 request-timeout=1 interrupt-timeout=20", "")
	old, _ := r.ask(t, "/")
	if status := r.status("/hang/" + r.file("hang")); status != 504 {
		t.Errorf("the request that hangs: %d", status)
	}
	if pid, _ := r.ask(t, "/"); pid != old {
		t.Errorf("process %d answers, not %d", pid, old)
	}
}

// TestDaemonDeadlock keeps Python's lock for ever, as a faulty extension module does.
func TestDaemonDeadlock(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "threads=2 deadlock-timeout=1 shutdown-timeout=1", "")
	old, _ := r.ask(t, "/")
	answer := make(chan int, 1)
	go func() { answer <- r.status("/locked/60") }()
	r.logged(t, "deadlock timer expired")
	r.replaced(t, old)
	if status := <-answer; status != 502 {
		t.Errorf("the request that keeps the lock: %d", status)
	}
}

// TestDaemonStartupTimeout has a script that can't be loaded; once it can, the process stays.
func TestDaemonStartupTimeout(t *testing.T) {
	t.Parallel()
	r := serveDaemon(t, "startup-timeout=1", "")
	script := filepath.Join(r.site.Dir, "app/d.wsgi")
	if err := os.WriteFile(script, []byte("raise RuntimeError('not yet')\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.get(t, "/", 500)
	r.logged(t, "startup timer expired")
	if err := os.WriteFile(script, []byte(daemonApp), 0o644); err != nil {
		t.Fatal(err)
	}
	pid, _ := r.ask(t, "/")
	if again, _ := r.ask(t, "/sleep/1.5"); again != pid {
		t.Errorf("process %d answers, not %d", again, pid)
	}
}

// TestDaemonQueueTimeout has a request wait for a thread for too long.
func TestDaemonQueueTimeout(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "threads=1 queue-timeout=1", "")
	answer := make(chan int, 1)
	go func() { answer <- r.status("/wait/" + r.file("go")) }()
	r.began(t, "go")
	queued := make(chan int, 1)
	go func() { queued <- r.status("/wait/" + r.file("never")) }()
	select {
	case status := <-queued:
		if status != 504 {
			t.Errorf("the request that waited: %d", status)
		}
	case <-time.After(1500 * time.Millisecond):
		// mod_wsgi looks at the time when a thread takes the request.
	}
	r.release(t, "go")
	if status := <-answer; status != 200 {
		t.Errorf("the request that kept the thread: %d", status)
	}
	r.logged(t, "WSGI0084")
	if _, err := os.Stat(filepath.Join(r.site.Dir, "run/never.began")); err == nil {
		t.Error("the application ran for the request that had waited too long")
	}
}

// TestDaemonSocketTimeout has a response take longer than the child waits for it.
func TestDaemonSocketTimeout(t *testing.T) {
	for name, conf := range map[string][2]string{"option": {"socket-timeout=1", ""}, "Timeout": {"", "Timeout 1\n"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := serveDaemon(t, conf[0], conf[1])
			if status := r.status("/wait/" + r.file("go")); status != 504 {
				t.Errorf("status %d", status)
			}
			r.release(t, "go")
			r.logged(t, "Timeout when reading response headers from daemon process 'd'")
		})
	}
}

// TestDaemonDeath kills a process in the middle of a request and between requests.
func TestDaemonDeath(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "processes=1 threads=2", "")
	old, _ := r.ask(t, "/")
	if status := r.status("/crash"); status != 502 {
		t.Errorf("the crashing request: %d", status)
	}
	r.logged(t, "Segmentation fault")
	now := r.replaced(t, old)
	if err := syscall.Kill(now, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process is gone", func() bool { return syscall.Kill(now, 0) != nil })
	for range 5 {
		if pid, _ := r.ask(t, "/"); pid == now {
			t.Error("the dead answer")
		}
	}
	if strings.Contains(r.Log("error_log"), "goroutine ") {
		t.Error("a stack of the server's own language in the log")
	}
}

// TestDaemonSignals sends signals to a process.
func TestDaemonSignals(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "", "")
	old, _ := r.ask(t, "/")
	for _, s := range []struct {
		signal syscall.Signal
		log    string
		stays  bool
	}{{syscall.SIGHUP, "process_signal SIGHUP", true}, {syscall.SIGUSR2, "process_signal SIGUSR2", true}, {syscall.SIGUSR1, "process_stopping graceful_signal", false}} {
		if err := syscall.Kill(old, s.signal); err != nil {
			t.Fatal(err)
		}
		if !s.stays {
			r.replaced(t, old)
		}
		r.logged(t, s.log)
		if pid, _ := r.ask(t, "/"); s.stays != (pid == old) {
			t.Errorf("%v: process %d answers, before %d", s.signal, pid, old)
		}
	}
}

// TestDaemonCPUTime burns more time than the process may use.
func TestDaemonCPUTime(t *testing.T) {
	t.Parallel()
	r := serveDaemon(t, "cpu-time-limit=1 threads=2", "")
	old, _ := r.ask(t, "/")
	for range 5 {
		r.status("/busy/0.5")
	}
	r.replaced(t, old)
	r.logged(t, "process_stopping cpu_time_limit")
}

// TestDaemonMemory asks for more memory than the process may have; less is there.
func TestDaemonMemory(t *testing.T) {
	for _, option := range []string{"memory-limit", "virtual-memory-limit"} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			r := serveDaemon(t, fmt.Sprintf("%s=%d threads=2", option, 1<<30), "")
			if _, word := r.ask(t, fmt.Sprintf("/memory/%d", 1200<<20)); word != "MemoryError" {
				t.Errorf("1200 MiB: %s", word)
			}
			if _, word := r.ask(t, fmt.Sprintf("/memory/%d", 100<<20)); word != fmt.Sprintf("got %d", 100<<20) {
				t.Errorf("100 MiB: %s", word)
			}
		})
	}
}

// TestDaemonHeaderBuffer sends header lines below and above the limit.
func TestDaemonHeaderBuffer(t *testing.T) {
	for _, test := range []struct {
		options    string
		good, long int
	}{{"", 30000, 33000}, {"header-buffer-size=65536", 60000, 70000}} {
		t.Run(test.options, func(t *testing.T) {
			t.Parallel()
			r := serveDaemon(t, test.options, "")
			r.ask(t, fmt.Sprintf("/header/%d", test.good))
			r.get(t, fmt.Sprintf("/header/%d", test.long), 500)
			r.logged(t, "WSGI0144|Truncated or oversized")
			r.ask(t, "/")
		})
	}
}

// TestDaemonBuffers carries bodies through sockets with small buffers.
func TestDaemonBuffers(t *testing.T) {
	t.Parallel()
	r := serveDaemon(t, "send-buffer-size=2048 receive-buffer-size=2048 listen-backlog=1 connect-timeout=20", "")
	body := strings.Repeat("x", 1<<20)
	resp, err := http.Post(r.url("/body"), "text/plain", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestDaemonStackSize recurses more deeply than a thread's usual stack lets it.
func TestDaemonStackSize(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serveDaemon(t, "stack-size=134217728 threads=4 switch-interval=0.25", "")
	if _, word := r.ask(t, "/stack/20000"); word != "20000" {
		t.Errorf("depth %s", word)
	}
	if _, word := r.ask(t, "/interval"); word != "0.25" {
		t.Errorf("switch interval %s", word)
	}
}

// TestDaemonShutdown stops the server while Python takes its time to end.
func TestDaemonShutdown(t *testing.T) {
	t.Parallel()
	r := serveDaemon(t, "shutdown-timeout=1", "")
	r.ask(t, "/atexit/60")
	began := time.Now()
	if err := r.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server ends", func() bool { return !r.Alive() })
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("after %v", took)
	}
}

// TestDaemonTitle looks at the names of processes.
func TestDaemonTitle(t *testing.T) {
	t.Parallel()
	for option, want := range map[string]string{"display-name=%{GROUP}": "(wsgi:d)", "display-name=mine": "mine"} {
		r := serveDaemon(t, option, "")
		pid, _ := r.ask(t, "/")
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := strings.Cut(string(line), "\x00"); got != want && !r.Program.Apache {
			t.Errorf("%s: %q", option, got)
		}
	}
}

// TestDaemonSocket looks at the socket: only the server's children may connect.
func TestDaemonSocket(t *testing.T) {
	since6(t)
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root may change users")
	}
	for option, owner := range map[string]string{"": httpdtest.WebUser(), "socket-user=nobody": "nobody"} {
		r := serveDaemon(t, option, "WSGISocketPrefix run/sock\n")
		var paths []string
		eventually(t, "there is one socket", func() bool {
			paths, _ = filepath.Glob(filepath.Join(r.site.Dir, "run/sock.*.sock"))
			return len(paths) == 1
		})
		want := 200
		if option != "" {
			want = 503
		}
		if got := r.status("/"); got != want {
			t.Errorf("%q: status %d, want %d", option, got, want)
		}
		info, err := os.Stat(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("mode %o", got)
		}
		if got := userName(t, info); got != owner {
			t.Errorf("%q: owner %s", option, got)
		}
	}
}

func userName(t *testing.T, info os.FileInfo) string {
	t.Helper()
	u, err := user.LookupId(strconv.Itoa(int(info.Sys().(*syscall.Stat_t).Uid)))
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}
