package server

import (
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"httpd-wsgi/internal/scoreboard"
)

// Transport is what a connection comes over: a socket, or TLS over one, with
// what the process model wants to know of its use. One goroutine uses it.
type Transport interface {
	net.Conn
	// Local is the address that the client connected to, Remote its own.
	Local() netip.AddrPort
	Remote() netip.AddrPort
	// CloseWrite ends the sending side.
	CloseWrite() error
	// Writev writes buffers in order, Sendfile n bytes of f from off. Both return the bytes written, also with an error.
	Writev(bufs ...[]byte) (int64, error)
	Sendfile(f *os.File, off, n int64) (int64, error)

	// Idle says that the connection waits for its next request; Busy that bytes of it have come, and reports false if
	// the process has given the connection up meanwhile.
	Idle()
	Busy() bool
	// Acquire takes a request slot of the process, waiting for one; it reports false if the process is to stop.
	// Release gives it back.
	Acquire() bool
	Release()
	// Draining tells that the process finishes what it has and begins nothing new.
	Draining() bool
	// Worker is the scoreboard's row of the slot, nil if there is none.
	Worker() *scoreboard.Worker
	// Secure tells that the client speaks TLS.
	Secure() bool
}

// NewTransport makes a Transport of a connection outside any process model.
// secure tells that it is one of TLS.
func NewTransport(c net.Conn, secure bool) Transport {
	return &plainTransport{Conn: c, local: addrPort(c.LocalAddr()), remote: addrPort(c.RemoteAddr()), secure: secure}
}

type plainTransport struct {
	net.Conn
	local, remote netip.AddrPort
	secure        bool
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort()
	}
	return netip.AddrPort{}
}

func (t *plainTransport) Local() netip.AddrPort      { return t.local }
func (t *plainTransport) Remote() netip.AddrPort     { return t.remote }
func (t *plainTransport) Idle()                      {}
func (t *plainTransport) Busy() bool                 { return true }
func (t *plainTransport) Acquire() bool              { return true }
func (t *plainTransport) Release()                   {}
func (t *plainTransport) Draining() bool             { return false }
func (t *plainTransport) Worker() *scoreboard.Worker { return nil }
func (t *plainTransport) Secure() bool               { return t.secure }

// CloseWrite ends the sending side if the connection can.
func (t *plainTransport) CloseWrite() error {
	if c, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// Writev writes buffers in order.
func (t *plainTransport) Writev(bufs ...[]byte) (n int64, err error) {
	for _, b := range bufs {
		m, err := t.Conn.Write(b)
		if n += int64(m); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Sendfile writes n bytes of f from off.
func (t *plainTransport) Sendfile(f *os.File, off, n int64) (int64, error) {
	return io.Copy(struct{ io.Writer }{t.Conn}, io.NewSectionReader(f, off, n))
}

// SecureTransport is t with TLS over it: c reads from and writes to t.
func SecureTransport(t Transport, c net.Conn) Transport {
	return &secureTransport{Transport: t, plain: plainTransport{Conn: c}}
}

// secureTransport takes the process model's side from the socket and the bytes from TLS.
type secureTransport struct {
	Transport
	plain plainTransport
}

func (t *secureTransport) Read(p []byte) (int, error)           { return t.plain.Read(p) }
func (t *secureTransport) Write(p []byte) (int, error)          { return t.plain.Write(p) }
func (t *secureTransport) Writev(bufs ...[]byte) (int64, error) { return t.plain.Writev(bufs...) }
func (t *secureTransport) CloseWrite() error                    { return t.plain.CloseWrite() }
func (t *secureTransport) SetDeadline(d time.Time) error        { return t.plain.SetDeadline(d) }
func (t *secureTransport) SetReadDeadline(d time.Time) error    { return t.plain.SetReadDeadline(d) }
func (t *secureTransport) SetWriteDeadline(d time.Time) error   { return t.plain.SetWriteDeadline(d) }
func (t *secureTransport) Secure() bool                         { return true }

// Close ends TLS and then the socket.
func (t *secureTransport) Close() error {
	err := t.plain.Close()
	if serr := t.Transport.Close(); err == nil {
		err = serr
	}
	return err
}

// Sendfile writes n bytes of f from off, read first: they are to be encrypted.
func (t *secureTransport) Sendfile(f *os.File, off, n int64) (int64, error) {
	return t.plain.Sendfile(f, off, n)
}
