package server

import (
	"io"
	"io/fs"
	"os"
	"syscall"
)

// openFile opens a file for reading. Unlike os.Open it leaves the descriptor
// in blocking mode and out of the poller, which has no use for regular files
// and costs several system calls.
func openFile(name string) (*os.File, error) {
	for {
		fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NOCTTY, 0)
		switch err {
		case nil:
			return os.NewFile(uintptr(fd), name), nil
		case syscall.EINTR:
		default:
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
}

// readPiece reads buf full from fd at off. It returns what there is with io.ErrUnexpectedEOF if that is less.
func readPiece(fd int, buf []byte, off int64) ([]byte, error) {
	for got := 0; ; {
		n, err := syscall.Pread(fd, buf[got:], off+int64(got))
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return buf[:got], os.NewSyscallError("pread", err)
		}
		if got += n; got == len(buf) {
			return buf, nil
		}
		if n == 0 {
			return buf[:got], io.ErrUnexpectedEOF
		}
	}
}

// dupFile makes a file of a copy of fd.
func dupFile(fd int) (*os.File, error) {
	d, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 0)
	if e != 0 {
		return nil, os.NewSyscallError("fcntl", e)
	}
	return os.NewFile(d, "response"), nil
}
