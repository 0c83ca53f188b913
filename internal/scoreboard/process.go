package scoreboard

import (
	"math/bits"
	"sync/atomic"
)

// State is what a child is about as a whole.
type State uint32

// The states of a child.
const (
	Empty     State = iota // no child in this slot
	Starting               // not ready yet
	Serving                // accepts connections
	Quiescing              // finishes what it has
)

// A Process is one child's row.
type Process struct {
	PID        atomic.Int32
	state      atomic.Uint32
	Generation atomic.Int32
	Threads    atomic.Int32 // workers in use, the first ones of its rows
	StartTime  atomic.Int64 // Unix microseconds
	Accepted   atomic.Uint64
	_          [4]uint64

	// What follows is written at every connection or request.
	Connections atomic.Int32 // open now
	KeepAlive   atomic.Int32 // of these, idle between two requests
	Writing     atomic.Int32 // of these, finishing a response without a worker
	Closing     atomic.Int32 // of these, in lingering close
	Queued      atomic.Int32 // of these, waiting for a worker
	// Waiting is 1 while the child counts in the board's Waiting.
	Waiting atomic.Int32
	_       [8]byte
	_       [4]uint64

	_ [16]uint64
}

// State tells what the child is about.
func (p *Process) State() State { return State(p.state.Load()) }

// SetState publishes what the child is about.
func (p *Process) SetState(s State) { p.state.Store(uint32(s)) }

// Clear empties the child's row and its workers'. Only the master calls it,
// before it starts a child in the slot and after that child is gone.
func (b *Board) Clear(i int) {
	p := b.Process(i)
	p.SetState(Empty)
	p.PID.Store(0)
	p.Generation.Store(0)
	p.Threads.Store(0)
	p.StartTime.Store(0)
	p.Accepted.Store(0)
	p.Connections.Store(0)
	p.KeepAlive.Store(0)
	p.Writing.Store(0)
	p.Closing.Store(0)
	p.Queued.Store(0)
	if p.Waiting.Swap(0) == 1 {
		b.head.Waiting.Add(-1)
	}
	free := b.Free(i)
	for w := range free {
		free[w].Store(0)
	}
	for t := range b.threads {
		b.Worker(i, t).clear()
	}
}

// Idle counts the idle workers of the child in slot i. Never more than its
// rows, whatever the child wrote.
func (b *Board) Idle(i int) int {
	n := 0
	for w := range b.Free(i) {
		n += bits.OnesCount64(b.Free(i)[w].Load())
	}
	return min(n, b.threads)
}
