package mpm

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

func TestSlotsAreExclusive(t *testing.T) {
	for _, n := range []int{1, 3, 64, 65, 130} {
		s := newSlots(make([]atomic.Uint64, (n+63)/64), n)
		if s.Idle() != n {
			t.Fatalf("%d slots: %d idle", n, s.Idle())
		}
		held := make([]atomic.Int32, n)
		var wg sync.WaitGroup
		for g := range 2*n + 4 {
			wg.Go(func() {
				hint := g
				for range 300 {
					i, ok := s.Acquire(hint, nil)
					if !ok {
						t.Error("no slot though nothing stopped")
						return
					}
					if held[i].Add(1) != 1 {
						t.Errorf("slot %d of %d is held twice", i, n)
					}
					if i%3 == 0 {
						runtime.Gosched()
					}
					held[i].Add(-1)
					hint = i
					s.Release(i)
				}
			})
		}
		wg.Wait()
		if s.Idle() != n || s.waiters.Load() != 0 {
			t.Errorf("%d slots: %d idle, %d waiters at the end", n, s.Idle(), s.waiters.Load())
		}
	}
}

func TestSlotsHint(t *testing.T) {
	s := newSlots(make([]atomic.Uint64, 2), 100)
	if i, _ := s.TryAcquire(77); i != 77 {
		t.Errorf("hint 77 gave %d", i)
	}
	if i, _ := s.TryAcquire(77); i == 77 {
		t.Error("77 is given twice")
	}
	if i, _ := s.TryAcquire(1000); i != 0 {
		t.Errorf("a hint beyond gave %d", i)
	}
}

func TestSlotsServeInOrder(t *testing.T) {
	s := newSlots(make([]atomic.Uint64, 1), 1)
	s.TryAcquire(0)
	stop := make(chan struct{})
	order := make(chan int, 3)
	var wg sync.WaitGroup
	for g := range 3 {
		before := s.waiters.Load()
		wg.Go(func() {
			// The second one is called off.
			var c chan struct{}
			if g == 1 {
				c = stop
			}
			if i, ok := s.Acquire(0, c); ok {
				order <- g
				s.Release(i)
			} else {
				order <- -1
			}
		})
		for s.waiters.Load() == before {
			runtime.Gosched()
		}
	}
	close(stop)
	if got := <-order; got != -1 {
		t.Errorf("the stopped one got %d", got)
	}
	s.Release(0)
	if a, b := <-order, <-order; a != 0 || b != 2 {
		t.Errorf("order %d, %d", a, b)
	}
	wg.Wait()
}

func BenchmarkSlots(b *testing.B) {
	s := newSlots(make([]atomic.Uint64, 1), 25)
	var g atomic.Int32
	b.RunParallel(func(pb *testing.PB) {
		hint := int(g.Add(1))
		for pb.Next() {
			i, _ := s.Acquire(hint, nil)
			hint = i
			s.Release(i)
		}
	})
}
