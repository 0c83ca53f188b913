package mpm

import (
	"errors"
	"strconv"
	"syscall"
)

func itoa(n int) string { return strconv.Itoa(n) }

// errnoText is the C library's text of an errno. Go's begins with a small
// letter ("address already in use"), and log readers match the other.
func errnoText(e syscall.Errno) string {
	s := e.Error()
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// errnoOf is the errno within err, or 0.
func errnoOf(err error) syscall.Errno {
	var e syscall.Errno
	errors.As(err, &e)
	return e
}

// signalText is what the C library's strsignal says, as it stands in Apache's
// "exit signal" lines.
func signalText(s syscall.Signal) string {
	switch s {
	case syscall.SIGHUP:
		return "Hangup"
	case syscall.SIGINT:
		return "Interrupt"
	case syscall.SIGQUIT:
		return "Quit"
	case syscall.SIGILL:
		return "Illegal instruction"
	case syscall.SIGTRAP:
		return "Trace/breakpoint trap"
	case syscall.SIGABRT:
		return "Aborted"
	case syscall.SIGBUS:
		return "Bus error"
	case syscall.SIGFPE:
		return "Floating point exception"
	case syscall.SIGKILL:
		return "Killed"
	case syscall.SIGUSR1:
		return "User defined signal 1"
	case syscall.SIGSEGV:
		return "Segmentation fault"
	case syscall.SIGUSR2:
		return "User defined signal 2"
	case syscall.SIGPIPE:
		return "Broken pipe"
	case syscall.SIGALRM:
		return "Alarm clock"
	case syscall.SIGTERM:
		return "Terminated"
	case syscall.SIGXCPU:
		return "CPU time limit exceeded"
	case syscall.SIGXFSZ:
		return "File size limit exceeded"
	case syscall.SIGVTALRM:
		return "Virtual timer expired"
	case syscall.SIGPROF:
		return "Profiling timer expired"
	case syscall.SIGSYS:
		return "Bad system call"
	}
	return "Unknown signal " + itoa(int(s))
}
