package modwsgi

import (
	"bytes"
	"errors"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/http1"
	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
)

// exchange is the HTTP side of a WSGI request (wsgi.Exchange). It is reused.
type exchange struct {
	r        *server.Request
	script   string // for log lines
	form     wsgi.Form
	call     wsgi.Call
	override bool // WSGIErrorOverride applies: error responses are replaced
	daemon   bool // it runs in a daemon process
	// replaced tells that the application's response is dropped: the server answers with status.
	replaced bool
	status   server.Status
	// location is where a response of a daemon process with status 200 and a Location leads to, instead of its body.
	location string
	head     bool // the response's head was given, without a body yet
}

func (m *module) take(r *server.Request) *exchange {
	x := m.pool.Get().(*exchange)
	*x = exchange{r: r, form: x.form}
	x.call = wsgi.Call{Form: &x.form, Exchange: x, BodyEnd: !r.HasBody()}
	return x
}

func (m *module) give(x *exchange) {
	x.r, x.call = nil, wsgi.Call{}
	m.pool.Put(x)
}

// bodyAhead is how much of a body is read before the application is called: with the request it comes to Python at no cost,
// by ReadBody a goroutine has to be told each time, and a thread of Python's waits.
const bodyAhead = 64 << 10

// readAhead reads the beginning of the body, of most bodies all of it, into the form if it is there.
func (x *exchange) readAhead() {
	if n := x.r.ContentLength(); n > 0 {
		p := x.form.Room(int(min(n, bodyAhead)))
		n, end := x.r.ReadAhead(p)
		x.call.Body, x.call.BodyEnd = p[:n], end
	}
}

// ReadBody implements wsgi.Exchange. A body that breaks HTTP's rules or a
// limit is answered by the server, whatever the application makes of it; one
// that a client does not finish is the application's affair.
func (x *exchange) ReadBody(p []byte) (int, error) {
	n, err := x.r.ReadBody(p)
	if err != nil && !x.replaced && !x.r.Started() {
		var e *http1.Error
		if errors.As(err, &e) && e.Err == nil && e.Status != 0 {
			x.replaced, x.status = true, server.Status(e.Status)
		}
	}
	return n, err
}

// Respond implements wsgi.Exchange: the head of the response, and its first bytes.
func (x *exchange) Respond(resp *wsgi.Response) error {
	r := x.r
	if x.override && resp.Status >= 400 && !x.replaced {
		x.replaced, x.status = true, server.Status(resp.Status)
		for i := range resp.Headers {
			if h := &resp.Headers[i]; is(h.Name, "WWW-Authenticate") {
				r.Reply.ErrHeader.Add("WWW-Authenticate", string(h.Value))
			}
		}
	}
	if x.replaced {
		return nil
	}
	if x.daemon && resp.Status == 200 {
		for i := range resp.Headers {
			if h := &resp.Headers[i]; is(h.Name, "Location") && len(h.Value) > 0 && h.Value[0] == '/' {
				x.replaced, x.location = true, string(h.Value)
				return nil
			}
		}
	}
	r.Reply.Status = resp.Status
	if len(resp.Line) > 3 && string(resp.Line) != server.StatusLine(resp.Status) {
		r.Reply.Line = string(resp.Line)
	}
	// The script's own type, guessed from its file name, is not the response's.
	r.Reply.ContentType, r.Reply.ContentEncoding, r.Reply.Languages = "", "", nil
	for i := range resp.Headers {
		h := &resp.Headers[i]
		switch {
		case is(h.Name, "Content-Type"):
			r.Reply.ContentType = string(h.Value)
		case is(h.Name, "Content-Length"):
		case is(h.Name, "WWW-Authenticate"):
			r.Reply.ErrHeader.Add("WWW-Authenticate", string(h.Value))
		default:
			r.Reply.Header.Add(headerName(h.Name), string(h.Value))
		}
	}
	if resp.ContentLength >= 0 {
		r.SetContentLength(resp.ContentLength)
	}
	if len(resp.Body) > 0 {
		r.Stream()
		if _, err := r.Write(resp.Body); err != nil {
			return gone(err)
		}
	}
	if resp.Last {
		return nil
	}
	if len(resp.Body) == 0 {
		x.head = true // a file follows
		return nil
	}
	return gone(r.Flush())
}

// Write implements wsgi.Exchange: each chunk goes out at once.
func (x *exchange) Write(p []byte) error {
	if x.replaced {
		return nil
	}
	if _, err := x.r.Write(p); err != nil {
		return gone(err)
	}
	return gone(x.r.Flush())
}

// SendFile implements wsgi.Exchange.
func (x *exchange) SendFile(fd int, offset, n int64) error {
	if x.replaced {
		return nil
	}
	if x.head && !x.daemon {
		s, err := x.r.SendBodyFD(fd, offset, n)
		if s != server.OK {
			x.replaced, x.status = true, s
		}
		return gone(err)
	}
	return gone(x.r.SendFileFD(fd, offset, n))
}

// gone tells the engine that a failed write means a client that went away.
func gone(err error) error {
	if err == nil {
		return nil
	}
	return wsgi.ErrClientGone
}

func is(name []byte, canonical string) bool {
	return len(name) == len(canonical) && bytes.EqualFold(name, []byte(canonical))
}

// headerName makes a string of a header's name, without a copy for common ones.
func headerName(b []byte) string {
	switch string(b) {
	case "Set-Cookie":
		return "Set-Cookie"
	case "Vary":
		return "Vary"
	case "Location":
		return "Location"
	case "Cache-Control":
		return "Cache-Control"
	case "ETag":
		return "ETag"
	case "X-Frame-Options":
		return "X-Frame-Options"
	case "X-Content-Type-Options":
		return "X-Content-Type-Options"
	case "Referrer-Policy":
		return "Referrer-Policy"
	case "Last-Modified":
		return "Last-Modified"
	case "Expires":
		return "Expires"
	}
	return string(b)
}

// redirect answers with another resource of this server, as for a CGI script's Location.
func (x *exchange) redirect() server.Status {
	r := x.r
	r.Line.Method, r.Line.Number = "GET", directives.MGet
	r.In.Unset("Content-Length")
	r.InternalRedirect(x.location)
	return server.OK
}

// finish turns the outcome into the request's end. noCallable is the status
// for a script without its application.
func (x *exchange) finish(res wsgi.Result, noCallable server.Status) server.Status {
	r := x.r
	failed := func(s server.Status) server.Status {
		if x.replaced {
			return x.status
		}
		if res.Responded {
			r.CutShort()
			return server.Done
		}
		return s
	}
	switch res.Outcome {
	case wsgi.OK:
		if x.location != "" {
			return x.redirect()
		}
		if x.replaced {
			return x.status
		}
		if res.Short && !r.Line.HeaderOnly {
			r.CutShort()
			return server.Done
		}
		return server.OK
	case wsgi.ClientGone:
		r.CutShort()
		return server.Done
	case wsgi.Timeout, wsgi.Expired:
		return failed(504)
	case wsgi.NoScript:
		return deny(r, 404, "WSGI0135", "Target WSGI script not found or unable to stat")
	case wsgi.NoCallable:
		return noCallable
	case wsgi.Stopping:
		return failed(503)
	case wsgi.BadForm:
		r.Logf(errlog.Error, errlog.WSGI, "", "the request could not be handed to Python: its environment is too large or malformed")
	}
	return failed(500)
}
