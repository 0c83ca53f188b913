package scoreboard

import (
	"sync/atomic"
	"time"
)

// Status is what one worker does: a letter of mod_status's Scoreboard line.
type Status uint32

// The letters, as mod_status explains them. Dead is zero, so that a cleared
// row is an open slot.
const (
	Dead      Status = iota // "." Open slot with no current process
	StartUp                 // "S" Starting up
	Ready                   // "_" Waiting for Connection
	BusyRead                // "R" Reading Request
	BusyWrite               // "W" Sending Reply
	KeepAlive               // "K" Keepalive (read)
	Log                     // "L" Logging
	DNS                     // "D" DNS Lookup
	Closing                 // "C" Closing connection
	Graceful                // "G" Gracefully finishing
	IdleKill                // "I" Idle cleanup of worker
)

const letters = ".S_RWKLDCGI"

// Letter is the status's character in the Scoreboard line.
func (s Status) Letter() byte {
	if int(s) < len(letters) {
		return letters[s]
	}
	return '?'
}

// A Worker is one worker's row. Only the request that holds the worker
// writes to it; any process reads it.
type Worker struct {
	status atomic.Uint32
	seq    atomic.Uint32 // odd while the text is being written

	Accesses   atomic.Uint64 // requests served in this slot, over all children
	Bytes      atomic.Uint64 // bytes sent, likewise
	MyAccesses atomic.Uint64 // requests served by this child
	MyBytes    atomic.Uint64
	ConnCount  atomic.Uint32 // requests on the present connection
	_          uint32
	ConnBytes  atomic.Uint64
	Started    atomic.Int64 // Unix microseconds: the present or last request's beginning
	Stopped    atomic.Int64 // and its end; before Started while it runs
	Duration   atomic.Int64 // microseconds of all requests together
	LastUsed   atomic.Int64 // Unix microseconds
	_          [5]uint64

	client   text64
	vhost    text64
	protocol text16
	_        [16]byte
	request  text192
	_        [32]byte
}

type (
	text16  struct{ b [16]byte }
	text64  struct{ b [64]byte }
	text192 struct{ b [192]byte }
)

// put copies s, cut to fit, and ends it with NUL when it is shorter.
func put(dst []byte, s string) {
	n := copy(dst, s)
	if n < len(dst) {
		dst[n] = 0
	}
}

func get(src []byte) string {
	for i, c := range src {
		if c == 0 {
			return string(src[:i])
		}
	}
	return string(src)
}

// Status is what the worker does now.
func (w *Worker) Status() Status { return Status(w.status.Load()) }

// SetStatus publishes what the worker does now. A worker that is ready again
// has no connection to count for.
func (w *Worker) SetStatus(s Status) {
	if s == Ready {
		w.ConnCount.Store(0)
		w.ConnBytes.Store(0)
	}
	w.status.Store(uint32(s))
}

// Begin notes a request's start. client, vhost, protocol and request are cut
// to 64, 64, 16 and 192 bytes; pass "" for what is not to be shown
// (ExtendedStatus Off).
func (w *Worker) Begin(now time.Time, client, vhost, protocol, request string) {
	w.seq.Add(1)
	put(w.client.b[:], client)
	put(w.vhost.b[:], vhost)
	put(w.protocol.b[:], protocol)
	put(w.request.b[:], request)
	w.seq.Add(1)
	w.Started.Store(now.UnixMicro())
	w.LastUsed.Store(now.UnixMicro())
}

// End notes a request's end and counts it.
func (w *Worker) End(now time.Time, bytes int64) {
	t := now.UnixMicro()
	w.Accesses.Add(1)
	w.MyAccesses.Add(1)
	w.ConnCount.Add(1)
	if bytes > 0 {
		w.Bytes.Add(uint64(bytes))
		w.MyBytes.Add(uint64(bytes))
		w.ConnBytes.Add(uint64(bytes))
	}
	if s := w.Started.Load(); s > 0 && t > s {
		w.Duration.Add(t - s)
	}
	w.Stopped.Store(t)
	w.LastUsed.Store(t)
}

// Text returns the texts of the present or last request. They may be of two
// requests mixed if the worker is very busy; they are for display only.
func (w *Worker) Text() (client, vhost, protocol, request string) {
	for range 4 {
		s := w.seq.Load()
		client, vhost, protocol, request = get(w.client.b[:]), get(w.vhost.b[:]), get(w.protocol.b[:]), get(w.request.b[:])
		if s&1 == 0 && w.seq.Load() == s {
			break
		}
	}
	return
}

// clear makes the row an open slot. The sums of the slot stay: mod_status
// counts over all children that ever used it.
func (w *Worker) clear() {
	w.SetStatus(Dead)
	w.MyAccesses.Store(0)
	w.MyBytes.Store(0)
	w.ConnCount.Store(0)
	w.ConnBytes.Store(0)
	w.Started.Store(0)
	w.Stopped.Store(0)
	w.seq.Store(0)
	put(w.client.b[:], "")
	put(w.vhost.b[:], "")
	put(w.protocol.b[:], "")
	put(w.request.b[:], "")
}
