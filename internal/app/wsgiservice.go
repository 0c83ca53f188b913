package app

import (
	"fmt"
	"time"

	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/mpm"
	"httpd-wsgi/wsgi"
	"httpd-wsgi/wsgi/daemon"
)

// service is a process of a group with threads=0: it takes no requests, runs
// the group's import scripts on Python's main thread, and ends when they end,
// to be started again. A process that is to end raises SystemExit in the
// script (mod_wsgi, WSGIDaemonProcess threads=0).
func (p *process) service(group *modwsgi.Daemon) int {
	p.starting(group)
	engine, err := wsgi.Start(p.engineOptions(group))
	if err != nil {
		p.logWSGI(errlog.Error, "WSGI0100", fmt.Sprintf("Python could not be started in daemon process '%s': %s", group.Name, err))
		return mpm.ExitSick
	}
	end := &ending{p: p}
	go p.signals(engine, end)
	// Python's main thread is the script's: whether it can be reached says nothing.
	limits := &daemon.Limits{RestartInterval: group.RestartInterval, RSS: group.RestartRSS, Resident: resident}
	go limits.Watch(&daemon.Server{Limits: limits, Restart: end.restart})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, im := range modwsgi.Of(p.conf.plan).Imports(group.Name) {
			if script, ok := p.inside(group, im.Script); ok {
				engine.Preload(script, im.ApplicationGroup)
			}
		}
	}()
	p.Ready()
	select {
	case <-ended:
	case <-p.Draining():
	case <-p.Stopping():
	}
	limits.Stop()
	p.leave(engine, ended, group.ShutdownTimeout)
	p.stop(engine, end.cause(group), group.ShutdownTimeout)
	return mpm.ExitOK
}

// leave makes the service script end; 0 waits for as long as that takes.
func (p *process) leave(engine *wsgi.Engine, ended <-chan struct{}, limit time.Duration) {
	engine.Exit()
	var patience <-chan time.Time
	if limit > 0 {
		patience = time.After(limit)
	}
	select {
	case <-ended:
	case <-patience:
	}
}

// inside is a script's path as a process of the group sees it; false, logged, for one outside its chroot.
func (p *process) inside(group *modwsgi.Daemon, path string) (string, bool) {
	script, ok := group.Inside(path)
	if !ok {
		p.logWSGI(errlog.Error, "WSGI0153", fmt.Sprintf("Script '%s' is not located within the chroot directory '%s' of WSGI daemon process '%s'.", path, group.Chroot, group.Name))
	}
	return script, ok
}
