package server

import (
	"io/fs"
	"path"
	"syscall"
	"time"
)

// fileInfo is an fs.FileInfo that a request carries and fills again, so that
// asking for a file costs no memory. Sys gives the *syscall.Stat_t.
type fileInfo struct {
	name string
	st   syscall.Stat_t
}

func (f *fileInfo) stat(name string) error {
	f.name = name
	return ignoringEINTR(func() error { return syscall.Stat(name, &f.st) })
}

func (f *fileInfo) lstat(name string) error {
	f.name = name
	return ignoringEINTR(func() error { return syscall.Lstat(name, &f.st) })
}

// ignoringEINTR asks again when a signal came in between.
func ignoringEINTR(fn func() error) error {
	for {
		if err := fn(); err != syscall.EINTR {
			return err
		}
	}
}

func (f *fileInfo) Name() string       { return path.Base(f.name) }
func (f *fileInfo) Size() int64        { return f.st.Size }
func (f *fileInfo) ModTime() time.Time { return time.Unix(f.st.Mtim.Unix()) }
func (f *fileInfo) IsDir() bool        { return f.st.Mode&syscall.S_IFMT == syscall.S_IFDIR }
func (f *fileInfo) Sys() any           { return &f.st }

// Mode is the file's type and permissions.
func (f *fileInfo) Mode() fs.FileMode {
	m := fs.FileMode(f.st.Mode & 0o777)
	switch f.st.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		m |= fs.ModeDir
	case syscall.S_IFLNK:
		m |= fs.ModeSymlink
	case syscall.S_IFREG:
	case syscall.S_IFBLK:
		m |= fs.ModeDevice
	case syscall.S_IFCHR:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case syscall.S_IFIFO:
		m |= fs.ModeNamedPipe
	case syscall.S_IFSOCK:
		m |= fs.ModeSocket
	default:
		m |= fs.ModeIrregular
	}
	if f.st.Mode&syscall.S_ISUID != 0 {
		m |= fs.ModeSetuid
	}
	if f.st.Mode&syscall.S_ISGID != 0 {
		m |= fs.ModeSetgid
	}
	if f.st.Mode&syscall.S_ISVTX != 0 {
		m |= fs.ModeSticky
	}
	return m
}
