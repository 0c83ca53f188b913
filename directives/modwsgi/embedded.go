package modwsgi

import (
	"strings"
	"sync"
	"time"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
)

// shutdownTime bounds the end of Python in a child that exits.
const shutdownTime = 5 * time.Second

// embedded is Python in this child, started when the first request or import
// script needs it.
type embedded struct {
	once    sync.Once
	options wsgi.Options
	site    *server.Site
	running *wsgi.Engine
}

func (e *embedded) configure(c *server.Child, main *Server, pid string) {
	p := &main.Python
	e.site = c.Site
	seed := int64(wsgi.SeedDefault)
	if p.HashSeed.Set {
		if seed = p.HashSeed.V; seed < 0 {
			seed = wsgi.SeedRandom
		}
	}
	e.options = wsgi.Options{
		Log: logger(c.Site), Threads: c.Threads,
		PythonHome: p.Home.Get(""), Optimize: p.Optimize.Get(0), NoBytecode: p.DontWriteBytecode.Get(false), HashSeed: seed,
		Warnings: p.Warnings, PythonEggs: p.Eggs.Get(""), SwitchInterval: p.SwitchInterval.Get(0),
		KeepInterpreters: !p.DestroyInterpreter.Get(true),
		Group: func(string) wsgi.GroupOptions {
			return wsgi.GroupOptions{PythonPath: splitPath(p.Path.Get("")), RestrictStdin: p.RestrictStdin.Get(false),
				RestrictStdout: p.RestrictStdout.Get(false), AllowSignals: !p.RestrictSignal.Get(true)}
		},
		MaximumProcesses: c.Processes, ApacheVersion: server.ApacheVersion, ServerDescription: c.Site.Banner,
		MPMName: c.MPM, MPMProcesses: c.Processes, MPMThreads: c.Threads,
	}
	if leave := c.Leave; leave != nil {
		e.options.Loaded = func(path, group string) { leave(LegacyWord(path, group)) }
	}
}

func splitPath(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, ":")
}

// engine returns Python, started if need be; nil, logged, if it can't be had.
func (e *embedded) engine() *wsgi.Engine {
	e.once.Do(func() {
		engine, err := wsgi.Start(e.options)
		if err != nil {
			e.site.Logger(0).Logf(errlog.WSGI, errlog.Error, nil, "WSGI0100", "Python could not be started in embedded mode: %s", err)
			return
		}
		e.running = engine
	})
	return e.running
}

func (e *embedded) stop() {
	if e.running != nil {
		e.running.Stop("", shutdownTime)
	}
}

// logger writes Python's records: those of a request to its server's log.
func logger(site *server.Site) func(wsgi.Level, string, string, wsgi.Exchange) {
	return func(level wsgi.Level, code, msg string, x wsgi.Exchange) {
		e := &errlog.Entry{Level: errlog.Level(level), Module: errlog.WSGI, Code: code, Message: msg}
		if x, ok := x.(*exchange); ok {
			e.Script = x.script
			x.r.LogEntry(e)
			return
		}
		if l := site.Logger(0); l.Enabled(nil, errlog.WSGI, e.Level) {
			l.Log(e)
		}
	}
}

// runEmbedded runs a request in this process.
func (m *module) runEmbedded(x *exchange, t *target) server.Status {
	e := m.embedded.engine()
	if e == nil {
		return 500
	}
	x.script = t.script
	x.call.Script = wsgi.Script{Path: t.script, Callable: t.callable, Group: t.applicationGroup}
	if t.reload {
		x.call.Script.Reload = wsgi.ReloadModule
		x.call.Script.Mtime = t.mtime(x.r)
	}
	return x.finish(e.Run(&x.call), 404)
}
