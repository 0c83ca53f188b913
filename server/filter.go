package server

import "sort"

// FilterOrder is a filter's place among the others of a response: lower ones
// see the body first (ap_filter_type).
type FilterOrder int

const (
	FilterResource   FilterOrder = 10 // makes or changes the resource
	FilterContentSet FilterOrder = 20 // changes it as a whole: compression
	FilterProtocol   FilterOrder = 30
)

// OutputFilter changes a response's body on its way to the client. It belongs
// to one response.
type OutputFilter interface {
	// Begin runs once, before the head is made: the filter may look at the reply and change it. A filter that changes
	// the body's length unsets Content-Length here. It steps aside by returning false.
	Begin(r *Request) bool
	// Write takes body bytes, which it must not keep, and passes on what comes of them.
	Write(p []byte, next BodyWriter) error
	// Flush passes on what the filter holds back, and the flush.
	Flush(next BodyWriter) error
	// End passes on the rest of the body; the end itself follows by itself.
	End(next BodyWriter) error
}

// BodyWriter is where a filter passes the body on to.
type BodyWriter interface {
	Write(p []byte) (int, error)
	Flush() error
}

type filterEntry struct {
	f     OutputFilter
	order FilterOrder
}

// link is a filter at work, a BodyWriter of the one before it.
type link struct {
	f    OutputFilter
	next BodyWriter
}

func (l *link) Write(p []byte) (int, error) {
	if err := l.f.Write(p, l.next); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (l *link) Flush() error { return l.f.Flush(l.next) }

// last is the end of the filters: the output itself.
type last struct{ o *output }

func (l last) Write(p []byte) (int, error) {
	if err := l.o.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (l last) Flush() error { return l.o.flush() }

// AddOutputFilter puts f in r's response, after those of the same order. It
// has no effect once the body has begun, nor on a subrequest.
func (r *Request) AddOutputFilter(f OutputFilter, order FilterOrder) {
	if o := r.out; !o.begun && r.Main == nil {
		o.filters = append(o.filters, filterEntry{f, order})
	}
}

// BeforeHead has f called when r's response is about to be sent, before its
// head is made: the last chance to change r.Reply (mod_headers). A subrequest has none.
func (r *Request) BeforeHead(f func(*Request)) {
	if o := r.out; !o.head && r.Main == nil {
		o.beforeHead = append(o.beforeHead, f)
	}
}

// filtered tells whether something may change the body on its way.
func (o *output) filtered() bool { return len(o.filters) > 0 }

// begin starts the filters and links those that act.
func (o *output) begin() {
	o.begun = true
	if len(o.filters) == 0 {
		return
	}
	sort.SliceStable(o.filters, func(i, j int) bool { return o.filters[i].order < o.filters[j].order })
	for _, e := range o.filters {
		if e.f.Begin(o.r) {
			o.links = append(o.links, link{f: e.f})
		}
	}
	for i := range o.links {
		if i+1 < len(o.links) {
			o.links[i].next = &o.links[i+1]
		} else {
			o.links[i].next = last{o}
		}
	}
}

// finish ends the filters, each with the rest that the ones before it passed on.
func (o *output) finish() error {
	for i := range o.links {
		if err := o.links[i].f.End(o.links[i].next); err != nil {
			return err
		}
	}
	return nil
}

// HasContentFilter tells whether a filter is in place that may need the body
// to know the head, as for HEAD (WSGIMapHEADToGET Auto).
func (r *Request) HasContentFilter() bool { return r.out.filtered() }
