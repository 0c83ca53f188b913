package modheaders

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

type module struct {
	conf                directives.Slot[Dir]
	bodyHead, errorHead func(*server.Request) // fixResponse and fixError, made once
}

// early runs the lines marked so, before the request is looked at any further (ap_headers_early).
func (m *module) early(r *server.Request) server.Status {
	d := m.conf.Of(r.Conf)
	run(r, &r.In, d.In, true)
	run(r, &r.Reply.ErrHeader, d.Always, true)
	run(r, &r.Reply.Header, d.Out, true)
	return server.Declined
}

func (m *module) fixRequest(r *server.Request) server.Status {
	run(r, &r.In, m.conf.Of(r.Conf).In, false)
	return server.Declined
}

func (m *module) insert(r *server.Request) {
	if d := m.conf.Of(r.Conf); len(d.Out) > 0 || len(d.Always) > 0 {
		r.BeforeHead(m.bodyHead)
	}
}

func (m *module) insertError(r *server.Request) {
	if len(m.conf.Of(r.Conf).Always) > 0 {
		r.BeforeHead(m.errorHead)
	}
}

func (m *module) fixResponse(r *server.Request) {
	r.Logf(errlog.Debug, errlog.Headers, "AH01502", "headers: ap_headers_output_filter()")
	d := m.conf.Of(r.Conf)
	run(r, &r.Reply.ErrHeader, d.Always, false)
	run(r, &r.Reply.Header, d.Out, false)
}

func (m *module) fixError(r *server.Request) {
	r.Logf(errlog.Debug, errlog.Headers, "AH01503", "headers: ap_headers_error_filter()")
	run(r, &r.Reply.ErrHeader, m.conf.Of(r.Conf).Always, false)
}

// run applies those of lines that are early, or late, to h (do_headers_fixup).
func run(r *server.Request, h *server.Header, lines []*Line, early bool) {
	for _, l := range lines {
		if l.early == early && l.applies(r) {
			l.apply(r, h)
		}
	}
}

func (l *Line) applies(r *server.Request) bool {
	if l.cond != nil {
		ok, err := l.cond.Eval(r.ExprEnv())
		if err != nil {
			// As in Apache, a condition that can't be told does not hold the line back.
			r.Logf(errlog.Error, errlog.Headers, "AH01501", "Failed to evaluate expression (%s) - ignoring", err)
			return true
		}
		return ok
	}
	if l.env != "" {
		_, ok := r.Env.Get(l.env)
		return ok != l.envNot
	}
	return true
}

func (l *Line) apply(r *server.Request, h *server.Header) {
	switch l.act {
	case actAdd:
		h.Add(l.header, l.value.eval(r))
	case actAppend:
		h.Merge(l.header, l.value.eval(r))
	case actMerge:
		v := l.value.eval(r)
		if have, ok := h.Lookup(l.header); !ok {
			h.Add(l.header, v)
		} else if !hasElement(have, v) {
			h.Merge(l.header, v)
		}
	case actSet:
		l.set(r, h)
	case actSetIfEmpty:
		if !h.Has(l.header) {
			l.set(r, h)
		}
	case actNote:
		if v, ok := h.Lookup(l.header); ok {
			r.Notes.Set(l.value.eval(r), v)
		}
	case actUnset:
		h.Unset(l.header)
		if l.contentType {
			r.Reply.ContentType = ""
		}
	case actEcho:
		for _, f := range r.In.F {
			if ok, _ := l.re.Match(f.Name); ok {
				r.Reply.Header.Add(f.Name, f.Value)
			}
		}
	case actEdit, actEditAll:
		if l.contentType && r.Reply.ContentType != "" {
			r.Reply.ContentType = l.edit(r, r.Reply.ContentType)
		}
		l.editAll(r, h)
	}
}

func (l *Line) set(r *server.Request, h *server.Header) {
	v := l.value.eval(r)
	if l.contentType {
		r.Reply.ContentType = v
	}
	h.Set(l.header, v)
}

// editAll edits every field of the name; they go to the end.
func (l *Line) editAll(r *server.Request, h *server.Header) {
	if !h.Has(l.header) {
		return
	}
	var edited []server.Field
	for _, f := range h.F {
		if strings.EqualFold(f.Name, l.header) {
			edited = append(edited, server.Field{Name: f.Name, Value: l.edit(r, f.Value)})
		}
	}
	h.Unset(l.header)
	for _, f := range edited {
		h.Add(f.Name, f.Value)
	}
}

// edit replaces the first match in value, or with edit* every one; "^" then
// matches where the last match ended, too (process_regexp).
func (l *Line) edit(r *server.Request, value string) string {
	var out []byte
	rest := value
	for {
		var caps pcre.Captures
		ok, err := l.re.Exec(rest, &caps)
		if err != nil {
			r.LogErr(err, errlog.Error, errlog.Headers, "", "the pattern of Header edit at %s failed", l.source)
		}
		if !ok || err != nil {
			break
		}
		out = append(out, rest[:caps[0].Start]...)
		out = pcre.Expand(out, l.value.eval(r), rest, caps[:])
		end := caps[0].End
		rest = rest[end:]
		if l.act == actEdit || end == 0 { // an empty match would match again for ever
			break
		}
	}
	if out == nil {
		return rest
	}
	return string(append(out, rest...))
}

// hasElement tells whether value is one of a comma-separated list's elements,
// in which quoted strings are kept whole.
func hasElement(list, value string) bool {
	for i := 0; i < len(list); {
		for i < len(list) && (list[i] == ' ' || list[i] >= '\t' && list[i] <= '\r') {
			i++
		}
		start := i
		for i < len(list) && list[i] != ',' {
			if list[i] == '"' {
				for i++; i < len(list) && list[i] != '"'; i++ {
				}
			}
			if i < len(list) {
				i++
			}
		}
		if list[start:i] == value {
			return true
		}
		i++
	}
	return false
}
