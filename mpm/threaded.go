package mpm

import (
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/scoreboard"
)

// threaded accepts for worker and event: a loop for each socket, by way of
// Go's poller. It accepts while the child has an idle slot and fewer
// connections than AsyncRequestWorkerFactor allows; of several children that
// are woken the one with most connections stands back for a moment, so that
// all get their share.
type threaded struct {
	*acceptor
	loops []*threadedLoop
}

type threadedLoop struct {
	*threaded
	s    *Socket
	f    *os.File
	raw  syscall.RawConn
	park chan struct{}
}

// standBack is how long a child with more connections than another leaves a
// new one to that.
const standBack = 200 * time.Microsecond

func startThreaded(a *acceptor) error {
	t := &threaded{acceptor: a}
	for _, s := range a.sockets {
		l := &threadedLoop{threaded: t, s: s, f: os.NewFile(uintptr(s.FD()), "listener"), park: make(chan struct{}, 1)}
		var err error
		if l.raw, err = l.f.SyscallConn(); err != nil {
			return err
		}
		t.loops = append(t.loops, l)
	}
	a.wake = func() {
		t.unpark()
		if a.over() {
			for _, l := range t.loops {
				_ = l.f.SetReadDeadline(time.Unix(1, 0))
			}
		}
	}
	a.c.Slots.wake = t.unpark
	go a.wakeOnDrain()
	var wg sync.WaitGroup
	for _, l := range t.loops {
		wg.Go(l.run)
	}
	go func() {
		wg.Wait()
		a.finish()
	}()
	return nil
}

// unpark wakes the loops from their wait for room.
func (t *threaded) unpark() {
	for _, l := range t.loops {
		select {
		case l.park <- struct{}{}:
		default:
		}
	}
}

func (l *threadedLoop) run() {
	defer l.f.Close()
	rested := false
	for !l.over() {
		if !l.room() {
			l.waitRoom()
			continue
		}
		var (
			fd       int
			sa       unix.Sockaddr
			err      error
			rest, no bool
		)
		rerr := l.raw.Read(func(s uintptr) bool {
			if no = l.over() || !l.room(); no {
				return true
			}
			if rest = !rested && l.lighterSibling(); rest {
				return true
			}
			fd, sa, err = l.accept4(int(s))
			if err == unix.EAGAIN {
				rested = false // the next one to come is left to others again
				return false
			}
			return true
		})
		switch {
		case rerr != nil: // woken by the drain, or by the limit of another loop
			if !l.over() {
				_ = l.f.SetReadDeadline(time.Time{})
			}
		case no:
		case rest:
			time.Sleep(standBack)
			rested = true
		case err != nil:
			l.acceptError(err)
		default:
			rested = false
			l.start(l.s, fd, sa, noSlot)
			if l.over() {
				l.wake() // the other loops have had their last, too
			}
		}
	}
}

// room tells whether the child could serve a new connection.
func (t *threaded) room() bool {
	idle := t.c.Slots.Idle()
	return idle > 0 && int(t.c.proc.Connections.Load()) < t.c.Slots.Len()+int(t.c.m.AsyncFactor*float64(idle))
}

func (l *threadedLoop) waitRoom() {
	l.closing.Add(1)
	l.c.Slots.parked.Add(1)
	if !l.room() && !l.over() {
		<-l.park
	}
	l.c.Slots.parked.Add(-1)
	l.closing.Add(-1)
}

// lighterSibling tells whether another child that accepts has fewer
// connections than this one.
func (t *threaded) lighterSibling() bool {
	b, mine := t.c.board, t.c.proc.Connections.Load()
	if b == nil || mine == 0 {
		return false
	}
	gen := int32(t.c.Generation)
	for i := range b.Servers() {
		p := b.Process(i)
		if p.State() == scoreboard.Serving && p.Connections.Load() < mine && p.Generation.Load() == gen && p != t.c.proc && b.Idle(i) > 0 {
			return true
		}
	}
	return false
}
