package moddeflate

import (
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/klauspost/compress/gzip"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// chunkSize is how much is unpacked at a time.
const chunkSize = 32 << 10

// unpacker unpacks a body that comes piece by piece. It is a coroutine that
// yields what it has unpacked, and nil when it wants more.
type unpacker struct {
	in    []byte // not taken yet
	eof   bool   // nothing comes after in
	done  bool   // the compressed data has ended, with the right checksum
	err   error
	taken int64
	next  func() ([]byte, bool)
	stop  func()
}

var errStopped = errors.New("stopped")

func newUnpacker() *unpacker {
	u := new(unpacker)
	u.next, u.stop = iter.Pull(func(yield func([]byte) bool) {
		z, err := gzip.NewReader(&unpackerInput{u, yield})
		if err != nil {
			u.err = err
			return
		}
		z.Multistream(false)
		buf := make([]byte, chunkSize)
		for {
			n, err := z.Read(buf)
			if n > 0 && !yield(buf[:n]) {
				return
			}
			if err == io.EOF {
				u.done = true
				return
			}
			if err != nil {
				u.err = err
				return
			}
		}
	})
	return u
}

// unpackerInput is where the coroutine reads from.
type unpackerInput struct {
	u     *unpacker
	yield func([]byte) bool
}

func (i *unpackerInput) Read(p []byte) (int, error) {
	for len(i.u.in) == 0 {
		if i.u.eof {
			return 0, io.ErrUnexpectedEOF
		}
		if !i.yield(nil) {
			return 0, errStopped
		}
	}
	n := copy(p, i.u.in)
	i.u.in = i.u.in[n:]
	i.u.taken += int64(n)
	return n, nil
}

// ratioBound bounds what little data may be unpacked to (check_ratio).
type ratioBound struct {
	limit, burst, hits int
}

func (m *module) bounds(r *server.Request) ratioBound {
	d := m.slots.Dir.Of(r.Conf)
	return ratioBound{limit: d.RatioLimit.Get(defaultRatioLimit), burst: d.RatioBurst.Get(defaultRatioBurst)}
}

// allows is asked after each piece, with the sizes so far.
func (b *ratioBound) allows(in, out int64) bool {
	if in == 0 || out/in < int64(b.limit) {
		b.hits = 0
		return true
	}
	b.hits++
	return b.hits <= b.burst
}

// inflater is the output filter INFLATE (inflate_out_filter).
type inflater struct {
	m     *module
	r     *server.Request
	u     *unpacker
	bound ratioBound
	out   int64
}

// Begin implements server.OutputFilter.
func (f *inflater) Begin(r *server.Request) bool {
	f.r = r
	h := &r.Reply.Header
	if r.Main != nil || r.Prev != nil || r.Reply.Status == 204 || h.Has("Content-Range") || !takeGzip(&r.Reply) {
		return false
	}
	h.Unset("Content-Length")
	h.Unset("Content-MD5")
	alterETag(h, "gunzip", f.m.slots.Server.Of(r.Server.Conf).etag.Get(etagAddSuffix))
	if r.Reply.Status == 304 {
		return false
	}
	f.bound = f.m.bounds(r)
	f.u = newUnpacker()
	return true
}

// takeGzip takes gzip off the codings of a reply, if it is the outermost (check_gzip).
func takeGzip(p *server.Reply) bool {
	for _, h := range [...]*server.Header{&p.Header, &p.ErrHeader} {
		if list := h.Get("Content-Encoding"); list != "" {
			rest, ok := withoutGzip(list)
			switch {
			case !ok:
				return false
			case rest == "":
				h.Unset("Content-Encoding")
			default:
				h.Set("Content-Encoding", rest)
			}
			if p.ContentEncoding != "" {
				p.ContentEncoding = rest
			}
			return true
		}
	}
	rest, ok := withoutGzip(p.ContentEncoding)
	if ok {
		p.ContentEncoding = rest
	}
	return ok
}

// withoutGzip takes gzip off the end of a list of codings; identity does not count.
func withoutGzip(list string) (rest string, ok bool) {
	for list != "" {
		i := strings.LastIndexByte(list, ',')
		last := strings.TrimSpace(list[i+1:])
		list = list[:max(i, 0)]
		switch {
		case strings.EqualFold(last, "gzip"), strings.EqualFold(last, "x-gzip"):
			return list, true
		case last != "" && !strings.EqualFold(last, "identity"):
			return "", false
		}
	}
	return "", false
}

// run unpacks what has come and passes it on.
func (f *inflater) run(next server.BodyWriter) error {
	for {
		piece, ok := f.u.next()
		switch {
		case !ok && f.u.err != nil:
			return f.fail("AH01409", "Zlib error inflating data (%v)", f.u.err)
		case !ok:
			if n := len(f.u.in); n > 0 {
				f.r.Logf(errlog.Info, errlog.Deflate, "AH01408", "Zlib: %d bytes of garbage at the end of compressed stream.", n)
				f.u.in = nil
			}
			return nil
		case piece == nil:
			return nil
		}
		f.out += int64(len(piece))
		if !f.bound.allows(f.u.taken, f.out) {
			return f.fail("AH02650", "Inflated content ratio is larger than the configured limit %d by %d time(s)", f.bound.limit, f.bound.burst)
		}
		if _, err := next.Write(piece); err != nil {
			f.u.stop()
			return err
		}
	}
}

// fail ends a response whose body cannot be unpacked.
func (f *inflater) fail(code, format string, args ...any) error {
	f.u.stop()
	f.r.Logf(errlog.Error, errlog.Deflate, code, format, args...)
	f.r.CutShort()
	return errors.New("the body cannot be unpacked")
}

// Write implements server.OutputFilter.
func (f *inflater) Write(p []byte, next server.BodyWriter) error {
	f.u.in = p
	if f.u.done {
		f.u.in = nil
		return nil
	}
	return f.run(next)
}

// Flush implements server.OutputFilter.
func (f *inflater) Flush(next server.BodyWriter) error { return next.Flush() }

// End implements server.OutputFilter.
func (f *inflater) End(next server.BodyWriter) error {
	defer f.u.stop()
	if f.u.done {
		return nil
	}
	f.u.eof = true
	if f.u.taken == 0 && f.r.Line.HeaderOnly {
		return nil
	}
	if err := f.run(next); err != nil {
		return err
	}
	f.r.Logf(errlog.Debug, errlog.Deflate, "AH01398", "Zlib: Inflated %d to %d : URL %s", f.u.taken, f.out, f.r.URI)
	return nil
}
