package modwsgi

import (
	"os"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/server"
	"httpd-wsgi/wsgi"
)

// Placed tells a server.Tracer where the request's application runs.
type Placed struct {
	// Script is the file as the process sees it, Callable the object in it.
	Script, Callable string
	// ProcessGroup is the daemon process group, "" for the children that have the requests; ApplicationGroup the
	// interpreter, "" for the main one.
	ProcessGroup, ApplicationGroup string
	// Daemon is the line of the group's WSGIDaemonProcess; zero without a group.
	Daemon apacheconf.Pos
	// Processes and Threads are the group's.
	Processes, Threads int
	// ScriptName and PathInfo are what the application sees the URL as.
	ScriptName, PathInfo string
}

// explain is what is left of handle when nothing is to be run.
func (m *module) explain(r *server.Request, t *target) server.Status {
	p := Placed{Script: t.script, Callable: t.callable, ProcessGroup: t.processGroup, ApplicationGroup: t.applicationGroup,
		ScriptName: t.scriptName, PathInfo: t.pathInfo}
	if d := t.daemon; d != nil {
		if status := d.trusts(r, t); status != server.OK {
			return status
		}
		p.Daemon, p.Processes, p.Threads = d.Pos, d.Processes, d.Threads
	}
	if t.handlerScript != "" && t.daemon == nil {
		if _, err := os.Stat(t.script); err != nil {
			return deny(r, 500, "WSGI0161", "The handler script cannot be read")
		}
	}
	r.Tracer.Trace(r, p)
	return server.OK
}

// assume stands for the call of a hook script's function when nothing is to be run.
func assume(r *server.Request, h *HookScript, function string) (wsgi.Value, wsgi.Outcome) {
	q := server.Question{Script: h.Path, Function: function}
	yes, no := wsgi.Value{Kind: wsgi.True}, wsgi.Value{Kind: wsgi.False}
	switch function {
	case "allow_access":
		q.Directive, q.Say = "WSGIAccessScript", "if it says no, the client is refused"
	case "check_password", "get_realm_hash":
		q.Directive, q.Say = "WSGIAuthUserScript", "if it says no, the password is wrong"
	case "groups_for_user":
		q.Directive, q.Say = "WSGIAuthGroupScript", "if it says no, the user is in none of the groups"
	default: // dispatch scripts have no yes or no
		q.Directive, q.Say = "WSGIDispatchScript", "it may choose other groups or another callable"
		yes, no = wsgi.Value{Kind: wsgi.None}, wsgi.Value{Kind: wsgi.None}
	}
	if r.Tracer.Assume(r, q) {
		return yes, wsgi.OK
	}
	return no, wsgi.OK
}
