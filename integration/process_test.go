package integration

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

// twoChildren is a configuration of two child processes of four threads, embedded mode; in the main interpreter, because mod_wsgi 4.9 hangs
// when a child that has sub-interpreters ends.
const twoChildren = `
StartServers 2
ServerLimit 4
ThreadsPerChild 4
MaxRequestWorkers 8
MinSpareThreads 8
MaxSpareThreads 12
MaxKeepAliveRequests 0
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / "@W@/app/pid.wsgi"
<Directory "@W@/app">
    Require all granted
</Directory>
`

const pidApp = `
import os, time
VERSION = 'one'
def application(environ, start_response):
    query = environ['QUERY_STRING']
    if query.startswith('sleep='):
        time.sleep(float(query[6:]))
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [('%d %s' % (os.getpid(), VERSION)).encode()]
`

// load keeps clients busy, each with one request after another, and records what they saw.
type load struct {
	stop     atomic.Bool
	wg       sync.WaitGroup
	requests atomic.Int64
	mu       sync.Mutex
	failures []string
	pids     map[int]int
}

// newLoad starts n clients on kept connections and n that connect anew for each request.
func newLoad(r *running, n int) *load {
	l := &load{pids: map[int]int{}}
	for i := range 2 * n {
		l.wg.Add(1)
		go func() {
			defer l.wg.Done()
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%2 == 1}, Timeout: httpdtest.Patience}
			defer client.CloseIdleConnections()
			for !l.stop.Load() {
				pid, err := fetchPid(client, r.url("/"))
				l.requests.Add(1)
				l.mu.Lock()
				if err != nil {
					l.failures = append(l.failures, err.Error())
				} else {
					l.pids[pid]++
				}
				l.mu.Unlock()
			}
		}()
	}
	return l
}

func fetchPid(client *http.Client, url string) (int, error) {
	resp, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != 200 {
		return 0, fmt.Errorf("status %d: %.200s", resp.StatusCode, body)
	}
	word, _, _ := strings.Cut(string(body), " ")
	return strconv.Atoi(word)
}

// end stops the clients and returns what failed.
func (l *load) end() []string {
	l.stop.Store(true)
	l.wg.Wait()
	return l.failures
}

// seen counts the requests that each process answered so far.
func (l *load) seen() map[int]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := map[int]int{}
	for k, v := range l.pids {
		m[k] = v
	}
	return m
}

// TestKilledChildIsReplaced kills a busy child process: only requests that it had in hand may fail, and another takes its place.
func TestKilledChildIsReplaced(t *testing.T) {
	r := serve(t, "wsgi", twoChildren, "app/pid.wsgi", pidApp)
	const clients = 4
	l := newLoad(r, clients)
	eventually(t, "two children answer", func() bool { return len(l.seen()) >= 2 })
	before := l.seen()
	var victim int
	for pid := range before {
		victim = pid
	}
	if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new child answers", func() bool {
		for pid, n := range l.seen() {
			if before[pid] == 0 && n > 20 {
				return true
			}
		}
		return false
	})
	failures := l.end()
	t.Logf("%d requests, %d failed when child %d was killed", l.requests.Load(), len(failures), victim)
	if len(failures) > 2*clients {
		t.Errorf("%d requests failed, more than there were clients: %v", len(failures), failures[:min(len(failures), 10)])
	}
	r.get(t, "/", 200)
}

// TestCrashedChildIsReplaced lets an application crash its process, as a faulty C extension does: the log names the signal, another child
// takes over, and nobody sees the internals of the server.
func TestCrashedChildIsReplaced(t *testing.T) {
	r := serve(t, "wsgi", twoChildren, "app/pid.wsgi", pidApp+`
crash = application
def application(environ, start_response):
    if environ['QUERY_STRING'] == 'crash':
        import ctypes
        ctypes.string_at(0)
    return crash(environ, start_response)
`)
	r.get(t, "/", 200)
	if resp, err := httpdtest.Get(r.Ports[0], "/?crash"); err == nil {
		t.Errorf("the crashing request was answered with %d", resp.Status)
	}
	eventually(t, "the log tells of the crash", func() bool {
		return strings.Contains(r.Log("error_log"), "exit signal Segmentation fault (11)")
	})
	for range 20 {
		r.get(t, "/", 200)
	}
	for _, text := range []string{r.Log("error_log"), r.Console()} {
		if strings.Contains(text, "goroutine ") {
			t.Errorf("a stack of the server's own language:\n%s", text)
		}
	}
}

// TestGracefulRestartUnderLoad restarts by SIGUSR1 three times under load: no request fails, all children are new, a request that takes
// longer than the restart is answered by its old process.
func TestGracefulRestartUnderLoad(t *testing.T) {
	r := serve(t, "wsgi", twoChildren, "app/pid.wsgi", pidApp)
	l := newLoad(r, 4)
	for i := range 3 {
		eventually(t, "children answer", func() bool { return len(l.seen()) > 0 })
		before := httpdtest.Processes(r.Pid())[1:]
		slow := make(chan error, 1)
		go func() {
			pid, err := fetchPid(http.DefaultClient, r.url("/?sleep=1"))
			known := false
			for _, p := range before {
				known = known || p.Pid == pid
			}
			if err == nil && !known {
				err = fmt.Errorf("answered by process %d, which did not yet run", pid)
			}
			slow <- err
		}()
		// The slow request must be in hand before the signal: it holds a worker while the others go on.
		held := l.requests.Load() + 200
		eventually(t, "requests go on", func() bool { return l.requests.Load() > held })
		if err := r.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		if err := <-slow; err != nil {
			t.Errorf("restart %d: the request in hand: %v", i, err)
		}
		eventually(t, "the old children are gone", func() bool {
			for _, p := range before {
				if p.Alive() {
					return false
				}
			}
			return true
		})
	}
	if failures := l.end(); len(failures) > 0 {
		t.Errorf("%d of %d requests failed: %v", len(failures), l.requests.Load(), failures[:min(len(failures), 10)])
	}
	t.Logf("%d requests over 3 graceful restarts, answered by %d processes", l.requests.Load(), len(l.seen()))
	if !r.Alive() {
		t.Fatal("the parent process ended")
	}
	if log := r.Log("error_log"); strings.Count(log, "resuming normal operations") < 4 {
		t.Errorf("the log does not tell of the restarts:\n%s", log)
	}
}

// TestScriptReload changes a script under a running server: the next request runs the new one in the same process, a script that fails
// gives 500 with its traceback in the log, and the mended one works without a restart.
func TestScriptReload(t *testing.T) {
	r := serve(t, "wsgi", `
WSGIScriptAlias / "@W@/app/pid.wsgi"
<Directory "@W@/app">
    Require all granted
</Directory>
`, "app/pid.wsgi", pidApp)
	script := filepath.Join(r.site.Dir, "app/pid.wsgi")
	clock := httpdtest.FileTime
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(-time.Hour) // any difference counts, an older file too
		if err := os.Chtimes(script, clock, clock); err != nil {
			t.Fatal(err)
		}
	}
	first := r.get(t, "/", 200)
	pid, _, _ := strings.Cut(first, " ")
	write(strings.Replace(pidApp, "'one'", "'two'", 1))
	if got, want := r.get(t, "/", 200), pid+" two"; got != want {
		t.Errorf("after the change: %q, want %q", got, want)
	}
	for _, bad := range []struct{ text, log string }{
		{"def application(:\n", "SyntaxError"},
		{"import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"},
		{"application_ = None\n", ""},
	} {
		write(bad.text)
		status := 500
		if bad.log == "" {
			status = 404 // embedded mode, no such callable
		}
		r.get(t, "/", status)
		if !strings.Contains(r.Log("error_log"), bad.log) {
			t.Errorf("no %q in the error log", bad.log)
		}
	}
	write(strings.Replace(pidApp, "'one'", "'three'", 1))
	if got, want := r.get(t, "/", 200), pid+" three"; got != want {
		t.Errorf("after mending: %q, want %q", got, want)
	}
}

// TestMaxConnectionsPerChild replaces a child after so many connections, without a failed request.
func TestMaxConnectionsPerChild(t *testing.T) {
	r := serve(t, "wsgi", twoChildren+"MaxConnectionsPerChild 20\n", "app/pid.wsgi", pidApp)
	l := newLoad(r, 4)
	eventually(t, "several children come and go", func() bool { return len(l.seen()) >= 6 })
	failures := l.end()
	if len(failures) == 0 {
		return
	}
	report := t.Errorf
	if r.Program.Apache {
		report = t.Logf // it resets connections that wait when a child has had its fill
	}
	report("%d of %d requests failed: %v", len(failures), l.requests.Load(), failures[:min(len(failures), 10)])
}

// TestProcessIdentity holds who runs what: the parent keeps its user, children run as User and Group with the system's supplementary
// groups of that user.
func TestProcessIdentity(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may change users")
	}
	r := serve(t, "wsgi", `
WSGIScriptAlias / "@W@/app/id.wsgi"
<Directory "@W@/app">
    Require all granted
</Directory>
`, "app/id.wsgi", `
import os, pwd
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    user = pwd.getpwuid(os.getuid())
    out = [user.pw_name, os.getuid() == os.geteuid() == user.pw_uid, os.getgid() == os.getegid() == user.pw_gid,
           sorted(os.getgroups()) == sorted(os.getgrouplist(user.pw_name, user.pw_gid)), os.path.exists('/root') and os.access('/root', os.R_OK)]
    return [repr(out).encode()]
`)
	want := fmt.Sprintf("['%s', True, True, True, False]", httpdtest.WebUser())
	if got := r.get(t, "/", 200); got != want {
		t.Errorf("user, uid, gid, groups, may read root's home: %s, want %s", got, want)
	}
}
