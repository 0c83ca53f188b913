package server

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/http1"
	"httpd-wsgi/internal/scoreboard"
	"httpd-wsgi/vhost"
)

// Conn is a client's connection. It belongs to the goroutine that serves it.
type Conn struct {
	// Local is the address that the client connected to, Remote its own.
	Local, Remote netip.AddrPort
	// TLS tells that the client speaks TLS.
	TLS bool
	// Keepalives counts the requests on the connection before the present one.
	Keepalives int

	site  *Site
	t     Transport
	hosts *vhost.AddrHosts
	base  *protocol // of the first server of the address, which rules until Host is known
	last  *protocol // of the last request's server, which rules while waiting for the next

	reader http1.Reader
	head   http1.Head
	in     input
	out    output
	req    Request

	id, requestID errlog.LogID
	names         hostNames

	remoteIP, localIP string

	kept    int  // responses after which the connection was kept
	keep    bool // it will be after the present one
	closing bool // it will not, whatever the response
	aborted bool // the client is gone, or the response was cut short
	eof     bool // the client has sent all it will
	logged  bool // the present request has been

	waiting                     bool // for a request, not within one
	readDeadline, writeDeadline time.Time
	ahead                       time.Time // until when ReadAhead waits; zero outside it
	clock                       readClock
	shown                       shown

	tracer Tracer // of requests that are explained

	// of the present request, for mod_logio
	consumed  int64 // of the reader, before it
	bytesOut  int64
	firstByte time.Time
}

var conns = sync.Pool{New: func() any { return new(Conn) }}

// Time-outs of a lingering close (SECONDS_TO_LINGER, MAX_SECS_TO_LINGER).
const (
	lingerIdle = 2 * time.Second
	lingerAll  = 30 * time.Second
)

// ServeConn serves HTTP/1.x on a connection until it ends, and closes it.
func (s *Site) ServeConn(t Transport) {
	c := conns.Get().(*Conn)
	c.start(s, t)
	defer c.end()
	for c.next() {
	}
	c.linger()
}

func (c *Conn) start(s *Site, t Transport) {
	c.site, c.t = s, t
	c.Local, c.Remote, c.TLS = t.Local(), t.Remote(), t.Secure()
	c.Keepalives, c.kept = 0, 0
	c.keep, c.closing, c.aborted, c.eof = false, false, false, false
	c.hosts = s.VHosts.ByAddr(c.Local)
	c.base = &s.protocols[c.hosts.Default.Index]
	c.last = c.base
	c.reader.Reset(connReader{c})
	c.id.Reset()
	c.names = hostNames{}
	c.remoteIP, c.localIP = "", ""
	c.readDeadline, c.writeDeadline = time.Time{}, time.Time{}
	c.clock, c.shown = readClock{}, shown{}
}

// end closes the connection and lets go of its memory.
func (c *Conn) end() {
	if p := recover(); p != nil {
		// What serveRequest did not catch; the process lives on.
		c.site.logs[c.hosts.Default.Index].Log(&errlog.Entry{Level: errlog.Crit, Module: errlog.Core, Message: "connection ended by a fault of the server: " + panicText(p)})
	}
	c.t.Release()
	c.t.Close()
	c.reader.Release()
	c.out.release()
	c.req = Request{}
	c.head = http1.Head{}
	c.in = input{}
	c.site, c.t, c.hosts, c.base, c.last = nil, nil, nil, nil, nil
	conns.Put(c)
}

// next serves one request and tells whether another may follow.
func (c *Conn) next() bool {
	first := c.Keepalives == 0 && c.kept == 0
	c.waiting = !first
	c.clock.watch(nil, "")
	if first {
		c.clock.watch(c.base.read.header(), "header")
	}
	idle := !first && len(c.reader.Buffered()) == 0
	if idle {
		c.t.Idle()
	}
	err := c.reader.Await()
	if idle && !c.t.Busy() {
		return false
	}
	if err != nil && !(first && isTimeout(err)) {
		return false
	}
	if !c.t.Acquire() {
		return false
	}
	c.waiting = false
	if !first {
		c.clock.watch(c.base.read.header(), "header")
	}
	c.consumed = c.reader.Consumed()
	w := c.t.Worker()
	if w != nil {
		w.SetStatus(scoreboard.BusyRead)
	}
	r := &c.req
	c.begin(r)
	if err == nil {
		err = c.reader.ReadHead(&c.head, &c.base.http)
	}
	if err != nil {
		c.refuse(r, err)
	} else {
		c.serveRequest(r, w)
	}
	c.Keepalives++
	if w != nil {
		w.End(time.Now(), c.bytesOut)
		w.SetStatus(scoreboard.Ready)
	}
	c.t.Release()
	return c.keep && !c.closing && !c.aborted
}

// begin makes r ready for the next request, keeping its memory.
func (c *Conn) begin(r *Request) {
	env, notes, header, errHeader, list := &r.Env, &r.Notes, &r.Reply.Header, &r.Reply.ErrHeader, r.notes
	env.Reset()
	notes.Reset()
	header.Reset()
	errHeader.Reset()
	clear(list)
	server := c.hosts.Default
	*r = Request{Conn: c, Site: c.site, Server: server, Client: c.Remote, Received: time.Now(), Tracer: c.tracer,
		Env: *env, Notes: *notes, notes: list[:0], in: &c.in, out: &c.out,
		Reply: Reply{Status: 200, Header: *header, ErrHeader: *errHeader}}
	r.Node = server.Root
	r.Conf = r.Node.Conf
	c.keep, c.aborted, c.logged = false, false, false
	c.bytesOut, c.firstByte = 0, time.Time{}
	c.requestID.Reset()
	c.out.start(c, r)
	c.in = input{c: c, body: c.in.body}
}

// take makes the head that was read r's.
func (c *Conn) take(r *Request) {
	h := &c.head
	r.Line = RequestLine{Text: h.Text, Method: h.Method, Number: c.site.Plan.Methods.Number(h.Method),
		HeaderOnly: h.Method == "HEAD", Target: h.Target, Proto: h.Proto, Protocol: h.Protocol, Hostname: h.Hostname, HostPort: h.Port}
	r.In.F = h.Fields
	r.URI, r.Args, r.HasArgs = h.URI.Path, h.URI.Query, h.URI.HasQuery
	if h.Close {
		c.closing = true
	}
}

// findServer picks the virtual host by name (check_hostalias, check_serverpath).
func (c *Conn) findServer(r *Request) Status {
	if c.head.HasHostname {
		name := r.Line.Hostname
		if strings.HasPrefix(name, "[") {
			name = name[1 : len(name)-1]
		}
		s, ok := c.hosts.Match(name)
		if r.Tracer != nil {
			r.Tracer.Trace(r, ServerChosen{Hosts: c.hosts, Name: name, Matched: ok})
		}
		if !ok && c.base.strictHost {
			r.Logf(errlog.Error, errlog.Core, "AH10157", "Requested hostname '%s' did not match any ServerName/ServerAlias in the global server configuration", r.Line.Hostname)
			return 400
		}
		r.Server = s
	} else {
		s := c.hosts.ByPath(r.URI)
		if s != nil {
			r.Server = s
		}
		if r.Tracer != nil {
			r.Tracer.Trace(r, ServerChosen{Hosts: c.hosts, ByPath: s != nil})
		}
	}
	r.Node = r.Server.Root
	r.Conf = r.Node.Conf
	return OK
}

// serveRequest carries a request whose head is good to its end.
func (c *Conn) serveRequest(r *Request, w *scoreboard.Worker) {
	defer func() {
		if p := recover(); p != nil {
			c.rescue(r, p)
		}
	}()
	c.take(r)
	c.clock.watch(nil, "")
	if r.Line.Number != directives.MConnect {
		c.clock.watch(c.base.read.body(), "body")
	}
	c.in.reset(c, &c.head, &c.base.http)
	s := c.findServer(r)
	c.last = r.protocol()
	if c.head.ReplacedHost != "" {
		host, _ := c.head.Host()
		r.Logf(errlog.Debug, errlog.Core, "AH02417", "Replacing host header '%s' with host '%s' given in the request uri", c.head.ReplacedHost, host)
	}
	if w != nil {
		w.SetStatus(scoreboard.BusyWrite)
		c.show(r, w)
	}
	if s == OK {
		if expect := c.head.Expect(); expect != "" {
			if !equalFold(expect, "100-continue") {
				r.Logf(errlog.Info, errlog.Core, "AH00570", "client sent an unrecognized expectation value of Expect: %s", expect)
				s = 417
			} else if r.Line.Proto >= 1001 && r.HasBody() {
				c.in.expect = true
			}
		}
	}
	if s != OK {
		r.Die(s)
	} else {
		r.serve()
	}
	c.done(r)
}

// done ends a request: what its phases left is sent, what is left of its body read, and it is logged.
func (c *Conn) done(r *Request) {
	r.Last().finalize()
	if c.keep && !c.closing && !c.aborted && !c.in.body.AtEnd() {
		r.Last().discardRest()
	}
	if w := c.t.Worker(); w != nil {
		w.SetStatus(scoreboard.Log)
	}
	c.log(r)
}

// refuse answers a head that could not be read.
func (c *Conn) refuse(r *Request, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.rescue(r, p)
		}
	}()
	c.take(r)
	c.closing = true
	c.in.reset(c, &http1.Head{}, &c.base.http)
	var e *http1.Error
	if !errors.As(err, &e) {
		e = &http1.Error{Err: err}
	}
	r.logProtocol(err)
	if e.Status == 0 {
		// No request line, so no response; a time-out of the first request is logged.
		if isTimeout(err) && c.Keepalives == 0 {
			r.Line.Text, r.Reply.Status = "", 408
			c.out.eos = true
			c.log(r)
		}
		return
	}
	r.Reply.ErrorText = e.Note
	if e.Status == 400 && len(e.Log) > 0 || e.Status == 501 {
		c.findServer(r)
	}
	r.Die(Status(e.Status))
	c.done(r)
}

// rescue ends a request whose handler panicked: with 500 if nothing has been sent, else by cutting the connection.
func (c *Conn) rescue(r *Request, p any) {
	r.Logf(errlog.Crit, errlog.Core, "", "request ended by a fault of the server: %s: %s", r.Line.Text, panicText(p))
	c.closing = true
	defer func() {
		if recover() != nil { // the error page, or the log, panics as well
			c.out.eos, c.aborted = true, true
		}
	}()
	if c.out.head || c.out.eos || c.out.rescued {
		c.out.cutShort()
	} else {
		c.out.rescued = true
		r.Next = nil
		c.out.take(r)
		r.Die(500)
		r.Last().finalize()
	}
	c.log(r)
}

// log runs the log phase, once.
func (c *Conn) log(r *Request) {
	if !c.logged && c.tracer == nil {
		c.logged = true
		r.logTransaction()
	}
}

// panicText is what was thrown, and where.
func panicText(p any) string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	thrown := false
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "runtime.") {
			thrown = true
		} else if thrown {
			return fmt.Sprintf("%v (%s, line %d)", p, f.Function, f.Line)
		}
		if !more {
			return fmt.Sprint(p)
		}
	}
}

// linger ends the connection such that the client gets all that was sent: its
// side is ended, and what the client still sends is read for a while, lest the
// kernel resets the connection (ap_lingering_close).
func (c *Conn) linger() {
	c.t.Release()
	if c.aborted || c.eof || c.t.CloseWrite() != nil {
		return
	}
	buf := make([]byte, 512)
	all := lingerAll
	if c.clock.expired {
		all = lingerIdle
	}
	for end := time.Now().Add(all); ; {
		now := time.Now()
		if now.After(end) || c.t.SetReadDeadline(now.Add(lingerIdle)) != nil {
			return
		}
		if _, err := c.t.Read(buf); err != nil {
			return
		}
	}
}

// connReader is the connection as the source of its Reader.
type connReader struct{ c *Conn }

func (s connReader) Read(p []byte) (int, error) {
	c := s.c
	d := c.last.timeout
	if c.waiting {
		d = c.last.keepAliveTimeout
	}
	n, err := c.readTimed(p, d)
	if err == io.EOF {
		c.eof = true
	} else if err != nil && !isTimeout(err) {
		c.eof, c.aborted = true, true
	}
	return n, err
}

// arm sets a deadline d from now, if the present one is not about that. It may be up to an eighth late.
func arm(present time.Time, d time.Duration, set func(time.Time) error) (next, now time.Time) {
	now = time.Now()
	if left := present.Sub(now); left >= d && left <= d+d/8 {
		return present, now
	}
	next = now.Add(d + d/8)
	set(next)
	return next, now
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// BytesIO are the bytes received and sent for r, heads and framing included
// (%I, %O of mod_logio).
func (r *Request) BytesIO() (in, out int64) {
	return r.Conn.reader.Consumed() - r.Conn.consumed, r.Conn.bytesOut
}

// FirstByte is when the first byte of the response was sent; zero if none was.
func (r *Request) FirstByte() time.Time { return r.Conn.firstByte }

// closeAfter has the connection closed after the present response.
func (c *Conn) closeAfter() { c.closing = true }

// Aborted tells that the client went away before it had the response, or that the response was cut short.
func (c *Conn) Aborted() bool { return c.aborted }

// KeepAlive tells that the connection is kept after the present response.
func (c *Conn) KeepAlive() bool { return c.keep && !c.closing }

// RemoteIP is Remote's address as text; an IPv4-mapped address shows as IPv4.
func (c *Conn) RemoteIP() string {
	if c.remoteIP == "" {
		c.remoteIP = c.Remote.Addr().Unmap().String()
	}
	return c.remoteIP
}

// LocalIP is Local's address as text.
func (c *Conn) LocalIP() string {
	if c.localIP == "" {
		c.localIP = c.Local.Addr().Unmap().String()
	}
	return c.localIP
}

func (c *Conn) logID() *errlog.LogID { return &c.id }

// LogID is the connection's ID in the error log, "" while nothing was logged of it.
func (c *Conn) LogID() string { return c.id.String() }

func (r *Request) logID() *errlog.LogID { return &r.Conn.requestID }

// LogID is the request's ID in the error log, "" while nothing was logged of it.
func (r *Request) LogID() string { return r.Conn.requestID.String() }
