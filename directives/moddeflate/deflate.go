package moddeflate

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"
	"strings"
	"sync"

	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// gzipHeader opens a body: no time, made on Unix (RFC 1952).
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"

const (
	// smallest is the most that is not compressed if it is all: what compression adds to body and head.
	smallest = 10 + 8 + 50
	// passSize is how much of what was compressed is passed on at a time by default. A body that is less
	// goes out with its length.
	passSize = 32 << 10
)

// deflater is the output filter DEFLATE (deflate_out_filter).
//
// A body is held back until it is known whether it is longer than what
// compression costs, or has to be sent before its end is seen; only then is
// the response changed.
type deflater struct {
	m    *module
	r    *server.Request
	conf *Server
	held []byte
	e    *encoder
	pool *sync.Pool
	// passed tells that something has been passed on, plain that the body goes as it is after all.
	passed, plain bool
}

// Begin implements server.OutputFilter.
func (d *deflater) Begin(r *server.Request) bool {
	d.r, d.conf = r, d.m.slots.Server.Of(r.Server.Conf)
	reply := &r.Reply
	if n, err := strconv.ParseInt(reply.Header.Get("Content-Length"), 10, 64); err == nil && n <= smallest || reply.Status == 304 {
		return d.aside("Not compressing very small response of %d bytes", max(n, 0))
	}
	if reason := exempt(r); reason != "" {
		return d.aside("Not compressing (%s)", reason)
	}
	if only, _ := r.Env.Get("gzip-only-text/html"); only == "1" && !strings.HasPrefix(reply.ContentType, "text/html") {
		return d.aside("Not compressing, (gzip-only-text/html)")
	}
	if coding := encoded(reply); coding != "" {
		return d.aside("Not compressing (content-encoding already  set: %s)", coding)
	}
	if _, force := r.Env.Get("force-gzip"); force {
		d.trace("Forcing compression (force-gzip set)")
	} else if accepts, ok := r.In.Lookup("Accept-Encoding"); !ok || !acceptsGzip(accepts) {
		// Another client might have got it compressed.
		reply.Header.Merge("Vary", "Accept-Encoding")
		if !ok {
			return false
		}
		return d.aside("Not compressing (no Accept-Encoding: gzip or q=0)")
	}
	if bits := d.conf.WindowSize.Get(15); bits <= 8 {
		// zlib has no such window for this form of data.
		reply.Header.Merge("Vary", "Accept-Encoding")
		r.Logf(errlog.Error, errlog.Deflate, "AH01383", "unable to init Zlib: deflateInit2 returned -2: URL %s", r.URI)
		return false
	}
	return true
}

func (d *deflater) trace(format string, args ...any) {
	d.r.Logf(errlog.Trace1, errlog.Deflate, "", format, args...)
}

func (d *deflater) aside(format string, args ...any) bool {
	d.trace(format, args...)
	return false
}

// exempt says why a response is not to be compressed, "" if it may be.
func exempt(r *server.Request) string {
	if r.Reply.Status == 204 {
		return "no content"
	}
	if _, ok := r.Env.Get("no-gzip"); ok {
		return "no-gzip"
	}
	if r.Reply.Header.Has("Content-Range") {
		return "content-range"
	}
	return ""
}

// encoded names a coding that the body has already, "" if it has none.
func encoded(p *server.Reply) string {
	for _, list := range [...]string{p.Header.Get("Content-Encoding"), p.ErrHeader.Get("Content-Encoding"), p.ContentEncoding} {
		for list != "" {
			var coding string
			coding, list = apr.GetToken(list, false)
			switch coding {
			case "", "identity", "7bit", "8bit", "binary":
			default:
				return coding
			}
			if list != "" {
				list = list[1:]
			}
		}
	}
	return ""
}

// acceptsGzip reads Accept-Encoding: gzip is named, and not with q=0.
func acceptsGzip(accepts string) bool {
	token, rest := apr.GetToken(accepts, false)
	for token != "" && !strings.EqualFold(token, "gzip") {
		for strings.HasPrefix(rest, ";") {
			_, rest = apr.GetToken(rest[1:], true)
		}
		rest = strings.TrimPrefix(rest, ",")
		token = ""
		if rest != "" {
			token, rest = apr.GetToken(rest, false)
		}
	}
	if token == "" {
		return false
	}
	q, _ := apr.GetToken(strings.TrimLeft(rest, ";"), true)
	return len(q) < 3 || !strings.HasPrefix("q=0.000", q)
}

// start makes the response one with a compressed body, unless a filter before
// this one has by now.
func (d *deflater) start(next server.BodyWriter) error {
	held := d.held
	d.held = nil
	if coding := encoded(&d.r.Reply); coding != "" {
		d.aside("Not compressing (content-encoding already  set: %s)", coding)
		d.plain = true
		_, err := next.Write(held)
		return err
	}
	h := &d.r.Reply.Header
	h.Merge("Vary", "Accept-Encoding")
	switch coding := d.r.Reply.ContentEncoding; {
	case coding != "" && !strings.EqualFold(coding, "identity"):
		d.r.Reply.ContentEncoding = coding + ", gzip"
	case coding != "":
		d.r.Reply.ContentEncoding = "gzip"
	case h.Has("Content-Encoding") && !strings.EqualFold(h.Get("Content-Encoding"), "identity"):
		h.Merge("Content-Encoding", "gzip")
	default:
		h.Set("Content-Encoding", "gzip")
	}
	h.Unset("Content-Length")
	h.Unset("Content-MD5")
	alterETag(h, "gzip", d.conf.etag.Get(etagAddSuffix))
	d.e, d.pool = d.m.encoder(d.conf)
	d.e.out = append(d.e.out, gzipHeader...)
	return d.compress(held)
}

// alterETag gives a changed body another entity tag: it is another representation.
func alterETag(h *server.Header, suffix string, rule etagRule) {
	switch tag := h.Get("ETag"); {
	case rule == etagNoChange:
	case rule == etagRemove:
		h.Unset("ETag")
	case len(tag) > 2 && strings.HasSuffix(tag, `"`):
		h.Set("ETag", tag[:len(tag)-1]+"-"+suffix+`"`)
	}
}

// Write implements server.OutputFilter.
func (d *deflater) Write(p []byte, next server.BodyWriter) error {
	if d.e == nil && !d.plain {
		if len(d.held)+len(p) <= smallest {
			d.held = append(d.held, p...)
			return nil
		}
		if err := d.start(next); err != nil {
			return err
		}
	}
	switch {
	case d.plain:
		_, err := next.Write(p)
		return err
	case d.needless():
		return nil
	}
	if err := d.compress(p); err != nil {
		return err
	}
	if len(d.e.out) >= d.conf.BufferSize.Get(passSize) {
		return d.pass(next)
	}
	return nil
}

// needless tells that the client sees nothing of what is still to come: it asked for the head and has it.
func (d *deflater) needless() bool { return d.r.Line.HeaderOnly && d.r.Started() }

func (d *deflater) compress(p []byte) error {
	e := d.e
	e.crc = crc32.Update(e.crc, crc32.IEEETable, p)
	e.taken += int64(len(p))
	_, err := e.w.Write(p)
	return err
}

// pass passes on what was compressed.
func (d *deflater) pass(next server.BodyWriter) error {
	d.passed = true
	_, err := next.Write(d.e.out)
	d.e.out = d.e.out[:0]
	return err
}

// Flush implements server.OutputFilter: what was written so far can be unpacked from what is passed on.
func (d *deflater) Flush(next server.BodyWriter) error {
	if d.e == nil && !d.plain {
		if err := d.start(next); err != nil {
			return err
		}
	}
	if !d.plain && !d.needless() {
		if err := d.e.w.Flush(); err != nil {
			return err
		}
		if err := d.pass(next); err != nil {
			return err
		}
	}
	return next.Flush()
}

// End implements server.OutputFilter.
func (d *deflater) End(next server.BodyWriter) error {
	e := d.e
	if d.plain {
		return nil
	}
	if e == nil {
		d.trace("Not compressing very small response of %d bytes", len(d.held))
		_, err := next.Write(d.held)
		return err
	}
	defer e.give(d.pool)
	d.e = nil
	if d.r.Line.HeaderOnly && d.r.Started() {
		return nil
	}
	if err := e.w.Close(); err != nil {
		return err
	}
	made := e.made
	e.out = binary.LittleEndian.AppendUint32(e.out, e.crc)
	e.out = binary.LittleEndian.AppendUint32(e.out, uint32(e.taken))
	d.r.Logf(errlog.Debug, errlog.Deflate, "AH01384", "Zlib: Compressed %d to %d : URL %s", e.taken, made, d.r.URI)
	d.note(d.conf.InputNote, e.taken)
	d.note(d.conf.OutputNote, made)
	if e.taken > 0 {
		d.note(d.conf.RatioNote, made*100/e.taken)
	} else if d.conf.RatioNote != "" {
		d.r.Notes.Set(d.conf.RatioNote, "-")
	}
	body := e.out
	if to, ok := next.(server.LengthSetter); ok && !d.passed {
		if off, n, ok := d.r.SingleRange(int64(len(body))); ok {
			body = body[off : off+n]
		} else {
			to.SetLength(int64(len(body)))
		}
	}
	_, err := next.Write(body)
	return err
}

// note leaves a number for the logs.
func (d *deflater) note(name string, n int64) {
	switch {
	case name == "":
	case n > 0:
		d.r.Notes.Set(name, strconv.FormatInt(n, 10))
	default:
		d.r.Notes.Set(name, "-")
	}
}
