package integration

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

// TestSoak keeps a server under load for HTTPD_WSGI_SOAK (a duration) while it is restarted gracefully, its script is touched and its
// children are killed. Nothing may fail but requests in hand of a killed child, and memory must level off.
func TestSoak(t *testing.T) {
	duration, err := time.ParseDuration(os.Getenv("HTTPD_WSGI_SOAK"))
	if err != nil {
		t.Skip("HTTPD_WSGI_SOAK is not set to a duration")
	}
	r := serve(t, "wsgi", twoChildren+"MaxConnectionsPerChild 2000\n", "app/pid.wsgi", pidApp)
	const clients = 4
	l := newLoad(r, clients)
	end := time.Now().Add(duration)
	kills, restarts, touches := 0, 0, 0
	var settled int64 // memory after the first tenth
	for round := 0; time.Now().Before(end); round++ {
		before := l.requests.Load()
		switch round % 10 {
		case 3:
			children := httpdtest.Processes(r.Pid())[1:]
			syscall.Kill(children[rand.IntN(len(children))].Pid, syscall.SIGKILL)
			kills++
		case 6:
			if err := r.Signal(syscall.SIGUSR1); err != nil {
				t.Fatal(err)
			}
			restarts++
		case 9:
			now := time.Now()
			if err := os.Chtimes(filepath.Join(r.site.Dir, "app/pid.wsgi"), now, now); err != nil {
				t.Fatal(err)
			}
			touches++
		}
		eventually(t, "requests are answered", func() bool { return l.requests.Load() > before+500 })
		if memory := httpdtest.PSS(r.Pid()); settled == 0 && time.Until(end) < duration*9/10 {
			settled = memory
		} else if settled > 0 && memory > 2*settled+64<<20 {
			t.Fatalf("memory grew from %d to %d MiB", settled>>20, memory>>20)
		}
	}
	failures := l.end()
	t.Logf("%d requests, %d kills, %d graceful restarts, %d touched scripts, %d failures, %d MiB at first, %d MiB at the end",
		l.requests.Load(), kills, restarts, touches, len(failures), settled>>20, httpdtest.PSS(r.Pid())>>20)
	if len(failures) > 2*clients*kills {
		t.Errorf("more requests failed than killed children can have had in hand: %v", failures[:min(len(failures), 20)])
	}
}
