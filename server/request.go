package server

import (
	"io/fs"
	"net/netip"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/vhost"
)

// Request is one HTTP request: what every module needs of Apache's
// request_rec. What only one module needs, it keeps in a Note of its own. A
// Request belongs to its connection's goroutine and is reused: nothing may
// keep it, or slices of it, after the log phase. Its strings are immutable and
// may be kept.
type Request struct {
	Conn   *Conn
	Site   *Site
	Server *vhost.Server
	// Conf is the per-directory configuration merged so far; it is replaced, never changed.
	Conf *directives.Vector
	// Node is the walk's place in the merge trie, of which Conf is the configuration.
	Node *vhost.Node

	// Main is the request of which this is a subrequest. Prev is the request that was redirected to this
	// one (ErrorDocument, DirectoryIndex, rewriting), Next the one that this was redirected to.
	Main, Prev, Next *Request

	Line RequestLine
	// In are the header fields received; changes by RequestHeader and its like are seen by all.
	In Header

	// URI is the path, unescaped and normalised; Args the query string without "?"; HasArgs tells "?" from nothing.
	URI, Args string
	HasArgs   bool
	// Target is what the path maps to.
	Target Target

	// Client is who asks: the peer, or whom a trusted proxy names (useragent_addr).
	Client netip.AddrPort
	// Received is when the request's first byte was seen.
	Received time.Time

	// User and AuthType are set by authentication; "" without.
	User, AuthType string
	// Env is the request's environment (SetEnv, SetEnvIf, RewriteRule E=); Notes are for modules.
	Env, Notes Table

	// Reply is the response's head; body.go and response.go hold the streams.
	Reply Reply

	// Tracer hears what becomes of the request when it is explained; nil when it is served.
	Tracer Tracer

	in         *input  // the connection's, shared along redirects
	out        *output // the connection's
	notes      []any
	info, link fileInfo             // of the file, and of a component on the way to it (walk.go)
	allowed    directives.MethodSet // what Allow names
	unfiltered string               // a filter that is missing and that the response must not go without
	served     string               // the name by which the handler that answered was called
	authorized bool                 // passed the access and authorization phases under Conf
}

// RequestLine is what the client sent first, and what follows from it and Host.
type RequestLine struct {
	// Text is the whole first line as received ("%r").
	Text string
	// Method is as sent; Number its number, GET's for HEAD; HeaderOnly is HEAD.
	Method     string
	Number     int
	HeaderOnly bool
	// Target is the request-target as sent ("unparsed_uri").
	Target string
	// Proto is 1000*major+minor; 9 for HTTP/0.9; Protocol its text.
	Proto    int
	Protocol string
	// Hostname is the host of the target or of Host, lower case, without port ("" if none); HostPort its port, 0 if none.
	Hostname string
	HostPort int
}

// Target is the resource: what translate, map-to-storage and type-checking fill in.
type Target struct {
	// Filename is the file; CanonicalName with symlinks left as they are; PathInfo what follows the file in the URL.
	Filename, PathInfo string
	// Script, if not empty, is what Filename's file is likely to be, the rest path info: it is asked for first.
	Script string
	// Info is the file's, nil when there is none.
	Info fs.FileInfo
	// Handler names who answers: SetHandler, AddHandler, or a module's choice.
	Handler string
	// NoPathInfo and PathInfoOK are AcceptPathInfo's verdict: unset, Off, On.
	UsedPathInfo int
	// ContextPrefix and ContextDocumentRoot are those of an Alias (CONTEXT_PREFIX, CONTEXT_DOCUMENT_ROOT).
	ContextPrefix, ContextDocumentRoot string
	// ProxyReq tells that the URI is to be fetched elsewhere.
	ProxyReq bool
}

// Values of Target.UsedPathInfo (AP_REQ_*_PATH_INFO).
const (
	PathInfoDefault = iota
	PathInfoReject
	PathInfoAccept
)

// Reply is the head of the response.
type Reply struct {
	// Status is the HTTP status; Line its text as sent when not the standard one ("404 Not here").
	Status int
	Line   string
	// Header are fields of a success; ErrHeader go out on errors and redirects too.
	Header, ErrHeader Header
	// ContentType, ContentEncoding and Languages are set by type checking and handlers.
	ContentType     string
	ContentEncoding string
	Languages       []string
	// VariantList is the entity tag of the list of variants from which the resource was chosen; "" if it was not
	// (vlist_validator). It becomes part of the response's own.
	VariantList string
	// NoLocalCopy forbids 304.
	NoLocalCopy bool
	// Mtime is the resource's last modification, in microseconds since the epoch; 0 unknown.
	Mtime int64
	// ErrorText is Apache's "error-notes": a sentence for the error page.
	ErrorText string
	// as500 tells that the status, an error's, has no name and goes out as 500; the log shows what it is.
	as500 bool
	// Sent counts body bytes sent to the client, without framing ("%B").
	Sent int64
}

// Last is the last request of the redirects that began with r.
func (r *Request) Last() *Request {
	for r.Next != nil {
		r = r.Next
	}
	return r
}

// Original is the request with which the redirects that led to r began.
func (r *Request) Original() *Request {
	for r.Prev != nil {
		r = r.Prev
	}
	return r
}

// Top is the request of which r is a subrequest, at any depth; r itself if none.
func (r *Request) Top() *Request {
	for r.Main != nil {
		r = r.Main
	}
	return r
}

// Note is a module's typed place in every request. It is made once, while the
// module's hooks are bound.
type Note[T any] struct{ i int }

// NewNote reserves a place.
func NewNote[T any](h *HookSet) Note[T] {
	h.noteCount++
	return Note[T]{h.noteCount - 1}
}

// Get returns r's value, nil if none was set.
func (n Note[T]) Get(r *Request) *T {
	if n.i >= len(r.notes) {
		return nil
	}
	v, _ := r.notes[n.i].(*T)
	return v
}

// Set stores v with r.
func (n Note[T]) Set(r *Request, v *T) {
	for n.i >= len(r.notes) {
		r.notes = append(r.notes, nil)
	}
	r.notes[n.i] = v
}
