package http1

import (
	"io"
	"strconv"
)

// States of a chunked body; the order of reading.
type chunkState uint8

const (
	chunkStart  chunkState = iota // a chunk's size
	chunkDigits                   // within it
	chunkSpace                    // after it
	chunkExt                      // in an extension
	chunkLF                       // CR seen
	chunkData                     // in the data
	chunkEnd                      // after the data, CR
	chunkEndLF                    // and LF
	chunkTrailer
)

// maxChunkSpaces may follow a chunk's size, as RFC 2616 allowed.
const maxChunkSpaces = 10

// Body reads a request's body, without its framing. The zero value is an empty body.
type Body struct {
	// Trailers are the fields after a chunked body, once it is at its end.
	Trailers []Field

	r         *Reader
	o         *Options
	chunked   bool
	state     chunkState
	remaining int64 // of the body, or of the chunk
	length    int64
	limit     int64
	read      int64
	used      int // bytes of this chunk's size line
	spaces    int
	err       error
	spans     []span
}

// Reset makes b the body of the request whose head h was read from r.
func (b *Body) Reset(r *Reader, h *Head, o *Options) {
	clear(b.Trailers)
	*b = Body{Trailers: b.Trailers[:0], spans: b.spans, r: r, o: o, chunked: h.Chunked}
	if h.ContentLength > 0 {
		b.length, b.remaining = h.ContentLength, h.ContentLength
	} else if !h.Chunked {
		b.err = io.EOF
	}
}

// SetLimit bounds the body to limit bytes (LimitRequestBody); 0 is no limit.
func (b *Body) SetLimit(limit int64) { b.limit = limit }

// Empty tells that there is no body at all.
func (b *Body) Empty() bool { return !b.chunked && b.length == 0 }

// AtEnd tells that the body has been read whole, so that the next request follows.
func (b *Body) AtEnd() bool { return b.err == io.EOF }

// Err is what Read tells for ever: nil before the end, io.EOF at it.
func (b *Body) Err() error { return b.err }

// Arrived tells that some of what is yet to be read has been received.
func (b *Body) Arrived() bool { return b.r != nil && len(b.r.Buffered()) > 0 }

// Count is how many bytes have been read.
func (b *Body) Count() int64 { return b.read }

// Length is the body's size if it was told; -1 if chunked.
func (b *Body) Length() int64 {
	if b.chunked {
		return -1
	}
	return b.length
}

// Read reads from the body. It returns io.EOF at its end, and an *Error when
// the connection or the framing fails, or the limit is passed; it then does so
// for ever.
func (b *Body) Read(p []byte) (n int, err error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.r == nil {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if b.chunked {
		n, err = b.readChunked(p)
	} else {
		n, err = b.readLength(p)
	}
	b.read += int64(n)
	if b.limit > 0 && b.read > b.limit && (err == nil || err == io.EOF) {
		n, err = 0, bodyError(413, "AH01591", "Read content length of "+strconv.FormatInt(b.read, 10)+" is larger than the configured limit of "+strconv.FormatInt(b.limit, 10))
	}
	b.err = err
	if n > 0 {
		return n, nil
	}
	return n, err
}

// ReadAhead reads like Read, but only a body whose length was told and that is within the limit, and does not hold an error
// of the source against the body: it reads nothing then, and Read finds out.
func (b *Body) ReadAhead(p []byte) int {
	if b.err != nil || b.r == nil || b.chunked || b.limit > 0 && b.length > b.limit {
		return 0
	}
	n, _ := b.r.Read(p[:min(int64(len(p)), b.remaining)])
	b.remaining -= int64(n)
	b.read += int64(n)
	if b.remaining == 0 {
		b.err = io.EOF
	}
	return n
}

func bodyError(status int, code, text string) *Error {
	return &Error{Status: status, Log: []LogLine{{SeverityInfo, SourceHTTP, code, text}}}
}

func (b *Body) readLength(p []byte) (int, error) {
	if b.limit > 0 && b.length > b.limit {
		return 0, bodyError(413, "AH01588", "Requested content-length of "+strconv.FormatInt(b.length, 10)+" is larger than the configured limit of "+strconv.FormatInt(b.limit, 10))
	}
	n, err := b.data(p)
	if err == nil && b.remaining == 0 {
		err = io.EOF
	}
	return n, err
}

// data reads of what remains of the body or the chunk.
func (b *Body) data(p []byte) (int, error) {
	n, err := b.r.Read(p[:min(int64(len(p)), b.remaining)])
	b.remaining -= int64(n)
	if n > 0 {
		return n, nil
	}
	return 0, cutShort(err)
}

// cutShort is the error of a body that ends before its end.
func cutShort(err error) error {
	if isTimeout(err) {
		return &Error{Status: 408, Err: err}
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Status: 400, Err: err}
}

// readChunked fills p with the data of as many chunks as have been received; it waits for one byte at least.
func (b *Body) readChunked(p []byte) (n int, err error) {
	for n < len(p) {
		if n > 0 && len(b.r.Buffered()) == 0 {
			return n, nil
		}
		switch b.state {
		case chunkData:
			var m int
			if m, err = b.data(p[n:]); err != nil {
				return n, err
			}
			n += m
			if b.remaining == 0 {
				b.state = chunkEnd
			}
		case chunkTrailer:
			if err = b.trailer(); err == nil {
				err = io.EOF
			}
			return n, err
		default:
			if err = b.r.Await(); err != nil {
				return n, cutShort(err)
			}
			if err = b.sizeLine(b.r.Buffered()); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// sizeLine takes what has arrived of the line before a chunk's data (parse_chunk_size).
func (b *Body) sizeLine(in []byte) error {
	strict := !b.o.Unsafe
	for i, c := range in {
		switch {
		case b.state == chunkEnd && c == '\r':
			b.state = chunkEndLF
			continue
		case b.state == chunkEnd || b.state == chunkEndLF:
			if c != '\n' || strict && b.state == chunkEnd {
				return chunkFault(400, "")
			}
			b.state = chunkStart
			continue
		case b.state == chunkStart:
			if !is(c, classHex) {
				return chunkFault(400, "")
			}
			b.state, b.remaining, b.used, b.spaces = chunkDigits, 0, 0, 0
		}
		if b.used++; b.used > b.o.Limits.FieldSize {
			return chunkFault(413, "(overflow)")
		}
		switch {
		case c == '\n':
			if strict && b.state != chunkLF {
				return chunkFault(400, "")
			}
			b.state = chunkData
			if b.remaining == 0 {
				b.state = chunkTrailer
			}
			b.r.r += i + 1
			return nil
		case b.state == chunkLF:
			return chunkFault(400, "")
		case c == '\r':
			b.state = chunkLF
		case c == ';':
			b.state = chunkExt
		case b.state == chunkExt:
			if c < ' ' && c != '\t' || c == 0x7f {
				return chunkFault(400, "")
			}
		case c == ' ' || c == '\t':
			b.state = chunkSpace
			if b.spaces++; b.spaces > maxChunkSpaces {
				return chunkFault(400, "")
			}
		case b.state == chunkSpace || !is(c, classHex):
			return chunkFault(400, "")
		default:
			if b.remaining>>59 != 0 { // four more bits would reach the sign
				return chunkFault(413, "(overflow)")
			}
			b.remaining = b.remaining<<4 | int64(hexValue(c))
		}
	}
	b.r.r += len(in)
	return nil
}

func chunkFault(status int, what string) *Error {
	return bodyError(status, "AH01590", "Error reading/parsing chunk "+what+" ")
}

func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// trailer reads the fields after the last chunk.
func (b *Body) trailer() error {
	var end int
	var e *Error
	b.spans, end, e = b.r.fields(b.spans[:0], 0, b.o)
	if e == nil {
		all := string(b.r.Buffered()[:end])
		for _, s := range b.spans {
			b.Trailers = append(b.Trailers, Field{all[s.name:s.nameEnd], all[s.value:s.valueEnd]})
		}
		b.Trailers, e = mergeFields(b.Trailers, b.o)
	}
	b.r.r += end
	if e != nil {
		text := "Error while reading HTTP trailer: " + strconv.Itoa(e.Status)
		if e.Note != "" {
			text += ": " + e.Note
		}
		e.Log = append(e.Log, LogLine{SeverityInfo, SourceHTTP, "AH02656", text})
		return e
	}
	return nil
}

// Discard reads the rest of the body to nowhere, up to max bytes of data (ap_discard_request_body). It returns nil
// when the body's end has been reached, else why not: errTooMuch, or what Read says.
func (b *Body) Discard(max int64) error {
	if b.err == io.EOF || b.r == nil {
		return nil
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for start := b.read; b.read-start <= max; {
		if _, err := b.Read(*buf); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
	return errTooMuch
}
