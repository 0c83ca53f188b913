package moddeflate

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// inflateBody is the input filter DEFLATE: it unpacks a request body that is
// gzip (deflate_in_filter). The client's header says so until the body is read.
func (m *module) inflateBody(r *server.Request, body io.Reader) io.Reader {
	return &bodyReader{m: m, r: r, body: body}
}

type bodyReader struct {
	m     *module
	r     *server.Request
	body  io.Reader
	begun bool
	src   *bufio.Reader
	read  *counter
	z     *gzip.Reader // nil: the body goes as it is
	limit int64
	out   int64
	bound ratioBound
	err   error
}

// counter counts what is read from the client.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Read implements io.Reader. Its errors are the client's body's, or a server.BodyError.
func (b *bodyReader) Read(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.begin()
	}
	switch {
	case b.err != nil:
		return 0, b.err
	case b.z == nil:
		return b.body.Read(p)
	}
	n, err := b.z.Read(p)
	b.out += int64(n)
	switch {
	case b.limit > 0 && b.out > b.limit:
		return 0, b.fail(errlog.Warn, 413, "AH02648", "Inflated content length of %d is larger than the configured limit of %d", b.out, b.limit)
	case n > 0 && !b.bound.allows(b.read.n, b.out):
		return 0, b.fail(errlog.Warn, 400, "AH02649", "Inflated content ratio is larger than the configured limit %d by %d time(s)", b.bound.limit, b.bound.burst)
	case err == io.EOF:
		if _, more := b.src.Peek(1); more == nil {
			b.fail(errlog.Error, 400, "AH02485", "Encountered extra data after compressed data")
		} else {
			b.err = io.EOF
		}
	case err != nil:
		b.fault(err)
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

// begin looks whether the body is packed.
func (b *bodyReader) begin() {
	r := b.r
	if r.Main != nil || r.Prev != nil || r.In.Has("Content-Range") || !r.HasBody() {
		return
	}
	rest, ok := withoutGzip(r.In.Get("Content-Encoding"))
	if !ok {
		return
	}
	if rest == "" {
		r.In.Unset("Content-Encoding")
	} else {
		r.In.Set("Content-Encoding", rest)
	}
	b.read = &counter{r: b.body}
	b.src = bufio.NewReader(b.read)
	if _, err := b.src.Peek(1); err == io.EOF {
		b.z, b.err = nil, io.EOF
		return
	}
	r.In.Unset("Content-Length")
	r.In.Unset("Content-MD5")
	z, err := gzip.NewReader(b.src)
	if err != nil {
		b.fault(err)
		return
	}
	z.Multistream(false)
	b.z = z
	dir := b.m.slots.Dir.Of(r.Conf)
	if b.limit = dir.InflateLimit.Get(0); b.limit == 0 {
		b.limit = r.BodyLimit()
	}
	b.bound = b.m.bounds(r)
}

// fault ends a body that cannot be read, or not be unpacked.
func (b *bodyReader) fault(err error) {
	var body *server.BodyError
	switch {
	case errors.As(err, &body):
		b.err = err
	case errors.Is(err, gzip.ErrHeader):
		b.fail(errlog.Warn, 400, "AH01387", "Zlib: Invalid header")
	case errors.Is(err, io.ErrUnexpectedEOF):
		b.fail(errlog.Error, 400, "AH02481", "Encountered premature end-of-stream while inflating")
	case errors.Is(err, gzip.ErrChecksum):
		b.fail(errlog.Warn, 400, "AH01394", "Zlib: CRC error inflating data")
	default:
		b.fail(errlog.Warn, 400, "AH01392", "Zlib error inflating data (%v)", err)
	}
}

func (b *bodyReader) fail(lv errlog.Level, status int, code, format string, args ...any) error {
	b.r.Logf(lv, errlog.Deflate, code, format, args...)
	b.err = b.r.BodyFault(status)
	return b.err
}
