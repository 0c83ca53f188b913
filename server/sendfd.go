package server

import (
	"os"
	"syscall"
)

// dupFile makes a file of a copy of fd.
func dupFile(fd int) (*os.File, error) {
	d, _, e := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 0)
	if e != 0 {
		return nil, os.NewSyscallError("fcntl", e)
	}
	return os.NewFile(d, "response"), nil
}
