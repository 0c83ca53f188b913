package daemon

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"time"

	"httpd-wsgi/wsgi"

	"golang.org/x/sys/unix"
)

// Frames are a type, the length of the payload (u32, little-endian) and the payload.
const (
	frameHead = 5
	// maxFrame bounds a payload: both ends are this program, but one of them runs other people's code.
	maxFrame = 64 << 20
)

const (
	// From client to server.
	frameRequest   = 'Q' // a request
	frameBody      = 'D' // body bytes
	frameBodyEnd   = 'E' // the body is complete
	frameBodyError = 'X' // the body can't be read; payload: why

	// From server to client.
	frameNeed    = 'B' // body bytes are wanted; payload: u32, how many at most; 0 is "100 Continue"
	frameRespond = 'R' // head and first body bytes of the response
	frameWrite   = 'W' // body bytes
	frameFile    = 'F' // a file to send; payload: offset, length; the descriptor comes with it
	frameEnd     = 'Z' // the request is over
	frameGoAway  = 'G' // the server closes; a request after the last end frame was not begun
)

var errFrame = errors.New("malformed frame")

// Meta is what a request's log lines need beside its environ.
type Meta struct {
	// Server is the index of the virtual host's error log.
	Server int
	// Client is the client's address.
	Client netip.AddrPort
	// IgnoreActivity says that the request does not count as activity (WSGIIgnoreActivity).
	IgnoreActivity bool
	// Timeout bounds each wait of the client for the process where Options.Timeout does not. It is not sent.
	Timeout time.Duration
}

// message is a request frame's payload, taken apart.
type message struct {
	script wsgi.Script
	meta   Meta
	queued time.Time // when the client sent it
	form   []byte
}

func appendString(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func (m *message) append(b []byte) []byte {
	b = appendString(b, m.script.Path)
	b = appendString(b, m.script.Callable)
	b = appendString(b, m.script.Group)
	b = append(b, byte(m.script.Reload))
	b = binary.LittleEndian.AppendUint64(b, uint64(m.script.Mtime))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.meta.Server))
	b = appendString(b, m.meta.Client.String())
	ignore := byte(0)
	if m.meta.IgnoreActivity {
		ignore = 1
	}
	b = append(b, ignore)
	b = binary.LittleEndian.AppendUint64(b, uint64(m.queued.UnixNano()))
	return append(b, m.form...)
}

// parseMessage takes a request frame's payload apart; the form is a part of p.
func parseMessage(p []byte) (m message, err error) {
	r := fields{p, true}
	m.script.Path, m.script.Callable, m.script.Group = r.string(), r.string(), r.string()
	m.script.Reload = wsgi.Reload(r.byte())
	m.script.Mtime = int64(r.uint64())
	m.meta.Server = int(r.uint32())
	if m.meta.Client, err = netip.ParseAddrPort(r.string()); err != nil {
		m.meta.Client = netip.AddrPort{}
	}
	m.meta.IgnoreActivity = r.byte() != 0
	m.queued = time.Unix(0, int64(r.uint64()))
	m.form = r.rest
	if !r.ok || m.script.Path == "" || m.script.Reload > wsgi.ReloadProcess {
		return message{}, errFrame
	}
	return m, nil
}

// fields reads values one after the other; ok becomes false at the first that is cut off.
type fields struct {
	rest []byte
	ok   bool
}

func (f *fields) take(n int) []byte {
	if !f.ok || n < 0 || n > len(f.rest) {
		f.ok = false
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) byte() byte {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) uint32() uint32 {
	if b := f.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (f *fields) uint64() uint64 {
	if b := f.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (f *fields) bytes() []byte { return f.take(int(f.uint32())) }

func (f *fields) string() string { return string(f.bytes()) }

// appendResponse appends a respond frame's payload.
func appendResponse(b []byte, r *wsgi.Response) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Status))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.ContentLength))
	last := byte(0)
	if r.Last {
		last = 1
	}
	b = append(b, last)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.Line)))
	b = append(b, r.Line...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(r.Headers)))
	for i := range r.Headers {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(r.Headers[i].Name)))
		b = append(b, r.Headers[i].Name...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(r.Headers[i].Value)))
		b = append(b, r.Headers[i].Value...)
	}
	return append(b, r.Body...)
}

// parseResponse takes a respond frame's payload apart; byte slices are parts of p.
func parseResponse(p []byte, resp *wsgi.Response) error {
	r := fields{p, true}
	resp.Status = int(r.uint32())
	resp.ContentLength = int64(r.uint64())
	resp.Last = r.byte() != 0
	resp.Line = r.bytes()
	n := int(r.uint32())
	if !r.ok || n > len(p) {
		return errFrame
	}
	resp.Headers = resp.Headers[:0]
	for range n {
		name := r.bytes()
		value := r.bytes()
		if !r.ok {
			return errFrame
		}
		resp.Headers = append(resp.Headers, wsgi.Header{Name: name, Value: value})
	}
	resp.Body = r.rest
	if !r.ok || resp.Status < 200 || resp.Status > 999 {
		return errFrame
	}
	return nil
}

func appendResult(b []byte, r *wsgi.Result) []byte {
	flags := byte(0)
	if r.Responded {
		flags |= 1
	}
	if r.Short {
		flags |= 2
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Outcome))
	b = append(b, flags)
	b = binary.LittleEndian.AppendUint32(b, uint32(r.Status))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Sent))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Queued))
	return binary.LittleEndian.AppendUint64(b, uint64(r.Ran))
}

func parseResult(p []byte) (res wsgi.Result, err error) {
	r := fields{p, true}
	res.Outcome = wsgi.Outcome(r.uint32())
	flags := r.byte()
	res.Responded, res.Short = flags&1 != 0, flags&2 != 0
	res.Status = int(r.uint32())
	res.Sent = int64(r.uint64())
	res.Queued, res.Ran = time.Duration(r.uint64()), time.Duration(r.uint64())
	if !r.ok {
		return wsgi.Result{}, errFrame
	}
	return res, nil
}

// stream reads and writes frames on a connection. One goroutine uses it.
type stream struct {
	conn *net.UnixConn
	buf  []byte // what was read and not taken: buf[r:w]
	r, w int
	out  []byte // frames gathered for one write
	oob  [32]byte
	fd   int // a descriptor that came with what was read; -1 if none
}

func newStream(c *net.UnixConn) *stream {
	return &stream{conn: c, buf: make([]byte, 16<<10), fd: -1}
}

// close closes the connection and a descriptor that nobody took.
func (s *stream) close() {
	s.dropFD()
	s.conn.Close()
}

func (s *stream) dropFD() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		s.fd = -1
	}
}

// next reads a frame. The payload is valid until the next call.
func (s *stream) next() (kind byte, payload []byte, err error) {
	if err := s.need(frameHead); err != nil {
		if s.w == s.r && (err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)) {
			err = io.EOF
		}
		return 0, nil, err
	}
	kind = s.buf[s.r]
	n := int(binary.LittleEndian.Uint32(s.buf[s.r+1:]))
	if n > maxFrame {
		return 0, nil, errFrame
	}
	if err := s.need(frameHead + n); err != nil {
		return 0, nil, err
	}
	payload = s.buf[s.r+frameHead : s.r+frameHead+n]
	s.r += frameHead + n
	return kind, payload, nil
}

// need reads until n bytes are at hand.
func (s *stream) need(n int) error {
	for s.w-s.r < n {
		if s.r > 0 {
			s.w = copy(s.buf, s.buf[s.r:s.w])
			s.r = 0
		}
		if n > len(s.buf) {
			grown := make([]byte, max(n, min(2*len(s.buf), maxFrame)))
			s.w = copy(grown, s.buf[:s.w])
			s.buf = grown
		}
		got, oobn, _, _, err := s.conn.ReadMsgUnix(s.buf[s.w:], s.oob[:])
		if oobn > 0 {
			s.takeFD(s.oob[:oobn])
		}
		s.w += max(got, 0)
		if err != nil {
			return err
		}
		if got == 0 {
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

func (s *stream) takeFD(oob []byte) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			s.dropFD()
			s.fd = fd
		}
	}
}

// begin starts a frame in the output and returns where it is; finish gives it its length.
func (s *stream) begin(kind byte) int {
	s.out = append(s.out, kind, 0, 0, 0, 0)
	return len(s.out)
}

func (s *stream) finish(start int) {
	binary.LittleEndian.PutUint32(s.out[start-4:], uint32(len(s.out)-start))
}

// add gathers a frame.
func (s *stream) add(kind byte, payload []byte) {
	start := s.begin(kind)
	s.out = append(s.out, payload...)
	s.finish(start)
}

// flush writes what was gathered.
func (s *stream) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	if cap(s.out) > 256<<10 {
		s.out = nil
	}
	return err
}

// send writes what was gathered and one frame with a large payload, uncopied.
func (s *stream) send(kind byte, payload []byte) error {
	if len(payload) <= 8<<10 {
		s.add(kind, payload)
		return s.flush()
	}
	s.out = append(s.out, kind, 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(s.out[len(s.out)-4:], uint32(len(payload)))
	b := net.Buffers{s.out, payload}
	_, err := b.WriteTo(s.conn)
	s.out = s.out[:0]
	return err
}

// sendFD writes what was gathered and one frame with a descriptor.
func (s *stream) sendFD(kind byte, payload []byte, fd int) error {
	s.add(kind, payload)
	b := s.out
	n, _, err := s.conn.WriteMsgUnix(b, unix.UnixRights(fd), nil)
	if err == nil && n < len(b) {
		_, err = s.conn.Write(b[n:])
	}
	s.out = s.out[:0]
	return err
}
