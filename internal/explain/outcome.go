package explain

import (
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives/modauthzcore"
	"httpd-wsgi/server"
)

type pos = apacheconf.Pos

// conclude says in a sentence what becomes of the request, and which lines of
// the configuration are the reason.
func (e *Explainer) conclude(out *Report, rec *record, r *server.Request, application bool) {
	last := r.Last()
	// What the client gets is decided by the first refusal; an ErrorDocument only dresses it.
	for s := r; s != nil; s = s.Next {
		h := rec.heard(s)
		if h.died == nil {
			continue
		}
		reason := e.reason(out, rec, s, h)
		out.Outcome = statusText(h.died.Status)
		if out.Location != "" && h.died.Status < 400 {
			out.Outcome += " to " + out.Location
		}
		if reason != "" {
			out.Outcome += ": " + reason
		}
		if doc := h.died.Document; doc != "" {
			out.Outcome += fmt.Sprintf("; ErrorDocument %s answers", short(doc))
			if application {
				out.Outcome += ", an application"
			} else if out.Status != h.died.Status {
				out.Outcome += " with " + statusText(out.Status)
			}
		}
		return
	}
	h := rec.heard(last)
	switch {
	case application:
		out.Outcome = "allowed: the application in " + h.wsgi.Script + " answers"
	case out.Module == "core":
		out.Outcome = statusText(out.Status) + ": allowed, the file is sent"
		if out.Status == 304 || out.Status == 412 || out.Status == 416 {
			out.Outcome = statusText(out.Status) + ": allowed, answered from the file's date and tag"
		}
		if last.Line.Method == "OPTIONS" {
			out.Outcome = statusText(out.Status) + ": allowed, the methods are listed"
		}
	case out.Module == "mod_autoindex.c":
		out.Outcome = statusText(out.Status) + ": allowed, the directory is listed"
	case out.Module != "":
		out.Outcome = statusText(out.Status) + ": allowed, answered by " + out.Module
	default:
		out.Outcome = statusText(out.Status)
		for _, a := range h.answered {
			if a.Status == server.Done {
				out.Outcome += ": answered by " + a.Module
			}
		}
	}
}

func short(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > 60 {
		s = s[:57] + "..."
	}
	return s
}

// reason tells why a request was refused or redirected and files the lines in out.Because.
func (e *Explainer) reason(out *Report, rec *record, r *server.Request, h *heard) string {
	a := h.refused()
	because := func(l Line) { out.Because = append(out.Because, l) }
	if a == nil {
		return e.message(h)
	}
	for _, sub := range h.subRequest {
		if s := rec.heard(sub).refused(); s != nil && s.Status == a.Status && (a.Module == "mod_dir.c" || a.Module == "mod_negotiation.c") {
			return sub.URI + ": " + e.reason(out, rec, sub, rec.heard(sub))
		}
	}
	switch a.Module {
	case "mod_authz_core.c":
		if h.asked == nil || h.asked.Root == nil {
			break
		}
		for _, s := range blame(h, h.asked.Root) {
			because(Line{Text: s.Name, File: s.Pos.File, Line: s.Pos.Line})
		}
		if h.asked.Authenticated && r.User != "" {
			return "user " + r.User + " is not allowed by the Require lines"
		}
		return "denied by the Require lines"
	case "mod_access_compat.c":
		for _, l := range e.access(rec, h) {
			if !strings.HasPrefix(l.Text, "Require") && !strings.HasPrefix(l.Text, "<") {
				because(l.Line)
			}
		}
		if h.compat != nil && h.compat.Deny.IsZero() && h.compat.Allow.IsZero() {
			return "denied by Order: no Allow line fits the client"
		}
		return "denied by Order, Allow and Deny"
	case "mod_auth_basic.c":
		if n := h.authn; n != nil {
			if h.asked != nil && h.asked.Root != nil {
				for _, s := range blame(h, h.asked.Root) {
					because(Line{Text: s.Name, File: s.Pos.File, Line: s.Pos.Line})
				}
			}
			needs := fmt.Sprintf("%s authentication for realm %q, provider %s", n.Type, n.Realm, strings.Join(n.Providers, ", "))
			if n.User == "" {
				return "needs " + needs
			}
			return fmt.Sprintf("user %s: %s; %s", n.User, n.Failed, needs)
		}
	case "mod_alias.c":
		if n := len(h.acted); n > 0 {
			l := e.find(rec, h.acted[n-1].Pos)
			if l.Text == "" {
				l.Text = "Redirect"
			}
			because(l)
			return "by " + strings.SplitN(l.Text, " ", 2)[0]
		}
	case "mod_rewrite.c":
		tried := e.rewrites(rec, h, false)
		for i := len(tried) - 1; i >= 0; i-- {
			if w := tried[i]; w.Outcome == "applied" {
				because(w.Line)
				return "by RewriteRule"
			}
		}
	case "mod_dir.c":
		if strings.HasPrefix(out.Location, "http") && a.Status < 400 {
			return "DirectorySlash: the directory is asked for without its final slash"
		}
	case "mod_allowmethods.c":
		e.inSections(rec, r, "AllowMethods", because)
		return "method " + r.Line.Method + " is not among AllowMethods"
	case "mod_autoindex.c":
		if a.Status == 403 {
			e.inSections(rec, r, "Options", because)
			if len(h.said) > 0 {
				return "no DirectoryIndex is there, and Options Indexes is off"
			}
		}
	case "core":
		if n := len(h.acted); n > 0 && a.Phase == "map_to_storage" { // a .htaccess file's line
			_, items := e.htaccess(r, r.Target.Filename)
			rec.read.add(items)
			because(e.find(rec, h.acted[n-1].Pos))
			break
		}
		if a.Status == 404 && a.Phase == "handler" {
			switch t := &r.Target; {
			case t.Info == nil:
				return "no such file: " + t.Filename
			case t.Info.IsDir():
				return "a directory that nothing lists: " + t.Filename
			case t.PathInfo != "":
				return t.Filename + " is a file and takes no path info " + t.PathInfo
			}
		}
		if a.Status == 405 {
			return "method " + r.Line.Method + " is not for files"
		}
	}
	if m := e.message(h); m != "" {
		return m
	}
	return "by " + a.Module
}

// message is the last message of the error log.
func (e *Explainer) message(h *heard) string {
	if n := len(h.said); n > 0 {
		return h.said[n-1].Message
	}
	return ""
}

// inSections files the last line of a directive in the sections of r.
func (e *Explainer) inSections(rec *record, r *server.Request, name string, file func(Line)) {
	sections := r.Node.Sections()
	for i := len(sections) - 1; i >= 0; i-- {
		lines := e.section(r, sections[i], rec.read).Lines
		for k := len(lines) - 1; k >= 0; k-- {
			if word, _, _ := strings.Cut(lines[k].Text, " "); strings.EqualFold(word, name) {
				file(lines[k])
				return
			}
		}
	}
}

// blame finds the Require lines that a denial, or the want of a user, comes from.
func blame(h *heard, s *modauthzcore.Section) []*modauthzcore.Section {
	v, ok := h.verdicts[s]
	if !ok || v.Status == server.AuthzGranted {
		return nil
	}
	if s.Check != nil || s.Negate {
		return []*modauthzcore.Section{s}
	}
	var denied, wait []*modauthzcore.Section
	for _, c := range s.Children {
		switch v, ok := h.verdicts[c]; {
		case !ok:
		case v.Status == server.AuthzDenied || v.Status == server.AuthzGeneralError:
			denied = append(denied, blame(h, c)...)
		case v.Status == server.AuthzDeniedNoUser:
			wait = append(wait, blame(h, c)...)
		}
	}
	switch {
	case v.Status == server.AuthzDeniedNoUser && len(wait) > 0:
		return wait
	case len(denied) > 0:
		return denied
	case s.Pos.IsZero():
		return nil
	}
	return []*modauthzcore.Section{s} // nothing in it grants
}
