package server

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"httpd-wsgi/internal/scoreboard"
)

// Explain carries a request through the phases as ServeConn does, with t
// listening, and answers nobody: applications are not run, files not sent, and
// the access log is not written. request is what a client sends; only its first
// request is read. done gets the request, and with it those that it was
// redirected to, and the head of the response; all are good until it returns.
func (s *Site) Explain(local, remote netip.AddrPort, secure bool, request io.Reader, t Tracer, done func(r *Request, head []byte)) {
	c := new(Conn)
	sink := &explained{request: request, local: local, remote: remote, secure: secure}
	c.start(s, sink)
	c.tracer = t
	c.next()
	head := sink.head
	if end := bytes.Index(head, headEnd); end >= 0 {
		head = head[:end+len(headEnd)]
	}
	done(&c.req, head)
	c.reader.Release()
	c.out.release()
}

var headEnd = []byte("\r\n\r\n")

// errEnough ends a response of which the head has been seen.
var errEnough = errors.New("the head of the response is all that is wanted")

// explained is a Transport that keeps the head of what is sent.
type explained struct {
	request       io.Reader
	local, remote netip.AddrPort
	secure        bool
	head          []byte
}

func (e *explained) Read(p []byte) (int, error) { return e.request.Read(p) }

// Write takes what comes until the head of a response proper is whole.
func (e *explained) Write(p []byte) (int, error) {
	if end := bytes.Index(e.head, headEnd); end >= 0 {
		return 0, errEnough
	}
	e.head = append(e.head, p...)
	for bytes.HasPrefix(e.head, []byte("HTTP/1.1 100")) {
		_, rest, ok := bytes.Cut(e.head, headEnd)
		if !ok {
			break
		}
		e.head = rest
	}
	return len(p), nil
}

// Writev writes buffers in order.
func (e *explained) Writev(bufs ...[]byte) (n int64, err error) {
	for _, b := range bufs {
		m, err := e.Write(b)
		if n += int64(m); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Sendfile sends nothing.
func (e *explained) Sendfile(_ *os.File, _, n int64) (int64, error) { return n, nil }

func (e *explained) Local() netip.AddrPort            { return e.local }
func (e *explained) Remote() netip.AddrPort           { return e.remote }
func (e *explained) LocalAddr() net.Addr              { return net.TCPAddrFromAddrPort(e.local) }
func (e *explained) RemoteAddr() net.Addr             { return net.TCPAddrFromAddrPort(e.remote) }
func (e *explained) Secure() bool                     { return e.secure }
func (e *explained) Close() error                     { return nil }
func (e *explained) CloseWrite() error                { return nil }
func (e *explained) SetDeadline(time.Time) error      { return nil }
func (e *explained) SetReadDeadline(time.Time) error  { return nil }
func (e *explained) SetWriteDeadline(time.Time) error { return nil }
func (e *explained) Idle()                            {}
func (e *explained) Busy() bool                       { return true }
func (e *explained) Acquire() bool                    { return true }
func (e *explained) Release()                         {}
func (e *explained) Draining() bool                   { return false }
func (e *explained) Worker() *scoreboard.Worker       { return nil }
