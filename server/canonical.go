package server

import (
	"strconv"

	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
)

// Scheme is "https" on a TLS connection, else "http" (ap_http_scheme).
func (r *Request) Scheme() string {
	if s := r.Server.Scheme; s != "" {
		return s
	}
	if r.Conn.TLS {
		return "https"
	}
	return "http"
}

func defaultPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}

// ServerName is the name under which the server speaks of itself in r
// (ap_get_server_name_for_url): the client's Host, or ServerName, by
// UseCanonicalName. IPv6 addresses are in brackets.
func (r *Request) ServerName() string {
	name := r.Server.Name
	if r.dir().CanonicalName.Get(modcore.CanonicalNameOff) == modcore.CanonicalNameOff && r.Line.Hostname != "" {
		name = r.Line.Hostname
	}
	for i := 0; i < len(name); i++ {
		if name[i] == ':' && name[0] != '[' {
			return "[" + name + "]"
		}
	}
	return name
}

// ServerPort is the port that goes with ServerName (ap_get_server_port).
func (r *Request) ServerPort() int {
	d := r.dir()
	local := 0
	if d.CanonicalPort.Get(false) {
		local = int(r.Conn.Local.Port())
	}
	// As in Apache, a subrequest has the client's host, and not its port.
	if d.CanonicalName.Get(modcore.CanonicalNameOff) == modcore.CanonicalNameOff && r.Line.HostPort != 0 && r.Main == nil {
		return r.Line.HostPort
	}
	switch {
	case local != 0:
		return local
	case r.Server.Port != 0:
		return r.Server.Port
	}
	return defaultPort(r.Scheme())
}

// ConstructURL makes an absolute URL of a path of this server (ap_construct_url).
func (r *Request) ConstructURL(uri string) string {
	scheme, port := r.Scheme(), r.ServerPort()
	host := r.ServerName()
	if port == defaultPort(scheme) {
		return scheme + "://" + host + uri
	}
	return scheme + "://" + host + ":" + strconv.Itoa(port) + uri
}

// AppendSignature appends the footer of the server's own pages, after prefix,
// as ServerSignature asks (ap_psignature).
func (r *Request) AppendSignature(b []byte, prefix string) []byte {
	sig := r.dir().ServerSignature.Get(modcore.SignatureOff)
	if sig == modcore.SignatureOff {
		return b
	}
	b = append(append(append(append(b, prefix...), "<address>"...), r.Site.ServerHeader...), " Server at "...)
	name := apr.EscapeHTML(r.ServerName())
	if sig == modcore.SignatureEMail {
		b = append(append(append(b, "<a href=\""...), mailto(r.ServerAdmin())...), "\">"...)
		b = append(append(b, name...), "</a>"...)
	} else {
		b = append(b, name...)
	}
	b = append(b, " Port "...)
	b = strconv.AppendInt(b, int64(r.ServerPort()), 10)
	return append(b, "</address>\n"...)
}

func mailto(admin string) string {
	if IsURL(admin) {
		return apr.EscapeHTML(admin)
	}
	return "mailto:" + apr.EscapeHTML(admin)
}

// IsURL tells whether s begins with "scheme:" (ap_is_url).
func IsURL(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ':':
			return i > 0
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '+', c == '-', c == '.':
		default:
			return false
		}
	}
	return false
}
