package http1

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unsafe"
)

// Limits bound a request's head (LimitRequestLine, LimitRequestFields,
// LimitRequestFieldSize), in bytes and in number. Fields 0 is no limit.
type Limits struct {
	Line, Fields, FieldSize int
}

// DefaultLimits are Apache's.
var DefaultLimits = Limits{Line: 8190, Fields: 100, FieldSize: 8190}

// Options say how strict reading is (HttpProtocolOptions). The zero value with
// DefaultLimits is Apache's default: Strict LenientMethods Allow0.9.
type Options struct {
	Limits Limits
	// Unsafe also takes what RFC 9112 forbids: bare LF, stray whitespace, any bytes in names.
	Unsafe bool
	// Require10 refuses HTTP/0.9.
	Require10 bool
	// Registered tells whether a method is known, of RegisteredMethods; nil takes any.
	Registered func(method string) bool
}

// Field is one header field.
type Field struct{ Name, Value string }

// Position of a field of interest among Head.Fields; negative if absent.
type position int32

// Head is a request's head. Its strings share one allocation and may be kept;
// Fields is used again for the next request.
type Head struct {
	// Text is the request line, with single spaces.
	Text string
	// Method, Target and Protocol are its words; Protocol is "HTTP/0.9" if there is none.
	Method, Target, Protocol string
	// Proto is 1000*major+minor; 9 for HTTP/0.9, which has no fields.
	Proto int
	// URI is Target taken apart.
	URI URI
	// Fields are the header fields in order; those of one name are merged into the first, joined by ", ".
	Fields []Field
	// Hostname is whom the request is for, from Target or Host: lower case, without port or the final dot, IPv6 in
	// brackets. HasHostname tells empty from absent. Port is 0 if none is given.
	Hostname    string
	HasHostname bool
	Port        int
	// ContentLength is the body's size; -1 if not given, or if Chunked.
	ContentLength int64
	Chunked       bool
	// Close tells that the connection must not be used again: the framing was ambiguous, or HTTP/0.9.
	Close bool
	// ReplacedHost is Host's value before that of Target took its place; "" if it did not.
	ReplacedHost string

	plain                                    bool // Text is as received
	host, connection, expect, length, coding position

	spans []span
}

type span struct{ name, nameEnd, value, valueEnd int32 }

// Host returns the Host field's value.
func (h *Head) Host() (string, bool) { return h.at(h.host) }

// Connection returns the Connection field's value, "" if there is none.
func (h *Head) Connection() string { s, _ := h.at(h.connection); return s }

// Expect returns the Expect field's value, "" if there is none.
func (h *Head) Expect() string { s, _ := h.at(h.expect); return s }

func (h *Head) at(p position) (string, bool) {
	if p < 0 {
		return "", false
	}
	return h.Fields[p].Value, true
}

func (h *Head) reset() {
	clear(h.Fields)
	*h = Head{Fields: h.Fields[:0], spans: h.spans[:0], ContentLength: -1, host: -1, connection: -1, expect: -1, length: -1, coding: -1}
}

// maxBlankLines are skipped before a request line.
const maxBlankLines = 10

// ReadHead reads the next request's head into h. On error h holds what was
// understood of it, for the log and the error page; Proto is then 1.0 at least.
// After an error the connection can't be read from.
func (r *Reader) ReadHead(h *Head, o *Options) error {
	h.reset()
	strict := !o.Unsafe
	var end, next int
	for blank := 0; ; blank++ {
		var err error
		end, next, err = r.line(0, o.Limits.Line+1, strict)
		if err != nil {
			if err == errMalformed {
				end = next // the log shows a bare LF
			}
			return h.lineError(r.buf[r.r:r.r+end], o, err)
		}
		if end > 0 || blank == maxBlankLines {
			break
		}
		r.r += next
	}
	// The offsets of fields are within the head; the request line is parsed now, for its own errors come first.
	// It is read in place, and again from the head's one copy when that is whole.
	line := r.buf[r.r : r.r+end]
	e := h.parseLine(unsafe.String(unsafe.SliceData(line), len(line)), o)
	if e != nil || h.Proto < 1000 {
		e = h.parseLine(string(line), o)
	}
	if e != nil {
		if h.Proto < 1000 {
			h.Proto, h.Protocol = 1000, "HTTP/1.0"
		}
		h.Close = true
		r.r += next
		return e
	}
	if h.Proto < 1000 {
		h.Close = true
		r.r += next
		if e = h.findHost(o); e != nil {
			return e
		}
		return nil
	}
	lineLen := end
	var fe *Error
	h.spans, end, fe = r.fields(h.spans, next, o)
	all := string(r.buf[r.r : r.r+end])
	h.reline(all[:lineLen], o)
	for i, s := range h.spans {
		h.Fields = append(h.Fields, Field{all[s.name:s.nameEnd], all[s.value:s.valueEnd]})
		h.know(position(i), h.Fields[i].Name)
	}
	r.r += end
	if fe == nil {
		fe = h.merge(o)
	}
	if fe != nil {
		h.Close = true
		return fe.and(SeverityDebug, "AH00567", "request failed: error reading the headers")
	}
	if fe = h.framing(); fe == nil {
		fe = h.findHost(o)
	}
	if fe != nil {
		h.Close = true
		return fe
	}
	return nil
}

// lineError is the answer to a request line that could not be read.
func (h *Head) lineError(got []byte, o *Options, err error) error {
	h.Close = true
	h.Proto, h.Protocol = 1000, "HTTP/1.0"
	if i := bytes.IndexByte(got, 0); i >= 0 {
		got = got[:i]
	}
	h.Text = string(got[:min(len(got), o.Limits.Line+1)])
	switch err {
	case errTooLong:
		return refuse(414, SeverityInfo, "AH00565", "request failed: client's request-line exceeds LimitRequestLine (longer than "+strconv.Itoa(o.Limits.Line)+")")
	case errMalformed:
		return refuse(400, SeverityDebug, "AH00566", "request failed: malformed request line")
	}
	return &Error{Err: err}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// know remembers where the fields that the server itself needs are.
func (h *Head) know(i position, name string) {
	var p *position
	switch len(name) {
	case 4:
		if FoldEqual(name, "Host") {
			p = &h.host
		}
	case 6:
		if FoldEqual(name, "Expect") {
			p = &h.expect
		}
	case 10:
		if FoldEqual(name, "Connection") {
			p = &h.connection
		}
	case 14:
		if FoldEqual(name, "Content-Length") {
			p = &h.length
		}
	case 17:
		if FoldEqual(name, "Transfer-Encoding") {
			p = &h.coding
		}
	}
	if p != nil && *p < 0 {
		*p = i
	}
}

// merge joins fields of the same name into the first of them.
func (h *Head) merge(o *Options) *Error {
	merged, e := mergeFields(h.Fields, o)
	if len(merged) != len(h.Fields) {
		h.Fields = merged
		h.host, h.connection, h.expect, h.length, h.coding = -1, -1, -1, -1, -1
		for i := range h.Fields {
			h.know(position(i), h.Fields[i].Name)
		}
	}
	return e
}

func mergeFields(fields []Field, o *Options) ([]Field, *Error) {
	// A set of the names seen, by a poor hash; names are compared only when it says perhaps.
	var seen uint64
	out := fields[:0]
	var tooLong string
next:
	for _, f := range fields {
		bit := uint64(1) << ((uint(len(f.Name))*11 + uint(f.Name[0]|0x20)*5 + uint(f.Name[len(f.Name)-1]|0x20)) & 63)
		if seen&bit != 0 {
			for i := range out {
				if FoldEqual(out[i].Name, f.Name) {
					out[i].Value += ", " + f.Value
					if len(out[i].Value) > o.Limits.FieldSize && tooLong == "" {
						tooLong = out[i].Name
					}
					continue next
				}
			}
		}
		seen |= bit
		out = append(out, f)
	}
	clear(fields[len(out):])
	if tooLong != "" {
		return out, tooBig("AH00560", "Request header exceeds LimitRequestFieldSize after merging: "+shorten(tooLong))
	}
	return out, nil
}

func tooBig(code, text string) *Error {
	e := refuse(400, SeverityInfo, code, text)
	e.Note = "Size of a request header field exceeds server limit."
	return e
}

// framing finds how the body is delimited (RFC 9112, 6.3).
func (h *Head) framing() *Error {
	if v, ok := h.at(h.length); ok {
		n, ok := parseLength(v)
		if !ok {
			return refuse(400, SeverityDebug, "AH10242", "client sent invalid Content-Length ("+v+"): "+h.URI.Path)
		}
		h.ContentLength = n
	}
	if v, ok := h.at(h.coding); ok {
		if !isChunked(v) {
			return refuse(400, SeverityDebug, "AH02539", "client sent unknown Transfer-Encoding ("+v+"): "+h.URI.Path)
		}
		h.Chunked = true
		if h.length >= 0 {
			// Both: Content-Length is dropped, and what follows on this connection not trusted.
			h.ContentLength, h.Close = -1, true
			h.Fields = append(h.Fields[:h.length], h.Fields[h.length+1:]...)
			for _, p := range [...]*position{&h.host, &h.connection, &h.expect, &h.coding} {
				if *p > h.length {
					*p--
				}
			}
			h.length = -1
		}
	}
	return nil
}

// parseLength reads a Content-Length: digits only, within 63 bits.
func parseLength(s string) (int64, bool) {
	if s == "" || prefix(s, classDigit) != len(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// isChunked tells whether chunked is the last of the transfer codings (ap_is_chunked).
func isChunked(v string) bool {
	if i := strings.LastIndexByte(v, ','); i >= 0 {
		v = strings.TrimLeft(v[i+1:], " ")
	}
	return FoldEqual(v, "chunked")
}

// readError maps a failed read of a field line.
func readError(err error, line []byte) *Error {
	switch err {
	case errTooLong:
		text := "Request header exceeds LimitRequestFieldSize"
		if name := fieldName(line); name != "" {
			text += ": " + name
		}
		return tooBig("AH00561", text)
	case errMalformed:
		return &Error{Status: 400}
	}
	if isTimeout(err) {
		return &Error{Status: 408, Err: err}
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Status: 400, Err: err}
}
