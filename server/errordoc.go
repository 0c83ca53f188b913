package server

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
)

// doctype opens every page that the server writes itself.
const doctype = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n"

// Die ends a request with an error, a redirect or another status that a phase
// returned (ap_die): through the ErrorDocument of that status if there is one,
// else with the built-in page.
func (r *Request) Die(s Status) { r.die(int(s), 200) }

// die is Die; recursive is the status of a failed ErrorDocument, 200 if none.
func (r *Request) die(status, recursive int) {
	if status < 100 || status > 999 {
		r.Logf(errlog.Error, errlog.Core, "AH01579", "Invalid response status %d", status)
		status = 500
	}
	_, known := statusLines[status]
	r.Reply.as500 = !known && r.Reply.Line == ""
	first := r
	kind, custom := modcore.ErrorDefault, ""
	if recursive != 200 {
		// The ErrorDocument failed too: report the original error.
		for first.Prev != nil && first.Prev.Reply.Status != 200 {
			first = first.Prev
		}
		first.out.take(first)
	} else {
		kind, custom = r.errorDocument(r.Reply.page(status))
		recursive = 0
	}
	r.Reply.Status = status
	if r.Tracer != nil {
		r.Tracer.Trace(r, Died{status, custom})
	}
	if dropsConnection(status) {
		r.Conn.closeAfter()
	}
	switch {
	case kind == modcore.ErrorURL:
		r.Reply.Status = 302
		r.Reply.Header.Set("Location", custom)
	case kind == modcore.ErrorPath && strings.HasPrefix(custom, "/"):
		r.Reply.NoLocalCopy = true
		r.Env.Set("REQUEST_METHOD", r.Line.Method)
		if r.Reply.ErrorText != "" {
			r.Env.Set("ERROR_NOTES", r.Reply.ErrorText)
		}
		r.Line.Method, r.Line.Number = "GET", directives.MGet
		r.InternalRedirect(custom)
		return
	case kind == modcore.ErrorPath:
		recursive = 500
		r.Logf(errlog.Error, errlog.Core, "AH01580", "Invalid error redirection directive: %s", custom)
	}
	first.sendErrorResponse(recursive)
}

// page is the status whose page and name stand for status.
func (p *Reply) page(status int) int {
	if p.as500 {
		return 500
	}
	return status
}

// dropsConnection lists the statuses after which the connection is not kept (ap_status_drops_connection).
func dropsConnection(status int) bool {
	switch status {
	case 400, 408, 411, 413, 414, 500, 501, 503:
		return true
	}
	return false
}

// sendErrorResponse writes the response of r.Reply.Status with the built-in
// page or a text ErrorDocument (ap_send_error_response).
func (r *Request) sendErrorResponse(recursive int) {
	status := r.Reply.Status
	r.out.startOver(r)
	if status == 204 || status == 304 {
		r.finalize()
		return
	}
	location := r.Reply.Header.Get("Location")
	if location == "" {
		location = r.Reply.ErrHeader.Get("Location")
	}
	r.Reply.ContentEncoding, r.Reply.Languages = "", nil
	r.Reply.Header.Reset()
	if location != "" && (status == 201 || status >= 300 && status < 400) {
		r.Reply.Header.Set("Location", location)
	} else {
		location = ""
	}
	r.Reply.ContentType = "text/html; charset=iso-8859-1"
	if _, ok := r.Env.Get("suppress-error-charset"); ok {
		r.Reply.ContentType = "text/html"
	}
	if status == 405 || status == 501 {
		r.Reply.Header.Set("Allow", r.allow())
	}
	if r.Line.HeaderOnly {
		r.finalize()
		return
	}
	page := r.Reply.page(status)
	if kind, text := r.errorDocument(page); kind == modcore.ErrorMessage {
		r.Write([]byte(text))
		r.finalize()
		return
	}
	title := StatusLine(page)
	if r.Reply.Line != "" {
		title = r.Reply.Line
	}
	b := make([]byte, 0, 1024)
	b = append(append(append(b, doctype...), "<html><head>\n<title>"...), title...)
	b = append(b, "</title>\n</head><body>\n<h1>"...)
	if len(title) > 4 {
		b = append(b, title[4:]...)
	}
	b = append(b, "</h1>\n"...)
	b = r.appendErrorText(b, page, location)
	if recursive != 0 {
		b = append(append(append(b, "<p>Additionally, a "...), StatusLine(recursive)...),
			"\nerror was encountered while trying to use an ErrorDocument to handle the request.</p>\n"...)
	}
	b = r.AppendSignature(b, "<hr>\n")
	b = append(b, "</body></html>\n"...)
	r.Write(b)
	r.finalize()
}

// appendErrorText appends what the built-in page says of a status.
func (r *Request) appendErrorText(b []byte, status int, location string) []byte {
	link := func(before, after string) []byte {
		b = append(b, before...)
		b = apr.AppendEscapeHTML(b, location)
		return append(b, after...)
	}
	notes := func(before, after string) []byte {
		return append(append(append(b, before...), r.Reply.ErrorText...), after...)
	}
	method := apr.EscapeHTML(r.Line.Method)
	switch status {
	case 301, 302, 307, 308:
		return link("<p>The document has moved <a href=\"", "\">here</a>.</p>\n")
	case 303:
		return link("<p>The answer to your request is located <a href=\"", "\">here</a>.</p>\n")
	case 305:
		return append(b, "<p>This resource is only accessible through the proxy\n<br />\nYou will need to configure your client to use that proxy.</p>\n"...)
	case 400:
		return notes("<p>Your browser sent a request that this server could not understand.<br />\n", "</p>\n")
	case 300:
		list, _ := r.Notes.Get("variant-list")
		return append(b, list...)
	case 403:
		return notes("<p>You don't have permission to access this resource.", "</p>\n")
	case 406:
		list, _ := r.Notes.Get("variant-list")
		return append(append(b, "<p>An appropriate representation of the requested resource could not be found on this server.</p>\n"...), list...)
	case 405:
		return append(append(append(b, "<p>The requested method "...), method...), " is not allowed for this URL.</p>\n"...)
	case 411:
		b = append(append(append(b, "<p>A request of the requested method "...), method...), " requires a valid Content-length.<br />\n"...)
		return notes("", "</p>\n")
	case 413:
		b = append(append(append(b, "The requested resource does not allow request data with "...), method...), " requests, or the amount of data provided in\nthe request exceeds the capacity limit.\n"...)
		return b
	case 414:
		return notes("<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n", "</p>\n")
	case 417:
		expect := r.In.Get("Expect")
		if expect == "" {
			b = append(b, "<p>No expectation was seen, the Expect request-header \nfield was not presented by the client.\n"...)
		} else {
			b = append(append(append(b, "<p>The expectation given in the Expect request-header\nfield could not be met by this server.\nThe client sent<pre>\n    Expect: "...), apr.EscapeHTML(expect)...), "\n</pre>\n"...)
		}
		return append(b, "</p><p>Only the 100-continue expectation is supported.</p>\n"...)
	case 431:
		return notes("<p>The server refused this request because\nthe request header fields are too large.", "</p>\n")
	case 451:
		return notes("<p>Access to this URL has been denied for legal reasons.<br />\n", "</p>\n")
	case 501:
		b = append(append(append(b, "<p>"...), method...), " not supported for current URL.<br />\n"...)
		return notes("", "</p>\n")
	case 502:
		return notes("<p>The proxy server received an invalid\r\nresponse from an upstream server.<br />\r\n", "</p>\n")
	case 506:
		return append(b, "<p>A variant for the requested resource\n<pre>\n\n</pre>\nis itself a negotiable resource. This indicates a configuration error.</p>\n"...)
	}
	if text, ok := errorTexts[status]; ok {
		return append(b, text...)
	}
	if to, _ := r.Env.Get("verbose-error-to"); to == "*" && r.Reply.ErrorText != "" {
		return append(append(append(b, "<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour request.</p>\n<p>"...), r.Reply.ErrorText...), "</p>\n"...)
	}
	b = append(b, "<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour request.</p>\n<p>Please contact the server administrator at \n "...)
	b = apr.AppendEscapeHTML(b, r.ServerAdmin())
	return append(b, " to inform them of the time this error occurred,\n and the actions you performed just before this error.</p>\n<p>More information about this error may be available\nin the server error log.</p>\n"...)
}

// errorTexts are the pages that depend on nothing.
var errorTexts = map[int]string{
	401: authText,
	407: authText,
	404: "<p>The requested URL was not found on this server.</p>\n",
	408: "<p>Server timeout waiting for the HTTP request from the client.</p>\n",
	410: "<p>The requested resource is no longer available on this server and there is no forwarding address.\nPlease remove all references to this resource.</p>\n",
	412: "<p>The precondition on the request for this URL evaluated to false.</p>\n",
	415: "<p>The supplied request data is not in a format\nacceptable for processing by this resource.</p>\n",
	416: "<p>None of the range-specifier values in the Range\nrequest-header field overlap the current extent\nof the selected resource.</p>\n",
	421: "<p>The client needs a new connection for this\nrequest as the requested host name does not match\nthe Server Name Indication (SNI) in use for this\nconnection.</p>\n",
	422: "<p>The server understands the media type of the\nrequest entity, but was unable to process the\ncontained instructions.</p>\n",
	423: "<p>The requested resource is currently locked.\nThe lock must be released or proper identification\ngiven before the method can be applied.</p>\n",
	424: "<p>The method could not be performed on the resource\nbecause the requested action depended on another\naction and that other action failed.</p>\n",
	426: "<p>The requested resource can only be retrieved\nusing SSL.  The server is willing to upgrade the current\nconnection to SSL, but your client doesn't support it.\nEither upgrade your client, or try requesting the page\nusing https://\n",
	428: "<p>The request is required to be conditional.</p>\n",
	429: "<p>The user has sent too many requests\nin a given amount of time.</p>\n",
	503: "<p>The server is temporarily unable to service your\nrequest due to maintenance downtime or capacity\nproblems. Please try again later.</p>\n",
	504: "<p>The gateway did not receive a timely response\nfrom the upstream server or application.</p>\n",
	507: "<p>The method could not be performed on the resource\nbecause the server is unable to store the\nrepresentation needed to successfully complete the\nrequest.  There is insufficient free space left in\nyour storage allocation.</p>\n",
	508: "<p>The server terminated an operation because\nit encountered an infinite loop.</p>\n",
	510: "<p>A mandatory extension policy in the request is not\naccepted by the server for this resource.</p>\n",
	511: "<p>The client needs to authenticate to gain\nnetwork access.</p>\n",
}

const authText = "<p>This server could not verify that you\nare authorized to access the document\nrequested.  Either you supplied the wrong\ncredentials (e.g., bad password), or your\nbrowser doesn't understand how to supply\nthe credentials required.</p>\n"

// errorDocument is the ErrorDocument that applies to a status, evaluated.
func (r *Request) errorDocument(status int) (modcore.ErrorKind, string) {
	d, ok := r.dir().ErrorDocuments[status]
	if !ok || d.Kind == modcore.ErrorDefault {
		return modcore.ErrorDefault, ""
	}
	text, err := d.Text.Eval(r.ExprEnv())
	if err != nil {
		r.Logf(errlog.Error, errlog.Core, "AH02841", "core: ErrorDocument: can't evaluate require expression: %v", err)
		return modcore.ErrorDefault, ""
	}
	return d.Kind, text
}
