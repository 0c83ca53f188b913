package modwsgi

import (
	"fmt"
	"slices"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
)

// ask calls a function of a hook script with environ and further arguments.
// fill makes environ.
func (m *module) ask(r *server.Request, h *HookScript, function string, fill func(*wsgi.Form, string), args ...string) (wsgi.Value, wsgi.Outcome) {
	if r.Tracer != nil {
		return assume(r, h, function)
	}
	e := m.embedded.engine()
	if e == nil {
		return wsgi.Value{}, wsgi.LoadFailed
	}
	x := m.take(r)
	defer m.give(x)
	x.script = h.Path
	group := ""
	if h.Group.kind != resource {
		group = h.Group.expand(r, "")
	}
	var flags wsgi.FormFlags
	if secure(r) {
		flags |= wsgi.HTTPS
	}
	x.form.Reset(flags)
	fill(&x.form, group)
	f := wsgi.Function{Script: wsgi.Script{Path: h.Path, Callable: function, Group: group}, Form: &x.form, Args: args, Exchange: x}
	if m.settings(r).ScriptReloading.Get(true) {
		f.Script.Reload = wsgi.ReloadModule
	}
	return e.Call(&f)
}

// authEnviron is environ of the functions that authenticate, authorise and
// grant access: nothing of the request's environment, no credentials, no body.
func (m *module) authEnviron(r *server.Request) func(*wsgi.Form, string) {
	return func(f *wsgi.Form, group string) {
		name, info := scriptName(r)
		m.headers(f, r, false, false, &proxied{})
		m.common(f, r)
		f.SetNamed("SERVER_SIGNATURE", string(r.AppendSignature(nil, "")))
		f.Set(wsgi.RequestMethod, r.Line.Method)
		f.Set(wsgi.ScriptName, name)
		f.Set(wsgi.PathInfo, info)
		f.Set(wsgi.ProcessGroup, "")
		f.Set(wsgi.ApplicationGroup, group)
	}
}

// common sets CGI's variables of the connection and the request line.
func (m *module) common(f *wsgi.Form, r *server.Request) {
	f.Set(wsgi.QueryString, r.Args)
	if r.Dir().OriginalRequestURI.Get(true) {
		f.Set(wsgi.RequestURI, r.Original().Line.Target)
	} else {
		f.Set(wsgi.RequestURI, r.URI) // CGIVar REQUEST_URI current-uri
	}
	f.Set(wsgi.ServerName, apr.EscapeHTML(r.ServerName()))
	f.Set(wsgi.ServerPort, decimal(r.ServerPort()))
	f.Set(wsgi.ServerProtocol, r.Line.Protocol)
	f.Set(wsgi.ServerAddr, r.Conn.LocalIP())
	f.Set(wsgi.ServerAdmin, r.ServerAdmin())
	f.Set(wsgi.ServerSoftware, r.Site.ServerHeader)
	f.Set(wsgi.RemoteAddr, r.ClientIP())
	f.Set(wsgi.RemotePort, decimal(int(r.Client.Port())))
	f.Set(wsgi.DocumentRoot, r.DocumentRoot())
}

// hookError logs what is wrong with a hook script; outcomes that the engine has logged are silent.
func hookError(r *server.Request, outcome wsgi.Outcome, h *HookScript, code, lacks string) {
	if outcome == wsgi.NoCallable {
		r.LogEntry(&errlog.Entry{Level: errlog.Error, Module: errlog.WSGI, Code: code, Script: h.Path, Message: fmt.Sprintf("Target WSGI %s.", fmt.Sprintf(lacks, h.Path))})
	}
}

func hookType(r *server.Request, h *HookScript, code, says string) {
	r.LogEntry(&errlog.Entry{Level: errlog.Error, Module: errlog.WSGI, Code: code, Script: h.Path, Message: "TypeError: " + says + ", script '" + h.Path + "'."})
}

// access is WSGIAccessScript's turn (wsgi_hook_access_checker). Whatever goes wrong denies.
func (m *module) access(r *server.Request) server.Status {
	d := m.conf.Dir.Of(r.Conf)
	if !d.AccessScript.Set {
		return server.Declined
	}
	h := &d.AccessScript.V
	v, outcome := m.ask(r, h, "allow_access", m.authEnviron(r), r.RemoteHost())
	switch {
	case outcome != wsgi.OK:
		hookError(r, outcome, h, "WSGI0054", "host access script '%s' does not provide host validator")
	case v.Kind == wsgi.None:
		return server.Declined
	case v.Kind == wsgi.True:
		return server.OK
	case v.Kind != wsgi.False:
		hookType(r, h, "WSGI0055", "Indicator of host accessibility must be a bool or None")
	}
	r.LogEntry(&errlog.Entry{Level: errlog.Error, Module: errlog.WSGI, Code: "WSGI0057", Script: h.Path,
		Message: "Client denied by server configuration: '" + r.Target.Filename + "'."})
	return 403
}

// users is the authentication provider "wsgi" (AuthBasicProvider, AuthDigestProvider).
type users struct{ p *process }

// CheckPassword implements server.AuthnProvider.
func (u users) CheckPassword(r *server.Request, user, password string) server.AuthnStatus {
	v, h, status := u.ask(r, "check_password", "Basic", user, password)
	if h == nil {
		return status
	}
	switch v.Kind {
	case wsgi.None:
		return server.AuthUserNotFound
	case wsgi.True:
		return server.AuthGranted
	case wsgi.False:
		return server.AuthDenied
	case wsgi.String:
		if v.Strings[0] != "" {
			r.User = v.Strings[0]
			return server.AuthGranted
		}
	}
	hookType(r, h, "WSGI0177", "Basic auth provider must return True, False, None or user name as a string")
	return server.AuthGeneralError
}

// Source implements server.AuthnSource.
func (u users) Source(r *server.Request) string {
	if s := u.p.module.Load().conf.Dir.Of(r.Conf).AuthUserScript; s.Set {
		return s.V.Path
	}
	return "(no WSGIAuthUserScript)"
}

// RealmHash implements server.AuthnProvider.
func (u users) RealmHash(r *server.Request, user, realm string) (string, server.AuthnStatus) {
	v, h, status := u.ask(r, "get_realm_hash", "Digest", user, realm)
	if h == nil {
		return "", status
	}
	switch v.Kind {
	case wsgi.None:
		return "", server.AuthUserNotFound
	case wsgi.String:
		return v.Strings[0], server.AuthUserFound
	}
	hookType(r, h, "WSGI0177", "Digest auth provider must return None or a string")
	return "", server.AuthGeneralError
}

// ask calls a function of the user script. The script returned is nil if there is no value.
func (u users) ask(r *server.Request, function, scheme string, args ...string) (wsgi.Value, *HookScript, server.AuthnStatus) {
	m := u.p.module.Load()
	d := m.conf.Dir.Of(r.Conf)
	if !d.AuthUserScript.Set {
		r.LogEntry(&errlog.Entry{Level: errlog.Error, Module: errlog.WSGI, Code: "WSGI0058", Message: "Location of WSGI user authentication script not provided."})
		return wsgi.Value{}, nil, server.AuthGeneralError
	}
	h := &d.AuthUserScript.V
	v, outcome := m.ask(r, h, function, m.authEnviron(r), args...)
	if outcome != wsgi.OK {
		hookError(r, outcome, h, "WSGI0176", "user authentication script '%s' does not provide '"+scheme+"' auth provider")
		return wsgi.Value{}, nil, server.AuthGeneralError
	}
	return v, h, server.AuthGranted
}

// requireGroup is "Require wsgi-group name ..." (wsgi_check_authorization).
func (p *process) requireGroup(_ *directives.Cmd, args string) (server.AuthzCheck, error) {
	wanted := apacheconf.Words(args)
	return func(r *server.Request) server.AuthzStatus {
		if r.User == "" {
			return server.AuthzDeniedNoUser
		}
		m := p.module.Load()
		d := m.conf.Dir.Of(r.Conf)
		if !d.AuthGroupScript.Set {
			r.LogEntry(&errlog.Entry{Level: errlog.Error, Module: errlog.WSGI, Code: "WSGI0061", Message: "Location of WSGI group authorization script not provided."})
			return server.AuthzDenied
		}
		h := &d.AuthGroupScript.V
		v, outcome := m.ask(r, h, "groups_for_user", m.authEnviron(r), r.User)
		switch {
		case outcome != wsgi.OK:
			hookError(r, outcome, h, "WSGI0062", "group authorization script '%s' does not provide group provider")
			return server.AuthzDenied
		case r.Tracer != nil && v.Kind == wsgi.True:
			return server.AuthzGranted
		case r.Tracer != nil:
			return server.AuthzDenied
		case v.Kind == wsgi.String:
			// A str is an iterable of its characters.
			groups := make([]string, len(v.Strings[0]))
			for i := range groups {
				groups[i] = v.Strings[0][i : i+1]
			}
			v.Strings = groups
		case v.Kind != wsgi.List:
			hookType(r, h, "WSGI0063", "List of groups must be an iterable of strings")
			return server.AuthzDenied
		}
		if len(v.Strings) == 0 {
			deniedGroup(r, h, "WSGI0059", "any groups")
			return server.AuthzDenied
		}
		for _, g := range v.Strings {
			if slices.Contains(wanted, g) {
				return server.AuthzGranted
			}
		}
		deniedGroup(r, h, "WSGI0060", "designated groups")
		return server.AuthzDenied
	}, nil
}

func deniedGroup(r *server.Request, h *HookScript, code, what string) {
	r.LogEntry(&errlog.Entry{Level: errlog.Error, Module: errlog.WSGI, Code: code, Script: h.Path,
		Message: fmt.Sprintf("Authorization of user '%s' to access '%s' failed. User is not a member of %s.", r.User, r.URI, what)})
}

// dispatch asks WSGIDispatchScript where the request is to run. A script that
// can't be loaded has no say, as in mod_wsgi.
func (m *module) dispatch(r *server.Request, s *Settings, to *target, p *proxied) server.Status {
	h := &s.DispatchScript.V
	t := *to // what the functions of the script see is kept by them; requests without one need no memory for it
	defer func() { *to = t }()
	for _, q := range [...]struct {
		function string
		to       *string
		group    bool
	}{{"process_group", &t.processGroup, true}, {"application_group", &t.applicationGroup, true}, {"callable_object", &t.callable, false}} {
		v, outcome := m.ask(r, h, q.function, func(f *wsgi.Form, group string) {
			m.fill(f, r, s, &t, p)
			f.Set(wsgi.ApplicationGroup, group)
		})
		switch {
		case outcome == wsgi.NoCallable:
		case outcome == wsgi.LoadFailed, outcome == wsgi.NoScript:
			return server.OK
		case outcome != wsgi.OK:
			return 500
		case v.Kind == wsgi.None:
		case v.Kind == wsgi.String:
			*q.to = v.Strings[0]
			if q.group {
				*q.to = ParseName(v.Strings[0]).expand(r, t.scriptName)
			}
		default:
			hookType(r, h, "WSGI0064", q.function+"() of the dispatch script must return a string or None")
			return 500
		}
	}
	return server.OK
}
