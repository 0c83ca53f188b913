package server

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"httpd-wsgi/internal/http1"
)

// output is the way of a connection's present response to the client. A
// request and those it was redirected to share it; the head that goes out is
// that of the one that took it last.
//
// Body bytes wait in plain until there are enough of them, they are flushed or
// the body ends; the head is made only then, so that it knows the length of a
// small body, and goes out with it in one write. Large pieces are never
// copied: they go out with what waits before them by one vectored write.
type output struct {
	c *Conn
	r *Request // whose head goes out, or went

	filters    []filterEntry
	links      []link // the filters that act on the body, linked; empty: none
	beforeHead []func(*Request)
	begun      bool // filters have begun

	head    bool // the head has been made
	eos     bool // the response has ended; what is written now goes nowhere
	rescued bool // from a panic, once
	stream  bool // the body comes in pieces: its length is not told, however short it is
	framing framing
	left    int64 // of framedLength

	buf *outBuffer
	vec [4][]byte
}

// framing is how the client knows where the body ends.
type framing uint8

const (
	framedNot    framing = iota // there is no body: HEAD, 204, 304
	framedLength                // by Content-Length
	framedChunks
	framedClose // by the connection's end
)

// outBuffer is what waits to be written: wire as it is, then plain in its frame.
type outBuffer struct{ wire, plain []byte }

const (
	// plainSize is how much of a body waits for more (AP_IOBUFSIZE).
	plainSize = 8 << 10
	// joinSize is up to which length pieces are copied together rather than written as a vector.
	joinSize = 4 << 10
	// readSize is up to which length a piece of a file is read into the buffer rather than sent from the file.
	readSize = plainSize
	// sendSize is the most that is sent from a file under one time-out.
	sendSize = 1 << 20
)

var outBuffers = sync.Pool{New: func() any {
	return &outBuffer{wire: make([]byte, 0, joinSize+1024), plain: make([]byte, 0, plainSize)}
}}

// Errors of writing a response.
var (
	errAborted = errors.New("the client is gone")
	errEnded   = errors.New("the response has ended")
)

func (o *output) start(c *Conn, r *Request) {
	clear(o.filters)
	clear(o.links)
	clear(o.beforeHead)
	*o = output{c: c, r: r, buf: o.buf, filters: o.filters[:0], links: o.links[:0], beforeHead: o.beforeHead[:0]}
}

// take makes n the request whose response goes out. What earlier ones wrote and did not send is dropped.
func (o *output) take(n *Request) {
	if !o.head {
		o.reset()
	}
	o.r = n
}

// startOver drops what waits and the filters of the body, before an error
// response; the hooks for that run. A response of which the head is out cannot
// be taken back and is cut short.
func (o *output) startOver(r *Request) {
	if o.head {
		o.cutShort()
		return
	}
	o.reset()
	o.r = r
	for _, f := range r.Site.phases.insertErrorFilter {
		f(r)
	}
}

func (o *output) reset() {
	clear(o.filters)
	clear(o.links)
	clear(o.beforeHead)
	o.filters, o.links, o.beforeHead, o.begun, o.stream = o.filters[:0], o.links[:0], o.beforeHead[:0], false, false
	if o.buf != nil {
		o.buf.plain = o.buf.plain[:0]
	}
}

// release gives the buffers back.
func (o *output) release() {
	if o.buf != nil {
		if cap(o.buf.wire) <= 64<<10 {
			o.buf.wire, o.buf.plain = o.buf.wire[:0], o.buf.plain[:0]
			outBuffers.Put(o.buf)
		}
		o.buf = nil
	}
	clear(o.vec[:])
}

// write takes body bytes past the filters. p may be used again afterwards.
func (o *output) write(p []byte) error {
	if err := o.ready(); err != nil {
		return err
	}
	if len(o.buf.plain)+len(p) <= plainSize {
		o.buf.plain = append(o.buf.plain, p...)
		return nil
	}
	if err := o.makeHead(false); err != nil {
		return err
	}
	return o.emit(p, false)
}

// flush sends all that waits.
func (o *output) flush() error {
	if err := o.ready(); err != nil {
		return err
	}
	if err := o.makeHead(false); err != nil {
		return err
	}
	return o.emit(nil, false)
}

// end ends the body and the response. One that is shorter than its Content-Length is cut short.
func (o *output) end() error {
	if o.eos || o.c.aborted {
		o.eos = true
		o.release()
		return nil
	}
	if err := o.ready(); err != nil {
		return err
	}
	if err := o.makeHead(true); err != nil {
		return err
	}
	o.eos = true
	err := o.emit(nil, true)
	if o.framing == framedLength && o.left > 0 && err == nil {
		o.c.aborted = true
	}
	o.release()
	return err
}

// ready says whether the response may be written to.
func (o *output) ready() error {
	switch {
	case o.c.aborted:
		return errAborted
	case o.eos:
		return errEnded
	}
	if o.buf == nil {
		o.buf = outBuffers.Get().(*outBuffer)
	}
	return nil
}

// cutShort ends the response where it is and the connection with it, so that
// the client sees it is not whole. What waits is sent.
func (o *output) cutShort() {
	// The head is made before the connection is marked: chunks tell an end from a cut, an end of the connection does not.
	if o.ready() == nil && o.makeHead(false) == nil {
		o.emit(nil, false)
	}
	o.eos = true
	o.c.closing, o.c.aborted = true, true
	o.release()
}

// emit frames what waits and p, and sends it; eos is the end of the body.
func (o *output) emit(p []byte, eos bool) error {
	b := o.buf
	if o.framing == framedLength && int64(len(b.plain)+len(p)) > o.left {
		// More than was announced: the rest would pass for the next response.
		if o.left <= int64(len(b.plain)) {
			b.plain, p = b.plain[:o.left], nil
		} else {
			p = p[:o.left-int64(len(b.plain))]
		}
	}
	n := len(b.plain) + len(p)
	tail := ""
	switch o.framing {
	case framedNot:
		b.plain, p, n = b.plain[:0], nil, 0
	case framedLength:
		o.left -= int64(n)
	case framedChunks:
		if n > 0 {
			b.wire = http1.AppendChunkHead(b.wire, n)
			tail = "\r\n"
		}
		if eos {
			tail = "\r\n" + http1.LastChunk
			if n == 0 {
				tail = http1.LastChunk
			}
		}
	}
	var err error
	switch {
	case len(b.wire)+n+len(tail) == 0:
	case n <= joinSize:
		b.wire = append(append(append(b.wire, b.plain...), p...), tail...)
		_, err = o.c.write(b.wire)
	default:
		o.vec = [4][]byte{b.wire, b.plain, p, []byte(tail)}
		_, err = o.c.writev(o.vec[:])
		clear(o.vec[:])
	}
	b.wire, b.plain = b.wire[:0], b.plain[:0]
	o.r.Reply.Sent += int64(n)
	return err
}

// interim sends a response that comes before the response.
func (o *output) interim(text string) error {
	_, err := o.c.write([]byte(text))
	o.c.firstByte = time.Time{}
	return err
}

// sendFile sends n bytes of f from off, past the filters, from the file itself.
func (o *output) sendFile(f *os.File, off, n int64) error {
	if err := o.ready(); err != nil {
		return err
	}
	b := o.buf
	if n <= readSize-int64(len(b.plain)) {
		at := len(b.plain)
		m, err := f.ReadAt(b.plain[at:at+int(n)], off)
		b.plain = b.plain[:at+m]
		if err != nil && int64(m) < n {
			return fileShort(err)
		}
		return nil
	}
	if err := o.makeHead(false); err != nil {
		return err
	}
	switch o.framing {
	case framedNot:
		return o.emit(nil, false)
	case framedLength:
		n = min(n, o.left-int64(len(b.plain)))
	}
	if err := o.emit(nil, false); err != nil { // head, and what waits
		return err
	}
	if n <= 0 {
		return nil
	}
	if o.framing == framedChunks {
		b.wire = http1.AppendChunkHead(b.wire, int(n))
		if err := o.sendWire(); err != nil {
			return err
		}
	}
	sent, err := o.c.sendfile(f, off, n)
	o.r.Reply.Sent += sent
	if o.framing == framedLength {
		o.left -= sent
	}
	if err != nil {
		return err
	}
	if sent < n {
		o.cutShort()
		return fileShort(nil)
	}
	if o.framing == framedChunks {
		b.wire = append(b.wire, "\r\n"...)
		return o.sendWire()
	}
	return nil
}

// sendSmall is sendFile for a piece of a descriptor that fits what waits; it reports whether it does.
func (o *output) sendSmall(fd int, off, n int64) (done bool, err error) {
	if err := o.ready(); err != nil {
		return true, err
	}
	b := o.buf
	at := len(b.plain)
	if n > readSize-int64(at) {
		return false, nil
	}
	p, err := readPiece(fd, b.plain[at:at+int(n)], off)
	b.plain = b.plain[:at+len(p)]
	return true, err
}

func (o *output) sendWire() error {
	_, err := o.c.write(o.buf.wire)
	o.buf.wire = o.buf.wire[:0]
	return err
}

func fileShort(err error) error {
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// armWrite sets the time-out of the next write, and notes when the response's first was.
func (c *Conn) armWrite() {
	var now time.Time
	c.writeDeadline, now = arm(c.writeDeadline, c.last.timeout, c.t.SetWriteDeadline)
	if c.firstByte.IsZero() {
		c.firstByte = now
	}
}

// write sends p. Timeout bounds the wait for the client to take more, not the whole.
func (c *Conn) write(p []byte) (n int, err error) {
	for {
		c.armWrite()
		m, err := c.t.Write(p[n:])
		c.bytesOut += int64(m)
		if n += m; err == nil {
			return n, nil
		}
		if !c.stalled(int64(m), err) {
			return n, errAborted
		}
	}
}

// writev is write for several buffers, which it shortens.
func (c *Conn) writev(bufs [][]byte) (n int64, err error) {
	for {
		c.armWrite()
		m, err := c.t.Writev(bufs...)
		c.bytesOut += m
		if n += m; err == nil {
			return n, nil
		}
		if !c.stalled(m, err) {
			return n, errAborted
		}
		for i := range bufs {
			k := min(int64(len(bufs[i])), m)
			bufs[i] = bufs[i][k:]
			m -= k
		}
	}
}

// sendfile is write for a piece of a file; fewer than n bytes without an error are all there are.
func (c *Conn) sendfile(f *os.File, off, n int64) (sent int64, err error) {
	for sent < n {
		c.armWrite()
		piece := min(n-sent, sendSize)
		m, err := c.t.Sendfile(f, off+sent, piece)
		sent += m
		c.bytesOut += m
		if err != nil && !c.stalled(m, err) {
			return sent, errAborted
		}
		if err == nil && m < piece {
			return sent, nil
		}
	}
	return sent, nil
}

// stalled tells whether a write that failed is to be tried again: it ran into
// the time-out, but the client took some of it. Otherwise the client is gone.
func (c *Conn) stalled(n int64, err error) bool {
	if n > 0 && isTimeout(err) {
		c.writeDeadline = time.Time{}
		return true
	}
	c.aborted = true
	return false
}
