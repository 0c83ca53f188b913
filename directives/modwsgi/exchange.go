package modwsgi

import (
	"bytes"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
)

// exchange is the HTTP side of a WSGI request (wsgi.Exchange). It is reused.
type exchange struct {
	r        *server.Request
	form     wsgi.Form
	call     wsgi.Call
	override bool // WSGIErrorOverride applies: error responses are replaced
	replaced bool
}

func (m *module) take(r *server.Request) *exchange {
	x := m.pool.Get().(*exchange)
	x.r, x.override, x.replaced = r, false, false
	x.call = wsgi.Call{Form: &x.form, Exchange: x, BodyEnd: !r.HasBody()}
	return x
}

func (m *module) give(x *exchange) {
	x.r, x.call = nil, wsgi.Call{}
	m.pool.Put(x)
}

// ReadBody implements wsgi.Exchange.
func (x *exchange) ReadBody(p []byte) (int, error) { return x.r.ReadBody(p) }

// Respond implements wsgi.Exchange: the head of the response, and its first bytes.
func (x *exchange) Respond(resp *wsgi.Response) error {
	r := x.r
	r.Reply.Status = resp.Status
	if x.override && resp.Status >= 400 {
		x.replaced = true
		return nil
	}
	if len(resp.Line) > 4 && string(resp.Line) != server.StatusLine(resp.Status) {
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
	if resp.Last || len(resp.Body) == 0 {
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

// finish turns the outcome into the request's end. noCallable is the status
// for a script without its application.
func (x *exchange) finish(res wsgi.Result, noCallable server.Status) server.Status {
	r := x.r
	failed := func(s server.Status) server.Status {
		if res.Responded {
			r.CutShort()
			return server.Done
		}
		return s
	}
	switch res.Outcome {
	case wsgi.OK:
		if x.replaced {
			return server.Status(r.Reply.Status)
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
