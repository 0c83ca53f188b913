package server

import (
	"httpd-wsgi/apacheconf"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/vhost"
)

// Tracer hears what becomes of a request, for "httpd-wsgi explain"; requests
// that are served have none. It runs on the request's goroutine. Events are
// values of the types below and of those in files trace.go of modules.
type Tracer interface {
	// Trace is told of an event. r is whom it happened to: the client's request,
	// one that it was redirected to, or a subrequest.
	Trace(r *Request, event any)
	// User is whom authentication is to find; "" to ask the request's credentials.
	User() string
	// Assume is told of a question that only a program can answer, which is not
	// run, and gives the answer to go on with.
	Assume(r *Request, q Question) bool
}

// Question is what a hook script would be asked.
type Question struct {
	// Directive names the script, as in "WSGIAccessScript"; Script is its file, Function what is called.
	Directive, Script, Function string
	// Say is what depends on it, in words.
	Say string
}

// ServerChosen tells which virtual host answers.
type ServerChosen struct {
	// Hosts are the servers of the connection's address.
	Hosts *vhost.AddrHosts
	// Name is the host asked for, "" if none was; Matched tells that a server has it.
	Name    string
	Matched bool
	// ByPath tells that ServerPath decided.
	ByPath bool
}

// Answered tells that a hook did not decline.
type Answered struct {
	Phase, Module string
	Status        Status
}

// Became tells that a subrequest took the request's place (DirectoryIndex, MultiViews).
type Became struct{ Sub *Request }

// Walked tells how far the merge of the configuration came before the request
// was refused on its way down the directories.
type Walked struct{ Node *vhost.Node }

// Acted tells of a line of the configuration that decided something.
type Acted struct{ Pos apacheconf.Pos }

// Authentication tells of a password that is asked for.
type Authentication struct {
	Type, Realm string
	// Providers are AuthBasicProvider's, with where they look: "file /etc/passwd".
	Providers []string
	// User is who the credentials are of, "" if the request has none.
	User string
	// Failed says what is wrong with them, "" if nothing is.
	Failed string
}

// AuthnSource is what an AuthnProvider may have besides: where it looks users
// up for r, as a path.
type AuthnSource interface{ Source(r *Request) string }

// Said is a message for the error log, whether or not LogLevel lets it through.
type Said struct {
	Level   errlog.Level
	Module  errlog.Module
	Code    string
	Message string
}

// Died tells of the status that ended the request's phases, and how the
// response to it is made: by which ErrorDocument, "" for the built-in page.
type Died struct {
	Status   int
	Document string
}

// Acted tells the Tracer of a line that decided something.
func (r *Request) Acted(pos apacheconf.Pos) {
	if r.Tracer != nil {
		r.Tracer.Trace(r, Acted{pos})
	}
}
