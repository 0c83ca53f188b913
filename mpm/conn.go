package mpm

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/scoreboard"
)

// A Conn is an accepted connection: a net.Conn that knows its listener and
// tells the child when it is idle. One goroutine reads and one writes at a
// time. It is closed by Close alone, which ends its count; the goroutine that
// the handler runs in calls it at last.
type Conn struct {
	Socket *Socket // the listener it came by
	ID     uint64  // number of the connection in this child, from 1

	f     *os.File
	raw   syscall.RawConn // made when first needed
	child *Child

	local, remote netip.AddrPort
	state         atomic.Uint32

	slot int // request slot that it holds, or noSlot
	hint int // the one it held last

	prev, next *Conn // the child's list of open ones

	// the vectored write or sendfile under way; see io.go
	out output
}

// The states of a connection, as a drain sees them.
const (
	connBusy   = iota // a request is being read or served, or the first one awaited
	connIdle          // between two requests
	connReaped        // was idle in a drain: to be closed
	connClosed
)

// Idle says that the connection waits for its next request and nothing of it
// has been read. While it is so a drain may end the wait: Read then fails
// with a timeout and Busy reports false.
func (c *Conn) Idle() {
	if c.state.CompareAndSwap(connBusy, connIdle) {
		c.child.proc.KeepAlive.Add(1)
		if c.child.reaping.Load() {
			c.reap()
		}
	}
}

// Busy says that bytes of a request have come. It reports false if the child
// has given the connection up meanwhile; it is to be closed then, unanswered.
func (c *Conn) Busy() bool {
	if c.state.CompareAndSwap(connIdle, connBusy) {
		c.child.proc.KeepAlive.Add(-1)
		return true
	}
	return c.state.Load() == connBusy
}

// reap ends the wait of an idle connection.
func (c *Conn) reap() {
	if c.state.CompareAndSwap(connIdle, connReaped) {
		c.child.proc.KeepAlive.Add(-1)
		_ = c.f.SetReadDeadline(time.Unix(1, 0))
	}
}

// Acquire takes a request slot for the connection's next request, waiting for
// one if need be; it reports false if the child is to stop at once instead.
// A connection that holds one already (a new one of prefork) goes on with it.
// Only the goroutine that serves the connection calls it; a protocol with
// several requests at a time takes them from Child.Slots.
func (c *Conn) Acquire() bool {
	if c.slot >= 0 {
		return true
	}
	i, ok := c.child.Slots.Acquire(c.hint, c.child.stopping)
	if ok {
		c.slot, c.hint = i, i
	}
	return ok
}

// Release gives the slot back when a request is done.
func (c *Conn) Release() {
	if c.slot >= 0 {
		i := c.slot
		c.slot = noSlot
		c.child.Slots.Release(i)
	}
}

// Slot is the request slot that the connection holds, or -1.
func (c *Conn) Slot() int { return c.slot }

// Worker is the scoreboard row of the slot that the connection holds; nil if
// it holds none or the child has no row.
func (c *Conn) Worker() *scoreboard.Worker {
	if c.slot < 0 {
		return nil
	}
	return c.child.Worker(c.slot)
}

// Draining tells that the child finishes what it has and begins nothing new.
func (c *Conn) Draining() bool {
	select {
	case <-c.child.draining:
		return true
	default:
		return false
	}
}

// Secure tells that the bytes are encrypted on the wire: never, here. What
// puts TLS over the connection says otherwise.
func (c *Conn) Secure() bool { return false }

// Child is the process that serves the connection.
func (c *Conn) Child() *Child { return c.child }

// Local is the address that the client connected to.
func (c *Conn) Local() netip.AddrPort { return c.local }

// Remote is the client's address.
func (c *Conn) Remote() netip.AddrPort { return c.remote }

// LocalAddr implements net.Conn; Local costs nothing.
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr implements net.Conn; Remote costs nothing.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// opError makes the errors those of package net, which callers know.
func (c *Conn) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if errors.Is(err, os.ErrClosed) {
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.f.Read(b)
	if err != nil {
		err = c.opError("read", err)
	}
	return n, err
}

// Write implements net.Conn.
func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.f.Write(b)
	if err != nil {
		err = c.opError("write", err)
	}
	return n, err
}

// Close ends the connection.
func (c *Conn) Close() error {
	old := c.state.Swap(connClosed)
	if old == connClosed {
		return c.opError("close", net.ErrClosed)
	}
	if old == connIdle {
		c.child.proc.KeepAlive.Add(-1)
	}
	err := c.f.Close()
	c.child.closed(c)
	if err != nil {
		err = c.opError("close", err)
	}
	return err
}

// CloseWrite ends the sending side, as a lingering close begins.
func (c *Conn) CloseWrite() error {
	raw, err := c.SyscallConn()
	if err != nil {
		return c.opError("close", err)
	}
	var serr error
	if err := raw.Control(func(fd uintptr) { serr = unix.Shutdown(int(fd), unix.SHUT_WR) }); err != nil {
		serr = err
	}
	return c.opError("close", serr)
}

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.opError("set", c.f.SetDeadline(t)) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.opError("set", c.f.SetReadDeadline(t)) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.opError("set", c.f.SetWriteDeadline(t)) }

// SyscallConn implements syscall.Conn.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if c.raw == nil {
		raw, err := c.f.SyscallConn()
		if err != nil {
			return nil, err
		}
		c.raw = raw
	}
	return c.raw, nil
}
