// Package filecache keeps the parsed contents of small files that may change
// while the server runs, such as password files. A file is read again when its
// device, inode, size or times differ from those of what is kept, so nothing
// stale is served; the price of a use is one stat.
package filecache

import (
	"io"
	"os"
	"sync/atomic"
	"syscall"
)

// File is one file and its parsed contents. Safe for concurrent use.
type File[T any] struct {
	// Path is where the file is.
	Path  string
	parse func([]byte) T
	kept  atomic.Pointer[entry[T]]
}

type entry[T any] struct {
	id    identity
	value T
}

type identity struct {
	dev, ino     uint64
	size         int64
	mtime, ctime syscall.Timespec
}

// New returns a File that nothing has read yet.
func New[T any](path string, parse func([]byte) T) *File[T] {
	return &File[T]{Path: path, parse: parse}
}

// Get returns the parsed contents of the file as it is now. The value is
// shared and must not be changed.
func (f *File[T]) Get() (T, error) {
	var st syscall.Stat_t
	var zero T
	if err := syscall.Stat(f.Path, &st); err != nil {
		return zero, &os.PathError{Op: "stat", Path: f.Path, Err: err}
	}
	id := identityOf(&st)
	if e := f.kept.Load(); e != nil && e.id == id {
		return e.value, nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return zero, err
	}
	defer file.Close()
	b, err := io.ReadAll(file)
	if err != nil {
		return zero, err
	}
	value := f.parse(b)
	// The identity from before reading: a change in between is seen next time.
	f.kept.Store(&entry[T]{id, value})
	return value, nil
}

func identityOf(st *syscall.Stat_t) identity {
	return identity{uint64(st.Dev), st.Ino, st.Size, st.Mtim, st.Ctim}
}
