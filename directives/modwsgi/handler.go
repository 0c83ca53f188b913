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
	var a *Alias
	var h *HandlerScript
	if r.Target.Handler == handlerName || r.Target.Handler == handlerType {
		a = m.alias.Get(r)
		if status := m.script(r, a); status != server.OK {
			return status
		}
	} else if h = m.handlerScript(r); h == nil {
		return server.Declined
	}
	settings := m.settings(r)
	s := &settings
	if te := r.In.Get("Transfer-Encoding"); te != "" {
		if !strings.EqualFold(te, "chunked") {
			return deny(r, 501, "WSGI0138", "Unexpected value for Transfer-Encoding of '"+te+"' supplied")
		}
		if !s.ChunkedRequest.Get(false) {
			return deny(r, 411, "WSGI0139", "Received request requiring chunked transfer encoding, but optional support for chunked transfer encoding has not been enabled.")
		}
	}
	if limit := r.BodyLimit(); limit > 0 && r.ContentLength() > limit {
		r.Logf(errlog.Info, errlog.HTTP, "AH01588", "Requested content-length of %d is larger than the configured limit of %d", r.ContentLength(), limit)
		return 413
	}
	p := trustProxies(r, s)
	where := m.target(r, s, a, h)
	t := &where
	if s.DispatchScript.Set {
		if status := m.dispatch(r, s, t, &p); status != server.OK {
			return status
		}
	}
	if status := m.place(r, s, t); status != server.OK {
		return status
	}
	if t.daemon != nil && !t.enter() {
		return deny(r, 403, "WSGI0153", "Script is not located within the chroot directory '"+t.daemon.Chroot+"' of WSGI daemon process '"+t.daemon.Name+"'")
	}
	if r.Tracer != nil {
		return m.explain(r, t)
	}
	x := m.take(r)
	defer m.give(x)
	flags := m.flags
	if t.daemon != nil {
		flags = t.daemon.flags()
	}
	if p.scheme && p.secure || !p.scheme && secure(r) {
		flags |= wsgi.HTTPS
	}
	x.form.Reset(flags)
	m.fill(&x.form, r, s, t, &p)
	x.readAhead()
	if t.daemon != nil {
		x.daemon, x.override = true, s.ErrorOverride.Get(false)
		return m.runDaemon(x, t)
	}
	return m.runEmbedded(x, t)
}

// script says whether the file may be run as a script.
func (m *module) script(r *server.Request, a *Alias) server.Status {
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
	return server.OK
}

// handlerScript is the WSGIHandlerScript of the request's handler, nil if there is none.
func (m *module) handlerScript(r *server.Request) *HandlerScript {
	if h := handlerNamed(m.conf.Dir.Of(r.Conf).HandlerScripts, r.Target.Handler); h != nil {
		return h
	}
	return handlerNamed(m.conf.Server.Of(r.Server.Conf).HandlerScripts, r.Target.Handler)
}

// settings are those of r: its section's laid over its server's.
func (m *module) settings(r *server.Request) Settings {
	return overlay(&m.conf.Server.Of(r.Server.Conf).Settings, &m.conf.Dir.Of(r.Conf).Settings)
}

// deny ends a request with a status and mod_wsgi's reason in the log.
func deny(r *server.Request, status server.Status, code, reason string) server.Status {
	r.LogEntry(&errlog.Entry{Level: errlog.Error, Module: errlog.WSGI, Code: code, Script: r.Target.Filename, Message: reason + ": " + r.Target.Filename})
	return status
}

// scriptName takes the URL apart into SCRIPT_NAME and PATH_INFO.
func scriptName(r *server.Request) (name, info string) {
	return collapse(strings.TrimSuffix(r.URI, r.Target.PathInfo)), collapse(r.Target.PathInfo)
}

// target works out what the configuration says of where the request runs.
func (m *module) target(r *server.Request, s *Settings, a *Alias, h *HandlerScript) target {
	t := target{script: r.Target.Filename, filename: r.Target.Filename, callable: "application", ignoreActivity: s.IgnoreActivity.Get(false)}
	t.scriptName, t.pathInfo = scriptName(r)
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
	if h != nil {
		t.script, t.handlerScript, t.callable = h.Path, h.Path, "handle_request"
		process, application = h.ProcessGroup.Or(process), h.ApplicationGroup.Or(application)
		t.passAuthorization = h.PassAuthorization.Get(t.passAuthorization)
	}
	t.reload = s.ScriptReloading.Get(true)
	t.applicationGroup = application.Get(Name{kind: resource}).expand(r, t.scriptName)
	t.processGroup = process.Get(Name{kind: global}).expand(r, t.scriptName)
	return t
}

// place finds the process group and says whether the request may run there.
func (m *module) place(r *server.Request, s *Settings, t *target) server.Status {
	if m.foldCase {
		t.applicationGroup = strings.ToLower(t.applicationGroup)
	}
	if s.RestrictProcess.Set && !allowed(s.RestrictProcess.V, t.processGroup) {
		return deny(r, 500, "WSGI0149", "Daemon process called '"+t.processGroup+"' cannot be accessed by this WSGI application as not a member of allowed groups")
	}
	if t.processGroup == "" {
		if m.python.RestrictEmbedded.Get(false) {
			return deny(r, 500, "WSGI0143", "Embedded mode of mod_wsgi disabled by runtime configuration")
		}
		return server.OK
	}
	t.daemon = m.daemons[t.processGroup]
	switch {
	case t.daemon == nil:
		return deny(r, 500, "WSGI0151", "No WSGI daemon process called '"+t.processGroup+"' has been configured")
	case t.daemon.Threads == 0:
		return deny(r, 503, "WSGI0151", "Daemon process called '"+t.processGroup+"' runs a service script and takes no requests (threads=0)")
	case !t.daemon.Visible(r.Server):
		return deny(r, 500, "WSGI0152", "Daemon process called '"+t.processGroup+"' cannot be accessed by this WSGI application")
	}
	return server.OK
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
