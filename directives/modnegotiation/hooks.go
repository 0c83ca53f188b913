package modnegotiation

import (
	"os"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
)

// mapHandler is the handler of type maps.
const mapHandler = "type-map"

// uncached marks a request whose response old caches must not keep.
type uncached struct{}

// module is mod_negotiation bound to a Site.
type module struct {
	slots directives.Slots[Server, Dir]
	note  server.Note[uncached]
}

// Module is mod_negotiation.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[Server, Dir]) {
		m := &module{slots, server.NewNote[uncached](h)}
		const name = "mod_negotiation.c"
		h.TypeChecker.Add(name, server.First, m.multiviews)
		h.Fixups.Add(name, server.Middle, fixEncoding)
		h.Handler.Add(name, server.Middle, m.typeMap)
		h.InsertFilter.Add(name, server.Middle, m.expire)
	})
}

// multiviews finds a file for a name that has none (handle_multi).
func (m *module) multiviews(r *server.Request) server.Status {
	if r.Target.Info != nil || !r.Dir().Options.Has(modcore.OptMultiViews) {
		return server.Declined
	}
	n := newNegotiation(r, m.slots.Dir.Of(r.Conf))
	if s := n.readDirectory(); s != server.OK {
		return s
	}
	if len(n.variants) == 0 {
		return server.Declined
	}
	best, s := n.negotiate(r.Line.Number != 0 || r.Args != "" || r.Target.PathInfo != "")
	if s != server.OK {
		return s
	}
	sub := best.sub
	if sub == nil {
		if sub = r.LookupFile(best.file); sub.Reply.Status != 200 {
			return server.Status(sub.Reply.Status)
		}
	}
	if sub.Args == "" {
		sub.Args, sub.HasArgs = r.Args, r.HasArgs
	}
	r.FastRedirect(sub)
	r.Reply.Mtime = 0
	return server.OK
}

// mark notes that a client of HTTP/1.0, or a cache between, must not keep what was
// chosen for another. Apache forgets it for MultiViews.
func (m *module) mark(r *server.Request) {
	if r.Line.Proto < 1001 && !m.slots.Server.Of(r.Server.Conf).CacheDocs {
		m.note.Set(r, &uncached{})
	}
}

// expire has the response of a marked request expire at once (no_cache).
func (m *module) expire(r *server.Request) {
	marked := m.note.Get(r) != nil
	for p := r.Prev; p != nil && !marked; p = p.Prev {
		marked = m.note.Get(p) != nil
	}
	if !marked {
		return
	}
	r.BeforeHead(func(r *server.Request) {
		if !r.Reply.Header.Has("Expires") {
			r.Reply.Header.Add("Expires", string(apr.AppendHTTPDate(nil, r.Received.Unix())))
		}
	})
}

// typeMap answers a request for a type map with a variant (handle_map_file).
func (m *module) typeMap(r *server.Request) server.Status {
	if r.Target.Handler != mapType && r.Target.Handler != mapHandler {
		return server.Declined
	}
	n := newNegotiation(r, m.slots.Dir.Of(r.Conf))
	if s := n.readMap(r); s != server.OK {
		return s
	}
	best, s := n.negotiate(false)
	if s != server.OK {
		return s
	}
	m.mark(r)
	if best.body != 0 {
		return sendBody(r, best)
	}
	uri := strings.TrimSuffix(r.URI, r.Target.PathInfo)
	uri = apr.EscapeURI(uri[:strings.LastIndexByte(uri, '/')+1]) + best.file + r.Target.PathInfo
	if r.HasArgs {
		uri += "?" + r.Args
	}
	r.InternalRedirect(uri)
	return server.OK
}

// sendBody sends a variant that stands in the map itself.
func sendBody(r *server.Request, v *variant) server.Status {
	r.ReplaceAllowed(directives.MGet, directives.MOptions, directives.MPost)
	if r.Line.Number != directives.MGet && r.Line.Number != directives.MPost {
		return 405
	}
	f, err := os.Open(r.Target.Filename)
	if err != nil {
		return 403
	}
	defer f.Close()
	if v.mimeType != "" {
		r.Reply.ContentType = v.mimeType
		if v.charset != "" {
			r.Reply.ContentType += "; charset=" + v.charset
		}
	}
	if len(v.languages) > 0 {
		r.Reply.Languages = v.languages
	}
	if v.encoding.V != "" {
		r.Reply.ContentEncoding = v.encoding.V
	}
	return r.SendPart(f, v.body, v.bytes)
}

// fixEncoding names the response's encoding as the client does, with or without
// "x-" (fix_encoding).
func fixEncoding(r *server.Request) server.Status {
	encoding := strings.TrimPrefix(r.Reply.ContentEncoding, "x-")
	if encoding == "" {
		return server.Declined
	}
	old := ""
	for _, a := range list(r.In.Get("Accept-Encoding")) {
		if a.name == encoding {
			r.Reply.ContentEncoding = a.name
			return server.OK
		}
		if a.name == "x-"+encoding {
			old = a.name
		}
	}
	if old == "" {
		return server.Declined
	}
	r.Reply.ContentEncoding = old
	return server.OK
}
