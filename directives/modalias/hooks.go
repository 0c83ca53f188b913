package modalias

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

// Module is mod_alias.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[Server, Dir]) {
		m := &module{slots}
		h.TranslateName.Add("mod_alias.c", server.Middle, m.translate)
		h.Fixups.Add("mod_alias.c", server.Middle, m.fixup)
	})
}

type module struct {
	conf directives.Slots[Server, Dir]
}

// translate applies <Location>'s redirect, then the server's redirects, then <Location>'s alias, then the
// server's aliases (translate_alias_redir).
func (m *module) translate(r *server.Request) server.Status {
	if r.URI != "" && r.URI[0] != '/' {
		return server.Declined
	}
	s, d := m.conf.Server.Of(r.Server.Conf), m.conf.Dir.Of(r.Conf)
	if d.Redirect.Set {
		return d.local(r, atTranslate)
	}
	for _, a := range s.Redirects {
		if target, ok := a.redirect(r); ok {
			r.Acted(a.Pos)
			return atTranslate.send(r, d, a.Status, target)
		}
	}
	if d.Alias.Set {
		if file, ok := d.alias(r); ok {
			r.Acted(d.Alias.V.Pos)
			return file(r)
		}
	}
	for _, a := range s.Aliases {
		if a.alias(r, d) {
			r.Acted(a.Pos)
			return server.OK
		}
	}
	return server.Declined
}

// fixup applies the redirects of sections (fixup_redir).
func (m *module) fixup(r *server.Request) server.Status {
	d := m.conf.Dir.Of(r.Conf)
	if d.Redirect.Set {
		return d.local(r, atFixup)
	}
	for _, a := range d.Redirects {
		if target, ok := a.redirect(r); ok {
			r.Acted(a.Pos)
			return atFixup.send(r, d, a.Status, target)
		}
	}
	return server.Declined
}

// local answers with the redirect that a section gives for all that is in it. That of a <Location> comes before
// any access control, as in Apache.
func (d *Dir) local(r *server.Request, at phase) server.Status {
	l := d.Redirect.V
	r.Acted(l.Pos)
	target := ""
	if l.Target != nil {
		t, err := l.Target.Eval(r.ExprEnv())
		if err != nil {
			r.Logf(errlog.Error, errlog.Alias, "AH02826", "Can't evaluate redirect expression: %v", err)
			return 500
		}
		target = escapePath(t)
	}
	return at.send(r, d, l.Status, target)
}

// phase are the numbers of the messages of one of the phases in which redirects are made.
type phase struct{ incomplete, invalid string }

var (
	atTranslate = phase{"AH00673", "AH00674"}
	atFixup     = phase{"AH00675", "AH00676"}
)

// send answers with a redirect's status; its target, where the status has one,
// becomes an absolute URL with the request's query unless it has its own.
func (at phase) send(r *server.Request, d *Dir, status int, target string) server.Status {
	if status < 300 || status > 399 {
		return server.Status(status)
	}
	if strings.HasPrefix(target, "/") && !d.Relative.Get(false) {
		url := r.ConstructURL(target)
		r.Logf(errlog.Debug, errlog.Alias, at.incomplete, "incomplete redirection target of '%s' for URI '%s' modified to '%s'", target, r.URI, url)
		target = url
	}
	if !server.IsURL(target) && !strings.HasPrefix(target, "/") {
		r.Logf(errlog.Error, errlog.Alias, at.invalid, "cannot redirect '%s' to '%s'; target is not a valid absoluteURI or abs_path", r.URI, target)
		return 500
	}
	if r.Args != "" && !strings.Contains(target, "?") {
		target += "?" + r.Args
	}
	r.Reply.Header.Set("Location", target)
	return server.Status(status)
}

// redirect is the target that a matching redirect line gives.
func (a *Alias) redirect(r *server.Request) (string, bool) {
	if a.Regexp == nil {
		n := apr.MatchPrefix(r.URI, a.Fake)
		if n == 0 {
			return "", false
		}
		return a.Real + apr.EscapeURI(r.URI[n:]), true
	}
	var caps pcre.Captures
	ok, err := a.Regexp.Exec(r.URI, &caps)
	if err != nil {
		r.LogErr(err, errlog.Error, errlog.Alias, "", "the regular expression at %s failed", a.Pos)
	}
	if !ok || err != nil {
		return "", false
	}
	target := string(pcre.Expand(nil, a.Real, r.URI, caps[:]))
	return escapePath(target), true
}

// escapePath escapes the path of a redirect's target; a query or fragment of the target's own is not.
func escapePath(target string) string {
	end := len(target)
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		end = i
	}
	return apr.EscapeURI(target[:end]) + target[end:]
}

// alias maps the request to a matching alias's file.
func (a *Alias) alias(r *server.Request, d *Dir) bool {
	if a.Regexp == nil {
		n := apr.MatchPrefix(r.URI, a.Fake)
		if n == 0 {
			return false
		}
		r.Target.ContextPrefix, r.Target.ContextDocumentRoot = a.Fake, a.Real
		r.Target.Filename = a.Real + r.URI[n:]
	} else {
		var caps pcre.Captures
		ok, err := a.Regexp.Exec(r.URI, &caps)
		if err != nil {
			r.LogErr(err, errlog.Error, errlog.Alias, "", "the regular expression at %s failed", a.Pos)
		}
		if !ok || err != nil {
			return false
		}
		file := string(pcre.Expand(nil, a.Real, r.URI, caps[:]))
		if n := len(file) - (len(r.URI) - int(caps[0].End)); n >= 0 && n <= len(file) {
			r.Target.ContextDocumentRoot = file[:n]
		}
		if !strings.HasPrefix(file, "/") {
			file = a.Root + "/" + file
		}
		r.Target.Filename = file
	}
	if a.Handler != "" {
		forceHandler(r, a.Handler)
	}
	return true
}

// alias evaluates an Alias inside <Location>.
func (d *Dir) alias(r *server.Request) (func(*server.Request) server.Status, bool) {
	l := d.Alias.V
	target, err := l.Target.Eval(r.ExprEnv())
	if err != nil {
		r.Logf(errlog.Error, errlog.Alias, "AH02825", "Can't evaluate alias expression: %v", err)
		return func(*server.Request) server.Status { return 500 }, true
	}
	if d.PreservePath.Get(false) {
		if n := apr.MatchPrefix(r.URI, l.Prefix); n > 0 {
			target += r.URI[n:]
		}
	}
	r.Target.ContextPrefix, r.Target.ContextDocumentRoot = l.Prefix, target
	r.Target.Filename = target
	if !strings.HasPrefix(target, "/") {
		r.Target.Filename = r.Site.Plan.ServerRoot + "/" + target
	}
	if l.Handler != "" {
		forceHandler(r, l.Handler)
	}
	return func(*server.Request) server.Status { return server.OK }, true
}

// forceHandler marks a ScriptAlias: its target is run wherever it lies.
func forceHandler(r *server.Request, handler string) {
	r.Target.Handler = handler
	r.Notes.Set("alias-forced-type", handler)
}
