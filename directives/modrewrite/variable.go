package modrewrite

import (
	"os"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/server"
)

// variable gives the value of "%{...}".
type variable func(c *context) string

// compileVariable resolves a name; nil for one that is always empty.
func compileVariable(name string) variable {
	if len(name) < 4 {
		return nil
	}
	if name[3] == ':' {
		rest := name[4:]
		switch {
		case rest == "":
		case strings.EqualFold(name[:3], "ENV"):
			return func(c *context) string { return environment(c.r, rest) }
		case strings.EqualFold(name[:3], "SSL"):
			return func(c *context) string { return sslVariable(c.r, rest) }
		}
		return nil
	}
	if len(name) > 4 && name[4] == ':' {
		rest := name[5:]
		switch {
		case rest == "":
		case strings.EqualFold(name[:4], "HTTP"):
			return header(rest)
		case strings.EqualFold(name[:4], "LA-U"):
			return lookAhead(rest, false)
		case strings.EqualFold(name[:4], "LA-F"):
			return lookAhead(rest, true)
		}
		return nil
	}
	name = strings.ToUpper(name)
	if layout, ok := clock[name]; ok {
		return func(c *context) string {
			v := time.Now().Format(layout)
			if name == "TIME" && c.level >= 1 {
				c.trace(1, true, "RESULT='%s'", v)
			}
			return v
		}
	}
	if h, ok := headers[name]; ok {
		return header(h)
	}
	return variables[name]
}

// clock are the parts of the time, local, as layouts of package time.
var clock = map[string]string{"TIME": "20060102150405", "TIME_YEAR": "2006", "TIME_MON": "01", "TIME_DAY": "02",
	"TIME_HOUR": "15", "TIME_MIN": "04", "TIME_SEC": "05"}

// headers are the variables that are headers of the request.
var headers = map[string]string{"HTTP_ACCEPT": "Accept", "HTTP_COOKIE": "Cookie", "HTTP_FORWARDED": "Forwarded",
	"HTTP_HOST": "Host", "HTTP_PROXY_CONNECTION": "Proxy-Connection", "HTTP_REFERER": "Referer", "HTTP_USER_AGENT": "User-Agent"}

// variables are the others.
var variables = map[string]variable{
	"API_VERSION":           func(*context) string { return "20120211:142" }, // an expression knows the major number alone
	"AUTH_TYPE":             func(c *context) string { return c.r.AuthType },
	"CONN_REMOTE_ADDR":      func(c *context) string { return c.r.Conn.RemoteIP() },
	"CONTEXT_DOCUMENT_ROOT": asExpr(expr.ContextDocumentRoot),
	"CONTEXT_PREFIX":        func(c *context) string { return c.r.Target.ContextPrefix },
	"DOCUMENT_ROOT":         func(c *context) string { return c.r.DocumentRoot() },
	"HTTPS":                 asExpr(expr.HTTPS),
	"IPV6": func(c *context) string {
		v := c.r.ExprEnv().Var(expr.IPv6)
		if c.level >= 1 {
			c.trace(1, true, "IPV6='%s'", v)
		}
		return v
	},
	"IS_SUBREQ":        asExpr(expr.IsSubreq),
	"PATH_INFO":        func(c *context) string { return c.r.Target.PathInfo },
	"QUERY_STRING":     func(c *context) string { return c.r.Args },
	"REMOTE_ADDR":      func(c *context) string { return c.r.ClientIP() },
	"REMOTE_HOST":      func(c *context) string { return c.r.RemoteHost() },
	"REMOTE_IDENT":     asExpr(expr.RemoteIdent),
	"REMOTE_PORT":      asExpr(expr.RemotePort),
	"REMOTE_USER":      func(c *context) string { return c.r.User },
	"REQUEST_FILENAME": func(c *context) string { return c.r.Target.Filename },
	"REQUEST_METHOD":   func(c *context) string { return c.r.Line.Method },
	"REQUEST_SCHEME":   func(c *context) string { return c.r.Scheme() },
	"REQUEST_URI":      func(c *context) string { return c.r.URI },
	"SCRIPT_FILENAME":  func(c *context) string { return c.r.Target.Filename },
	"SCRIPT_GROUP":     owner(expr.ScriptGroup),
	"SCRIPT_USER":      owner(expr.ScriptUser),
	"SERVER_ADDR":      func(c *context) string { return c.r.Conn.LocalIP() },
	"SERVER_ADMIN":     func(c *context) string { return c.r.ServerAdmin() },
	"SERVER_NAME":      func(c *context) string { return c.r.ServerName() },
	"SERVER_PORT":      func(c *context) string { return strconv.Itoa(c.r.ServerPort()) },
	"SERVER_PROTOCOL":  func(c *context) string { return c.r.Line.Protocol },
	"SERVER_SOFTWARE":  func(c *context) string { return c.r.Site.ServerHeader },
	"THE_REQUEST":      func(c *context) string { return c.r.Line.Text },
	"TIME_WDAY":        func(*context) string { return strconv.Itoa(int(time.Now().Weekday())) },
}

// asExpr is a variable that expressions know too.
func asExpr(v expr.Var) variable {
	return func(c *context) string { return c.r.ExprEnv().Var(v) }
}

func owner(v expr.Var) variable {
	return func(c *context) string {
		if c.r.Target.Info == nil {
			return "<unknown>"
		}
		return c.r.ExprEnv().Var(v)
	}
}

func header(name string) variable {
	return func(c *context) string {
		if !c.r.In.Has(name) {
			return ""
		}
		c.looked(name)
		return c.r.In.Joined(name)
	}
}

// environment looks at the request's notes, its environment and the process's.
func environment(r *server.Request, name string) string {
	if v, ok := r.Notes.Get(name); ok {
		return v
	}
	if v, ok := r.Env.Get(name); ok {
		return v
	}
	return os.Getenv(name)
}

// sslVariable asks mod_ssl, if it is there.
func sslVariable(r *server.Request, name string) string {
	if f := r.Site.Hooks.SSLVariable; f != nil {
		v, _ := f(r, name)
		return v
	}
	return ""
}

// lookAhead is LA-U, or LA-F: a variable as a subrequest for the present URI, or file, would have it.
func lookAhead(name string, file bool) variable {
	inner := compileVariable(name)
	if inner == nil {
		return nil
	}
	return func(c *context) string {
		r, path := c.r, c.uri
		if path == "" || !subrequestOK(r) {
			return ""
		}
		var sub *server.Request
		if file && !(c.dir != nil && path[0] == '/') {
			if c.dir != nil {
				path = c.dir.Directory + path
			}
			sub = r.LookupFile(path)
		} else {
			if c.dir != nil && path[0] != '/' {
				path = c.dir.Base.Get(c.dir.Directory) + path
			}
			sub = r.LookupURI(path)
		}
		c.r = sub
		v := inner(c)
		c.r = r
		if c.level >= 5 {
			c.trace(5, true, "lookahead: path=%s var=%s -> val=%s", path, name, v)
		}
		return v
	}
}
