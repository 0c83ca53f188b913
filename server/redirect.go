package server

import (
	"strconv"
	"strings"

	"httpd-wsgi/internal/errlog"
)

// InternalRedirect answers r with what another URI of this server gives
// (ap_internal_redirect): a new request, linked to r by Prev, goes through the
// phases and sends the response. The method is r's.
func (r *Request) InternalRedirect(uri string) {
	n := r.successor(uri)
	if n == nil {
		r.die(500, 200)
		return
	}
	s := runAll(n, n.Site.phases.postRead)
	if s == OK {
		s = n.process()
	}
	if s == OK {
		s = n.invokeHandler()
	}
	if s == OK || s == Done {
		n.finalize()
		return
	}
	recursive := 200
	if status := n.Prev.Reply.Status; status != 200 {
		recursive = status
	}
	n.die(int(s), recursive)
}

// successor makes the request to which r is redirected; nil, logged, when the
// limit of LimitInternalRecursion is reached.
func (r *Request) successor(uri string) *Request {
	redirects := 0
	for p := r; p != nil; p = p.Prev {
		redirects++
	}
	if limit := r.Site.redirectLimit(r); redirects > limit {
		r.Logf(errlog.Error, errlog.Core, "AH00124", "Request exceeded the limit of %d internal redirects due to probable configuration error. Use 'LimitInternalRecursion' to increase the limit if necessary. Use 'LogLevel debug' to get a backtrace.", limit)
		return nil
	}
	n := &Request{Conn: r.Conn, Site: r.Site, Server: r.Server, Main: r.Main, Prev: r,
		Line: r.Line, In: r.In, Client: r.Client, Received: r.Received, Tracer: r.Tracer, in: r.in, out: r.out}
	n.restart()
	n.Line.Target = uri
	n.URI, n.Args, n.HasArgs = splitTarget(uri)
	n.Reply = Reply{Status: r.Reply.Status, as500: r.Reply.as500, NoLocalCopy: r.Reply.NoLocalCopy, ErrHeader: r.Reply.ErrHeader}
	for _, kv := range r.Env.All() {
		n.Env.Set("REDIRECT_"+kv.Name, kv.Value)
	}
	n.Env.Set("REDIRECT_STATUS", strconv.Itoa(r.Reply.Status))
	r.Next = n
	n.out.take(n)
	return n
}

// LookupURI runs the phases up to the handler for another URI, with GET
// (ap_sub_req_lookup_uri). The result's Reply.Status is 200 or the refusal; a
// handler may be run on it only through FastRedirect. A relative uri is taken
// from r's directory.
func (r *Request) LookupURI(uri string) *Request {
	n := r.subrequest()
	if n.Reply.Status != 200 {
		return n
	}
	if !strings.HasPrefix(uri, "/") {
		uri = r.URI[:strings.LastIndexByte(r.URI, '/')+1] + uri
	}
	n.Line.Target = uri
	n.URI, n.Args, n.HasArgs = splitTarget(uri)
	if s := n.process(); s != OK {
		n.Reply.Status = int(s)
	}
	return n
}

// subrequest makes an empty subrequest of r.
func (r *Request) subrequest() *Request {
	n := &Request{Conn: r.Conn, Site: r.Site, Server: r.Server, Main: r, Line: r.Line, Client: r.Client, Received: r.Received,
		User: r.User, AuthType: r.AuthType, Tracer: r.Tracer, out: r.out}
	n.Line.Method, n.Line.Number, n.Line.HeaderOnly = "GET", 0, false
	n.In.F = append([]Field(nil), r.In.F...)
	for _, h := range [...]string{"Content-Encoding", "Content-Language", "Content-Length", "Content-Location", "Content-Md5",
		"Content-Range", "Content-Type", "Transfer-Encoding", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
		"If-Unmodified-Since", "Range"} {
		n.In.Unset(h)
	}
	n.Env.kv = append([]Field(nil), r.Env.kv...)
	n.Reply.Status = 200
	depth := 0
	for p := n; p.Main != nil; p = p.Main {
		depth++
	}
	if limit := r.Site.subrequestLimit(r); depth > limit {
		r.Logf(errlog.Error, errlog.Core, "AH00125", "Request exceeded the limit of %d subrequest nesting levels due to probable configuration error. Use 'LimitInternalRecursion' to increase the limit if necessary. Use 'LogLevel debug' to get a backtrace.", limit)
		n.Reply.Status = 500
	}
	return n
}

// FastRedirect makes r the resource that a successful lookup found
// (ap_internal_fast_redirect), without running phases again. The walks' and
// authorization's results are the subrequest's.
func (r *Request) FastRedirect(sub *Request) {
	if r.Tracer != nil {
		r.Tracer.Trace(r, Became{sub})
	}
	r.URI, r.Args, r.HasArgs = sub.URI, sub.Args, sub.HasArgs
	r.Target = sub.Target
	r.Conf, r.Node, r.authorized = sub.Conf, sub.Node, sub.authorized
	r.User, r.AuthType = sub.User, sub.AuthType
	sr := &sub.Reply
	r.Reply.ContentType, r.Reply.ContentEncoding, r.Reply.Languages = sr.ContentType, sr.ContentEncoding, sr.Languages
	r.Reply.NoLocalCopy = sr.NoLocalCopy
	r.Reply.Header.Overlay(&sr.Header)
	r.Reply.ErrHeader.Overlay(&sr.ErrHeader)
	for _, kv := range sub.Env.All() {
		r.Env.Set(kv.Name, kv.Value)
	}
	for _, kv := range sub.Notes.All() {
		r.Notes.Set(kv.Name, kv.Value)
	}
	r.notes = append(r.notes[:0], sub.notes...)
}

// splitTarget cuts a request-target at its query.
func splitTarget(target string) (path, args string, hasArgs bool) {
	path, args, hasArgs = strings.Cut(target, "?")
	if i := strings.IndexByte(path, '#'); i >= 0 {
		path = path[:i]
	}
	return path, args, hasArgs
}

// LookupFile runs the phases up to the handler for a file rather than a URI
// (ap_sub_req_lookup_file). A relative name is taken from r's directory.
func (r *Request) LookupFile(name string) *Request {
	n := r.subrequest()
	if n.Reply.Status != 200 {
		return n
	}
	dir := r.Target.Filename[:strings.LastIndexByte(r.Target.Filename, '/')+1]
	if !strings.HasPrefix(name, "/") {
		name = dir + name
	}
	name = cleanName(name)
	n.Target.Filename = name
	// Only a file beside r's has a URI that is known; others have none, and no <Location> holds for them.
	if base, ok := strings.CutPrefix(name, dir); ok && base != "" && !strings.Contains(base, "/") {
		n.URI = r.URI[:strings.LastIndexByte(r.URI, '/')+1] + base
	}
	if s := n.process(); s != OK {
		n.Reply.Status = int(s)
	}
	return n
}
