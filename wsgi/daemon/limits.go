package daemon

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// Limits are the conditions under which a daemon process gives way to a new
// one. Zero values are "none". They are watched whatever combination is set.
type Limits struct {
	// MaximumRequests is maximum-requests.
	MaximumRequests int
	// RestartInterval is the most age of the process.
	RestartInterval time.Duration
	// Inactivity is how long there may be no request.
	Inactivity time.Duration
	// Request is request-timeout; Threads the number of threads it is scaled by.
	Request time.Duration
	Threads int
	// Expired is called when a request exceeds its time, before the process
	// goes: it logs and dumps stacks.
	Expired func(x *Exchange, age time.Duration)

	mu      sync.Mutex
	running map[*Exchange]struct{}
	served  int
	last    time.Time
	stop    chan struct{}
}

// requestLimit is request-timeout for one request: mod_wsgi gives more time
// the more threads share the process.
func (l *Limits) requestLimit() time.Duration {
	return time.Duration(float64(l.Request) * (1 + math.Log(float64(max(l.Threads, 1)))))
}

// Watch checks the limits until Stop. It runs on a goroutine of its own.
func (l *Limits) Watch(s *Server) {
	l.mu.Lock()
	l.last = time.Now()
	l.stop = make(chan struct{})
	stop := l.stop
	l.mu.Unlock()
	started := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			l.check(s, started, now)
		}
	}
}

// Stop ends Watch.
func (l *Limits) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop != nil {
		close(l.stop)
		l.stop = nil
	}
}

func (l *Limits) check(s *Server, started, now time.Time) {
	l.mu.Lock()
	var late *Exchange
	if l.Request > 0 {
		for x := range l.running {
			if now.Sub(x.began) > l.requestLimit() {
				late = x
			}
		}
	}
	idle := len(l.running) == 0 && l.Inactivity > 0 && now.Sub(l.last) > l.Inactivity
	l.mu.Unlock()
	switch {
	case late != nil:
		if l.Expired != nil {
			l.Expired(late, now.Sub(late.began))
		}
		s.restart("request_timeout", fmt.Sprintf("a request ran for %v", now.Sub(late.began).Round(time.Millisecond)))
	case l.RestartInterval > 0 && now.Sub(started) > l.RestartInterval:
		s.restart("restart_interval", "")
	case idle:
		s.restart("inactivity_timeout", "")
	}
}

func (l *Limits) begin(x *Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running == nil {
		l.running = map[*Exchange]struct{}{}
	}
	l.running[x] = struct{}{}
}

func (l *Limits) end(x *Exchange, s *Server) {
	l.mu.Lock()
	delete(l.running, x)
	l.served++
	l.last = time.Now()
	full := l.MaximumRequests > 0 && l.served >= l.MaximumRequests
	l.mu.Unlock()
	if full {
		s.restart("maximum_requests", "")
	}
}
