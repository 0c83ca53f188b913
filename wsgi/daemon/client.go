package daemon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"httpd-wsgi/wsgi"

	"golang.org/x/sys/unix"
)

// Options are a client's.
type Options struct {
	// Group is the process group's name, Socket its socket's path.
	Group, Socket string
	// Processes is how many processes the group has.
	Processes int
	// Connect bounds the attempts to connect; Timeout each wait for the group's process, 0 for Meta.Timeout.
	Connect, Timeout time.Duration
	// HeaderBuffer bounds a line of a response's header, 0 for 32 KiB.
	HeaderBuffer int
	// SendBuffer and ReceiveBuffer are the socket's, 0 for the system's.
	SendBuffer, ReceiveBuffer int
}

// headerBuffer is mod_wsgi's default for header-buffer-size.
const headerBuffer = 32 << 10

// Client sends requests to a daemon process group. It is safe for concurrent use.
type Client struct {
	o    Options
	mu   sync.Mutex
	idle []*stream // the last used last
	shut bool
}

// NewClient returns a Client, which connects when there is a request.
func NewClient(o Options) *Client { return &Client{o: o} }

// Error is a request that a daemon process group did not answer.
type Error struct {
	// Status is the HTTP status for it, Code mod_wsgi's number of the message.
	Status    int
	Code, Msg string
	// Responded tells that the response had begun.
	Responded bool
}

func (e *Error) Error() string { return e.Msg }

// maxIdle bounds the connections kept for later.
const maxIdle = 64

// Run has a request run and returns when it is over, with the rules of
// wsgi.Engine.Run. A request that a process did not begin, because it was
// restarting, goes to another.
func (c *Client) Run(call *wsgi.Call, meta Meta) (wsgi.Result, *Error) {
	form := call.Form.Bytes(call.Body, call.BodyEnd)
	// Only connections made anew count: those kept may all be to processes that are gone.
	for tries := 0; tries < 2*c.o.Processes+2; {
		s, fresh, err := c.get()
		if err != nil {
			return wsgi.Result{}, c.unreachable(err)
		}
		if fresh {
			tries++
		}
		m := message{script: call.Script, meta: meta, queued: time.Now(), form: form}
		x := clientExchange{c: c, s: s, call: call, timeout: c.o.Timeout}
		if x.timeout == 0 {
			x.timeout = meta.Timeout
		}
		res, again, e := x.run(&m)
		if again || e != nil && !fresh && x.untouched {
			s.close()
			continue
		}
		if e != nil || res.Outcome == wsgi.ClientGone {
			s.close()
		} else {
			c.put(s)
		}
		return res, e
	}
	return wsgi.Result{}, &Error{Status: 503, Code: "WSGI0124",
		Msg: fmt.Sprintf("Maximum number of WSGI daemon process restart connects reached for '%s'", c.o.Group)}
}

// Close closes the connections that are not in use.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	for _, s := range c.idle {
		s.close()
	}
	c.idle = nil
}

func (c *Client) get() (s *stream, fresh bool, err error) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		s = c.idle[n-1]
		c.idle = c.idle[:n-1]
	}
	c.mu.Unlock()
	if s != nil {
		return s, false, nil
	}
	s, err = c.dial()
	return s, true, err
}

func (c *Client) put(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut || len(c.idle) >= maxIdle {
		s.close()
		return
	}
	c.idle = append(c.idle, s)
}

// dial connects; a full backlog or a socket that nobody listens on yet is
// tried again until Connect has passed (mod_wsgi's connect-timeout).
func (c *Client) dial() (*stream, error) {
	limit := time.Now().Add(c.o.Connect)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: c.o.Socket, Net: "unix"})
		if err == nil {
			buffers(conn, c.o.SendBuffer, c.o.ReceiveBuffer)
			return newStream(conn), nil
		}
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.EAGAIN) || time.Now().Add(pause).After(limit) {
			return nil, err
		}
		time.Sleep(pause)
	}
}

// buffers sets the sizes of a socket's buffers, as far as the system lets it.
func buffers(conn *net.UnixConn, send, receive int) {
	if send > 0 {
		_ = conn.SetWriteBuffer(send)
	}
	if receive > 0 {
		_ = conn.SetReadBuffer(receive)
	}
}

func (c *Client) unreachable(err error) *Error {
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EAGAIN) {
		return &Error{Status: 503, Code: "WSGI0116", Msg: fmt.Sprintf("Unable to connect to WSGI daemon process '%s' on '%s' after multiple attempts as listener backlog limit was exceeded or the socket does not exist.", c.o.Group, c.o.Socket)}
	}
	return &Error{Status: 503, Code: "WSGI0117", Msg: fmt.Sprintf("Unable to connect to WSGI daemon process '%s' on '%s' as user with uid=%d: %v", c.o.Group, c.o.Socket, os.Geteuid(), err)}
}

// clientExchange is one request on one connection.
type clientExchange struct {
	c         *Client
	s         *stream
	call      *wsgi.Call
	resp      wsgi.Response
	body      []byte
	timeout   time.Duration
	responded bool
	untouched bool // the other side went away before it could have begun
}

// run sends the request and serves the process's frames to its end. again
// tells that the process did not begin it.
func (x *clientExchange) run(m *message) (res wsgi.Result, again bool, e *Error) {
	start := x.s.begin(frameRequest)
	x.s.out = m.append(x.s.out)
	x.s.finish(start)
	x.deadline()
	writeErr := x.s.flush()
	for {
		kind, payload, err := x.s.next()
		if err != nil {
			// An idle connection that the other side had closed fails at the write, and has nothing to say.
			x.untouched = writeErr != nil && !x.responded
			return res, false, x.lost(err)
		}
		switch kind {
		case frameGoAway:
			if x.responded {
				return res, false, x.lost(io.ErrUnexpectedEOF)
			}
			return res, true, nil
		case frameRespond:
			if err := parseResponse(payload, &x.resp); err != nil {
				return res, false, x.lost(err)
			}
			if e := x.oversized(); e != nil {
				return res, false, e
			}
			x.responded = true
			if x.call.Exchange.Respond(&x.resp) != nil {
				return wsgi.Result{Outcome: wsgi.ClientGone, Responded: true}, false, nil
			}
		case frameWrite:
			if x.call.Exchange.Write(payload) != nil {
				return wsgi.Result{Outcome: wsgi.ClientGone, Responded: true}, false, nil
			}
		case frameFile:
			if err := x.file(payload); err != nil {
				return wsgi.Result{Outcome: wsgi.ClientGone, Responded: true}, false, nil
			}
		case frameNeed:
			if err := x.feed(payload); err != nil {
				return res, false, x.lost(err)
			}
		case frameEnd:
			res, err = parseResult(payload)
			if err != nil {
				return res, false, x.lost(err)
			}
			// One that waited in a process that ends was not run either.
			return res, res.Outcome == wsgi.Restart || res.Outcome == wsgi.Stopping && !x.responded, nil
		default:
			return res, false, x.lost(errFrame)
		}
		x.deadline()
	}
}

func (x *clientExchange) deadline() {
	if x.timeout > 0 {
		x.s.conn.SetDeadline(time.Now().Add(x.timeout))
	}
}

// oversized is the error for a response with a longer header line than is allowed.
func (x *clientExchange) oversized() *Error {
	limit := x.c.o.HeaderBuffer
	if limit == 0 {
		limit = headerBuffer
	}
	for i := range x.resp.Headers {
		if h := &x.resp.Headers[i]; len(h.Name)+len(": \r\n")+len(h.Value) > limit {
			return &Error{Status: 500, Code: "WSGI0144", Msg: fmt.Sprintf("Truncated or oversized response headers received from daemon process '%s': "+
				"the line of %.100s is longer than the %d bytes of header-buffer-size", x.c.o.Group, h.Name, limit)}
		}
	}
	return nil
}

// file passes a file frame on.
func (x *clientExchange) file(payload []byte) error {
	f := fields{payload, true}
	offset, n := int64(f.uint64()), int64(f.uint64())
	fd := x.s.fd
	x.s.fd = -1
	if !f.ok || fd < 0 {
		return errFrame
	}
	defer unix.Close(fd)
	return x.call.Exchange.SendFile(fd, offset, n)
}

// feed answers a need frame with body bytes.
func (x *clientExchange) feed(payload []byte) error {
	f := fields{payload, true}
	want := int(f.uint32())
	if !f.ok {
		return errFrame
	}
	if want = min(want, 64<<10); cap(x.body) < want {
		x.body = make([]byte, want)
	}
	n, err := x.call.Exchange.ReadBody(x.body[:want])
	x.deadline() // the client may have taken its time
	switch {
	case n > 0 || want == 0 && err == nil:
		return x.s.send(frameBody, x.body[:n])
	case err == io.EOF:
		return x.s.send(frameBodyEnd, nil)
	case err != nil:
		return x.s.send(frameBodyError, []byte(err.Error()))
	}
	return x.s.send(frameBody, nil)
}

// lost is the error for a process that stopped answering.
func (x *clientExchange) lost(err error) *Error {
	e := &Error{Status: 502, Code: "WSGI0146", Responded: x.responded,
		Msg: fmt.Sprintf("Truncated or oversized response headers received from daemon process '%s'", x.c.o.Group)}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		e.Status, e.Code = 504, "WSGI0145"
		e.Msg = fmt.Sprintf("Timeout when reading response headers from daemon process '%s'", x.c.o.Group)
	case err == errFrame:
		e.Status, e.Code = 500, "WSGI0148"
	}
	if x.responded {
		e.Msg = fmt.Sprintf("The daemon process of '%s' closed the connection in the middle of a response: %v", x.c.o.Group, err)
	}
	return e
}

// fileHead is the payload of a file frame.
func fileHead(offset, n int64) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(offset))
	return binary.LittleEndian.AppendUint64(b, uint64(n))
}
