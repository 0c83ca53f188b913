package integration

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// warmApp tells whether it was loaded before a request asked for it: that is done by the interpreter's main thread.
const warmApp = `
import os, threading
LOADED = 'early' if threading.current_thread() is threading.main_thread() else 'by a request'
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [('%d %s' % (os.getpid(), LOADED)).encode()]
`

// TestSuccessorsLoadEarly replaces processes: those that come after one that ran a script have it loaded before they take a request.
func TestSuccessorsLoadEarly(t *testing.T) {
	since6(t)
	for name, config := range map[string]string{
		"embedded": `
StartServers 1
ServerLimit 2
ThreadsPerChild 4
MaxRequestWorkers 4
MinSpareThreads 1
MaxSpareThreads 4
`,
		"daemon": `
WSGIDaemonProcess d threads=2
WSGIProcessGroup d
`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, "wsgi", config+`
LogLevel info core:debug
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / "@W@/app/warm.wsgi"
<Directory "@W@/app">
    Require all granted
</Directory>
`, "app/warm.wsgi", warmApp)
			ask := func() (int, string) {
				t.Helper()
				number, how, _ := strings.Cut(r.get(t, "/", 200), " ")
				pid, err := strconv.Atoi(number)
				if err != nil {
					t.Fatal(err)
				}
				return pid, how
			}
			pid, how := ask()
			if how != "by a request" {
				t.Errorf("the first process loaded the script %s", how)
			}
			r.logged(t, "leaves to its successors") // from here on the parent knows
			replaced := func(by string) {
				t.Helper()
				old := pid
				eventually(t, "another process answers after "+by, func() bool {
					var how string
					pid, how = ask()
					if pid != old && how != "early" {
						t.Errorf("after %s the script was loaded %s", by, how)
					}
					return pid != old
				})
				eventually(t, "the one before is gone", func() bool { return syscall.Kill(old, 0) == syscall.ESRCH })
			}
			if err := r.Signal(syscall.SIGUSR1); err != nil {
				t.Fatal(err)
			}
			replaced("a graceful restart")
			victim, err := os.FindProcess(pid)
			if err == nil {
				err = victim.Signal(syscall.SIGTERM)
			}
			if err != nil {
				t.Fatal(err)
			}
			replaced("the end of a process")
		})
	}
}

// TestSuccessorsTrustAnew gives a script that was in use to somebody whom script-user does not name: the process that follows does not load it.
func TestSuccessorsTrustAnew(t *testing.T) {
	since6(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	t.Parallel()
	r := serve(t, "wsgi", `
WSGIDaemonProcess d threads=2 script-user=root
WSGIProcessGroup d
LogLevel info core:debug
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / "@W@/app/warm.wsgi"
<Directory "@W@/app">
    Require all granted
</Directory>
`, "app/warm.wsgi", warmApp)
	r.get(t, "/", 200)
	r.logged(t, "leaves to its successors")
	if err := os.Chown(filepath.Join(r.site.Dir, "app/warm.wsgi"), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := r.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new generation serves", func() bool {
		return strings.Count(r.Log("error_log"), "resuming normal operations") == 2
	})
	r.get(t, "/", 403)
	if n := strings.Count(r.Log("error_log"), "Loading WSGI script"); n != 1 {
		t.Errorf("the script was loaded %d times", n)
	}
}
