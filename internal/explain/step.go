package explain

import (
	"fmt"
	"strings"

	"httpd-wsgi/directives/modauthzcore"
	"httpd-wsgi/server"
)

// step tells what became of one request.
func (e *Explainer) step(rec *record, r *server.Request, first bool) Step {
	h := rec.heard(r)
	out := Step{Method: r.Line.Method, URI: r.URI, Handler: r.Target.Handler, Module: h.handler(), PathInfo: r.Target.PathInfo}
	if r.HasArgs {
		out.URI += "?" + r.Args
	}
	if !first {
		out.Via = e.via(rec, r.Prev, r)
	}
	node := r.Node
	if h.node != nil {
		node = h.node
	}
	for _, s := range node.Sections() {
		out.Sections = append(out.Sections, e.section(r, s, rec.read))
	}
	e.mapped(&out, rec, h, r)
	for at := h; at.became != nil; at = rec.heard(at.became) {
		out.Became = append(out.Became, at.became.URI)
	}
	for _, sub := range h.subRequest {
		out.Rewrites = append(out.Rewrites, e.rewrites(rec, rec.heard(sub), true)...)
	}
	out.Rewrites = append(e.rewrites(rec, h, false), out.Rewrites...)
	e.file(&out, h, r)

	decided := h // whose access phases count: those of what took the request's place
	if h.became != nil && h.asked == nil && h.compat == nil {
		decided = rec.heard(h.became)
	}
	out.Access = e.access(rec, decided)
	out.Authentication = authentication(rec, decided, r)
	if w := h.wsgi; w != nil {
		out.WSGI = &WSGI{Script: w.Script, Callable: w.Callable, ProcessGroup: w.ProcessGroup, ApplicationGroup: w.ApplicationGroup,
			Processes: w.Processes, Threads: w.Threads, ScriptName: w.ScriptName, PathInfo: w.PathInfo}
		if !w.Daemon.IsZero() {
			l := e.lines.at(w.Daemon)
			out.WSGI.Daemon = &l
		}
	}
	for _, kv := range r.Env.All() {
		switch kv.Name {
		case "SCRIPT_URL", "SCRIPT_URI", "REQUEST_METHOD", "ERROR_NOTES": // the server's own
			continue
		}
		if !strings.HasPrefix(kv.Name, "REDIRECT_") {
			out.Environment = append(out.Environment, kv.Name+"="+kv.Value)
		}
	}
	if d := h.died; d != nil {
		out.Status, out.ErrorDocument = d.Status, d.Document
		if a := h.refused(); a != nil {
			out.Phase = a.Phase
		}
	}
	for _, s := range h.said {
		text := s.Message
		if s.Code != "" {
			text = s.Code + ": " + text
		}
		out.Log = append(out.Log, fmt.Sprintf("[%s:%s] %s", s.Module, s.Level, text))
	}
	return out
}

// via tells what made prev be redirected to r.
func (e *Explainer) via(rec *record, prev, r *server.Request) string {
	h := rec.heard(prev)
	if h.died != nil && h.died.Document != "" {
		return fmt.Sprintf("ErrorDocument %d", h.died.Status)
	}
	switch h.handler() {
	case "mod_rewrite.c", "":
		return "internal redirect by RewriteRule"
	case "mod_negotiation.c":
		return "variant of the type map"
	}
	return "internal redirect by " + h.handler()
}

// mapped tells how the URL was mapped.
func (e *Explainer) mapped(out *Step, rec *record, h *heard, r *server.Request) {
	m := h.mapping
	if m == nil {
		return
	}
	if m.acted != nil {
		l := e.find(rec, m.acted.Pos)
		out.MappedBy = &l
	}
	switch {
	case m.module == "core":
		out.Mapped = "below DocumentRoot"
		out.MappedBy = e.ofServer(r.Server.Plan, "DocumentRoot", nil)
		if out.MappedBy == nil {
			out.Mapped = "below the default DocumentRoot " + r.DocumentRoot()
		}
	case m.module == "mod_rewrite.c" && m.status >= 300:
		out.Mapped = "answered by RewriteRule"
	case m.module == "mod_rewrite.c":
		out.Mapped = "by RewriteRule"
	case m.status >= 300:
		out.Mapped = "answered by a redirect"
	case m.module == "mod_wsgi.c":
		out.Mapped = "by WSGIScriptAlias"
	case m.module == "mod_alias.c":
		out.Mapped = "by Alias"
	default:
		out.Mapped = "by " + m.module
	}
	if out.MappedBy != nil && out.MappedBy.Text != "" && m.module != "core" && m.status < 300 {
		word, _, _ := strings.Cut(out.MappedBy.Text, " ")
		out.Mapped = "by " + word
	}
}

// file tells what the request ended up at.
func (e *Explainer) file(out *Step, h *heard, r *server.Request) {
	t := &r.Target
	if t.Filename == "" || h.mapping == nil || h.mapping.status >= 300 || strings.HasPrefix(t.Filename, "redirect:") {
		return
	}
	out.File = t.Filename
	switch {
	case t.Info == nil && h.node != nil: // refused on the way
	case t.Info == nil:
		out.Kind = "missing"
	case t.Info.IsDir():
		out.Kind = "directory"
	default:
		out.Kind, out.Size, out.Type = "file", t.Info.Size(), r.Reply.ContentType
		if h.wsgi != nil || h.died != nil {
			out.Type = ""
		}
	}
}

// rewrites are the rules that were tried, with their conditions.
func (e *Explainer) rewrites(rec *record, h *heard, sub bool) []Rewrite {
	var out []Rewrite
	for _, t := range h.tried {
		w := Rewrite{Line: e.find(rec, t.Pos), Directory: t.Directory, Input: t.Input, Outcome: "no match", Result: t.Result, Status: t.Status, Subrequest: sub}
		if w.Text == "" {
			w.Text = "RewriteRule " + t.Pattern
		}
		switch {
		case t.Matched:
			w.Outcome = "applied"
		case t.Conditions:
			w.Outcome = "conditions failed"
		}
		for _, c := range t.conds {
			l := e.find(rec, c.Pos)
			if l.Text == "" {
				l.Text = "RewriteCond " + c.Pattern
			}
			w.Conditions = append(w.Conditions, Condition{l, c.Input, c.Held})
		}
		out = append(out, w)
	}
	return out
}

// access are the lines that were asked whether the client may.
func (e *Explainer) access(rec *record, h *heard) []Access {
	var out []Access
	line := func(l Line, verdict string) { out = append(out, Access{l, verdict}) }
	if c := h.compat; c != nil {
		if !c.Order.IsZero() {
			line(e.find(rec, c.Order), map[bool]string{true: "granted", false: "denied"}[c.Allowed])
		}
		if !c.Deny.IsZero() {
			line(e.find(rec, c.Deny), "matches")
		}
		if !c.Allow.IsZero() {
			line(e.find(rec, c.Allow), "matches")
		}
	}
	if a := h.asked; a != nil && a.Root != nil {
		var walk func(s *modauthzcore.Section, depth int)
		walk = func(s *modauthzcore.Section, depth int) {
			l := Line{Text: s.Name, File: s.Pos.File, Line: s.Pos.Line, Depth: depth}
			if s == a.Root && len(s.Children) == 1 && s.Pos.IsZero() { // the container that nobody wrote
				walk(s.Children[0], depth)
				return
			}
			line(l, verdict(rec, h, s))
			for _, c := range s.Children {
				walk(c, depth+1)
			}
		}
		walk(a.Root, 0)
	}
	return out
}

// find is the line at a place of the configuration or of the .htaccess files read.
func (e *Explainer) find(rec *record, at pos) Line {
	if e.lines[at] != nil {
		return e.lines.at(at)
	}
	return rec.read.at(at)
}

// forScript stands for an answer that only running a script gives.
const forScript = "for the script to say"

func verdict(rec *record, h *heard, s *modauthzcore.Section) string {
	v, ok := h.verdicts[s]
	switch {
	case ok && s.Check != nil && rec.asks("groups_for_user") && strings.Contains(s.Name, "wsgi-group"):
		return forScript
	case !ok:
		return "not asked"
	case v.Other:
		return "other method"
	}
	return authz(v.Status)
}

func authz(s server.AuthzStatus) string {
	switch s {
	case server.AuthzGranted:
		return "granted"
	case server.AuthzDenied:
		return "denied"
	case server.AuthzNeutral:
		return "neutral"
	case server.AuthzDeniedNoUser:
		return "needs a user"
	}
	return "error"
}

func authentication(rec *record, h *heard, r *server.Request) *Authentication {
	if a := h.authn; a != nil {
		out := &Authentication{Type: a.Type, Realm: a.Realm, Providers: a.Providers, User: a.User, Verdict: a.Failed}
		switch {
		case a.User == "":
			out.Verdict = "no credentials"
		case rec.asks("check_password"):
			out.Verdict = forScript
		case a.Failed == "":
			out.Verdict = "accepted"
		}
		return out
	}
	if rec.user != "" && r.User == rec.user {
		return &Authentication{Type: r.AuthType, Realm: r.ConfiguredAuthName(), User: r.User, Verdict: "taken as given"}
	}
	return nil
}
