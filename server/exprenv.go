package server

import (
	"net/netip"
	"os/user"
	"strconv"
	"syscall"
	"time"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/internal/errlog"
)

// ExprEnv shows r to expressions (ap_expr).
func (r *Request) ExprEnv() expr.Env { return (*exprEnv)(r) }

type exprEnv Request

func (e *exprEnv) request() *Request { return (*Request)(e) }

func yesNo(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// Var implements expr.Env.
func (e *exprEnv) Var(id expr.Var) string {
	r := e.request()
	switch id {
	case expr.RequestMethod:
		return r.Line.Method
	case expr.RequestScheme:
		return r.Scheme()
	case expr.RequestURI:
		return r.URI
	case expr.RequestFilename:
		return r.Target.Filename
	case expr.RemoteHost:
		return r.RemoteHost()
	case expr.RemoteUser:
		return r.User
	case expr.ServerAdmin:
		return r.ServerAdmin()
	case expr.ServerName:
		return r.ServerName()
	case expr.ServerPort:
		return strconv.Itoa(r.ServerPort())
	case expr.ServerProtocol:
		return r.Line.Protocol
	case expr.PathInfo:
		return r.Target.PathInfo
	case expr.QueryString:
		return r.Args
	case expr.IsSubreq:
		return yesNo(r.Main != nil, "true", "false")
	case expr.DocumentRoot:
		return r.DocumentRoot()
	case expr.AuthType:
		return r.AuthType
	case expr.TheRequest:
		return r.Line.Text
	case expr.ContentType:
		return r.Reply.ContentType
	case expr.Handler:
		if r.Target.Handler == "" {
			return r.served
		}
		return r.Target.Handler
	case expr.RequestLogID:
		if r.Main != nil {
			return "" // it is the main request's alone
		}
		return r.logID().String()
	case expr.ScriptUser, expr.ScriptGroup:
		return r.owner(id == expr.ScriptGroup)
	case expr.LastModified:
		return expr.FormatTime(time.UnixMicro(r.Reply.Mtime))
	case expr.ContextPrefix:
		return r.Target.ContextPrefix
	case expr.ContextDocumentRoot:
		return r.contextDocumentRoot()
	case expr.RequestStatus:
		return strconv.Itoa(r.Reply.Status)
	case expr.RemoteAddr:
		return r.ClientIP()
	case expr.RemotePort:
		return strconv.Itoa(int(r.Client.Port()))
	case expr.HTTPS:
		return yesNo(r.Conn.TLS, "on", "off")
	case expr.IPv6:
		return yesNo(r.Client.Addr().Unmap().Is6(), "on", "off")
	case expr.HTTP2:
		return yesNo(r.Line.Proto >= 2000, "on", "off")
	case expr.ConnLogID:
		return r.Conn.logID().String()
	case expr.ConnRemoteAddr:
		return r.Conn.RemoteIP()
	case expr.ServerSoftware:
		return r.Site.ServerHeader
	case expr.APIVersion:
		return "20120211" // the major number alone
	}
	return ""
}

func (r *Request) contextDocumentRoot() string {
	if d := r.Target.ContextDocumentRoot; d != "" {
		return d
	}
	return r.DocumentRoot()
}

// owner names the owner of the file, or its group.
func (r *Request) owner(group bool) string {
	if r.Target.Info == nil {
		return ""
	}
	st, ok := r.Target.Info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	if group {
		if g, err := user.LookupGroupId(strconv.Itoa(int(st.Gid))); err == nil {
			return g.Name
		}
	} else if u, err := user.LookupId(strconv.Itoa(int(st.Uid))); err == nil {
		return u.Username
	}
	return ""
}

func (e *exprEnv) RequestHeader(name string) string { return e.In.Joined(name) }

func (e *exprEnv) ResponseHeader(name string) string {
	if v, ok := e.Reply.Header.Lookup(name); ok {
		return v
	}
	return e.Reply.ErrHeader.Get(name)
}

func (e *exprEnv) Note(name string) (string, bool)       { return e.Notes.Get(name) }
func (e *exprEnv) RequestEnv(name string) (string, bool) { return e.Env.Get(name) }
func (e *exprEnv) ClientIP() netip.Addr                  { return e.Client.Addr() }

func (e *exprEnv) SubrequestURI(uri string) bool {
	return e.request().LookupURI(uri).Reply.Status < 400
}

func (e *exprEnv) SubrequestFile(path string) bool {
	sub := e.request().LookupFile(path)
	return sub.Reply.Status < 300 && sub.Target.Info != nil
}

// Failed logs an evaluation that has no result.
func (e *exprEnv) Failed(at expr.Place, err error) {
	m, ok := errlog.FindModule(at.Module)
	if !ok {
		m = errlog.Core
	}
	e.request().Logf(errlog.Error, m, "", "Evaluation of expression from %s:%d failed: %v", at.File, at.Line, err)
}

// Vary makes the response say that it depends on a request header.
func (e *exprEnv) Vary(name string) {
	if !hasToken(e.Reply.Header.Get("Vary"), name) {
		e.Reply.Header.Merge("Vary", name)
	}
}
