package explain

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// Request is what to explain: a URL as a client asks for it, or, in Raw, the
// bytes that it sends.
type Request struct {
	// ID comes back in the Report, for who sends many.
	ID string `json:"id,omitempty"`
	// URL is absolute: "http://host:port/path?query". A name and password in it become credentials.
	URL string `json:"url,omitempty"`
	// Method is GET if empty. Headers are "Name: value"; a Host among them replaces the URL's.
	Method  string   `json:"method,omitempty"`
	Headers []string `json:"headers,omitempty"`
	// From is the client's address, To the server's that it connects to, with or without port.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// User is who has been authenticated, whatever the credentials; "" to ask these.
	User string `json:"user,omitempty"`
	// Raw is a whole request, body included, in place of URL, Method and Headers: a character for each byte, that of the byte's number.
	Raw string `json:"raw,omitempty"`
}

// Outsider is the client's address where none is given: one that belongs to
// nobody (RFC 5737), so that what is open to the server's own network or to the
// machine itself does not pass for open to all.
const Outsider = "192.0.2.1"

// call is a Request made ready.
type call struct {
	head   string // up to the empty line
	body   func() io.Reader
	host   string // in lower case, without port; "" unknown
	port   uint16
	secure bool
	remote netip.AddrPort
}

func (q *Request) parse() (*call, error) {
	c := &call{port: 80}
	from := q.From
	if from == "" {
		from = Outsider
	}
	ip, err := netip.ParseAddr(from)
	if err != nil {
		return nil, fmt.Errorf("--from %q is not an IP address", from)
	}
	c.remote = netip.AddrPortFrom(ip, 50000)
	if q.Raw != "" {
		b := make([]byte, 0, len(q.Raw))
		for _, char := range q.Raw {
			if char > 0xff {
				return nil, fmt.Errorf("raw: %q is not a byte", char)
			}
			b = append(b, byte(char))
		}
		c.head = string(b)
		c.body = func() io.Reader { return strings.NewReader("") }
		return c, nil
	}
	target, authority, err := c.url(q.URL)
	if err != nil {
		return nil, err
	}
	method := q.Method
	if method == "" {
		method = "GET"
	}
	if strings.ContainsAny(method, " \t\r\n") {
		return nil, fmt.Errorf("-X %q is not a method", method)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	host, chunked, length := true, false, false
	for _, h := range q.Headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" || strings.ContainsAny(h, "\r\n") {
			return nil, fmt.Errorf("-H %q is not \"Name: value\"", h)
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "host":
			host = false
			c.setHost(value)
		case "transfer-encoding":
			chunked = true
		case "content-length":
			length = true
		}
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	if user, rest, ok := cutLast(authority, "@"); ok {
		fmt.Fprintf(&b, "Authorization: Basic %s\r\n", base64.StdEncoding.EncodeToString([]byte(user)))
		authority = rest
	}
	if host {
		fmt.Fprintf(&b, "Host: %s\r\n", authority)
	}
	b.WriteString("\r\n")
	c.head = b.String()
	c.body = func() io.Reader {
		switch {
		case chunked:
			return strings.NewReader("0\r\n\r\n")
		case length:
			return zeros{}
		}
		return strings.NewReader("")
	}
	return c, nil
}

// url takes the URL apart into the request-target and the authority.
func (c *call) url(u string) (target, authority string, err error) {
	scheme, rest, ok := strings.Cut(u, "://")
	switch {
	case !ok:
		return "", "", fmt.Errorf("%q is not a URL; give it whole, as in http://www.example.com/path", u)
	case strings.EqualFold(scheme, "https"):
		c.secure, c.port = true, 443
	case !strings.EqualFold(scheme, "http"):
		return "", "", fmt.Errorf("%q is not a URL of http or https", u)
	}
	rest, _, _ = strings.Cut(rest, "#")
	i := strings.IndexAny(rest, "/?")
	if i < 0 {
		i = len(rest)
	}
	authority, target = rest[:i], escape(rest[i:])
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	name := authority
	if _, after, ok := cutLast(authority, "@"); ok {
		name = after
	}
	port := c.port
	if err := c.setHost(name); err != nil {
		return "", "", err
	}
	if c.host == "" {
		return "", "", errors.New("the URL names no host")
	}
	if c.port == 0 {
		c.port = port
	}
	return target, authority, nil
}

// setHost takes "name:port" apart. Without a port it leaves that as it is.
func (c *call) setHost(s string) error {
	name, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		name, port = s[:i], s[i+1:]
	}
	c.host = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fmt.Errorf("%q is not a port", port)
		}
		c.port = uint16(n)
	}
	return nil
}

// escape makes a target of what a person types: characters that no client sends as they are.
func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// zeros is a body as long as it is asked for.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// local is the address that the client connects to; how tells what it was taken from, "" if it was given.
func (e *Explainer) local(q *Request, c *call) (local netip.AddrPort, how string, err error) {
	if q.To != "" {
		if a, err := netip.ParseAddrPort(q.To); err == nil {
			return a, "", nil
		}
		ip, err := netip.ParseAddr(strings.Trim(q.To, "[]"))
		if err != nil {
			return local, "", fmt.Errorf("--to %q is not an IP address with or without port", q.To)
		}
		return netip.AddrPortFrom(ip, c.port), "", nil
	}
	if ip, err := netip.ParseAddr(c.host); err == nil {
		return netip.AddrPortFrom(ip, c.port), "", nil
	}
	if at := e.site.VHosts.NamedAddrs(c.host, c.port); len(at) > 0 {
		how := "the <VirtualHost> with that name"
		if len(at) > 1 {
			how = fmt.Sprintf("the first of %d addresses with a <VirtualHost> of that name", len(at))
		}
		return netip.AddrPortFrom(at[0], c.port), how, nil
	}
	for _, l := range e.listen {
		if ip, err := netip.ParseAddr(strings.Trim(l.Host, "[]")); err == nil && l.Port == int(c.port) && !ip.IsUnspecified() {
			return netip.AddrPortFrom(ip, c.port), "Listen", nil
		}
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), c.port), "", nil
}

// heard tells whether a Listen line is for the address.
func (e *Explainer) heard(local netip.AddrPort) bool {
	for _, l := range e.listen {
		if l.Port != int(local.Port()) {
			continue
		}
		ip, err := netip.ParseAddr(strings.Trim(l.Host, "[]"))
		if l.Host == "" || l.Host == "*" || err != nil || ip.IsUnspecified() || ip.Unmap() == local.Addr().Unmap() {
			return true
		}
	}
	return false
}
