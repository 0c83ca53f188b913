package server

import (
	"io"
	"strings"

	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/http1"
)

// NamedInputFilter is a filter of request bodies that configurations name
// (ap_register_input_filter). Modules file it with directives.Registry.Provide
// under modcore.InputFilterGroup, by its name in lower case.
type NamedInputFilter struct {
	Name string
	// New puts the filter of one request in front of body. Its reader's errors are body's own, or BodyFault's.
	New func(r *Request, body io.Reader) io.Reader
}

// BodyError is the error of a request body that cannot be read; it has the
// status to answer with.
type BodyError = http1.Error

// BodyFault is the error of a filter that cannot make sense of a request body.
// The connection is closed after the response.
func (r *Request) BodyFault(status int) error {
	r.Conn.closeAfter()
	return &BodyError{Status: status}
}

// AddInputFilters puts the named filters in front of r's body (AddInputFilter,
// SetInputFilter); it is for InsertFilter hooks. A name that no module has is
// logged and left out.
func (r *Request) AddInputFilters(names []string) {
	if r.Main != nil || r.Prev != nil || r.in == nil {
		return
	}
	for _, name := range names {
		v, _ := r.Site.Plan.Provider(modcore.InputFilterGroup, strings.ToLower(name))
		f, ok := v.(*NamedInputFilter)
		if !ok {
			r.Logf(errlog.Error, errlog.Core, "AH00082", "an unknown filter was not added: %s", name)
			continue
		}
		if r.in.filter == nil {
			r.in.filter = rawBody{r}
		}
		r.in.filter = f.New(r, r.in.filter)
	}
}

// insertInputFilters is SetInputFilter (core_insert_filter).
func insertInputFilters(r *Request) {
	if names := r.dir().InputFilters.V; len(names) > 0 {
		r.AddInputFilters(names)
	}
}

// rawBody is a request's body as it came.
type rawBody struct{ r *Request }

func (b rawBody) Read(p []byte) (int, error) { return b.r.readBody(p) }
