package app

import (
	"errors"
	"fmt"
	"syscall"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/mpm"
)

// control carries out -k. It reports done false if a server is to be started.
func (p *program) control(c *config) (code int, done bool) {
	if p.o.verb == "" || p.detached != nil {
		return 0, false
	}
	path := c.pidFile(p.layout)
	pid, err := mpm.ReadPid(path)
	if err != nil {
		status := errlog.StatusText(err)
		if errors.Is(err, mpm.ErrBadPid) {
			status = "(20014)Internal error (specific information not available)" // APR_EGENERAL
		}
		fmt.Fprintf(p.stderr, "%s: AH00058: Error retrieving pid file %s\nAH00059: Remove it before continuing if it is corrupted.\n", status, c.pidName(p.layout))
		return 1, true
	}
	running := mpm.Running(pid)
	state := "httpd (no pid file) not running"
	if pid != 0 {
		state = fmt.Sprintf("httpd (pid %d?) not running", pid)
	}
	signal := func(s syscall.Signal) (int, bool) {
		if err := syscall.Kill(pid, s); err != nil {
			fmt.Fprintf(p.stderr, "%s: AH00057: sending signal to server\n", errlog.StatusText(err))
			return 1, true
		}
		return 0, true
	}
	switch p.o.verb {
	case "start":
		if running {
			fmt.Fprintf(p.stdout, "httpd (pid %d) already running\n", pid)
			return 0, true
		}
		return 0, false
	case "stop", "graceful-stop":
		if !running {
			fmt.Fprintln(p.stdout, state)
			return 0, true
		}
		if p.o.verb == "stop" {
			return signal(syscall.SIGTERM)
		}
		return signal(syscall.SIGWINCH)
	}
	if !running {
		fmt.Fprintln(p.stdout, "httpd not running, trying to start")
		return 0, false
	}
	if p.o.verb == "restart" {
		return signal(syscall.SIGHUP)
	}
	return signal(syscall.SIGUSR1)
}
