package daemon

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"httpd-wsgi/wsgi"
)

// Runner runs requests; *wsgi.Engine is one.
type Runner interface {
	Run(call *wsgi.Call) wsgi.Result
}

// Server serves requests in a process of a daemon process group.
type Server struct {
	Runner Runner
	// QueueTimeout is mod_wsgi's queue-timeout, 0 for none.
	QueueTimeout time.Duration
	// Restart is called, once and on a goroutine of its own, when the process
	// should give way to a new one: its script changed, or a limit was reached.
	// reason is mod_wsgi's word for it ("script_reload", "maximum_requests").
	Restart func(reason, detail string)
	// Limits watches requests; nil for none.
	Limits *Limits
	// SendBuffer and ReceiveBuffer are those of connections, 0 for the system's.
	SendBuffer, ReceiveBuffer int

	mu       sync.Mutex
	conns    map[*serverConn]struct{}
	draining bool
	listener *net.UnixListener
	changed  chan struct{} // gets a value, if it has room, when a connection has ended
	stuck    int           // requests that were given up
	once     sync.Once
}

// Exchange is the wsgi.Exchange of a request in a daemon process, as Options.Log of
// the engine meets it.
type Exchange struct {
	c *serverConn
	// Meta is what the client told for log lines; Script the script's path.
	Meta   Meta
	Script string
	body   []byte    // body bytes that came and were not wanted yet
	began  time.Time // when a thread took it; 0: it waits for one
	call   *wsgi.Call
	fired  bool // request-timeout has passed

	mu        sync.Mutex // of what is sent while the request runs, and of what follows
	responded bool
	gone      bool // the connection is of no more use
}

type serverConn struct {
	s    *stream
	srv  *Server
	idle bool
}

// Serve accepts until Drain. It returns when the listener is closed.
func (s *Server) Serve(l *net.UnixListener) error {
	s.mu.Lock()
	s.listener = l
	draining := s.draining
	s.mu.Unlock()
	if draining {
		l.Close()
		return nil
	}
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		buffers(conn, s.SendBuffer, s.ReceiveBuffer)
		c := &serverConn{s: newStream(conn), srv: s, idle: true}
		s.mu.Lock()
		if s.draining {
			s.mu.Unlock()
			c.goAway()
			continue
		}
		if s.conns == nil {
			s.conns = map[*serverConn]struct{}{}
		}
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		go c.serve()
	}
}

// standDown takes no more requests: the listener is closed, connections that
// are idle are ended with a word.
func (s *Server) standDown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return
	}
	s.draining = true
	if s.listener != nil {
		s.listener.Close()
	}
	for c := range s.conns {
		if c.idle {
			// Wakes its goroutine, which says goodbye.
			c.s.conn.SetReadDeadline(time.Unix(1, 0))
		}
	}
}

// Drain lets the requests under way end, for at most the given time, and
// turns others away. It does not wait for requests that were given up, nor for
// any others if those hold all threads that there are. It reports whether all
// ended.
func (s *Server) Drain(limit time.Duration) bool {
	changed := make(chan struct{}, 1)
	s.mu.Lock()
	s.changed = changed
	s.mu.Unlock()
	s.standDown()
	return s.wait(changed, limit, false)
}

// Finish waits, after the end of Python, until all that can be told has been told to clients.
func (s *Server) Finish(limit time.Duration) {
	s.mu.Lock()
	changed := s.changed
	s.mu.Unlock()
	s.wait(changed, limit, true)
}

func (s *Server) wait(changed <-chan struct{}, limit time.Duration, all bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		s.mu.Lock()
		left, stuck := len(s.conns), s.stuck
		s.mu.Unlock()
		switch {
		case left == 0:
			return stuck == 0
		case !all && s.Limits != nil && stuck > 0 && stuck >= s.Limits.Threads:
			return false
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// forget ends the waiting for a connection; stuck tells that its request was given up.
func (s *Server) forget(c *serverConn, stuck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.conns[c]; !ok {
		return
	}
	delete(s.conns, c)
	if stuck {
		s.stuck++
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *Server) restart(reason, detail string) {
	if s.Restart != nil {
		s.once.Do(func() { go s.Restart(reason, detail) })
	}
}

// goAway tells the client that this connection's next request was not begun.
func (c *serverConn) goAway() {
	c.s.conn.SetDeadline(time.Now().Add(time.Second))
	c.s.send(frameGoAway, nil)
	c.s.close()
}

// claim marks the connection busy or idle; false when the server drains.
func (c *serverConn) claim(idle bool) bool {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.idle = idle
	return !c.srv.draining
}

func (c *serverConn) serve() {
	defer c.srv.forget(c, false)
	for {
		kind, payload, err := c.s.next()
		if !c.claim(false) {
			c.goAway()
			return
		}
		if err != nil || kind != frameRequest {
			c.s.close()
			return
		}
		m, err := parseMessage(payload)
		if err != nil {
			c.s.close()
			return
		}
		if !c.request(&m) {
			c.s.close()
			return
		}
		if !c.claim(true) {
			c.goAway()
			return
		}
	}
}

// request runs one request; false when the connection is of no more use.
func (c *serverConn) request(m *message) bool {
	x := &Exchange{c: c, Meta: m.meta, Script: m.script.Path}
	// The payload's memory is the stream's: the form must outlive reading the body.
	form := append([]byte(nil), m.form...)
	call := wsgi.Call{Script: m.script, Raw: form, Exchange: x}
	x.call = &call
	if q := c.srv.QueueTimeout; q > 0 {
		call.QueueLimit = q - time.Since(m.queued)
		if call.QueueLimit <= 0 {
			call.QueueLimit = 1
		}
	}
	l := c.srv.Limits
	if l != nil {
		l.begin(x)
	}
	res := c.srv.Runner.Run(&call)
	// What ends the process is settled before the client hears of the end and sends another request, or this one again.
	reason, detail := "", ""
	if l != nil && l.end(x, &res) {
		reason = "maximum_requests"
	}
	if res.Outcome == wsgi.Restart {
		reason, detail = "script_reload", m.script.Path
	}
	if reason != "" {
		c.srv.standDown()
		defer c.srv.restart(reason, detail)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.gone {
		return false
	}
	start := c.s.begin(frameEnd)
	c.s.out = appendResult(c.s.out, &res)
	c.s.finish(start)
	return c.s.flush() == nil
}

// giveUp answers for a request that took too long, with 504 if nothing has
// been sent, and leaves its thread with nobody to talk to.
func (x *Exchange) giveUp() {
	c := x.c
	if x.mu.TryLock() {
		if !x.gone && !x.responded {
			c.s.conn.SetWriteDeadline(time.Now().Add(time.Second))
			start := c.s.begin(frameEnd)
			c.s.out = appendResult(c.s.out, &wsgi.Result{Outcome: wsgi.Timeout})
			c.s.finish(start)
			c.s.flush()
		}
		x.gone = true
		x.mu.Unlock()
	}
	c.s.conn.Close()
	c.srv.forget(c, true)
}

// ReadBody implements wsgi.Exchange.
func (x *Exchange) ReadBody(p []byte) (int, error) {
	if len(x.body) > 0 {
		n := copy(p, x.body)
		x.body = x.body[n:]
		return n, nil
	}
	if err := x.send(func(s *stream) error {
		return s.send(frameNeed, binary.LittleEndian.AppendUint32(nil, uint32(len(p))))
	}); err != nil {
		return 0, err
	}
	kind, payload, err := x.c.s.next()
	if err != nil {
		return 0, x.lost(wsgi.ErrClientGone)
	}
	switch kind {
	case frameBody:
		n := copy(p, payload)
		x.body = append(x.body[:0], payload[n:]...)
		return n, nil
	case frameBodyEnd:
		return 0, io.EOF
	case frameBodyError:
		return 0, errors.New(string(payload))
	}
	return 0, x.lost(errFrame)
}

// Respond implements wsgi.Exchange. A complete response goes out together
// with the end of the request.
func (x *Exchange) Respond(r *wsgi.Response) error {
	return x.send(func(s *stream) error {
		x.responded = true
		start := s.begin(frameRespond)
		s.out = appendResponse(s.out, r)
		s.finish(start)
		if r.Last {
			return nil
		}
		return s.flush()
	})
}

// Write implements wsgi.Exchange.
func (x *Exchange) Write(p []byte) error {
	return x.send(func(s *stream) error { return s.send(frameWrite, p) })
}

// SendFile implements wsgi.Exchange: the descriptor itself travels.
func (x *Exchange) SendFile(fd int, offset, n int64) error {
	return x.send(func(s *stream) error { return s.sendFD(frameFile, fileHead(offset, n), fd) })
}

// send has something sent, unless the request was given up. A failure is the
// client's leaving: its process closed the connection.
func (x *Exchange) send(f func(*stream) error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.gone && f(x.c.s) == nil {
		return nil
	}
	x.gone = true
	return wsgi.ErrClientGone
}

// lost marks the connection as of no more use.
func (x *Exchange) lost(err error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.gone = true
	return err
}
