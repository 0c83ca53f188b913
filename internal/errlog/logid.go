package errlog

import (
	"encoding/base64"
	"encoding/binary"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// LogID identifies a connection or request in the logs ("%L"). It is made when
// the first line about it is written, so the zero LogID is one of which
// nothing was logged. A LogID must not be copied; it may be asked from any
// goroutine.
type LogID struct{ p atomic.Pointer[string] }

// String returns the ID, "" while nothing was logged.
func (id *LogID) String() string {
	if p := id.p.Load(); p != nil {
		return *p
	}
	return ""
}

// Reset makes id as new, for the next request that uses its memory.
func (id *LogID) Reset() { id.p.Store(nil) }

// assign gives id its value and tells whether it had none.
func (id *LogID) assign() bool {
	if id.p.Load() != nil {
		return false
	}
	// As Apache's: the time in microseconds, told apart by process and thread.
	n := uint64(time.Now().UnixMicro()) ^ uint64(os.Getpid())<<40 ^ uint64(syscall.Gettid())<<32
	s := base64.RawStdEncoding.EncodeToString(binary.NativeEndian.AppendUint64(nil, n))
	return id.p.CompareAndSwap(nil, &s)
}
