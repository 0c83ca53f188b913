package server

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/errlog"
)

// NamedFilter is an output filter that configurations name
// (ap_register_output_filter). Modules file it with
// directives.Registry.Provide under modcore.OutputFilterGroup, by its name in
// lower case.
type NamedFilter struct {
	Name  string
	Order FilterOrder
	// New makes the filter of one response.
	New func(*Request) OutputFilter
}

// FindOutputFilter finds a filter of a loaded module by name, in any case. It
// is for directives as well, whose plan is not finished.
func FindOutputFilter(p *directives.Plan, name string) (*NamedFilter, bool) {
	v, ok := p.Provider(modcore.OutputFilterGroup, strings.ToLower(name))
	if !ok {
		return nil, false
	}
	f, ok := v.(*NamedFilter)
	return f, ok
}

// changing are filters of Apache modules that are not part of the server and
// without which a response is another one, or tells what it should not: server
// side includes and the like. What only packs or delays a body is not among them.
var changing = map[string]bool{"includes": true, "substitute": true, "sed": true, "proxy-html": true, "xml2enc": true, "data": true}

// AddOutputFilters puts the named filters into r's response (AddOutputFilter,
// SetOutputFilter); it is for InsertFilter hooks. A name that no module has is
// logged and left out as in Apache, but for the filters without which the
// response would be wrong: then no handler answers.
func (r *Request) AddOutputFilters(names []string) {
	for _, name := range names {
		if f, ok := FindOutputFilter(r.Site.Plan, name); ok {
			r.AddOutputFilter(f.New(r), f.Order)
			continue
		}
		r.Logf(errlog.Error, errlog.Core, "AH00082", "an unknown filter was not added: %s", name)
		if changing[strings.ToLower(name)] {
			r.unfiltered = name
		}
	}
}

// insertOutputFilters is SetOutputFilter (core_insert_filter).
func insertOutputFilters(r *Request) {
	if names := r.dir().OutputFilters.V; len(names) > 0 {
		r.AddOutputFilters(names)
	}
}

// refuseUnfiltered answers where a handler's response would lack a filter that it must not go without.
func refuseUnfiltered(r *Request) Status {
	if r.unfiltered == "" {
		return Declined
	}
	r.Logf(errlog.Error, errlog.Core, "", "%s is not sent without the filter %s, which httpd-wsgi does not have", r.Target.Filename, r.unfiltered)
	return 500
}

// filtering tells whether a filter is at work on the body; it has those that may
// be make up their minds.
func (o *output) filtering() bool {
	if !o.begun && len(o.filters) > 0 {
		o.begin()
	}
	return len(o.links) > 0
}

// SetLength tells the client the length of all that is going to be written, if
// the head is not made yet.
func (l last) SetLength(n int64) {
	if !l.o.head {
		l.o.r.SetContentLength(n)
	}
}

// LengthSetter is a BodyWriter that leads to the client past no other filter.
// A filter that knows the length of all that comes of it may tell it.
type LengthSetter interface{ SetLength(n int64) }
