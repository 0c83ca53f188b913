package server

import (
	"net/netip"
	"os"
	"time"

	"httpd-wsgi/internal/errlog"
)

// ReadLimit bounds the time that a client takes to send something. Zero is no limit.
type ReadLimit struct {
	// Initial is what it has; with a Rate every Rate bytes received give it a second more, up to Max (0: without bound).
	Initial, Max time.Duration
	Rate         int
}

// ReadLimits are those of a connection by its first server (RequestReadTimeout).
type ReadLimits struct{ Header, Body ReadLimit }

func (l *ReadLimits) header() *ReadLimit {
	if l == nil {
		return nil
	}
	return &l.Header
}

func (l *ReadLimits) body() *ReadLimit {
	if l == nil {
		return nil
	}
	return &l.Body
}

// readClock keeps the time that is left for what a connection reads (reqtimeout_con_cfg).
type readClock struct {
	limit   *ReadLimit // nil: none
	what    string     // "header" or "body"
	end     time.Time  // zero until the first read
	bound   time.Time  // what end may grow to; zero without
	expired bool
}

// watch begins a stage of the request; its time begins with the next read.
func (k *readClock) watch(l *ReadLimit, what string) {
	*k = readClock{what: what, expired: k.expired}
	if l != nil && l.Initial > 0 {
		k.limit = l
	}
}

// leastWait is what a read gets if any time is left at all.
const leastWait = time.Second

// left is how long the next read may take, at most d; 0 if the time is over.
func (k *readClock) left(d time.Duration) time.Duration {
	if k.limit == nil {
		return d
	}
	now := time.Now()
	if k.end.IsZero() {
		k.end = now.Add(k.limit.Initial)
		if k.limit.Max > 0 {
			k.bound = now.Add(k.limit.Max)
		}
	}
	left := k.end.Sub(now)
	if left <= 0 {
		return 0
	}
	return min(max(left, leastWait), d)
}

// received gives the client more time for n bytes.
func (k *readClock) received(n int) {
	if k.limit == nil || k.limit.Rate <= 0 || n <= 0 {
		return
	}
	k.end = k.end.Add(time.Duration(n) * time.Second / time.Duration(k.limit.Rate))
	if !k.bound.IsZero() && k.end.After(k.bound) {
		k.end = k.bound
	}
}

// readTimed reads from the client within the time that is left.
func (c *Conn) readTimed(p []byte, d time.Duration) (int, error) {
	k := &c.clock
	if d = k.left(d); d == 0 {
		return 0, c.late(os.ErrDeadlineExceeded)
	}
	ahead := !c.ahead.IsZero() // within ReadAhead, whose deadline is no limit to the client
	if !ahead {
		c.readDeadline, _ = arm(c.readDeadline, d, c.t.SetReadDeadline)
	}
	n, err := c.t.Read(p)
	k.received(n)
	if err != nil && k.limit != nil && !ahead && isTimeout(err) {
		return n, c.late(err)
	}
	return n, err
}

// late notes that the client took too long: the connection is not kept, nor lingered over.
func (c *Conn) late(err error) error {
	if !c.clock.expired {
		c.clock.expired = true
		c.closing = true
		log := c.site.logs[c.hosts.Default.Index]
		if log.Enabled(nil, errlog.Reqtimeout, errlog.Info) {
			log.Log(&errlog.Entry{Level: errlog.Info, Module: errlog.Reqtimeout, Code: "AH01382",
				Message: "Request " + c.clock.what + " read timeout", Context: connContext{c}})
		}
	}
	return err
}

// connContext shows a connection that has no request to the error log (errlog.Context).
type connContext struct{ c *Conn }

func (x connContext) RequestID() *errlog.LogID     { return nil }
func (x connContext) ConnectionID() *errlog.LogID  { return x.c.logID() }
func (x connContext) ClientAddr() netip.AddrPort   { return x.c.Remote }
func (x connContext) PeerAddr() netip.AddrPort     { return x.c.Remote }
func (x connContext) LocalAddr() netip.AddrPort    { return x.c.Local }
func (x connContext) Remote() bool                 { return false }
func (x connContext) ServerName() string           { return x.c.hosts.Default.Name }
func (x connContext) Keepalives() int              { return x.c.Keepalives }
func (x connContext) Env(string) (string, bool)    { return "", false }
func (x connContext) Note(string) (string, bool)   { return "", false }
func (x connContext) Header(string) (string, bool) { return "", false }
