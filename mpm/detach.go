package mpm

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// detachedEnv names the descriptor on which a detached process says that it
// has started.
const detachedEnv = "HTTPD_WSGI_STARTED"

// Detach starts this program again with the same arguments in a session of
// its own and waits until that one says that it has started, or ends. It
// returns the code to exit with: 0, or that of the other. Both share the
// terminal until then, so the other writes its messages itself.
func Detach(args []string) (int, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 1, err
	}
	defer r.Close()
	env := append(os.Environ(), detachedEnv+"="+strconv.Itoa(manifestFD))
	pid, err := syscall.ForkExec("/proc/self/exe", args, &syscall.ProcAttr{
		Env: env, Files: []uintptr{0, 1, 2, w.Fd()}, Sys: &syscall.SysProcAttr{Setsid: true}})
	w.Close()
	if err != nil {
		return 1, os.NewSyscallError("fork", err)
	}
	if n, _ := io.ReadFull(r, make([]byte, 1)); n == 1 {
		return 0, nil
	}
	var st syscall.WaitStatus
	for {
		_, err = syscall.Wait4(pid, &st, 0, nil)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil || !st.Exited() {
		return 1, err
	}
	return st.ExitStatus(), nil
}

// A Detached process is one that Detach started.
type Detached struct{ w *os.File }

// WasDetached returns how to say that this process has started, or nil if
// Detach did not start it.
func WasDetached() *Detached {
	fd, err := strconv.Atoi(os.Getenv(detachedEnv))
	if err != nil {
		return nil
	}
	os.Unsetenv(detachedEnv)
	unix.CloseOnExec(fd)
	setComm(comm(os.Args[0]))
	return &Detached{os.NewFile(uintptr(fd), "started")}
}

// Started lets the waiting process return. Standard input and output become
// /dev/null, standard error becomes log (nil: /dev/null too), the working
// directory "/".
func (d *Detached) Started(log *os.File) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	if log == nil {
		log = null
	}
	for fd, f := range []*os.File{null, null, log} {
		if err := unix.Dup3(int(f.Fd()), fd, 0); err != nil {
			return os.NewSyscallError("dup3", err)
		}
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	_, err = d.w.Write([]byte{1})
	d.w.Close()
	return err
}

// comm is the process name that a program of that argv[0] has.
func comm(argv0 string) string {
	name := filepath.Base(argv0)
	return name[:min(len(name), 15)]
}
