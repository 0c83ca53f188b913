package mpm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ErrBadPid means that a PidFile holds no process number.
var ErrBadPid = errors.New("no process number in it")

// ReadPid is the process number in a PidFile. It is 0 without an error if
// there is no such file.
func ReadPid(path string) (int, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 0 {
		return 0, ErrBadPid
	}
	return pid, nil
}

// Running tells whether a process of that number exists.
func Running(pid int) bool {
	if pid <= 0 {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || err == syscall.EPERM
}

// writePid writes the PidFile, under another name first so that nobody reads
// half of it.
func (m *Master) writePid() error {
	path, pid := m.o.PidFile, os.Getpid()
	if old, _ := ReadPid(path); old != 0 && old != pid {
		m.o.Log(Entry{Level: Warning, Module: "core", ID: "AH00098",
			Text: fmt.Sprintf("pid file %s overwritten -- Unclean shutdown of previous Apache run?", path)})
	}
	fail := func(err error) error {
		m.o.Log(Entry{Level: Error, Module: "core", Errno: errnoOf(err), ID: "AH00099", Text: "could not create " + path, Console: true})
		m.o.Log(Entry{Level: Error, Module: "core", ID: "AH00100", Text: fmt.Sprintf("httpd: could not log pid to file %s", path), Console: true})
		return err
	}
	tmp := fmt.Sprintf("%s.%d", path, pid)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fail(err)
	}
	_, err = fmt.Fprintf(f, "%d\n", pid)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return fail(err)
	}
	return nil
}

// removePid removes the PidFile if it is still this process's.
func (m *Master) removePid() {
	path := m.o.PidFile
	if path == "" {
		return
	}
	if pid, _ := ReadPid(path); pid != os.Getpid() {
		return
	}
	if err := os.Remove(path); err != nil {
		m.o.Log(Entry{Level: Error, Module: "core", Errno: errnoOf(err), ID: "AH00095", Text: "failed to remove PID file " + path})
		return
	}
	m.log(Info, "core", "AH00096", fmt.Sprintf("removed PID file %s (pid=%d)", path, os.Getpid()))
}
