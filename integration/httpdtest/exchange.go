package httpdtest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Field is one header line as received.
type Field struct{ Name, Value string }

// A Response is one answer as received, body decoded from its framing.
type Response struct {
	Proto   string // "HTTP/1.1"; empty when there was no status line (HTTP/0.9)
	Status  int
	Reason  string
	Header  []Field
	Body    []byte
	Trailer []Field
	// Framing is how the body ended: "none", "length", "chunked" or "close".
	Framing string
	// Interim lists the 1xx statuses that came before.
	Interim []int
	// Broken says what was wrong with the answer's form, e.g. a body cut short; empty if nothing.
	Broken string
}

// Content is the body, decompressed if it is gzip: what two compressors make of one text may differ.
func (r *Response) Content() []byte {
	if !strings.Contains(r.Get("Content-Encoding"), "gzip") {
		return r.Body
	}
	z, err := gzip.NewReader(bytes.NewReader(r.Body))
	if err != nil {
		return r.Body
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return r.Body
	}
	return text
}

// Get is the value of the first header line of that name, in any case.
func (r *Response) Get(name string) string {
	for _, f := range r.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// has tells whether a comma-separated header holds token.
func (r *Response) has(name, token string) bool {
	for _, f := range r.Header {
		if strings.EqualFold(f.Name, name) {
			for part := range strings.SplitSeq(f.Value, ",") {
				if strings.EqualFold(strings.TrimSpace(part), token) {
					return true
				}
			}
		}
	}
	return false
}

// A Conn is a client's connection that reads raw answers.
type Conn struct {
	net.Conn
	r *bufio.Reader
}

// Dial connects to a port of 127.0.0.1.
func Dial(port int) (*Conn, error) {
	c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Patience)
	if err != nil {
		return nil, err
	}
	return &Conn{c, bufio.NewReader(c)}, nil
}

// Send writes raw bytes. A server may answer and close before it has read all, so a broken pipe is no error.
func (c *Conn) Send(raw []byte) error {
	c.SetWriteDeadline(time.Now().Add(Patience))
	_, err := c.Write(raw)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return err
}

// AwaitInterim waits up to d for anything to arrive, and tells whether it did: a client that sent "Expect: 100-continue" does so.
func (c *Conn) AwaitInterim(d time.Duration) bool {
	c.SetReadDeadline(time.Now().Add(d))
	_, err := c.r.Peek(1)
	return err == nil
}

// CloseWrite tells the server that nothing more comes.
func (c *Conn) CloseWrite() { c.Conn.(*net.TCPConn).CloseWrite() }

// Receive reads one answer to a request with the given method. The error is io.EOF when the connection ended instead.
func (c *Conn) Receive(method string) (*Response, error) {
	c.SetReadDeadline(time.Now().Add(Patience))
	resp := &Response{}
	for {
		start, err := c.r.Peek(5)
		if len(start) == 0 {
			if isReset(err) {
				err = io.EOF
			}
			return nil, err
		}
		if string(start) != "HTTP/" {
			body, _ := io.ReadAll(c.r)
			resp.Body, resp.Framing = body, "close"
			return resp, nil
		}
		line, err := c.line()
		if err != nil {
			return nil, err
		}
		proto, rest, _ := strings.Cut(line, " ")
		code, reason, _ := strings.Cut(rest, " ")
		resp.Proto, resp.Reason = proto, reason
		if resp.Status, err = strconv.Atoi(code); err != nil {
			return nil, fmt.Errorf("status line %q", line)
		}
		if resp.Header, err = c.fields(); err != nil {
			return nil, fmt.Errorf("header of %q: %w", line, err)
		}
		if resp.Status < 100 || resp.Status > 199 || resp.Status == 101 {
			break
		}
		resp.Interim = append(resp.Interim, resp.Status)
	}
	c.body(method, resp)
	return resp, nil
}

func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

func (c *Conn) line() (string, error) {
	s, err := c.r.ReadString('\n')
	return strings.TrimRight(s, "\r\n"), err
}

func (c *Conn) fields() ([]Field, error) {
	var list []Field
	for {
		s, err := c.line()
		if err != nil || s == "" {
			return list, err
		}
		name, value, ok := strings.Cut(s, ":")
		if !ok {
			return list, fmt.Errorf("header line without colon: %q", s)
		}
		list = append(list, Field{name, strings.TrimSpace(value)})
	}
}

func (c *Conn) body(method string, resp *Response) {
	switch {
	case method == "HEAD" || resp.Status == 204 || resp.Status == 304:
		resp.Framing = "none"
	case resp.has("Transfer-Encoding", "chunked"):
		resp.Framing = "chunked"
		for {
			s, err := c.line()
			if err != nil {
				resp.Broken = "chunked body ends without a last chunk"
				return
			}
			size, err := strconv.ParseUint(strings.TrimSpace(strings.SplitN(s, ";", 2)[0]), 16, 31)
			if err != nil {
				resp.Broken = fmt.Sprintf("chunk size %q", s)
				return
			}
			if size == 0 {
				if resp.Trailer, err = c.fields(); err != nil {
					resp.Broken = "trailer cut short"
				}
				return
			}
			chunk := make([]byte, size+2)
			n, err := io.ReadFull(c.r, chunk)
			resp.Body = append(resp.Body, chunk[:min(n, int(size))]...)
			if err != nil {
				resp.Broken = "chunk cut short"
				return
			}
		}
	case resp.Get("Content-Length") != "":
		resp.Framing = "length"
		n, err := strconv.Atoi(resp.Get("Content-Length"))
		if err != nil || n < 0 {
			resp.Broken = fmt.Sprintf("Content-Length %q", resp.Get("Content-Length"))
			return
		}
		resp.Body = make([]byte, n)
		got, err := io.ReadFull(c.r, resp.Body)
		resp.Body = resp.Body[:got]
		if err != nil {
			resp.Broken = fmt.Sprintf("body ends after %d of %d bytes", got, n)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				resp.Broken = fmt.Sprintf("only %d of %d bytes arrive, connection stays open", got, n)
			}
		}
	default:
		resp.Framing = "close"
		body, err := io.ReadAll(c.r)
		resp.Body = body
		if isReset(err) {
			resp.Broken = "connection reset"
		}
	}
}

// Ends tells how the connection stands after the last answer: "closed" when the server has closed it or does so within d, else "open";
// bytes that nobody asked for are quoted.
func (c *Conn) Ends(d time.Duration) string {
	c.SetReadDeadline(time.Now().Add(d))
	rest, err := io.ReadAll(io.LimitReader(c.r, 4096))
	switch {
	case len(rest) > 0:
		return fmt.Sprintf("sends %q", rest)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "open"
	default:
		return "closed"
	}
}

// Exchange sends one request on a new connection to port and reads the one answer.
func Exchange(port int, method string, raw []byte) (*Response, error) {
	c, err := Dial(port)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.Send(raw); err != nil {
		return nil, err
	}
	return c.Receive(method)
}

// Get fetches path from port with extra header lines ("Name: value").
func Get(port int, path string, header ...string) (*Response, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n", path, port)
	for _, h := range header {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	return Exchange(port, "GET", b.Bytes())
}
