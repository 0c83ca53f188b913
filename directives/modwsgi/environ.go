package modwsgi

import (
	"os"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
)

// target is where a request runs: its script's names and groups, expanded.
type target struct {
	script, scriptName, pathInfo   string
	processGroup, applicationGroup string
	callable                       string
	passAuthorization, reload      bool
	daemon                         *Daemon // nil in embedded mode
	handlerScript                  string  // the script, if it is WSGIHandlerScript's
	filename                       string  // SCRIPT_FILENAME: the script's, or the resource's
	ignoreActivity                 bool
}

// mtime is the script's last modification if it is known, else 0.
func (t *target) mtime(r *server.Request) int64 {
	if t.handlerScript != "" {
		return 0
	}
	return r.Target.Info.ModTime().UnixMicro()
}

// fill puts the environ of r into the form, in the order in which later
// settings win: the request's environment, headers, then CGI's variables
// (wsgi_build_environment; PEP 3333, environ Variables).
func (m *module) fill(f *wsgi.Form, r *server.Request, s *Settings, t *target, p *proxied) {
	for _, kv := range r.Env.All() {
		switch {
		case strings.EqualFold(kv.Name, "HTTPS"), kv.Name == "PATH", strings.HasPrefix(kv.Name, "mod_wsgi."):
		default:
			f.SetNamed(kv.Name, kv.Value)
		}
	}
	cgi := r.Dir().CGIPassAuth.Get(false)
	m.headers(f, r, t.passAuthorization || cgi, cgi, p)
	m.common(f, r)
	f.Set(wsgi.RequestMethod, m.method(r, s))
	f.Set(wsgi.ScriptName, t.scriptName)
	f.Set(wsgi.PathInfo, t.pathInfo)
	f.Set(wsgi.RequestScheme, r.Scheme())
	f.Set(wsgi.ContextDocumentRoot, orElse(r.Target.ContextDocumentRoot, r.DocumentRoot()))
	f.Set(wsgi.ContextPrefix, r.Target.ContextPrefix)
	f.Set(wsgi.ScriptFilename, t.filename)
	if r.User != "" {
		f.Set(wsgi.RemoteUser, r.User)
		f.Set(wsgi.AuthType, r.AuthType)
	} else if r.Prev != nil && r.Prev.User != "" {
		f.SetNamed("REDIRECT_REMOTE_USER", r.Prev.User)
	}
	if prev := r.Prev; prev != nil {
		url := prev.URI
		if r.Dir().QualifyRedirectURL.Get(false) {
			url = r.ConstructURL(url)
		}
		f.SetNamed("REDIRECT_URL", url)
		if prev.Args != "" {
			f.SetNamed("REDIRECT_QUERY_STRING", prev.Args)
		}
	}

	f.Set(wsgi.ProcessGroup, t.processGroup)
	f.Set(wsgi.ApplicationGroup, t.applicationGroup)
	f.Set(wsgi.CallableObject, t.callable)
	f.Set(wsgi.RequestHandler, r.Target.Handler)
	f.Set(wsgi.HandlerScript, t.handlerScript)
	f.Set(wsgi.ModWSGIScriptName, t.scriptName)
	f.Set(wsgi.ModWSGIPathInfo, t.pathInfo)
	f.Set(wsgi.ListenerHost, "")
	f.Set(wsgi.ListenerPort, decimal(int(r.Conn.Local.Port())))
	f.Set(wsgi.ServerPID, m.pid)
	p.fill(f)
	f.Times(r.Received, queueTime(t), time.Time{})
}

// queueTime is when the request was handed over, for a daemon process.
func queueTime(t *target) time.Time {
	if t.daemon == nil {
		return time.Time{}
	}
	return time.Now()
}

// headers sets HTTP_* from the request's header, a name once: values of
// repeated fields are joined. A name with another character than letters,
// digits and hyphens could pass for another header and is left out.
// authorization and proxy say whether credentials are passed.
func (m *module) headers(f *wsgi.Form, r *server.Request, authorization, proxy bool, p *proxied) {
	fields := r.In.F
	for i := range fields {
		name, value := fields[i].Name, fields[i].Value
		if !plain(name) || repeated(fields[:i], name) || p.dropped(name) {
			continue
		}
		for k := i + 1; k < len(fields); k++ {
			if len(fields[k].Name) == len(name) && strings.EqualFold(fields[k].Name, name) {
				value += ", " + fields[k].Value
			}
		}
		switch len(name) {
		case len("Proxy"):
			if strings.EqualFold(name, "Proxy") {
				continue // httpoxy
			}
		case len("Content-Type"):
			if strings.EqualFold(name, "Content-Type") {
				f.Set(wsgi.ContentType, value)
				continue
			}
		case len("Authorization"):
			if strings.EqualFold(name, "Authorization") && !authorization {
				continue
			}
		case len("Content-Length"):
			if strings.EqualFold(name, "Content-Length") {
				f.Set(wsgi.ContentLength, value)
				continue
			}
		case len("Proxy-Authorization"):
			if strings.EqualFold(name, "Proxy-Authorization") && !proxy {
				continue
			}
		}
		f.SetHeader(name, value)
	}
}

func plain(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return name != ""
}

func repeated(before []server.Field, name string) bool {
	for i := range before {
		if len(before[i].Name) == len(name) && strings.EqualFold(before[i].Name, name) {
			return true
		}
	}
	return false
}

// method is REQUEST_METHOD: HEAD becomes GET where a filter needs the body to
// know the header (WSGIMapHEADToGET).
func (m *module) method(r *server.Request, s *Settings) string {
	if !r.Line.HeaderOnly {
		return r.Line.Method
	}
	switch s.MapHEAD.Get(MapAuto) {
	case MapOn:
		return "GET"
	case MapAuto:
		if r.HasContentFilter() {
			return "GET"
		}
	}
	return r.Line.Method
}

// secure tells whether wsgi.url_scheme is https: by the connection, or by the
// environment variable HTTPS.
func secure(r *server.Request) bool {
	if v, ok := r.Env.Get("HTTPS"); ok {
		return v == "1" || strings.EqualFold(v, "on")
	}
	return r.Conn.TLS
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// decimal is strconv.Itoa, which allocates for larger numbers; ports repeat too much to matter.
func decimal(n int) string { return strconv.Itoa(n) }

func pid() string { return strconv.Itoa(os.Getpid()) }
