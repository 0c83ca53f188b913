package server

import (
	"os"
	"strconv"
	"strings"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/http1"
)

// Write writes bytes of the response's body, which may be used again
// afterwards. They may wait for more; Flush sends them. An error means that
// the client is gone or that the response has ended.
func (r *Request) Write(p []byte) (int, error) {
	o := r.out
	if !o.begun {
		o.begin()
	}
	var err error
	if len(o.links) > 0 {
		_, err = o.links[0].Write(p)
	} else {
		err = o.write(p)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteString is Write of a string.
func (r *Request) WriteString(s string) (int, error) { return r.Write([]byte(s)) }

// Flush sends the head and what has been written of the body.
func (r *Request) Flush() error {
	o := r.out
	if !o.begun {
		o.begin()
	}
	if len(o.links) > 0 {
		return o.links[0].Flush()
	}
	return o.flush()
}

// Stream has the body sent as one that is flushed piece by piece, though it
// may go out in one write: no Content-Length is made up for it.
func (r *Request) Stream() { r.out.stream = true }

// SendFile writes n bytes of f from off to the body: from the file to the
// socket where nothing wants to see them.
func (r *Request) SendFile(f *os.File, off, n int64) error {
	o := r.out
	if !o.begun {
		o.begin()
	}
	if len(o.links) == 0 {
		return o.sendFile(f, off, n)
	}
	buf := make([]byte, min(n, 32<<10))
	for n > 0 {
		m, err := f.ReadAt(buf[:min(n, int64(len(buf)))], off)
		if m > 0 {
			if _, err := o.links[0].Write(buf[:m]); err != nil {
				return err
			}
		}
		off, n = off+int64(m), n-int64(m)
		if err != nil && n > 0 {
			return fileShort(err)
		}
	}
	return nil
}

// SendFileFD is SendFile for a descriptor, which stays the caller's.
func (r *Request) SendFileFD(fd int, off, n int64) error {
	o := r.out
	if !o.begun {
		o.begin()
	}
	if len(o.links) == 0 {
		if done, err := o.sendSmall(fd, off, n); done {
			return err
		}
	}
	dup, err := dupFile(fd)
	if err != nil {
		return err
	}
	defer dup.Close()
	return r.SendFile(dup, off, n)
}

// SendBodyFD sends a whole body of n bytes, of which the client may want
// ranges, from a descriptor, which stays the caller's. The reply holds its
// Content-Length. A status other than OK is an error to answer with instead.
func (r *Request) SendBodyFD(fd int, off, n int64) (Status, error) {
	var failed error
	done, s := r.sendRanges(n, func(at, n int64) error {
		failed = r.SendFileFD(fd, off+at, n)
		return failed
	})
	if done {
		return s, failed
	}
	return OK, r.SendFileFD(fd, off, n)
}

// CutShort ends the response where it is, and the connection: the client sees
// that it is not whole. It is for a body that fails on the way.
func (r *Request) CutShort() { r.out.cutShort() }

// Started tells that the response's head has been made, so that it can't be changed any more.
func (r *Request) Started() bool { return r.out.head }

// SetContentLength tells the length of the body to come.
func (r *Request) SetContentLength(n int64) {
	r.Reply.Header.Set("Content-Length", strconv.FormatInt(n, 10))
}

// finalize ends the response (ap_finalize_request_protocol). It may be called again.
func (r *Request) finalize() {
	o := r.out
	if o.eos || r.Main != nil {
		return
	}
	o.r = r
	if !o.begun {
		o.begin()
	}
	if o.finish() == nil {
		o.end()
	}
}

// discardRest reads what is left of the body so that the next request can be read.
func (r *Request) discardRest() {
	if r.DiscardBody() != OK {
		r.Conn.closing = true
	}
}

// makeHead makes the response's head, if that has not been done. eos tells
// that all of the body waits.
func (o *output) makeHead(eos bool) error {
	if o.head {
		return nil
	}
	r := o.r
	for _, f := range o.beforeHead {
		f(r)
	}
	h := &r.Reply.Header
	if eos && !o.stream && !h.Has("Content-Length") && !(r.Line.HeaderOnly && len(o.buf.plain) == 0) {
		r.SetContentLength(int64(len(o.buf.plain)))
	}
	o.decide()
	if o.framing != framedClose || r.Line.Proto >= 1000 {
		if fault := r.headFault(); fault {
			return o.badHead()
		}
	}
	o.head = true
	if r.Line.Proto >= 1000 {
		o.buf.wire = o.appendHead(o.buf.wire)
	}
	return nil
}

// bodiless tells of statuses that have no body.
func bodiless(status int) bool { return status == 204 || status == 304 || status < 200 }

// decide settles the framing and whether the connection is kept
// (merge_response_headers, ap_set_keepalive).
func (o *output) decide() {
	r, c := o.r, o.c
	h := &r.Reply.Header
	env := func(name string) bool { _, ok := r.Env.Get(name); return ok }
	if r.Line.Proto < 1000 {
		o.framing, c.keep = framedClose, false
		if r.Line.HeaderOnly {
			o.framing = framedNot
		}
		return
	}
	if r.Env.Len() > 0 {
		if env("force-no-vary") {
			h.Unset("Vary")
			r.Line.Proto = 1000
		}
		if env("downgrade-1.0") && r.Line.Proto > 1000 {
			r.Line.Proto = 1000
		}
		if r.Line.Proto == 1000 && (env("force-response-1.0") || env("force-no-vary")) {
			c.closing = true
		}
	}
	uniqueVary(&r.Reply)
	h.Unset("Transfer-Encoding") // framing is the connection's affair

	var length int64 = -1
	if v, ok := h.Lookup("Content-Length"); ok {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
			length = n
		} else {
			h.Unset("Content-Length")
		}
	}
	chunked := false
	sized := r.Line.HeaderOnly || bodiless(r.Reply.Status) || length >= 0
	if !sized && r.Line.Proto >= 1001 && !c.closing && !r.in.expect {
		sized, chunked = true, true
	}
	p := r.protocol()
	left := p.maxKeepAlive - c.kept
	sent := r.In.Get("Connection")
	wimpy := hasToken(h.Get("Connection"), "close")
	asked := hasToken(sent, "keep-alive")
	if !c.closing && !r.in.expect && sized && p.keepAlive && (p.maxKeepAlive == 0 || left > 0) &&
		!dropsConnection(r.Reply.Status) && !wimpy && !hasToken(sent, "close") &&
		(!env("nokeepalive") || r.In.Has("Via")) && (asked || r.Line.Proto >= 1001) && !c.t.Draining() {
		c.keep = true
		c.kept++
		if asked {
			v := make([]byte, 0, 32)
			v = strconv.AppendInt(append(v, "timeout="...), int64(p.keepAliveTimeout/1e9), 10)
			if p.maxKeepAlive > 0 {
				v = strconv.AppendInt(append(v, ", max="...), int64(left), 10)
			}
			h.Set("Keep-Alive", string(v))
			h.Merge("Connection", "Keep-Alive")
		}
	} else {
		c.closing = true
		if !wimpy {
			h.Merge("Connection", "close")
		}
	}

	switch {
	case bodiless(r.Reply.Status):
		h.Unset("Content-Length")
		r.Reply.ContentType, r.Reply.ContentEncoding, r.Reply.Languages = "", "", nil
		o.framing = framedNot
	case r.Line.HeaderOnly:
		if length == 0 {
			h.Unset("Content-Length")
		}
		o.framing = framedNot
	case length >= 0:
		o.framing, o.left = framedLength, length
	case chunked:
		h.Set("Transfer-Encoding", "chunked")
		o.framing = framedChunks
	default:
		o.framing = framedClose
	}
}

// uniqueVary makes one field of several Vary, without duplicates (fixup_vary). Where
// the fields of all responses have one, it comes to stand there.
func uniqueVary(p *Reply) {
	h, other := &p.Header, p.ErrHeader.Joined("Vary")
	if other != "" {
		h = &p.ErrHeader
	}
	i := 0
	for ; i < len(h.F) && !equalFold(h.F[i].Name, "Vary"); i++ {
	}
	if i == len(h.F) || other == "" && !strings.ContainsAny(h.F[i].Value, ", \t") && !(&Header{h.F[i+1:]}).Has("Vary") {
		return
	}
	var words []string
next:
	for _, w := range strings.FieldsFunc(other+","+p.Header.Joined("Vary"), func(c rune) bool { return c == ',' || c == ' ' || c >= '\t' && c <= '\r' }) {
		for _, have := range words {
			if equalFold(have, w) {
				continue next
			}
		}
		words = append(words, w)
	}
	if len(words) > 0 {
		h.Set("Vary", strings.Join(words, ","))
	}
	if other != "" {
		p.Header.Unset("Vary")
	}
}

// headFault tells, and logs, that a field of the reply must not be sent (check_headers).
func (r *Request) headFault() bool {
	unsafe := r.protocol().http.Unsafe
	for _, h := range [...]*Header{&r.Reply.ErrHeader, &r.Reply.Header} {
		for i := range h.F {
			f := &h.F[i]
			switch http1.CheckField(f.Name, f.Value, unsafe) {
			case http1.FieldOK:
				f.Value = http1.Unfold(f.Value)
				continue
			case http1.FieldNameEmpty:
				r.Logf(errlog.Error, errlog.HTTP, "AH02428", "Empty response header name, aborting request")
			case http1.FieldNameInvalid:
				r.Logf(errlog.Error, errlog.HTTP, "AH02429", "Response header name '%s' contains invalid characters, aborting request", f.Name)
			case http1.FieldValueInvalid:
				r.Logf(errlog.Error, errlog.HTTP, "AH02430", "Response header '%s' value of '%s' contains invalid characters, aborting request", f.Name, f.Value)
			}
			return true
		}
	}
	if !http1.IsContent(r.Reply.ContentType) {
		r.Logf(errlog.Error, errlog.HTTP, "AH02430", "Response header '%s' value of '%s' contains invalid characters, aborting request", "Content-Type", r.Reply.ContentType)
		return true
	}
	return false
}

// badHead answers with 500 in place of a reply that cannot be sent. If that cannot be either, with nothing but 500.
func (o *output) badHead() error {
	r := o.r
	r.Reply.Header.Reset()
	r.Reply.ErrHeader.Reset()
	r.Reply.ContentType, r.Reply.ContentEncoding, r.Reply.Languages = "", "", nil
	if o.rescued {
		o.reset()
		r.Reply.Status, r.Reply.Line = 500, ""
		r.SetContentLength(0)
		o.c.closing = true
		o.decide()
		o.head = true
		o.buf.wire = o.appendHead(o.buf.wire)
		o.eos = true
		err := o.emit(nil, true)
		o.release()
		if err == nil {
			err = errEnded // who came to write more has nothing left to write to
		}
		return err
	}
	o.rescued = true
	o.c.keep = false
	r.Reply.Line = ""
	r.Die(500)
	return errEnded
}

// appendHead appends the head as Apache orders it: status, Date, Server, the
// reply's fields, the content's.
func (o *output) appendHead(b []byte) []byte {
	r := o.r
	version := "HTTP/1.1 "
	if r.Line.Proto == 1000 && r.Env.Len() > 0 {
		if _, ok := r.Env.Get("force-response-1.0"); ok {
			version = "HTTP/1.0 "
		}
	}
	b = append(append(append(b, version...), statusLine(&r.Reply)...), "\r\n"...)
	proxied := r.Target.ProxyReq
	if !proxied || !r.Reply.Header.Has("Date") {
		b = append(b, "Date: "...)
		b = r.Site.dates.Append(b, r.Received.Unix())
		b = append(b, "\r\n"...)
	}
	if s := r.Site.ServerHeader; s != "" && !(proxied && r.Reply.Header.Has("Server")) {
		b = http1.AppendField(b, "Server", s)
	}
	for _, h := range [...]*Header{&r.Reply.ErrHeader, &r.Reply.Header} {
		for i := range h.F {
			f := &h.F[i]
			switch len(f.Name) {
			case len("Date"):
				if !proxied && equalFold(f.Name, "Date") {
					continue
				}
			case len("Server"):
				if !proxied && equalFold(f.Name, "Server") {
					continue
				}
			case len("Content-Type"):
				if r.Reply.ContentType != "" && equalFold(f.Name, "Content-Type") {
					continue
				}
			}
			b = http1.AppendField(b, f.Name, f.Value)
		}
	}
	if t := r.Reply.ContentType; t != "" {
		b = append(append(b, "Content-Type: "...), t...)
		if cs := r.defaultCharset(t); cs != "" {
			b = append(append(b, "; charset="...), cs...)
		}
		b = append(b, "\r\n"...)
	}
	if e := r.Reply.ContentEncoding; e != "" {
		b = http1.AppendField(b, "Content-Encoding", e)
	}
	for i, l := range r.Reply.Languages {
		if i == 0 {
			b = append(b, "Content-Language: "...)
		} else {
			b = append(b, ',')
		}
		b = append(b, l...)
		if i == len(r.Reply.Languages)-1 {
			b = append(b, "\r\n"...)
		}
	}
	return append(b, "\r\n"...)
}

// statusLine is the reply's own line if that is well formed and of its status, else the standard one (validate_status_line).
func statusLine(p *Reply) string {
	l := p.Line
	if len(l) > 3 && l[3] == ' ' && http1.IsContent(l) && l[:3] == strconv.Itoa(p.Status) {
		return l
	}
	return StatusLine(p.page(p.Status))
}

// defaultCharset is what AddDefaultCharset adds to a type, "" if nothing (ap_make_content_type).
func (r *Request) defaultCharset(t string) string {
	cs := r.dir().DefaultCharset.Get("")
	if cs == "" {
		return ""
	}
	base, params, _ := strings.Cut(t, ";")
	if base = strings.TrimSpace(base); !equalFold(base, "text/html") && !equalFold(base, "text/plain") {
		return ""
	}
	for params != "" {
		var p string
		p, params, _ = strings.Cut(params, ";")
		if name, _, _ := strings.Cut(p, "="); equalFold(strings.TrimSpace(name), "charset") {
			return ""
		}
	}
	return cs
}
