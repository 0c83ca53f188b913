package scoreboard

import (
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestRowSizes(t *testing.T) {
	if s := unsafe.Sizeof(Process{}); s != processSize {
		t.Errorf("Process is %d bytes, the layout says %d", s, processSize)
	}
	if s := unsafe.Sizeof(Worker{}); s != workerSize {
		t.Errorf("Worker is %d bytes, the layout says %d", s, workerSize)
	}
	if s := unsafe.Sizeof(header{}); s > headerSize {
		t.Errorf("header is %d bytes, the layout says %d", s, headerSize)
	}
}

// reopen maps the same memory a second time, as a child does.
func reopen(t *testing.T, b *Board) *Board {
	t.Helper()
	fd, err := unix.Dup(int(b.File().Fd()))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(os.NewFile(uintptr(fd), "dup"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestSharedRows(t *testing.T) {
	b, err := Create(3, 70)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c := reopen(t, b)
	if c.Servers() != 3 || c.Threads() != 70 {
		t.Fatalf("size %dx%d", c.Servers(), c.Threads())
	}
	for i := range 3 {
		c.Process(i).PID.Store(int32(100 + i))
		c.Free(i)[1].Store(0x3f)
		for w := range 70 {
			c.Worker(i, w).SetStatus(Status(w % 11))
		}
	}
	for i := range 3 {
		if got := b.Process(i).PID.Load(); got != int32(100+i) {
			t.Errorf("slot %d: pid %d", i, got)
		}
		if got := b.Idle(i); got != 6 {
			t.Errorf("slot %d: %d idle, want 6", i, got)
		}
		var line strings.Builder
		for w := range 11 {
			line.WriteByte(b.Worker(i, w).Status().Letter())
		}
		if line.String() != ".S_RWKLDCGI" {
			t.Errorf("slot %d: letters %q", i, line.String())
		}
	}
	c.Free(0)[0].Store(^uint64(0))
	c.Free(0)[1].Store(^uint64(0))
	if got := b.Idle(0); got != 70 {
		t.Errorf("a child's nonsense gives %d idle workers of 70", got)
	}
}

func TestWorkerRequest(t *testing.T) {
	b, err := Create(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	w := b.Worker(0, 0)
	t0 := time.UnixMicro(1_000_000)
	w.Begin(t0, "192.0.2.1", "www.example.com", "http/1.1", "GET /"+strings.Repeat("x", 300))
	w.End(t0.Add(1500*time.Microsecond), 42)
	client, vhost, protocol, request := w.Text()
	if client != "192.0.2.1" || vhost != "www.example.com" || protocol != "http/1.1" || len(request) != 192 {
		t.Errorf("%q %q %q %q", client, vhost, protocol, request)
	}
	if w.Duration.Load() != 1500 || w.Bytes.Load() != 42 || w.Accesses.Load() != 1 {
		t.Errorf("duration %d bytes %d accesses %d", w.Duration.Load(), w.Bytes.Load(), w.Accesses.Load())
	}
	b.Clear(0)
	if w.Accesses.Load() != 1 || w.MyAccesses.Load() != 0 {
		t.Errorf("after Clear: %d accesses of the slot, %d of the child", w.Accesses.Load(), w.MyAccesses.Load())
	}
}

// A child must not be able to crash the master through the board.
func TestSealed(t *testing.T) {
	b, err := Create(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := unix.Ftruncate(int(b.File().Fd()), 0); err == nil {
		t.Error("the board can be truncated")
	}
}

func TestOpenRefuses(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "board")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(f); err == nil {
		t.Error("an empty file is taken for a board")
	}
	f.Truncate(1 << 16)
	if _, err := Open(f); err == nil {
		t.Error("zeros are taken for a board")
	}
}
