package mpm

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// Slots are a child's request slots: a request holds one from its beginning
// to its end, a connection that waits for its next request holds none. There
// are ThreadsPerChild of them.
//
// The bitmap of idle slots lies in the scoreboard, so that the master counts
// idle workers without being told. Taking and giving back a slot is one
// compare-and-swap; only requests that find none idle touch a lock, and they
// are served in the order they came.
type Slots struct {
	free    []atomic.Uint64
	n       int
	waiters atomic.Int32
	// parked counts the accept loops that wait for an idle slot.
	parked atomic.Int32
	wake   func()

	mu    sync.Mutex
	queue []chan int
}

func newSlots(free []atomic.Uint64, n int) *Slots {
	s := &Slots{free: free, n: n, wake: func() {}}
	for w := range s.free {
		left := n - w*64
		switch {
		case left >= 64:
			free[w].Store(^uint64(0))
		case left > 0:
			free[w].Store(1<<left - 1)
		default:
			free[w].Store(0)
		}
	}
	return s
}

// Len is the number of slots.
func (s *Slots) Len() int { return s.n }

// Idle is the number of idle slots.
func (s *Slots) Idle() int {
	n := 0
	for w := range s.free {
		n += bits.OnesCount64(s.free[w].Load())
	}
	return n
}

// TryAcquire takes an idle slot, the one numbered hint if it is idle: a
// connection that passes the slot it had last keeps its worker's row warm.
func (s *Slots) TryAcquire(hint int) (int, bool) {
	if hint < 0 || hint >= s.n {
		hint = 0
	}
	first, bit := hint/64, uint64(1)<<(hint%64)
	for {
		v := s.free[first].Load()
		if v&bit == 0 {
			break
		}
		if s.free[first].CompareAndSwap(v, v&^bit) {
			return hint, true
		}
	}
	for k := range s.free {
		w := first + k
		if w >= len(s.free) {
			w -= len(s.free)
		}
		for v := s.free[w].Load(); v != 0; v = s.free[w].Load() {
			b := bits.TrailingZeros64(v)
			if s.free[w].CompareAndSwap(v, v&^(1<<b)) {
				return w*64 + b, true
			}
		}
	}
	return 0, false
}

// Acquire takes a slot and waits for one if need be. It reports false if stop
// is closed first; a nil stop waits for ever.
func (s *Slots) Acquire(hint int, stop <-chan struct{}) (int, bool) {
	if i, ok := s.TryAcquire(hint); ok {
		return i, true
	}
	c := make(chan int, 1)
	s.mu.Lock()
	s.queue = append(s.queue, c)
	s.waiters.Store(int32(len(s.queue)))
	// A slot given back between the try above and the store was put into the
	// bitmap by someone who saw no waiter.
	if i, ok := s.TryAcquire(hint); ok {
		s.hand(i)
	}
	s.mu.Unlock()
	select {
	case i := <-c:
		return i, true
	case <-stop:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, q := range s.queue {
		if q == c {
			s.queue = append(s.queue[:k], s.queue[k+1:]...)
			s.waiters.Store(int32(len(s.queue)))
			return 0, false
		}
	}
	return <-c, true // it was handed over meanwhile
}

// hand gives slot i to the longest waiter. s.mu is held and there is one.
func (s *Slots) hand(i int) {
	c := s.queue[0]
	s.queue = s.queue[:copy(s.queue, s.queue[1:])]
	s.waiters.Store(int32(len(s.queue)))
	c <- i
}

// Release gives slot i back.
func (s *Slots) Release(i int) {
	if s.waiters.Load() > 0 {
		s.mu.Lock()
		if len(s.queue) > 0 {
			s.hand(i)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
	w, bit := &s.free[i/64], uint64(1)<<(i%64)
	for {
		v := w.Load()
		if w.CompareAndSwap(v, v|bit) {
			break
		}
	}
	// A waiter that queued after the look above and before the store tries
	// once more itself, so none is left behind.
	if s.waiters.Load() > 0 {
		s.mu.Lock()
		if len(s.queue) > 0 {
			if j, ok := s.TryAcquire(i); ok {
				s.hand(j)
			}
		}
		s.mu.Unlock()
	}
	if s.parked.Load() > 0 {
		s.wake()
	}
}
