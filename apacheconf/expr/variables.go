package expr

import (
	"strings"
	"time"

	"httpd-wsgi/internal/apr"
)

// Var is a variable that only the request, connection or server can tell, for
// [Env.Var]. What each holds is said in Apache's manual under its name.
type Var uint8

const (
	RequestMethod       Var = iota // REQUEST_METHOD
	RequestScheme                  // REQUEST_SCHEME
	RequestURI                     // REQUEST_URI, without the query string
	RequestFilename                // REQUEST_FILENAME and SCRIPT_FILENAME
	RemoteHost                     // REMOTE_HOST
	RemoteIdent                    // REMOTE_IDENT
	RemoteUser                     // REMOTE_USER
	ServerAdmin                    // SERVER_ADMIN
	ServerName                     // SERVER_NAME
	ServerPort                     // SERVER_PORT, decimal
	ServerProtocol                 // SERVER_PROTOCOL
	PathInfo                       // PATH_INFO
	QueryString                    // QUERY_STRING
	IsSubreq                       // IS_SUBREQ, "true" or "false"
	DocumentRoot                   // DOCUMENT_ROOT
	AuthType                       // AUTH_TYPE
	TheRequest                     // THE_REQUEST
	ContentType                    // CONTENT_TYPE of the response
	Handler                        // HANDLER
	RequestLogID                   // REQUEST_LOG_ID
	ScriptUser                     // SCRIPT_USER
	ScriptGroup                    // SCRIPT_GROUP
	LastModified                   // LAST_MODIFIED, see FormatTime
	ContextPrefix                  // CONTEXT_PREFIX
	ContextDocumentRoot            // CONTEXT_DOCUMENT_ROOT
	RequestStatus                  // REQUEST_STATUS, decimal, "" for none
	RemoteAddr                     // REMOTE_ADDR
	RemotePort                     // REMOTE_PORT, decimal
	HTTPS                          // HTTPS, "on" or "off"
	IPv6                           // IPV6, "on" or "off"
	HTTP2                          // HTTP2, "on" or "off"
	ConnLogID                      // CONN_LOG_ID
	ConnRemoteAddr                 // CONN_REMOTE_ADDR
	ServerSoftware                 // SERVER_SOFTWARE
	APIVersion                     // API_VERSION
)

var requestVariables = map[string]Var{
	"REQUEST_METHOD":        RequestMethod,
	"REQUEST_SCHEME":        RequestScheme,
	"REQUEST_URI":           RequestURI,
	"REQUEST_FILENAME":      RequestFilename,
	"SCRIPT_FILENAME":       RequestFilename,
	"REMOTE_HOST":           RemoteHost,
	"REMOTE_IDENT":          RemoteIdent,
	"REMOTE_USER":           RemoteUser,
	"SERVER_ADMIN":          ServerAdmin,
	"SERVER_NAME":           ServerName,
	"SERVER_PORT":           ServerPort,
	"SERVER_PROTOCOL":       ServerProtocol,
	"PATH_INFO":             PathInfo,
	"QUERY_STRING":          QueryString,
	"IS_SUBREQ":             IsSubreq,
	"DOCUMENT_ROOT":         DocumentRoot,
	"AUTH_TYPE":             AuthType,
	"THE_REQUEST":           TheRequest,
	"CONTENT_TYPE":          ContentType,
	"HANDLER":               Handler,
	"REQUEST_LOG_ID":        RequestLogID,
	"SCRIPT_USER":           ScriptUser,
	"SCRIPT_GROUP":          ScriptGroup,
	"LAST_MODIFIED":         LastModified,
	"CONTEXT_PREFIX":        ContextPrefix,
	"CONTEXT_DOCUMENT_ROOT": ContextDocumentRoot,
	"REQUEST_STATUS":        RequestStatus,
	"REMOTE_ADDR":           RemoteAddr,
	"REMOTE_PORT":           RemotePort,
	"HTTPS":                 HTTPS,
	"IPV6":                  IPv6,
	"HTTP2":                 HTTP2,
	"CONN_LOG_ID":           ConnLogID,
	"CONN_REMOTE_ADDR":      ConnRemoteAddr,
	"SERVER_SOFTWARE":       ServerSoftware,
	"API_VERSION":           APIVersion,
}

var headerVariables = map[string]string{
	"HTTP_USER_AGENT":       "User-Agent",
	"HTTP_PROXY_CONNECTION": "Proxy-Connection",
	"HTTP_REFERER":          "Referer",
	"HTTP_COOKIE":           "Cookie",
	"HTTP_FORWARDED":        "Forwarded",
	"HTTP_HOST":             "Host",
	"HTTP_ACCEPT":           "Accept",
}

var clockVariables = map[string]string{
	"TIME_YEAR": "%Y",
	"TIME_MON":  "%m",
	"TIME_DAY":  "%d",
	"TIME_HOUR": "%H",
	"TIME_MIN":  "%M",
	"TIME_SEC":  "%S",
	"TIME_WDAY": "%w",
	"TIME":      "%Y%m%d%H%M%S",
}

// FormatTime is the form of the variables TIME and LAST_MODIFIED, such as
// "20101231235959", in t's own zone.
func FormatTime(t time.Time) string {
	return string(apr.AppendStrftime(nil, clockVariables["TIME"], t))
}

// VarByName returns the variable of that name, in any case, if it is one of
// those that [Env.Var] answers.
func VarByName(name string) (Var, bool) {
	id, ok := requestVariables[strings.ToUpper(name)]
	return id, ok
}

// lookupVariable resolves the name of a variable; nil if there is none.
func (c *compiler) lookupVariable(name string) strFunc {
	upper := strings.ToUpper(name)
	if id, ok := requestVariables[upper]; ok {
		return func(x *context) string { return x.env.Var(id) }
	}
	if header, ok := headerVariables[upper]; ok {
		return func(x *context) string { return requestHeader(x, header) }
	}
	if layout, ok := clockVariables[upper]; ok {
		return func(*context) string { return string(apr.AppendStrftime(nil, layout, time.Now())) }
	}
	if upper == "DOCUMENT_URI" {
		return func(x *context) string {
			if v, ok := x.env.RequestEnv("DOCUMENT_URI"); ok {
				return v
			}
			return x.env.Var(RequestURI)
		}
	}
	if c.opts.Variable != nil {
		if f := c.opts.Variable(name); f != nil {
			return func(x *context) string { return f(x.env) }
		}
	}
	return nil
}

// requestHeader is the header of a request whose value an answer may depend on.
// Host never varies an answer: it is part of the URL (RFC 9110 section 12.5.5).
func requestHeader(x *context, name string) string {
	if !strings.EqualFold(name, "Host") {
		x.addVary(name)
	}
	return x.env.RequestHeader(name)
}
