package mpm

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// prefork accepts for prefork, in an epoll of its own: Go's poller would wake
// every child for every connection, and could not let go of a listener while
// the child is busy.
//
// A child waits for a connection when it has none; the kernel wakes one such
// child for each. When none is left that waits, the crowd event calls one
// that has connections but no request to serve. A new connection holds its
// child's only slot until its first request ends, so nobody waits behind a
// client that has yet to speak.
type prefork struct {
	*acceptor
	listeners int // epoll of the sockets, crowd event and kick
	crowded   int // epoll of the crowd event and kick
	kick      int // eventfd: look again
	crowd     int // eventfd shared by all children
	park      chan struct{}
}

// deputyTurn is how long a child that has connections goes on waiting for new
// ones before it looks whether others do.
const deputyTurn = 50 // milliseconds

func startPrefork(a *acceptor) (err error) {
	p := &prefork{acceptor: a, listeners: -1, crowded: -1, crowd: a.c.m.Crowd, park: make(chan struct{}, 1)}
	if p.kick, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	if p.listeners, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if p.crowded, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	const one = unix.EPOLLIN | unix.EPOLLEXCLUSIVE // wakes one of those that wait
	watch := func(ep, fd int, events uint32, tag int) {
		if err == nil {
			err = os.NewSyscallError("epoll_ctl", unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(tag)}))
		}
	}
	watch(p.listeners, p.kick, unix.EPOLLIN, tagKick)
	watch(p.crowded, p.kick, unix.EPOLLIN, tagKick)
	watch(p.listeners, p.crowd, one, tagCrowd)
	watch(p.crowded, p.crowd, one, tagCrowd)
	for i, s := range a.sockets {
		watch(p.listeners, s.FD(), one, i)
	}
	if err != nil {
		return err
	}
	a.wake = func() {
		p.unpark()
		signalEvent(p.kick)
	}
	a.c.Slots.wake = p.unpark
	go a.wakeOnDrain()
	go p.run()
	return nil
}

// Tags of what an epoll reports that is no socket.
const (
	tagKick  = -1
	tagCrowd = -2
)

func (p *prefork) unpark() {
	select {
	case p.park <- struct{}{}:
	default:
	}
}

func (p *prefork) run() {
	for !p.over() {
		if p.c.Slots.Idle() == 0 {
			p.c.Slots.parked.Add(1)
			if p.c.Slots.Idle() == 0 && !p.over() {
				<-p.park
			}
			p.c.Slots.parked.Add(-1)
			continue
		}
		p.turn()
	}
	// kick stays open: a connection may be closing that is about to write to
	// it.
	unix.Close(p.listeners)
	unix.Close(p.crowded)
	for _, s := range p.sockets {
		unix.Close(s.FD())
	}
	p.finish()
}

// turn waits for a connection and takes it.
func (p *prefork) turn() {
	ms := -1
	if p.c.proc.Connections.Load() > 0 {
		if !p.waitCrowd() {
			return
		}
		ms = deputyTurn
	}
	w := p.c.board.Waiting()
	p.c.proc.Waiting.Store(1)
	w.Add(1)
	var space [16]int
	ready := p.wait(p.listeners, ms, space[:0])
	p.c.proc.Waiting.Store(0)
	left := w.Add(-1)
	if len(ready) > 0 && !p.take(ready) || left <= 0 {
		// A connection may wait that woke nobody but this child, or nobody
		// waits for the next one: another child shall look.
		signalEvent(p.crowd)
	}
}

// wait waits on an epoll for at most ms milliseconds (-1: for ever) and
// returns the tags that are ready, without the kick.
func (p *prefork) wait(ep, ms int, ready []int) []int {
	var ev [16]unix.EpollEvent
	n, err := unix.EpollWait(ep, ev[:], ms)
	if err != nil && err != unix.EINTR {
		p.c.Log(Entry{Level: Error, Module: p.c.Model.Module(), Errno: errnoOf(err), ID: "AH00158", Text: "apr_pollset_poll: (listen)"})
		time.Sleep(100 * time.Millisecond)
		return nil
	}
	for _, e := range ev[:max(n, 0)] {
		if e.Fd == tagKick {
			clearEvent(p.kick)
		} else {
			ready = append(ready, int(e.Fd))
		}
	}
	return ready
}

// waitCrowd waits until a child that has connections is called, or has none
// any more. It reports whether it is to wait for new ones.
func (p *prefork) waitCrowd() bool {
	p.closing.Add(1)
	defer p.closing.Add(-1)
	if p.c.proc.Connections.Load() == 0 || p.over() {
		return false
	}
	if p.c.board.Waiting().Load() > 0 {
		// A lost call must not leave the listeners alone for ever.
		p.wait(p.crowded, 1000, nil)
	}
	return clearEvent(p.crowd) || p.c.board.Waiting().Load() <= 0
}

// take takes one connection off the sockets that are ready. It reports false
// if this child could not because its slot was taken meanwhile.
func (p *prefork) take(ready []int) bool {
	if p.over() {
		return false
	}
	slot, ok := p.c.Slots.TryAcquire(0)
	if !ok {
		return false
	}
	for _, i := range ready {
		if i >= 0 {
			if p.accept(p.sockets[i], slot) {
				return true
			}
			continue
		}
		clearEvent(p.crowd) // called by another child: look everywhere
		for _, s := range p.sockets {
			if p.accept(s, slot) {
				return true
			}
		}
	}
	p.c.Slots.Release(slot)
	return true
}

// accept accepts one connection and reports whether there was one.
func (p *prefork) accept(s *Socket, slot int) bool {
	fd, sa, err := p.accept4(s.FD())
	if err != nil {
		p.acceptError(err)
		return false
	}
	p.start(s, fd, sa, slot)
	return true
}
