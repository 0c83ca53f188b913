package mpm

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// become makes the process what its manifest says: priority, root directory, groups, user, working directory, file mode
// mask, limits, in mod_wsgi's order. It is done here and not by the fork, so
// that the program need not lie inside the chroot nor be readable by the
// user, a limit may be raised, and each failure has a message of its own.
// The returned entry names what failed.
func become(m *manifest) *Entry {
	fail := func(id, text string, err error) *Entry {
		return &Entry{Level: Alert, Module: "unixd", Errno: errnoOf(err), ID: id, Text: text}
	}
	if m.Nice != 0 {
		if err := renice(m.Nice); err != nil {
			return fail("", fmt.Sprintf("setpriority: unable to set CPU priority %d", m.Nice), err)
		}
	}
	for _, l := range m.Limits {
		if err := unix.Setrlimit(l.Resource, &unix.Rlimit{Cur: l.Soft, Max: l.Max}); err != nil {
			return fail("", fmt.Sprintf("setrlimit: unable to set limit %d to %d:%d", l.Resource, l.Soft, l.Max), err)
		}
	}
	if m.Chroot != "" {
		if err := unix.Chdir(m.Chroot); err != nil {
			return fail("AH02159", "Can't chdir to "+m.Chroot, err)
		}
		if err := unix.Chroot(m.Chroot); err != nil {
			return fail("AH02160", "Can't chroot to "+m.Chroot, err)
		}
		if err := unix.Chdir("/"); err != nil {
			return fail("AH02161", "Can't chdir to new root", err)
		}
	}
	if id := m.Identity; id != nil && os.Geteuid() == 0 {
		// syscall's versions change every thread of the process.
		if err := syscall.Setgid(id.GID); err != nil {
			return fail("AH02156", fmt.Sprintf("setgid: unable to set group id to Group %d", id.GID), err)
		}
		if err := syscall.Setgroups(id.Groups); err != nil {
			return fail("AH02157", fmt.Sprintf("initgroups: unable to set groups for User %s and Group %d", id.User, id.GID), err)
		}
		if err := syscall.Setuid(id.UID); err != nil {
			return fail("AH02162", fmt.Sprintf("setuid: unable to change to uid: %d", id.UID), err)
		}
		// The change of user forbids core dumps, and others of the user to
		// trace the process, unless CoreDumpDirectory asks for it.
		if m.CoreDump {
			if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
				return fail("AH02163", "set dumpable failed - this child will not coredump after software errors", err)
			}
		}
	}
	if m.Dir != "" {
		if err := unix.Chdir(m.Dir); err != nil {
			return fail("", "Unable to change working directory to '"+m.Dir+"'", err)
		}
	}
	if m.Umask >= 0 {
		unix.Umask(m.Umask)
	}
	if m.MaxProcs > 0 {
		runtime.GOMAXPROCS(m.MaxProcs)
	}
	return nil
}

// setComm gives all threads the program's name, which an execution by way of
// /proc/self/exe has lost ("exe"). Threads made later inherit it.
func setComm(name string) {
	if name == "" {
		return
	}
	tasks, _ := filepath.Glob("/proc/self/task/*/comm")
	for _, t := range tasks {
		_ = os.WriteFile(t, []byte(name), 0)
	}
}

// renice sets the priority of all threads; Linux keeps one for each.
func renice(n int) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.Setpriority(unix.PRIO_PROCESS, tid, n); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}
