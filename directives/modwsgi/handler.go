package modwsgi

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
)

const (
	handlerName = "wsgi-script"
	handlerType = "application/x-httpd-wsgi"
)

// handle runs the request's script (wsgi_hook_handler).
func (m *module) handle(r *server.Request) server.Status {
	if r.Target.Handler != handlerName && r.Target.Handler != handlerType {
		return server.Declined
	}
	a := m.alias.Get(r)
	if a == nil && !r.Dir().Options.Has(modcore.OptExecCGI) {
		return deny(r, 403, "WSGI0134", "Options ExecCGI is off in this directory")
	}
	info := r.Target.Info
	switch {
	case info == nil:
		return deny(r, 404, "WSGI0135", "Target WSGI script not found or unable to stat")
	case info.IsDir():
		return deny(r, 403, "WSGI0136", "Attempt to invoke directory as WSGI application")
	case r.Target.UsedPathInfo == server.PathInfoReject && r.Target.PathInfo != "":
		return deny(r, 404, "WSGI0137", "AcceptPathInfo off disallows user's path")
	}
	settings := overlay(&m.conf.Server.Of(r.Server.Conf).Settings, &m.conf.Dir.Of(r.Conf).Settings)
	s := &settings
	if te := r.In.Get("Transfer-Encoding"); te != "" {
		if !strings.EqualFold(te, "chunked") {
			return deny(r, 501, "WSGI0138", "Unexpected value for Transfer-Encoding of '"+te+"' supplied")
		}
		if !s.ChunkedRequest.Get(false) {
			return deny(r, 411, "WSGI0139", "Use of chunked request content not enabled")
		}
	}
	if limit := r.BodyLimit(); limit > 0 && r.ContentLength() > limit {
		r.Logf(errlog.Error, errlog.WSGI, "", "Request content length of %d exceeds the limit of %d.", r.ContentLength(), limit)
		return 413
	}
	t, status := m.target(r, s, a)
	if status != server.OK {
		return status
	}
	x := m.take(r)
	defer m.give(x)
	var flags wsgi.FormFlags
	if m.multithread {
		flags |= wsgi.Multithread
	}
	if m.multiprocess {
		flags |= wsgi.Multiprocess
	}
	p := trustProxies(r, s)
	if p.scheme && p.secure || !p.scheme && secure(r) {
		flags |= wsgi.HTTPS
	}
	x.form.Reset(flags)
	m.fill(&x.form, r, s, t, &p)
	if t.daemon != nil {
		return m.runDaemon(x, t)
	}
	return m.runEmbedded(x, t)
}

// deny ends a request with a status and mod_wsgi's reason in the log.
func deny(r *server.Request, status server.Status, code, reason string) server.Status {
	r.LogEntry(&errlog.Entry{Level: errlog.Error, Module: errlog.WSGI, Code: code, Script: r.Target.Filename, Message: reason + ": " + r.Target.Filename})
	return status
}

// target works out where the request runs.
func (m *module) target(r *server.Request, s *Settings, a *Alias) (*target, server.Status) {
	t := &target{script: r.Target.Filename, callable: "application", pathInfo: collapse(r.Target.PathInfo)}
	t.scriptName = collapse(strings.TrimSuffix(r.URI, r.Target.PathInfo))
	if r.Target.PathInfo == "" {
		t.scriptName = collapse(r.URI)
	}
	process, application := s.ProcessGroup, s.ApplicationGroup
	t.passAuthorization = s.PassAuthorization.Get(false)
	if s.CallableObject.Set {
		t.callable = s.CallableObject.V.expand(r, t.scriptName)
	}
	if a != nil {
		process, application = a.ProcessGroup.Or(process), a.ApplicationGroup.Or(application)
		t.callable = a.CallableObject.Get(t.callable)
		t.passAuthorization = a.PassAuthorization.Get(t.passAuthorization)
	}
	t.reload = s.ScriptReloading.Get(true)
	t.applicationGroup = application.Get(Name{kind: resource}).expand(r, t.scriptName)
	t.processGroup = process.Get(Name{kind: global}).expand(r, t.scriptName)
	if m.foldCase {
		t.applicationGroup = strings.ToLower(t.applicationGroup)
	}
	if s.RestrictProcess.Set && !allowed(s.RestrictProcess.V, t.processGroup) {
		return nil, deny(r, 500, "WSGI0149", "Daemon process called '"+t.processGroup+"' cannot be accessed by this WSGI application as not a member of allowed groups")
	}
	if t.processGroup == "" {
		if m.python.RestrictEmbedded.Get(false) {
			return nil, deny(r, 500, "WSGI0143", "Embedded mode of mod_wsgi disabled by runtime configuration")
		}
		return t, server.OK
	}
	t.daemon = m.daemons[t.processGroup]
	switch {
	case t.daemon == nil:
		return nil, deny(r, 500, "WSGI0151", "No WSGI daemon process called '"+t.processGroup+"' has been configured")
	case !t.daemon.visible(r.Server):
		return nil, deny(r, 500, "WSGI0152", "Daemon process called '"+t.processGroup+"' cannot be accessed by this WSGI application")
	}
	return t, server.OK
}

func allowed(groups []string, group string) bool {
	for _, g := range groups {
		if g == "%{GLOBAL}" {
			g = ""
		}
		if g == group {
			return true
		}
	}
	return false
}

// collapse makes one slash of many.
func collapse(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] != '/' || i == 0 || path[i-1] != '/' {
			b.WriteByte(path[i])
		}
	}
	return b.String()
}

// check gathers what the servers define (post_config).
func check(p *directives.Plan, slots directives.Slots[Server, Dir]) error {
	remember(p, slots)
	if v := wsgi.Product(slots.Server.Of(p.Main.Conf).Python.Home.Get("")); v != "" {
		p.Components = append(p.Components, v)
	}
	return nil
}
