package server

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
)

// defaultHandler serves the file that the request maps to (core's
// default_handler): conditional requests, ranges, sendfile. Other methods
// than GET, HEAD and POST are refused, OPTIONS is answered.
func defaultHandler(r *Request) Status {
	if s := r.DiscardBody(); s != OK {
		return s
	}
	r.AllowMethods(directives.MGet, directives.MOptions, directives.MPost)
	if r.Line.Number != directives.MGet && r.Line.Number != directives.MPost {
		switch r.Line.Number {
		case directives.MInvalid:
			if len(r.Line.Method) > 0 && (r.Line.Method[0] == 0x16 || r.Line.Method[0] == 0x80) {
				r.Logf(errlog.Error, errlog.Core, "AH00134", "Invalid method in request %s - possible attempt to establish SSL connection on non-SSL port", r.Line.Text)
			} else {
				r.Logf(errlog.Error, errlog.Core, "AH00135", "Invalid method in request %s", r.Line.Text)
			}
			return 501
		case directives.MOptions:
			return r.sendOptions()
		}
		return 405
	}
	t := &r.Target
	switch {
	case t.Info == nil:
		r.Logf(errlog.Info, errlog.Core, "AH00128", "File does not exist: %s", t.Filename+t.PathInfo)
		return 404
	case t.Info.IsDir():
		r.Logf(errlog.Info, errlog.Core, "AH00129", "Attempt to serve directory: %s", t.Filename)
		return 404
	case t.UsedPathInfo != PathInfoAccept && t.PathInfo != "":
		r.Logf(errlog.Info, errlog.Core, "AH00130", "File does not exist: %s", t.Filename+t.PathInfo)
		return 404
	case !t.Info.Mode().IsRegular():
		r.Logf(errlog.Error, errlog.Core, "AH00038", "Forbidden: %s doesn't point to a file or directory", t.Filename)
		return 403
	}
	f, err := openFile(t.Filename)
	if err != nil {
		status := Status(403)
		if errors.Is(err, syscall.ENOENT) {
			status = 404
		}
		r.LogErr(err, errlog.Error, errlog.Core, "AH00132", "file permissions deny server access: %s", t.Filename)
		return status
	}
	defer f.Close()
	return r.SendStatic(f, t.Info)
}

// SendStatic answers a GET with an open regular file: validators, conditions,
// ranges, then the body by sendfile. The caller closes f.
func (r *Request) SendStatic(f *os.File, info fs.FileInfo) Status {
	r.setValidators(info, r.fileOrDigestETag(f, info))
	r.acceptRanges()
	r.SetContentLength(info.Size())
	if s := r.MeetsConditions(); s != OK {
		// No error page but a response of the handler's, with all that InsertFilter adds.
		r.Reply.Status = int(s)
		if !r.Line.HeaderOnly {
			r.SetContentLength(0)
		}
		return OK
	}
	send := func(off, n int64) error { return r.SendFile(f, off, n) }
	if done, s := r.sendRanges(info.Size(), send); done {
		return s
	}
	send(0, info.Size())
	return OK
}

// SetFileValidators sets Last-Modified and ETag from a file (ap_set_last_modified, ap_set_etag).
func (r *Request) SetFileValidators(info fs.FileInfo) { r.setValidators(info, r.FileETag(info)) }

func (r *Request) setValidators(info fs.FileInfo, tag string) {
	mtime := info.ModTime().UnixMicro()
	now := r.Received.UnixMicro()
	r.Reply.Mtime = mtime
	r.Reply.Header.Set("Last-Modified", string(apr.AppendHTTPDate(nil, min(mtime, now)/1e6)))
	tag = r.withVariantList(tag)
	if _, ok := r.Env.Get("no-etag"); !ok && tag != "" {
		r.Reply.Header.Set("ETag", tag)
	}
}

// AllowMethods adds methods to what Allow names (ap_allow_methods).
func (r *Request) AllowMethods(numbers ...int) {
	for _, n := range numbers {
		r.allowed = r.allowed.With(n)
	}
}

// allow is the Allow header (make_allow): the allowed methods by number, HEAD
// before GET, TRACE unless TraceEnable is off.
func (r *Request) allow() string {
	set := r.allowed &^ directives.MethodSet(0).With(directives.MTrace)
	var names []string
	if set.Has(directives.MGet) {
		names = append(names, "HEAD", "GET")
	}
	for n := 1; n < 64; n++ {
		if set.Has(n) && n != directives.MInvalid {
			names = append(names, r.Site.Plan.Methods.Name(n))
		}
	}
	if r.Site.traceAllowed(r) {
		names = append(names, "TRACE")
	}
	return strings.Join(names, ",")
}

// sendOptions answers OPTIONS (ap_send_http_options).
func (r *Request) sendOptions() Status {
	if r.URI == "*" && r.Line.Target == "*" {
		r.Reply.Header.Set("Allow", "GET,HEAD,POST,OPTIONS")
	}
	r.SetContentLength(0)
	r.Reply.Header.Set("Allow", r.allow())
	return OK
}
