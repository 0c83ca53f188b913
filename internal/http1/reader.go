package http1

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// Sizes of a Reader's buffer: what it begins with, which is enough for most
// requests, and up to what it is used again.
const (
	bufferSize    = 4 << 10
	bufferReuse   = 64 << 10
	minimumToRead = 1 << 10
)

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// Reader buffers a connection's input. Its buffer comes from a pool and is
// given back by Release, so that an idle connection needs none.
type Reader struct {
	src  io.Reader
	held *[]byte // the pool's
	buf  []byte  // buf[r:w] is unread
	r, w int
	got  int64 // bytes read from the source
	err  error // the source's last, to be told after what came with it
}

// Reset makes r read from src, dropping what was buffered.
func (r *Reader) Reset(src io.Reader) {
	r.Release()
	r.src, r.err, r.got = src, nil, 0
}

// Release gives the buffer back to the pool. What was unread is lost.
func (r *Reader) Release() {
	if r.held != nil && cap(*r.held) <= bufferReuse {
		buffers.Put(r.held)
	}
	r.held, r.buf, r.r, r.w = nil, nil, 0, 0
}

// Buffered returns what has been received and not yet read. It is valid until
// the next use of r.
func (r *Reader) Buffered() []byte { return r.buf[r.r:r.w] }

// Consumed is how many bytes have been read from r since Reset.
func (r *Reader) Consumed() int64 { return r.got - int64(r.w-r.r) }

// Await returns when there is something to read, or the source's error. It is
// where a connection waits for its next request.
func (r *Reader) Await() error {
	if r.r < r.w {
		return nil
	}
	return r.fill()
}

// Read copies what is buffered, or else reads from the source: directly, if p is large.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.r == r.w {
		if r.err != nil {
			return 0, r.takeErr()
		}
		if len(p) >= bufferSize {
			n, err := r.src.Read(p)
			r.got += int64(n)
			return n, err
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.r:r.w])
	r.r += n
	return n, nil
}

func (r *Reader) takeErr() error {
	err := r.err
	if err != io.EOF {
		r.err = nil // a time-out may be waited out; an end is one for good
	}
	return err
}

// fill reads more after what is unread, which stays contiguous but may move.
func (r *Reader) fill() error {
	if r.err != nil {
		return r.takeErr()
	}
	if r.held == nil {
		r.held = buffers.Get().(*[]byte)
		r.buf, r.r, r.w = *r.held, 0, 0
	}
	if r.r == r.w {
		r.r, r.w = 0, 0
	}
	if len(r.buf)-r.w < minimumToRead {
		if r.r > 0 {
			r.w = copy(r.buf, r.buf[r.r:r.w])
			r.r = 0
		}
		if len(r.buf)-r.w < minimumToRead {
			bigger := make([]byte, 2*len(r.buf))
			r.w = copy(bigger, r.buf[:r.w])
			r.buf = bigger
			*r.held = bigger
		}
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.w:])
		r.w += n
		r.got += int64(n)
		if n > 0 {
			r.err = err
			return nil
		}
		if err != nil {
			if err == io.EOF {
				r.err = err
			}
			return err
		}
	}
	return io.ErrNoProgress
}

// Errors of line and Discard.
var (
	errTooLong   = errors.New("line too long")
	errMalformed = errors.New("NUL in line, or LF without CR")
	errTooMuch   = errors.New("the rest of the body is too long to skip")
)

// line finds the line that begins at offset from in the unread bytes, reading
// as needed, and returns its end without CR LF, and where the next one begins;
// all are offsets from r.r. A line of more than limit bytes is too long.
func (r *Reader) line(from, limit int, strict bool) (end, next int, err error) {
	searched := from
	for {
		unread := r.buf[r.r:r.w]
		if i := bytes.IndexByte(unread[searched:], '\n'); i >= 0 {
			end, next = searched+i, searched+i+1
			break
		}
		// Its end may still be CR LF, of which the CR is here already.
		if len(unread)-from > limit+1 {
			return len(unread), len(unread), errTooLong
		}
		searched = len(unread)
		if err := r.fill(); err != nil {
			return len(unread), len(unread), err
		}
	}
	line := r.buf[r.r+from : r.r+end]
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
		end--
	} else if len(line) <= limit && strict {
		return end, next, errMalformed
	}
	if len(line) > limit {
		return end, next, errTooLong
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return end, next, errMalformed
	}
	return end, next, nil
}
