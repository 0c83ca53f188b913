package modstatus

import (
	"strconv"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Names of the handler.
const (
	handlerName = "server-status"
	handlerType = "application/x-httpd-status"
)

// module is mod_status in a child.
type module struct{ child *server.Child }

var tables = directives.Module[directives.None, directives.None]{ID: "status_module", File: "mod_status.c"}

// Module is mod_status.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, _ directives.Slots[directives.None, directives.None]) {
		m := new(module)
		const name = "mod_status.c"
		h.ChildInit.Add(name, server.Middle, func(c *server.Child) error {
			m.child = c
			return nil
		})
		h.Handler.Add(name, server.Middle, m.handle)
	})
}

// handle writes the page (status_handler).
func (m *module) handle(r *server.Request) server.Status {
	if r.Target.Handler != handlerName && r.Target.Handler != handlerType {
		return server.Declined
	}
	if m.child == nil || m.child.Board == nil {
		r.Logf(errlog.Error, errlog.StatusModule, "AH01237", "Server status unavailable in inetd mode")
		return 500
	}
	r.ReplaceAllowed(directives.MGet)
	if r.Line.Number != directives.MGet {
		return server.Declined
	}
	r.Reply.ContentType = "text/html; charset=ISO-8859-1"
	p := &page{r: r, child: m.child, extended: r.Site.VHosts.Main.Core.Global.ExtendedStatus.Get(true)}
	if i := strings.Index(r.Args, "refresh"); i >= 0 {
		seconds := 0
		if value, ok := strings.CutPrefix(r.Args[i+len("refresh"):], "="); ok {
			seconds = leadingInt(value)
		}
		if seconds < 1 {
			seconds = 10
		}
		r.Reply.Header.Set("Refresh", strconv.Itoa(seconds))
	}
	p.noTable = strings.Contains(r.Args, "notable")
	if strings.Contains(r.Args, "auto") {
		r.Reply.ContentType = "text/plain; charset=ISO-8859-1"
		p.auto = true
	}
	if r.Line.HeaderOnly {
		return server.OK
	}
	p.take()
	if p.auto {
		p.writeAuto()
	} else {
		p.writeHTML()
	}
	r.Write(p.b)
	return server.OK
}

func leadingInt(s string) int {
	n := 0
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9' && n < 1<<30; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
