package daemon

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"httpd-wsgi/wsgi"
)

// Limits are the conditions under which a daemon process gives way to a new
// one. Zero values are "none". They are watched whatever combination is set.
// Which requests run, and since when, follows from Threads: they are taken in
// the order in which they come.
type Limits struct {
	// MaximumRequests is maximum-requests.
	MaximumRequests int
	// RestartInterval is the most age of the process.
	RestartInterval time.Duration
	// RSS is the most resident memory of the process, in bytes, as Resident tells.
	RSS      int64
	Resident func() int64
	// Inactivity is how long there may be no request, after the first.
	Inactivity time.Duration
	// Request is request-timeout; Threads the number of threads, which it is scaled by.
	Request time.Duration
	Threads int
	// Interrupt is interrupt-timeout: how long a request that exceeded its time may take to end after mod_wsgi.RequestTimeout was
	// raised in it. Without, it is not raised and the process goes at once.
	Interrupt time.Duration
	// Expired is called when a request exceeds its time, before anything is done about it: it logs and dumps stacks.
	Expired func(x *Exchange, age time.Duration)
	// Startup is how long it may take from the first request until a script has been loaded, as Loaded tells.
	Startup time.Duration
	Loaded  func() bool
	// Deadlock is how long Python may not be reached, as Responsive tells, which returns at the latest when the time has passed.
	Deadlock   time.Duration
	Responsive func(time.Duration) bool

	mu          sync.Mutex
	running     map[*Exchange]struct{}
	busy        int         // threads that run a request, given up or not
	queue       []*Exchange // those that wait for one, in order
	served      int
	first, last time.Time
	loaded      bool
	stop        chan struct{}
}

// tick is how often the limits are looked at.
const tick = 100 * time.Millisecond

// weighing is how often memory is looked at.
const weighing = time.Second

// weigh restarts the process when it has become too large.
func (l *Limits) weigh(s *Server) {
	if n := l.Resident(); n > l.RSS {
		s.restart("restart_rss", fmt.Sprintf("%d MiB", n>>20))
	}
}

// requestLimit is request-timeout for one request: mod_wsgi gives more time
// the more threads share the process.
func (l *Limits) requestLimit() time.Duration {
	return time.Duration(float64(l.Request) * (1 + math.Log(float64(max(l.Threads, 1)))))
}

// Watch checks the limits until Stop. It runs on a goroutine of its own.
func (l *Limits) Watch(s *Server) {
	l.mu.Lock()
	l.stop = make(chan struct{})
	stop := l.stop
	l.mu.Unlock()
	if l.Deadlock > 0 {
		go l.watchLock(s, stop)
	}
	started := time.Now()
	t := time.NewTicker(tick)
	defer t.Stop()
	weighed := started
	for {
		select {
		case <-stop:
			return
		case now := <-t.C:
			l.check(s, started, now)
			if l.RSS > 0 && now.Sub(weighed) >= weighing {
				weighed = now
				l.weigh(s)
			}
		}
	}
}

// watchLock restarts the process when Python can't be reached.
func (l *Limits) watchLock(s *Server, stop chan struct{}) {
	for {
		if !l.Responsive(l.Deadlock) {
			s.standDown()
			s.restart("deadlock_timeout", "")
			return
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Second):
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
	var expired, stuck []*Exchange
	if l.Request > 0 {
		limit := l.requestLimit()
		for x := range l.running {
			if x.began.IsZero() {
				continue
			}
			age := now.Sub(x.began)
			if age > limit && !x.fired {
				x.fired = true
				expired = append(expired, x)
			}
			if age > limit+l.Interrupt {
				stuck = append(stuck, x)
				delete(l.running, x)
			}
		}
	}
	idle := len(l.running) == 0 && l.Inactivity > 0 && !l.last.IsZero() && now.Sub(l.last) > l.Inactivity
	slow := l.Startup > 0 && !l.loaded && !l.first.IsZero() && now.Sub(l.first) > l.Startup
	l.mu.Unlock()
	for _, x := range expired {
		if l.Expired != nil {
			l.Expired(x, now.Sub(x.began))
		}
		if l.Interrupt > 0 {
			x.call.Interrupt()
		}
	}
	if slow && l.Loaded != nil && l.Loaded() {
		l.mu.Lock()
		l.loaded, slow = true, false
		l.mu.Unlock()
	}
	switch {
	case len(stuck) > 0:
		s.standDown()
		for _, x := range stuck {
			x.giveUp()
		}
		s.restart("request_timeout", fmt.Sprintf("a request ran for %v", now.Sub(stuck[0].began).Round(time.Millisecond)))
	case slow:
		s.standDown()
		s.restart("startup_timeout", "")
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
	now := time.Now()
	if l.first.IsZero() {
		l.first = now
	}
	if l.busy < l.Threads {
		l.busy++
		x.began = now
	} else {
		l.queue = append(l.queue, x)
	}
	l.activity(x)
}

func (l *Limits) activity(x *Exchange) {
	if !x.Meta.IgnoreActivity {
		l.last = time.Now()
	}
}

// end notes the end of a request; true when maximum-requests are served.
func (l *Limits) end(x *Exchange, res *wsgi.Result) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.running, x)
	if i := slices.Index(l.queue, x); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	} else if len(l.queue) > 0 {
		l.queue[0].began = time.Now()
		l.queue = slices.Delete(l.queue, 0, 1)
	} else {
		l.busy--
	}
	l.activity(x)
	switch res.Outcome {
	case wsgi.Restart, wsgi.Stopping, wsgi.Expired:
		return false // it was not run
	}
	l.served++
	return l.MaximumRequests > 0 && l.served >= l.MaximumRequests
}
