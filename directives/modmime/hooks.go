package modmime

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// Module is mod_mime.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[Server, Dir]) {
		h.TypeChecker.Add("mod_mime.c", server.Middle, func(r *server.Request) server.Status {
			return findType(r, slots.Server.Of(r.Site.Plan.Main.Conf).Types, slots.Dir.Of(r.Conf))
		})
	})
}

// findType looks the file's extensions up, in any order after the base name
// (find_ct).
func findType(r *server.Request, types map[string]string, d *Dir) server.Status {
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
		for ext := range strings.SplitSeq(name[i+dot+1:], ".") {
			if ext != "" {
				lookup(r, types, d, strings.ToLower(ext), &charset)
			}
		}
	}
	if charset != "" && r.Reply.ContentType != "" {
		r.Reply.ContentType = withCharset(r.Reply.ContentType, charset)
	}
	if len(r.Reply.Languages) == 0 && d.DefaultLanguage.Set {
		r.Reply.Languages = []string{d.DefaultLanguage.V}
	}
	if r.Reply.ContentType == "" {
		return server.Declined
	}
	return server.OK
}

func lookup(r *server.Request, types map[string]string, d *Dir, ext string, charset *string) {
	info := d.Extensions[ext]
	if !info.Type.Set {
		if typ, ok := types[ext]; ok {
			r.Reply.ContentType = typ
		}
	} else if info.Type.V != "" {
		r.Reply.ContentType = info.Type.V
	}
	if info.Charset.V != "" {
		*charset = info.Charset.V
	}
	if info.Language.V != "" {
		r.Reply.Languages = append(r.Reply.Languages, info.Language.V)
	}
	if info.Encoding.V != "" {
		if r.Reply.ContentEncoding != "" {
			r.Reply.ContentEncoding += ", "
		}
		r.Reply.ContentEncoding += info.Encoding.V
	}
	if info.Handler.V != "" && !r.Target.ProxyReq {
		r.Target.Handler = info.Handler.V
	}
}

// withCharset replaces or adds the charset parameter of a media type.
func withCharset(typ, charset string) string {
	var b strings.Builder
	for i, part := range strings.Split(typ, ";") {
		part = strings.TrimSpace(part)
		if i > 0 {
			if strings.HasPrefix(strings.ToLower(part), "charset=") {
				continue
			}
			b.WriteString("; ")
		}
		b.WriteString(part)
	}
	return b.String() + "; charset=" + charset
}
