package scoreboard

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// magic names the layout; a child that maps a board of another layout (a
// binary replaced under a running master) refuses it.
const magic = 0x68747764_00000001

// header is the first row of a board.
type header struct {
	magic   uint64
	servers int64
	threads int64
	_       [5]uint64

	// Generation is the number of the generation that serves now.
	Generation atomic.Int64
	// Started and Restarted are Unix times in microseconds: of the master's
	// start, and of the last restart.
	Started, Restarted atomic.Int64
	// Waiting is how many children wait for a connection; see mpm's acceptor.
	_       [5]uint64
	Waiting atomic.Int64
	_       [7]uint64
}

const (
	headerSize  = 4096 // rows begin on a page
	processSize = 256
	workerSize  = 512
)

// A Board is a mapped scoreboard. Its methods may be called from any
// goroutine.
type Board struct {
	mem  []byte
	file *os.File
	head *header

	servers, threads int
	words            int // bitmap words per process
	stride           int // bytes per process row with its bitmap
	workers          int // offset of the first worker row
}

func (b *Board) layout(servers, threads int) int {
	b.servers, b.threads = servers, threads
	b.words = (threads + 63) / 64
	b.stride = processSize + (b.words*8+63)/64*64
	b.workers = headerSize + (servers*b.stride+workerSize-1)/workerSize*workerSize
	return b.workers + servers*threads*workerSize
}

// Create makes a board with room for servers children of threads workers
// each. The caller owns it and closes it.
func Create(servers, threads int) (*Board, error) {
	if servers < 1 || threads < 1 {
		return nil, fmt.Errorf("scoreboard: %d servers of %d threads", servers, threads)
	}
	b := new(Board)
	size := b.layout(servers, threads)
	fd, err := unix.MemfdCreate("httpd-scoreboard", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("scoreboard: memfd_create: %w", err)
	}
	b.file = os.NewFile(uintptr(fd), "scoreboard")
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		b.file.Close()
		return nil, fmt.Errorf("scoreboard: %d bytes: %w", size, err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		b.file.Close()
		return nil, fmt.Errorf("scoreboard: seal: %w", err)
	}
	if err := b.mmap(size); err != nil {
		b.file.Close()
		return nil, err
	}
	b.head.magic, b.head.servers, b.head.threads = magic, int64(servers), int64(threads)
	return b, nil
}

// Open maps a board that another process made. It takes over f.
func Open(f *os.File) (*Board, error) {
	b := &Board{file: f}
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("scoreboard: %w", err)
	}
	if st.Size() < headerSize {
		return nil, errors.New("scoreboard: too small")
	}
	if err := b.mmap(int(st.Size())); err != nil {
		return nil, err
	}
	s, t := b.head.servers, b.head.threads
	if b.head.magic != magic || s < 1 || t < 1 || s > 1<<20 || t > 1<<20 || b.layout(int(s), int(t)) != len(b.mem) {
		unix.Munmap(b.mem)
		return nil, errors.New("scoreboard: made by another version of this program")
	}
	return b, nil
}

func (b *Board) mmap(size int) error {
	mem, err := unix.Mmap(int(b.file.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("scoreboard: mmap: %w", err)
	}
	b.mem = mem
	b.head = (*header)(unsafe.Pointer(&mem[0]))
	return nil
}

// Close unmaps the board. No row of it may be used afterwards.
func (b *Board) Close() error {
	if b.mem == nil {
		return nil
	}
	err := unix.Munmap(b.mem)
	b.mem = nil
	return errors.Join(err, b.file.Close())
}

// File is the memfd, to be inherited by a child. The board owns it.
func (b *Board) File() *os.File { return b.file }

// Servers and Threads are the board's size.
func (b *Board) Servers() int { return b.servers }

// Threads is the number of worker rows of each process.
func (b *Board) Threads() int { return b.threads }

// Generation is the number of the generation that serves now.
func (b *Board) Generation() *atomic.Int64 { return &b.head.Generation }

// Started is the Unix time of the master's start, in microseconds.
func (b *Board) Started() *atomic.Int64 { return &b.head.Started }

// Restarted is the Unix time of the last (re)start, in microseconds.
func (b *Board) Restarted() *atomic.Int64 { return &b.head.Restarted }

// Waiting is the number of children that wait for a connection.
func (b *Board) Waiting() *atomic.Int64 { return &b.head.Waiting }

// Process is the row of the child in slot i, 0 <= i < Servers.
func (b *Board) Process(i int) *Process {
	if i < 0 || i >= b.servers {
		panic("scoreboard: process slot out of range")
	}
	return (*Process)(unsafe.Pointer(&b.mem[headerSize+i*b.stride]))
}

// Free is the bitmap of the idle workers of the child in slot i: bit t%64 of
// word t/64 is set while worker t is idle.
func (b *Board) Free(i int) []atomic.Uint64 {
	if i < 0 || i >= b.servers {
		panic("scoreboard: process slot out of range")
	}
	p := unsafe.Pointer(&b.mem[headerSize+i*b.stride+processSize])
	return unsafe.Slice((*atomic.Uint64)(p), b.words)
}

// Worker is the row of worker t of the child in slot i.
func (b *Board) Worker(i, t int) *Worker {
	if i < 0 || i >= b.servers || t < 0 || t >= b.threads {
		panic("scoreboard: worker slot out of range")
	}
	return (*Worker)(unsafe.Pointer(&b.mem[b.workers+(i*b.threads+t)*workerSize]))
}
