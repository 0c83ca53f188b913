package server

import (
	"errors"
	"io"
	"math"
	"strings"
	"syscall"
	"time"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/http1"
)

// input is the body of a connection's present request. Redirects of it share it.
type input struct {
	body http1.Body
	c    *Conn
	// expect tells that the client waits for 100 Continue before it sends the body.
	expect   bool
	limited  bool // LimitRequestBody has been set
	merged   bool // trailers have been merged into the header
	trailers Header
	// filter reads the body through the input filters; nil without any.
	filter io.Reader
}

func (in *input) reset(c *Conn, h *http1.Head, o *http1.Options) {
	in.c, in.expect, in.limited, in.merged = c, false, false, false
	in.trailers.F, in.filter = nil, nil
	in.body.Reset(&c.reader, h, o)
}

// defaultBodyLimit is LimitRequestBody's default.
const defaultBodyLimit = 1 << 30

// BodyLimit is LimitRequestBody for r in bytes; 0 is no limit.
func (r *Request) BodyLimit() int64 { return r.dir().LimitRequestBody.Get(defaultBodyLimit) }

// HasBody tells whether the client sent a body, or will.
func (r *Request) HasBody() bool { return r.in != nil && !r.in.body.Empty() }

// ContentLength is the size of the body as the client told it: 0 without a body, -1 if it comes in chunks.
func (r *Request) ContentLength() int64 {
	if r.in == nil {
		return 0
	}
	return r.in.body.Length()
}

// ReadBody reads from the request's body, which a request and those it was
// redirected to share. A client that waits for 100 Continue is sent it. An
// error other than io.EOF has been logged, is told again by every further
// call, and ends the connection after the response; BodyStatus gives the HTTP
// status for it.
func (r *Request) ReadBody(p []byte) (int, error) {
	switch {
	case r.in == nil:
		return 0, io.EOF
	case r.in.filter != nil:
		return r.in.filter.Read(p)
	}
	return r.readBody(p)
}

// arriving is how long ReadAhead waits for a body that is on its way.
const arriving = 10 * time.Millisecond

// ReadAhead reads into p the beginning of a body whose length was told, as far as it has come or comes within moments, and
// tells whether that is all of it. It does not ask for a body of which the client waits to be asked for it, and leaves it to
// ReadBody to find out what is wrong.
func (r *Request) ReadAhead(p []byte) (n int, end bool) {
	in := r.in
	if in == nil || in.filter != nil || in.expect && !in.body.Arrived() {
		return 0, false
	}
	in.expect = false
	c := in.c
	in.body.SetLimit(r.BodyLimit())
	defer func() { c.ahead = time.Time{} }()
	for n < len(p) && !in.body.AtEnd() {
		if c.ahead.IsZero() && !in.body.Arrived() {
			c.ahead = time.Now().Add(arriving)
			c.readDeadline = c.ahead
			if c.t.SetReadDeadline(c.ahead) != nil {
				break
			}
		}
		m := in.body.ReadAhead(p[n:])
		if m == 0 {
			break
		}
		n += m
	}
	return n, in.body.AtEnd()
}

// readBody is ReadBody before the filters.
func (r *Request) readBody(p []byte) (int, error) {
	in := r.in
	if !in.limited {
		in.limited = true
		limit := r.BodyLimit()
		in.body.SetLimit(limit)
		if limit == 0 || in.body.Length() <= limit {
			if err := r.sendContinue(); err != nil {
				return 0, err
			}
		}
	}
	failed := in.body.Err() != nil
	n, err := in.body.Read(p)
	if err != nil && !failed {
		if err != io.EOF {
			in.c.closeAfter()
			r.logProtocol(err)
		} else if r.protocol().mergeTrailers && !in.merged {
			in.merged = true
			for _, f := range in.body.Trailers {
				r.In.Merge(f.Name, f.Value)
			}
		}
	}
	return n, err
}

// sendContinue sends 100 Continue to a client that waits for it, unless its body is on the way or a response is.
func (r *Request) sendContinue() error {
	in := r.in
	if !in.expect {
		return nil
	}
	if in.body.Arrived() {
		in.expect = false
		return nil
	}
	if r.out.head || r.Reply.Status != 200 {
		return nil
	}
	in.expect = false
	return r.out.interim("HTTP/1.1 100 Continue\r\n\r\n")
}

// BodyStatus is the HTTP status that answers an error of ReadBody: 400, 408 or 413.
func BodyStatus(err error) Status {
	var e *http1.Error
	if errors.As(err, &e) {
		return Status(e.Status)
	}
	return 400
}

// DiscardBody reads the body to nowhere, before a response that has no use
// for it (ap_discard_request_body): OK, or the status of a body that is wrong.
// It does nothing when the connection is to be closed anyway.
func (r *Request) DiscardBody() Status {
	if r.Main != nil || r.in == nil || r.in.body.AtEnd() || r.Conn.closing {
		return OK
	}
	if dropsConnection(r.Reply.Status) {
		r.Conn.closeAfter()
		return OK
	}
	var none [1]byte
	if _, err := r.readBody(none[:]); err == io.EOF { // limit, 100 Continue
		return OK
	} else if err != nil {
		return BodyStatus(err)
	}
	if err := r.in.body.Discard(math.MaxInt64 - 1); err != nil {
		r.Conn.closeAfter()
		r.logProtocol(err)
		return BodyStatus(err)
	}
	return OK
}

// Trailers are the fields that came after a chunked body, once it has been read.
func (r *Request) Trailers() *Header {
	if r.in == nil {
		return new(Header)
	}
	r.in.trailers.F = r.in.body.Trailers
	return &r.in.trailers
}

// logProtocol writes the log lines of a malformed request.
func (r *Request) logProtocol(err error) {
	var e *http1.Error
	if !errors.As(err, &e) {
		return
	}
	for _, l := range e.Log {
		entry := errlog.Entry{Level: errlog.Info, Module: errlog.Core, Code: l.Code, Message: l.Text}
		if l.Severity == http1.SeverityDebug {
			entry.Level = errlog.Debug
		}
		if l.Code == "AH01590" {
			entry.Status = syscall.EINVAL
			if strings.Contains(l.Text, "(overflow)") {
				entry.Status = syscall.ENOSPC
			}
		}
		if l.Source == http1.SourceHTTP {
			entry.Module = errlog.HTTP
		}
		r.LogEntry(&entry)
	}
}
