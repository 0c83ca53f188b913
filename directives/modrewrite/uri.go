package modrewrite

import (
	"net"
	"os"
	"path"
	"strconv"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// schemes are those that make a substitution an absolute URI, with what stands
// before the part that is a path or host; true for those that have a query.
var schemes = [...]struct {
	prefix string
	query  bool
}{
	{"http://", true}, {"https://", true}, {"ajp://", true}, {"balancer://", true}, {"ftp://", false},
	{"fcgi://", true}, {"gopher://", false}, {"h2://", true}, {"h2c://", true}, {"ldap://", false},
	{"mailto:", true}, {"news:", false}, {"nntp://", false}, {"scgi://", true}, {"unix://", true}, {"unix:", true},
	{"ws://", true}, {"wss://", true},
}

// absoluteURI returns the length of uri's scheme with its "://", 0 if it has
// none that counts, and whether the scheme has a query.
func absoluteURI(uri string) (skip int, query bool) {
	if len(uri) <= 5 || uri[0] == '/' {
		return 0, false
	}
	for i := range schemes {
		s := &schemes[i]
		if len(uri) >= len(s.prefix) && uri[0]|0x20 == s.prefix[0] && strings.EqualFold(uri[:len(s.prefix)], s.prefix) {
			return len(s.prefix), s.query
		}
	}
	return 0, false
}

func isAbsolute(uri string) bool { skip, _ := absoluteURI(uri); return skip > 0 }

// escapeAbsolute escapes what follows the host of a URI (escape_absolute_uri).
func escapeAbsolute(uri string, skip int) string {
	if uri[skip-1] == '/' {
		slash := strings.IndexByte(uri[skip:], '/')
		if slash < 0 || skip+slash+1 == len(uri) {
			return uri
		}
		skip += slash + 1
		if strings.EqualFold(uri[:4], "ldap") {
			parts := strings.SplitN(uri[skip:], "?", 5)
			for i := range parts {
				parts[i] = apr.EscapeURI(parts[i])
			}
			return uri[:skip] + strings.Join(parts, "?")
		}
	}
	return uri[:skip] + apr.EscapeURI(uri[skip:])
}

// splitQuery takes the query string out of the rewritten URI (splitout_queryargs).
func (c *context) splitQuery(flags ruleFlags) {
	r := c.r
	uri := r.Target.Filename
	skip, query := absoluteURI(uri)
	if skip > 0 && !query {
		r.Args, r.HasArgs = "", false
		return
	}
	if flags&flagQSDiscard != 0 {
		r.Args, r.HasArgs = "", false
		if c.level >= 2 {
			c.trace(2, false, "discarding query string")
		}
	}
	at := strings.IndexByte(uri[skip:], '?')
	if flags&flagQSLast != 0 {
		at = strings.LastIndexByte(uri[skip:], '?')
	}
	if at < 0 {
		return
	}
	at += skip
	args := uri[at+1:]
	if flags&flagQSAppend != 0 {
		if args != "" {
			args += "&"
		}
		args += r.Args
	}
	r.Target.Filename = uri[:at]
	r.Args, r.HasArgs = strings.TrimSuffix(args, "&"), args != ""
	if c.level >= 3 {
		shown := "<none>"
		if r.HasArgs {
			shown = r.Args
		}
		c.trace(3, false, "split uri=%s -> uri=%s, args=%s", uri, r.Target.Filename, shown)
	}
}

// qualify makes the rewritten path an absolute URL of this server (fully_qualify_uri).
func qualify(r *server.Request) {
	uri := r.Target.Filename
	if r.Line.Number == directives.MConnect || isAbsolute(uri) {
		return
	}
	if !strings.HasPrefix(uri, "/") {
		uri = "/" + uri
	}
	r.Target.Filename = r.ConstructURL(uri)
}

// reduce strips this server's own "http://host:port" (reduce_uri).
func (c *context) reduce() {
	r := c.r
	uri, scheme := r.Target.Filename, r.Scheme()
	n := len(scheme) + len("://")
	if len(uri) <= n || !strings.EqualFold(uri[:len(scheme)], scheme) || uri[len(scheme):n] != "://" {
		return
	}
	host, url := uri[n:], "/"
	if slash := strings.IndexByte(host, '/'); slash >= 0 {
		host, url = host[:slash], host[slash:]
	}
	port := 80
	if scheme == "https" {
		port = 443
	}
	if name, p, ok := strings.Cut(host, ":"); ok {
		host, port = name, int(uint16(atoi(p)))
	}
	if !matchesHost(r.Server, host, port) {
		return
	}
	if c.level >= 3 {
		c.trace(3, false, "reduce %s -> %s", uri, url)
	}
	r.Target.Filename = url
	if c.m.conf.Server.Of(r.Server.Conf).Options.V&LegacyPrefixDocRoot == 0 {
		r.Notes.Set(noteReduced, "true")
	}
}

// matchesHost tells whether a host and port are this very server's (ap_matches_request_vhost).
func matchesHost(s *vhost.Server, host string, port int) bool {
	for _, a := range s.Plan.Addrs {
		name, p := a, ""
		if h, q, err := net.SplitHostPort(a); err == nil {
			name, p = h, q
		}
		n, _ := strconv.Atoi(p)
		if (n == 0 || n == port) && strings.EqualFold(strings.Trim(name, "[]"), host) {
			return true
		}
	}
	if port != s.Port {
		return false
	}
	if strings.EqualFold(host, s.Name) {
		return true
	}
	for _, a := range s.Aliases {
		if strings.EqualFold(host, a) {
			return true
		}
	}
	for _, a := range s.WildAliases {
		if apr.StrcasecmpMatch(host, a) {
			return true
		}
	}
	return false
}

// substPrefix replaces the directory match at the front of input by subst
// (subst_prefix_path); the prefix of both is a path without its final slash.
func (c *context) substPrefix(input, match, subst string) string {
	dir := strings.TrimSuffix(match, "/")
	if !strings.HasPrefix(input, dir) || len(input) == len(dir) || input[len(dir)] != '/' {
		return input
	}
	rest := input[len(dir)+1:]
	if c.level >= 5 {
		c.trace(5, false, "strip matching prefix: %s -> %s", input, rest)
	}
	if subst != "" && !strings.HasSuffix(subst, "/") {
		subst += "/"
	}
	if c.level >= 4 {
		c.trace(4, false, "add subst prefix: %s -> %s", rest, subst+rest)
	}
	return subst + rest
}

// isFilePath tells whether a rewritten path is that of a file rather than one
// below DocumentRoot: its first segment exists, and the last rule's
// substitution meant it so, or it lies below DocumentRoot (prefix_stat). last
// is nil where that need not be asked.
func (c *context) isFilePath(last *Rule) bool {
	r := c.r
	file := r.Target.Filename
	first, _, _ := strings.Cut(strings.TrimLeft(file, "/"), "/")
	if first == ".." {
		return false
	}
	first = path.Clean("/" + first)
	if _, err := os.Stat(first); err != nil {
		return false
	}
	if last == nil {
		if c.level >= 3 {
			c.trace(3, false, "prefix_stat no lastsub subst prefix %s", first)
		}
		return true
	}
	if c.level >= 3 {
		ok := 0
		if last.flags&flagUnsafePrefixStat != 0 {
			ok = 1
		}
		c.trace(3, false, "prefix_stat compare statpath %s and lastsub output %s STATOK %d ", first, last.output, ok)
	}
	if last.flags&flagUnsafePrefixStat != 0 {
		return true
	}
	starts := func(s, prefix string) bool {
		ok := strings.HasPrefix(s, prefix)
		if c.level >= 5 {
			n := 0
			if ok {
				n = 1
			}
			c.trace(5, false, "prefix_stat startsWith(%s, %s) %d", s, prefix, n)
		}
		return ok
	}
	root := r.DocumentRoot()
	context := contextRoot(r)
	return starts(last.output, first) || starts(file, root) || context != root && starts(file, context)
}

func contextRoot(r *server.Request) string {
	if d := r.Target.ContextDocumentRoot; d != "" {
		return d
	}
	return r.DocumentRoot()
}

// visible tells whether s has neither control characters nor spaces (ap_scan_vchar_obstext).
func visible(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
