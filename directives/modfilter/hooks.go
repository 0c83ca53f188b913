package modfilter

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Module is mod_filter.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.InsertFilter.Add("mod_filter.c", server.Middle, func(r *server.Request) {
			for _, in := range slots.Dir.Of(r.Conf).inserted {
				insert(r, in)
			}
		})
	})
}

// insert puts a smart filter into the response (filter_insert).
func insert(r *server.Request, in insertion) {
	f := in.filter
	if f == nil {
		r.Logf(errlog.Warn, errlog.Filter, "AH01380", "Unknown filter %s not added", in.name)
		return
	}
	h := &harness{smart: f}
	if f.protocol&(noByteranges|changesLength) != 0 && r.Main == nil {
		// What is asked for is a part of what the client sees, not of what the filter gets.
		if v, ok := r.In.Lookup("Range"); ok {
			h.ranges = v
			r.In.Unset("Range")
		}
	}
	r.AddOutputFilter(h, f.order)
}

// harness is a smart filter in a response: it finds the provider that is for
// the response, if any, and lets it work.
type harness struct {
	server.OutputFilter // the provider's, once found
	smart               *smart
	ranges              string // the Range header that was put aside
}

// Begin implements server.OutputFilter (filter_harness, filter_lookup).
func (h *harness) Begin(r *server.Request) bool {
	if r.Reply.Status != 200 {
		if _, ok := r.Env.Get("filter-errordocs"); !ok {
			return false
		}
	}
	if h.smart.trace == 1 {
		r.Logf(errlog.Debug, errlog.Filter, "AH01375", "%s", h.smart.name)
	}
	if r.Target.ProxyReq && (h.smart.protocol&noProxy != 0 || h.smart.protocol&transforms != 0 && noTransform(r)) {
		return false
	}
	for i := range h.smart.providers {
		p := &h.smart.providers[i]
		if !h.wants(r, p) || r.Target.ProxyReq && !throughProxy(r, p) {
			continue
		}
		h.adjust(r, p)
		h.OutputFilter = p.filter.New(r)
		return h.OutputFilter.Begin(r)
	}
	return false
}

// wants tells whether a provider is for the response.
func (h *harness) wants(r *server.Request, p *provider) bool {
	if p.cond == nil {
		return r.Reply.ContentType != "" && p.matches(r.Reply.ContentType)
	}
	ok, err := p.cond.Eval(r.ExprEnv())
	if err != nil {
		r.Logf(errlog.Error, errlog.Filter, "AH01379", "Error evaluating filter dispatch condition: %v", err)
		return false
	}
	return ok
}

func noTransform(r *server.Request) bool {
	return strings.Contains(strings.ToLower(r.Reply.Header.Get("Cache-Control")), "no-transform")
}

// throughProxy tells whether a provider may work on a response that is another server's.
func throughProxy(r *server.Request, p *provider) bool {
	if p.protocol&noProxy != 0 {
		return false
	}
	if p.protocol&transforms != 0 {
		if noTransform(r) {
			return false
		}
		r.Reply.Header.Add("Warning", "214 "+r.Line.Hostname+" Transformation applied")
	}
	return true
}

// adjust changes the head as the provider's protocol demands.
func (h *harness) adjust(r *server.Request, p *provider) {
	header := &r.Reply.Header
	if p.protocol&changes != 0 {
		header.Unset("Content-MD5")
		header.Unset("ETag")
		if p.protocol&changesLength != 0 {
			header.Unset("Content-Length")
		}
	}
	if p.protocol&noCache != 0 {
		header.Unset("Last-Modified")
		header.Add("Cache-Control", "no-cache")
	}
	if p.protocol&noByteranges != 0 {
		header.Set("Accept-Ranges", "none")
	} else if h.ranges != "" {
		r.In.Set("Range", h.ranges)
	}
}
