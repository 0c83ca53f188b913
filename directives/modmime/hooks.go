package modmime

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// filters are what a file's extensions add to the response and the body.
type filters struct{ output, input []string }

// finder is mod_mime bound to a Site.
type finder struct {
	slots directives.Slots[Server, Dir]
	note  server.Note[filters]
}

// Module is mod_mime.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[Server, Dir]) {
		f := &finder{slots, server.NewNote[filters](h)}
		const name = "mod_mime.c"
		h.PostConfig.Add(name, server.Middle, func(p *directives.Plan) *errlog.Entry { return readTypes(p, slots) })
		h.TypeChecker.Add(name, server.Middle, func(r *server.Request) server.Status {
			return f.findType(r, slots.Server.Of(r.Site.Plan.Main.Conf).Types, slots.Dir.Of(r.Conf))
		})
		h.InsertFilter.Add(name, server.Middle, func(r *server.Request) {
			if x := f.note.Get(r); x != nil {
				r.AddOutputFilters(x.output)
				r.AddInputFilters(x.input)
			}
		})
	})
}

// findType looks the file's extensions up, in any order after the base name
// (find_ct).
func (f *finder) findType(r *server.Request, types map[string]string, d *Dir) server.Status {
	t := &r.Target
	if t.Info != nil && t.Info.IsDir() {
		r.Reply.ContentType = "httpd/unix-directory"
		return server.OK
	}
	name := t.Filename
	if d.UsePathInfo.Get(false) {
		name += t.PathInfo
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	// Leading dots belong to the base name, which is no extension.
	i := 0
	for i < len(name) && name[i] == '.' {
		i++
	}
	dot := strings.IndexByte(name[i:], '.')
	charset := ""
	if dot >= 0 {
		known, exceptions := false, name[:i+dot]
		for ext := range strings.SplitSeq(name[i+dot+1:], ".") {
			switch {
			case ext == "":
			case f.lookup(r, types, d, strings.ToLower(ext), &charset):
				known = true
			case r.Main != nil && d.Multi.V&MultiAny == 0:
				exceptions += "/" + ext
			}
		}
		if known && r.Main != nil {
			// For mod_negotiation: the parts of the name that say nothing of the file.
			r.Notes.Set("ap-mime-exceptions-list", exceptions)
		}
	}
	if t := r.Reply.ContentType; t != "" && (charset != "" || strings.IndexByte(t, ';') >= 0) {
		r.Reply.ContentType = compose(t, charset)
	}
	if len(r.Reply.Languages) == 0 && d.DefaultLanguage.Set {
		r.Reply.Languages = []string{d.DefaultLanguage.V}
	}
	if r.Reply.ContentType == "" {
		return server.Declined
	}
	return server.OK
}

// lookup applies what is known of an extension. It reports whether that says
// something of the file, for negotiation; a handler does only under MultiviewsMatch Handlers, filters under Filters.
func (f *finder) lookup(r *server.Request, types map[string]string, d *Dir, ext string, charset *string) (found bool) {
	info := d.Extensions[ext]
	if !info.Type.Set {
		if typ, ok := types[ext]; ok {
			r.Reply.ContentType, found = typ, true
		}
	} else if info.Type.V != "" {
		r.Reply.ContentType, found = info.Type.V, true
	}
	if info.Charset.V != "" {
		*charset, found = info.Charset.V, true
	}
	if info.Language.V != "" {
		r.Reply.Languages = append(r.Reply.Languages, info.Language.V)
		found = true
	}
	if info.Encoding.V != "" {
		if r.Reply.ContentEncoding != "" {
			r.Reply.ContentEncoding += ", "
		}
		r.Reply.ContentEncoding += info.Encoding.V
		found = true
	}
	if info.Handler.V != "" && !r.Target.ProxyReq {
		r.Target.Handler = info.Handler.V
		found = found || d.Multi.V&MultiHandlers != 0
	}
	if info.OutputFilters.V != "" || info.InputFilters.V != "" {
		f.keep(r, &info)
		found = found || d.Multi.V&MultiFilters != 0
	}
	return found
}

// keep notes the filters of an extension, to be put in place before the handler runs.
func (f *finder) keep(r *server.Request, info *Info) {
	var x filters
	if have := f.note.Get(r); have != nil {
		x = *have
	}
	semicolon := func(c rune) bool { return c == ';' }
	x.output = append(x.output[:len(x.output):len(x.output)], strings.FieldsFunc(info.OutputFilters.V, semicolon)...)
	x.input = append(x.input[:len(x.input):len(x.input)], strings.FieldsFunc(info.InputFilters.V, semicolon)...)
	f.note.Set(r, &x)
}

// compose writes a media type as Apache does, "; " between its parameters, with
// charset in place of its own or at the end.
func compose(typ, charset string) string {
	base, params, more := strings.Cut(typ, ";")
	var b strings.Builder
	b.WriteString(strings.TrimSpace(base))
	given := charset == ""
	for more {
		var p string
		p, params, more = strings.Cut(params, ";")
		if strings.TrimSpace(p) == "" {
			return typ // not of the form of a type
		}
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			continue
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if charset != "" && name == "charset" {
			if given {
				continue
			}
			given, value = true, charset
		}
		b.WriteString("; " + name + "=" + value)
	}
	if !given {
		b.WriteString("; charset=" + charset)
	}
	return b.String()
}
