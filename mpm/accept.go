package mpm

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// An acceptor takes connections off the child's listening sockets when the
// child can use them: see threaded and prefork for the models' ways.
type acceptor struct {
	c       *Child
	h       Handler
	sockets []*Socket
	limit   uint64 // MaxConnectionsPerChild, or the largest number
	early   uint64 // when to ask for a successor
	taken   atomic.Uint64
	done    chan struct{} // closed when no connection comes any more

	closing atomic.Int32 // loops that want to know of closed connections
	wake    func()       // ends whatever the loops wait for
}

// noSlot is the slot of a connection that holds none.
const noSlot = -1

// startAcceptor makes the child accept connections for h.
func startAcceptor(c *Child, h Handler) error {
	a := &acceptor{c: c, h: h, sockets: c.Sockets(), limit: math.MaxUint64, early: math.MaxUint64, done: make(chan struct{})}
	if n := c.m.MaxConnections; n > 0 {
		a.limit = uint64(n)
		a.early = uint64(n - n/20)
	}
	c.acc = a
	if c.Model == Prefork {
		return startPrefork(a)
	}
	return startThreaded(a)
}

// finish is called when the loops have ended.
func (a *acceptor) finish() {
	if a.taken.Load() >= a.limit {
		a.c.Retire()
		a.c.Drain()
	}
	close(a.done)
	a.c.acceptorDone()
}

// wakeOnDrain wakes the loops when the drain begins.
func (a *acceptor) wakeOnDrain() {
	select {
	case <-a.c.draining:
		a.wake()
	case <-a.done:
	}
}

// connClosed is called for every closed connection.
func (a *acceptor) connClosed() {
	if a.closing.Load() > 0 {
		a.wake()
	}
}

// over tells whether the child takes no connection any more.
func (a *acceptor) over() bool {
	if a.taken.Load() >= a.limit {
		return true
	}
	select {
	case <-a.c.draining:
		return true
	default:
		return false
	}
}

// accept4 accepts one connection off fd; err is EAGAIN if there is none, or
// if the child has had its MaxConnectionsPerChild.
func (a *acceptor) accept4(fd int) (int, unix.Sockaddr, error) {
	if a.taken.Add(1) > a.limit {
		a.taken.Add(^uint64(0))
		return -1, nil, unix.EAGAIN
	}
	nfd, sa, err := unix.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		a.taken.Add(^uint64(0))
	}
	return nfd, sa, err
}

// start serves an accepted connection, with the slot for its first request or
// noSlot.
func (a *acceptor) start(s *Socket, fd int, sa unix.Sockaddr, slot int) {
	c := &Conn{Socket: s, child: a.c, remote: addrPort(sa), local: s.Addr, slot: slot, hint: max(slot, 0)}
	if s.Addr.Addr().IsUnspecified() {
		if sa, err := unix.Getsockname(fd); err == nil {
			c.local = addrPort(sa)
		}
	}
	c.f = os.NewFile(uintptr(fd), "")
	a.c.opened(c)
	if a.taken.Load() >= a.early {
		a.c.Retire()
	}
	go a.serve(c)
}

func (a *acceptor) serve(c *Conn) {
	defer func() {
		c.Close()
		c.Release()
	}()
	a.h.ServeConn(c)
}

// acceptError logs what is worth it and waits where trying again at once
// would only burn time.
func (a *acceptor) acceptError(err error) {
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED),
		errors.Is(err, unix.EPROTO), errors.Is(err, unix.ENETDOWN), errors.Is(err, unix.ENETUNREACH),
		errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.ENOPROTOOPT), errors.Is(err, unix.EHOSTDOWN):
		return
	}
	a.c.Log(Entry{Level: Error, Module: a.c.Model.Module(), Errno: errnoOf(err), Text: "accept: (client socket)"})
	time.Sleep(100 * time.Millisecond)
}

// signalEvent makes an eventfd readable.
func signalEvent(fd int) {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(fd, one[:])
}

// clearEvent makes it unreadable again and reports whether it was readable.
func clearEvent(fd int) bool {
	var b [8]byte
	n, _ := unix.Read(fd, b[:])
	return n == 8
}
