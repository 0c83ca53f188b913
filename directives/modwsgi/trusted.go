package modwsgi

import (
	"net/netip"
	"slices"
	"strings"

	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
)

// proxyHeaders are the headers of proxies by what they tell. All of a kind are
// taken away if any is listed, but for the one that is believed.
var proxyHeaders = [...]struct {
	kind  string
	names []string
}{
	{"client", []string{"HTTP_X_FORWARDED_FOR", "HTTP_X_CLIENT_IP", "HTTP_X_REAL_IP"}},
	{"host", []string{"HTTP_X_FORWARDED_HOST", "HTTP_X_HOST"}},
	{"server", []string{"HTTP_X_FORWARDED_SERVER"}},
	{"port", []string{"HTTP_X_FORWARDED_PORT"}},
	{"mount", []string{"HTTP_X_SCRIPT_NAME", "HTTP_X_FORWARDED_SCRIPT_NAME"}},
	{"scheme", []string{"HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_SCHEME", "HTTP_X_SCHEME", "HTTP_X_FORWARDED_HTTPS", "HTTP_X_FORWARDED_SSL", "HTTP_X_HTTPS"}},
}

// proxied is what trusted proxies say of a request. The zero value is a
// request without any.
type proxied struct {
	drop                                            []string // environ keys of headers that are not believed
	client, forwardedFor, host, server, port, mount string
	scheme, secure                                  bool // whether a scheme was told, and whether it is https
}

// trustProxies applies WSGITrustedProxyHeaders and WSGITrustedProxies.
func trustProxies(r *server.Request, s *Settings) (out proxied) {
	if len(s.ProxyHeaders) == 0 {
		return out
	}
	trusted := len(s.Proxies) == 0 || contains(s, r.Client.Addr())
	for _, p := range proxyHeaders {
		listed, winner, value := false, "", ""
		for _, h := range s.ProxyHeaders {
			if !slices.Contains(p.names, h) {
				continue
			}
			listed = true
			if v := r.In.Joined(headerOf(h)); v != "" && trusted {
				winner, value = h, v
			}
		}
		if !listed {
			continue
		}
		for _, h := range p.names {
			if h != winner {
				out.drop = append(out.drop, h)
			}
		}
		if winner == "" {
			continue
		}
		switch p.kind {
		case "client":
			out.client = value
			if winner == "HTTP_X_FORWARDED_FOR" {
				out.client, out.forwardedFor = forwardedFor(value, s)
			}
		case "host":
			out.host = value
		case "server":
			out.server = value
		case "port":
			out.port = value
		case "mount":
			out.mount = value
		case "scheme":
			out.scheme, out.secure = true, isSecure(winner, value)
		}
	}
	return out
}

// dropped tells whether a header is not to be believed.
func (p *proxied) dropped(header string) bool {
	return len(p.drop) > 0 && slices.Contains(p.drop, environKey(header))
}

// fill puts what the proxies say in place of what the connection does.
func (p *proxied) fill(f *wsgi.Form) {
	set := func(k wsgi.Key, v string) {
		if v != "" {
			f.Set(k, v)
		}
	}
	set(wsgi.RemoteAddr, p.client)
	set(wsgi.HTTPXForwardedFor, p.forwardedFor)
	set(wsgi.HTTPHost, p.host)
	set(wsgi.ServerName, p.server)
	set(wsgi.ServerPort, p.port)
	set(wsgi.ScriptName, p.mount)
	set(wsgi.MountPoint, p.mount)
}

func contains(s *Settings, ip netip.Addr) bool {
	for i := range s.Proxies {
		if s.Proxies[i].Contains(ip) {
			return true
		}
	}
	return false
}

// forwardedFor reads X-Forwarded-For: without a list of proxies its first
// element; with one, the element to the left of the trusted ones, and what the
// header is to be from there on.
func forwardedFor(value string, s *Settings) (client, rest string) {
	var parts []string
	for p := range strings.SplitSeq(value, ",") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return value, ""
	}
	if len(s.Proxies) == 0 {
		return parts[0], ""
	}
	i := len(parts) - 1
	for i > 0 {
		ip, err := netip.ParseAddr(parts[i])
		if err != nil || !contains(s, ip) {
			break
		}
		i--
	}
	return parts[i], strings.Join(parts[i:], ", ")
}

func isSecure(name, value string) bool {
	v := strings.ToLower(value)
	switch name {
	case "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_SCHEME", "HTTP_X_SCHEME":
		return v == "https"
	}
	return v == "on" || v == "true" || v == "1"
}

// headerOf is X-Forwarded-For for HTTP_X_FORWARDED_FOR; header names compare without case.
func headerOf(key string) string { return strings.ReplaceAll(key[len("HTTP_"):], "_", "-") }
