package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

// serviceScript is what a process without threads runs. It ends by itself when there is a file "enough" beside it.
const serviceScript = `
import os, sys, time, threading
here = os.path.dirname(__file__)
def say(text):
    print(text, os.getpid(), threading.current_thread() is threading.main_thread())
    sys.stdout.flush()
say('service begins')
try:
    while not os.path.exists(os.path.join(here, 'enough')):
        time.sleep(0.01)
    say('service has done enough')
except SystemExit:
    say('service is told to end')
    raise
`

// TestDaemonService runs a script as a service (threads=0): on the main thread, started again when it ends, SystemExit when it is to end,
// and no requests.
func TestDaemonService(t *testing.T) {
	since6(t)
	t.Parallel()
	r := serve(t, "wsgi", `
WSGIDaemonProcess d threads=0
WSGIImportScript "@W@/app/service.py" process-group=d application-group=%{GLOBAL}
WSGIScriptAlias /app "@W@/app/hello.wsgi" process-group=d application-group=%{GLOBAL}
<Directory "@W@/app">
    Require all granted
</Directory>
`, "app/service.py", serviceScript, "app/hello.wsgi", hello)
	r.logged(t, "service begins [0-9]+ True")
	r.get(t, "/app", 503)
	r.logged(t, "takes no requests")
	processes := func() (pids []int) {
		for _, p := range httpdtest.Processes(r.Pid())[1:] {
			if strings.Contains(r.Log("error_log"), fmt.Sprintf("service begins %d ", p.Pid)) {
				pids = append(pids, p.Pid)
			}
		}
		return pids
	}
	first := processes()
	if len(first) != 1 {
		t.Fatalf("processes that run the service: %v", first)
	}
	// The script ends: it is run again.
	enough := filepath.Join(r.site.Dir, "app/enough")
	if err := os.WriteFile(enough, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r.logged(t, fmt.Sprintf("service has done enough %d", first[0]))
	if err := os.Remove(enough); err != nil {
		t.Fatal(err)
	}
	var second []int
	eventually(t, "the service runs again", func() bool {
		second = processes()
		return len(second) == 1 && second[0] != first[0]
	})
	// A graceful restart starts it anew and ends the old one in order.
	if err := r.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	r.logged(t, fmt.Sprintf("service is told to end %d True", second[0]))
	eventually(t, "the service runs in the new generation", func() bool {
		now := processes()
		return len(now) == 1 && now[0] != second[0]
	})
	third := processes()
	began := time.Now()
	if err := r.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.logged(t, fmt.Sprintf("service is told to end %d True", third[0]))
	eventually(t, "the server is gone", func() bool { return !r.Alive() })
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("the end took %v", d)
	}
}
