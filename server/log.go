package server

import (
	"fmt"
	"net/netip"

	"httpd-wsgi/internal/errlog"
)

// LogEnabled tells whether a message of module m at level lv is written for r,
// by the LogLevel of its directory, else of its server. Ask it before putting a
// costly message together.
func (r *Request) LogEnabled(m errlog.Module, lv errlog.Level) bool {
	return r.logger().Enabled(r.levels(), m, lv)
}

// Logf writes to the error log of r's server with the client's address
// (ap_log_rerror); code is the message's number, "AH01630", or "".
func (r *Request) Logf(lv errlog.Level, m errlog.Module, code, format string, args ...any) {
	r.LogErr(nil, lv, m, code, format, args...)
}

// LogErr is Logf with the error behind the message, shown in front of it.
func (r *Request) LogErr(err error, lv errlog.Level, m errlog.Module, code, format string, args ...any) {
	if r.Tracer != nil {
		r.said(err, lv, m, code, fmt.Sprintf(format, args...))
	}
	if !r.LogEnabled(m, lv) {
		return
	}
	r.logger().Log(&errlog.Entry{Level: lv, Module: m, Status: err, Code: code,
		Message: fmt.Sprintf(format, args...), Context: logContext{r}})
}

// LogEntry writes an entry in r's name: the caller fills in level, module and message.
func (r *Request) LogEntry(e *errlog.Entry) {
	if r.Tracer != nil {
		r.said(e.Status, e.Level, e.Module, e.Code, e.Message)
	}
	if r.LogEnabled(e.Module, e.Level) {
		e.Context = logContext{r}
		r.logger().Log(e)
	}
}

// said tells the Tracer of a message.
func (r *Request) said(err error, lv errlog.Level, m errlog.Module, code, message string) {
	if err != nil {
		message = errlog.StatusText(err) + ": " + message
	}
	r.Tracer.Trace(r, Said{Level: lv, Module: m, Code: code, Message: message})
}

func (r *Request) logger() *errlog.Logger { return r.Site.logs[r.Server.Index] }

func (r *Request) levels() *errlog.Levels {
	if r.Conf == nil {
		return nil
	}
	if l := &r.dir().LogLevel; l.IsSet() {
		return l
	}
	return nil
}

// Logger is the error log of a server.
func (s *Site) Logger(index int) *errlog.Logger { return s.logs[index] }

// logContext shows a request to the error log (errlog.Context).
type logContext struct{ r *Request }

func (c logContext) RequestID() *errlog.LogID     { return c.r.logID() }
func (c logContext) ConnectionID() *errlog.LogID  { return c.r.Conn.logID() }
func (c logContext) ClientAddr() netip.AddrPort   { return c.r.Client }
func (c logContext) PeerAddr() netip.AddrPort     { return c.r.Conn.Remote }
func (c logContext) LocalAddr() netip.AddrPort    { return c.r.Conn.Local }
func (c logContext) Remote() bool                 { return false }
func (c logContext) ServerName() string           { return c.r.ServerName() }
func (c logContext) Keepalives() int              { return c.r.Conn.Keepalives }
func (c logContext) Env(n string) (string, bool)  { return c.r.Env.Get(n) }
func (c logContext) Note(n string) (string, bool) { return c.r.Notes.Get(n) }
func (c logContext) Header(n string) (string, bool) {
	return c.r.In.Lookup(n)
}
