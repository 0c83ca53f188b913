package server

import (
	"strings"
	"syscall"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
)

// coreHooks are core.c's and http_core.c's own.
func coreHooks(h *HookSet) {
	h.TranslateName.Add("core", ReallyLast, CoreTranslate)
	h.MapToStorage.Add("http", Middle, sendTrace)
	h.MapToStorage.Add("http", Middle, optionsStar)
	h.MapToStorage.Add("core", ReallyLast, coreMapToStorage)
	h.TypeChecker.Add("core", ReallyLast, func(*Request) Status { return OK })
	h.Fixups.Add("core", ReallyFirst, overrideType)
	h.InsertFilter.Add("core", Middle-1, insertOutputFilters)
	h.InsertFilter.Add("core", Middle-1, insertInputFilters)
	h.Handler.Add("core", ReallyFirst, refuseUnfiltered)
	h.Handler.Add("core", ReallyLast, defaultHandler)
}

// cleanURI unescapes and normalises the path as ap_process_request_internal
// does, and refuses what has no business in one.
func (r *Request) cleanURI() Status {
	if r.Line.Proto >= 1000 && r.URI == "*" {
		return OK
	}
	core := r.Server.Core
	slashes := r.Site.Core.Dir.Of(r.Server.Root.Conf).EncodedSlashes.Get(modcore.SlashesOff)
	flags := apr.DecodeUnreserved | apr.NotAboveRoot
	if core.MergeSlashes.Get(true) {
		flags |= apr.MergeSlashes
	}
	clean, ok := apr.NormalizePath(r.URI, flags)
	if !ok {
		r.Logf(errlog.Error, errlog.Core, "AH10244", "invalid URI path (%s)", r.Line.Target)
		return 400
	}
	unescape := apr.UnescapeFlags(0)
	switch slashes {
	case modcore.SlashesOff:
		unescape = apr.ForbidSlashes
	case modcore.SlashesNoDecode:
		unescape = apr.KeepSlashes
	}
	decoded, status := apr.Unescape(clean, unescape)
	if status != apr.UnescapeOK {
		if status == apr.UnescapeForbidden && slashes == modcore.SlashesOff {
			r.Logf(errlog.Info, errlog.Core, "AH00026", "found %%2f (encoded '/') in URI path (%s), returning 404", clean)
		}
		return Status(status)
	}
	if decoded != clean {
		// Slashes and dots that were escapes make segments too: "/..%2f.." must not lead above the root.
		decoded, _ = apr.NormalizePath(decoded, flags&^(apr.DecodeUnreserved|apr.NotAboveRoot))
	}
	r.URI = decoded
	return OK
}

// CoreTranslate maps the URI below DocumentRoot (ap_core_translate).
func CoreTranslate(r *Request) Status {
	if r.Target.ProxyReq {
		return 403
	}
	if !strings.HasPrefix(r.URI, "/") && r.URI != "*" {
		r.Logf(errlog.Error, errlog.Core, "AH00126", "Invalid URI in request '%s' '%s'", r.URI, r.Line.Text)
		return 400
	}
	uri := r.URI
	if p := r.Server.Path; p != "" {
		if rest, ok := strings.CutPrefix(uri, p); ok && (rest == "" || rest[0] == '/' || p[len(p)-1] == '/') {
			uri = rest
		}
	}
	uri = strings.TrimLeft(uri, "/")
	if strings.IndexByte(uri, 0) >= 0 {
		r.Logf(errlog.Error, errlog.Core, "AH00127", "Cannot map %s to file", r.Line.Text)
		return 403
	}
	if strings.HasPrefix(uri, ".") || strings.Contains(uri, "/.") || strings.Contains(uri, "//") { // rewriting may bring them in
		clean, ok := apr.NormalizePath("/"+uri, apr.NotAboveRoot|apr.MergeSlashes)
		if !ok {
			r.LogErr(errlog.EAboveRoot, errlog.Error, errlog.Core, "AH00127", "Cannot map %s to file", r.Line.Text)
			return 403
		}
		uri = clean[1:]
	}
	if name := joinPath(r.DocumentRoot(), uri); len(name) <= maxPath {
		r.Target.Filename = name
		return OK
	}
	r.LogErr(syscall.ENAMETOOLONG, errlog.Error, errlog.Core, "AH00127", "Cannot map %s to file", r.Line.Text)
	return 403
}

// maxPath is the most bytes of a path without its end mark (APR_PATH_MAX).
const maxPath = 4095

// joinPath is root/rest with one slash between and rest's own final slash kept.
func joinPath(root, rest string) string {
	if rest == "" {
		if strings.HasSuffix(root, "/") {
			return root
		}
		return root + "/"
	}
	if strings.HasSuffix(root, "/") {
		return root + rest
	}
	return root + "/" + rest
}

// coreMapToStorage walks directories and files (core_map_to_storage).
func coreMapToStorage(r *Request) Status {
	if s := r.directoryWalk(); s != OK {
		return s
	}
	return r.fileWalk()
}

// optionsStar answers "OPTIONS *" (http_send_options).
func optionsStar(r *Request) Status {
	if r.Line.Number == directives.MOptions && r.URI == "*" {
		r.SetContentLength(0)
		return Done
	}
	return Declined
}

// sendTrace answers TRACE with the request itself (ap_send_http_trace).
func sendTrace(r *Request) Status {
	if r.Line.Number != directives.MTrace {
		return Declined
	}
	switch r.Original().Server.Core.TraceEnable.Get(modcore.TraceOn) {
	case modcore.TraceOff:
		r.Reply.ErrorText = "TRACE denied by server configuration"
		return 405
	case modcore.TraceOn:
		if r.HasBody() {
			r.Reply.ErrorText = "TRACE with a request body is not allowed"
			r.Logf(errlog.Info, errlog.HTTP, "AH01595", "TRACE with body is not allowed for %s", r.URI)
			return 413
		}
	}
	r.Reply.ContentType = "message/http"
	b := append([]byte(r.Line.Text), "\r\n"...)
	for _, f := range r.In.F {
		b = append(append(append(append(b, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	b = append(b, "\r\n"...)
	r.Write(b)
	if r.HasBody() {
		var p [4096]byte
		for {
			n, err := r.ReadBody(p[:])
			r.Write(p[:n])
			if err != nil {
				break
			}
		}
	}
	r.Flush()
	return Done
}

// overrideType applies ForceType, SetHandler and AcceptPathInfo (core_override_type).
func overrideType(r *Request) Status {
	d := r.dir()
	if d.ForceType.Set && d.ForceType.V != "none" {
		r.Reply.ContentType = d.ForceType.V
	}
	if d.Handler.Set {
		name := d.Handler.V.Name
		if e := d.Handler.V.Expr; e != nil {
			v, err := e.Eval(r.ExprEnv())
			if err != nil {
				r.Logf(errlog.Error, errlog.Core, "AH03154", "Can't evaluate handler expression: %v", err)
				return 500
			}
			name = modcore.HandlerName(v)
		}
		if !strings.EqualFold(name, "none") {
			r.Target.Handler = name
		}
	}
	if r.Target.UsedPathInfo == PathInfoDefault {
		switch d.AcceptPathInfo.Get(modcore.PathInfoDefault) {
		case modcore.PathInfoReject:
			r.Target.UsedPathInfo = PathInfoReject
		case modcore.PathInfoAccept:
			r.Target.UsedPathInfo = PathInfoAccept
		}
	}
	return OK
}
