package mpm

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/scoreboard"
)

// An acceptor takes connections off the child's listening sockets when the
// child can use them. It waits in an epoll of its own and not in Go's poller,
// which would wake every child for every connection and could not let go of
// a listener while the child is busy.
//
// Worker and event children accept while they have an idle slot and fewer
// connections than AsyncRequestWorkerFactor allows; of several that are woken
// the one with most connections stands back for a moment, so that all get
// their share.
//
// A prefork child waits for a connection when it has none; the kernel wakes
// one such child for each. When none is left that waits, the crowd event
// calls one that has connections but no request to serve. A new connection
// holds its child's only slot until its first request ends, so nobody waits
// behind a client that has yet to speak.
type acceptor struct {
	c       *Child
	h       Handler
	sockets []*Socket
	limit   uint64 // MaxConnectionsPerChild, or the largest number
	early   uint64 // when to ask for a successor
	taken   uint64

	listeners int // epoll of the sockets and kick
	crowd     int // prefork: epoll of the crowd event and kick
	kick      int // eventfd: look again
	crowdFD   int // eventfd shared by all children

	park    chan struct{}
	closing atomic.Bool // wants to know of closed connections
}

// standBack is how long a child with more connections than another leaves a
// new one to that.
const standBack = 200 * time.Microsecond

// deputyTurn is how long a prefork child that has connections goes on waiting
// for new ones before it looks whether others do.
const deputyTurn = 50 // milliseconds

func newAcceptor(c *Child, h Handler) (a *acceptor, err error) {
	a = &acceptor{c: c, h: h, sockets: c.Sockets(), limit: math.MaxUint64, early: math.MaxUint64,
		listeners: -1, crowd: -1, kick: -1, crowdFD: c.m.Crowd,
		park: make(chan struct{}, 1)}
	if n := c.m.MaxConnections; n > 0 {
		a.limit = uint64(n)
		a.early = uint64(n - n/20)
	}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if a.kick, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	events := uint32(unix.EPOLLIN)
	if c.Model == Prefork {
		events |= unix.EPOLLEXCLUSIVE // wakes one of those that wait
		if a.crowd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
			return nil, os.NewSyscallError("epoll_create1", err)
		}
		if err = a.watch(a.crowd, a.crowdFD, events, 0); err != nil {
			return nil, err
		}
		if err = a.watch(a.crowd, a.kick, unix.EPOLLIN, 0); err != nil {
			return nil, err
		}
	}
	if a.listeners, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err = a.watch(a.listeners, a.kick, unix.EPOLLIN, 0); err != nil {
		return nil, err
	}
	if c.Model == Prefork {
		if err = a.watch(a.listeners, a.crowdFD, events, len(a.sockets)+1); err != nil {
			return nil, err
		}
	}
	for i, s := range a.sockets {
		if err = a.watch(a.listeners, s.FD(), events, i+1); err != nil {
			return nil, err
		}
	}
	c.Slots.wake = a.unpark
	return a, nil
}

// watch adds fd to the epoll; tag 0 is no listener.
func (a *acceptor) watch(ep, fd int, events uint32, tag int) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(tag)}))
}

// close lets go of the listeners. The kick event stays: a connection may be
// closing that is about to write to it.
func (a *acceptor) close() {
	for _, fd := range []int{a.listeners, a.crowd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	for _, s := range a.sockets {
		unix.Close(s.FD())
	}
}

// unpark wakes run from its wait for an idle slot.
func (a *acceptor) unpark() {
	select {
	case a.park <- struct{}{}:
	default:
	}
}

// wakeAll wakes run from whatever it waits for.
func (a *acceptor) wakeAll() {
	a.unpark()
	signalEvent(a.kick)
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

// connClosed is called for every closed connection.
func (a *acceptor) connClosed() {
	if a.closing.Load() {
		a.wakeAll()
	}
}

// run is the accept loop; it ends with the drain.
func (a *acceptor) run() {
	stop := make(chan struct{})
	go func() {
		<-a.c.draining
		a.wakeAll()
		close(stop)
	}()
	for !a.over() {
		if !a.room() {
			a.waitRoom()
			continue
		}
		if a.c.Model == Prefork {
			a.prefork()
		} else {
			a.threaded()
		}
	}
	if a.taken >= a.limit {
		a.c.Retire()
		a.c.Drain()
	}
	<-stop
	a.close()
	a.c.acceptorDone()
}

// over tells whether the child takes no connection any more.
func (a *acceptor) over() bool {
	if a.taken >= a.limit {
		return true
	}
	select {
	case <-a.c.draining:
		return true
	default:
		return false
	}
}

// room tells whether the child could serve a new connection.
func (a *acceptor) room() bool {
	idle := a.c.Slots.Idle()
	if idle == 0 {
		return false
	}
	if a.c.Model == Prefork {
		return true
	}
	open := int(a.c.proc.Connections.Load())
	return open < a.c.Slots.Len()+int(a.c.m.AsyncFactor*float64(idle))
}

func (a *acceptor) waitRoom() {
	a.closing.Store(true)
	a.c.Slots.parked.Store(true)
	if !a.room() && !a.over() {
		<-a.park
	}
	a.c.Slots.parked.Store(false)
	a.closing.Store(false)
}

// wait waits on an epoll for at most ms milliseconds (-1: for ever) and
// returns the tags that are ready.
func (a *acceptor) wait(ep, ms int, ready []int) []int {
	var ev [16]unix.EpollEvent
	n, err := unix.EpollWait(ep, ev[:], ms)
	if err != nil && err != unix.EINTR {
		a.c.Log(Entry{Level: Error, Module: a.c.Model.Module(), Errno: errnoOf(err), Text: "epoll_wait: (listen)"})
		time.Sleep(100 * time.Millisecond)
		return nil
	}
	for _, e := range ev[:max(n, 0)] {
		if e.Fd == 0 {
			clearEvent(a.kick)
		} else {
			ready = append(ready, int(e.Fd)-1)
		}
	}
	return ready
}

func (a *acceptor) threaded() {
	var space [16]int
	for _, i := range a.wait(a.listeners, -1, space[:0]) {
		if a.lighterSibling() {
			time.Sleep(standBack)
		}
		if a.over() || !a.room() {
			return
		}
		a.take(a.sockets[i], noSlot)
	}
}

// lighterSibling tells whether another child that accepts has fewer
// connections than this one.
func (a *acceptor) lighterSibling() bool {
	b, mine := a.c.board, a.c.proc.Connections.Load()
	if b == nil || mine == 0 {
		return false
	}
	gen := int32(a.c.Generation)
	for i := range b.Servers() {
		p := b.Process(i)
		if p.State() == scoreboard.Serving && p.Connections.Load() < mine && p.Generation.Load() == gen && p != a.c.proc && b.Idle(i) > 0 {
			return true
		}
	}
	return false
}

func (a *acceptor) prefork() {
	ms := -1
	if a.c.proc.Connections.Load() > 0 {
		if !a.waitCrowd() {
			return
		}
		ms = deputyTurn
	}
	w := a.c.board.Waiting()
	a.c.proc.Waiting.Store(1)
	w.Add(1)
	var space [16]int
	ready := a.wait(a.listeners, ms, space[:0])
	a.c.proc.Waiting.Store(0)
	left := w.Add(-1)
	if len(ready) > 0 && !a.preforkTake(ready) || left <= 0 {
		// A connection may wait that woke nobody but this child, or nobody
		// waits for the next one: another child shall look.
		signalEvent(a.crowdFD)
	}
}

// preforkTake takes one connection off the sockets that are ready. It reports
// false if this child could not because its slot was taken meanwhile.
func (a *acceptor) preforkTake(ready []int) bool {
	if a.over() {
		return false
	}
	slot, ok := a.c.Slots.TryAcquire(0)
	if !ok {
		return false
	}
	for _, i := range ready {
		if i < len(a.sockets) {
			if a.take(a.sockets[i], slot) {
				return true
			}
			continue
		}
		clearEvent(a.crowdFD) // called by another child: look everywhere
		for _, s := range a.sockets {
			if a.take(s, slot) {
				return true
			}
		}
	}
	a.c.Slots.Release(slot)
	return true
}

// waitCrowd waits until the child is called as one with connections, or has
// none any more. It reports whether it was called.
func (a *acceptor) waitCrowd() bool {
	a.closing.Store(true)
	defer a.closing.Store(false)
	if a.c.proc.Connections.Load() == 0 || a.over() {
		return false
	}
	if a.c.board.Waiting().Load() > 0 {
		// A lost call must not leave the listeners alone for ever.
		a.wait(a.crowd, 1000, nil)
	}
	return clearEvent(a.crowdFD) || a.c.board.Waiting().Load() <= 0
}

// noSlot is the slot of a connection that holds none.
const noSlot = -1

// take accepts one connection, with the slot for its first request or noSlot,
// and starts to serve it. It reports whether there was one.
func (a *acceptor) take(s *Socket, slot int) bool {
	fd, sa, err := unix.Accept4(s.FD(), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		a.acceptError(err)
		return false
	}
	c := &Conn{Socket: s, child: a.c, remote: addrPort(sa), local: s.Addr, slot: slot, hint: max(slot, 0)}
	if s.Addr.Addr().IsUnspecified() {
		if sa, err := unix.Getsockname(fd); err == nil {
			c.local = addrPort(sa)
		}
	}
	c.f = os.NewFile(uintptr(fd), "")
	a.c.opened(c)
	a.taken++
	if a.taken == a.early {
		a.c.Retire()
	}
	go a.serve(c)
	return true
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
