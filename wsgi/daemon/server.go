package daemon

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
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

	mu       sync.Mutex
	conns    map[*serverConn]struct{}
	draining bool
	listener *net.UnixListener
	wg       sync.WaitGroup
	once     sync.Once
	active   atomic.Int64
}

// Exchange is the wsgi.Exchange of a request in a daemon process, as Options.Log of
// the engine meets it.
type Exchange struct {
	c *serverConn
	// Meta is what the client told for log lines; Script the script's path.
	Meta   Meta
	Script string
	last   bool // the response was gathered whole and goes out with the end
	gone   bool
	body   []byte // body bytes that came and were not wanted yet
	began  time.Time
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
		s.wg.Add(1)
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
// turns others away. It reports whether all ended.
func (s *Server) Drain(limit time.Duration) bool {
	s.standDown()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

// Active is the number of requests under way.
func (s *Server) Active() int { return int(s.active.Load()) }

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
	defer func() {
		c.srv.mu.Lock()
		delete(c.srv.conns, c)
		c.srv.mu.Unlock()
		c.srv.wg.Done()
	}()
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
	x := &Exchange{c: c, Meta: m.meta, Script: m.script.Path, began: time.Now()}
	c.srv.active.Add(1)
	defer c.srv.active.Add(-1)
	// The payload's memory is the stream's: the form must outlive reading the body.
	form := append([]byte(nil), m.form...)
	call := wsgi.Call{Script: m.script, Raw: form, Exchange: x}
	if q := c.srv.QueueTimeout; q > 0 {
		call.QueueLimit = q - time.Since(m.queued)
		if call.QueueLimit <= 0 {
			call.QueueLimit = 1
		}
	}
	if l := c.srv.Limits; l != nil {
		l.begin(x)
		defer l.end(x, c.srv)
	}
	res := c.srv.Runner.Run(&call)
	if x.gone {
		return false
	}
	if res.Outcome == wsgi.Restart {
		// Before the client hears of it and tries again: not with this process.
		c.srv.standDown()
	}
	start := c.s.begin(frameEnd)
	c.s.out = appendResult(c.s.out, &res)
	c.s.finish(start)
	if c.s.flush() != nil {
		return false
	}
	if res.Outcome == wsgi.Restart {
		c.srv.restart("script_reload", m.script.Path)
	}
	return true
}

// ReadBody implements wsgi.Exchange.
func (x *Exchange) ReadBody(p []byte) (int, error) {
	if len(x.body) > 0 {
		n := copy(p, x.body)
		x.body = x.body[n:]
		return n, nil
	}
	if err := x.c.s.send(frameNeed, binary.LittleEndian.AppendUint32(nil, uint32(len(p)))); err != nil {
		x.gone = true
		return 0, err
	}
	kind, payload, err := x.c.s.next()
	if err != nil {
		x.gone = true
		return 0, wsgi.ErrClientGone
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
	x.gone = true
	return 0, errFrame
}

// Respond implements wsgi.Exchange. A complete response goes out together
// with the end of the request.
func (x *Exchange) Respond(r *wsgi.Response) error {
	start := x.c.s.begin(frameRespond)
	x.c.s.out = appendResponse(x.c.s.out, r)
	x.c.s.finish(start)
	if r.Last {
		x.last = true
		return nil
	}
	return x.wrote(x.c.s.flush())
}

// Write implements wsgi.Exchange.
func (x *Exchange) Write(p []byte) error { return x.wrote(x.c.s.send(frameWrite, p)) }

// SendFile implements wsgi.Exchange: the descriptor itself travels.
func (x *Exchange) SendFile(fd int, offset, n int64) error {
	return x.wrote(x.c.s.sendFD(frameFile, fileHead(offset, n), fd))
}

// wrote turns a failed write into the client's leaving: its process closed the connection.
func (x *Exchange) wrote(err error) error {
	if err == nil {
		return nil
	}
	x.gone = true
	return wsgi.ErrClientGone
}
