package wsgi

import "httpd-wsgi/wsgi/cpython"

// Key names an environ key by a number, so that a form need not spell it and Python need not make its string again. The numbers are
// the form's format: both ends of a socket run the same program, so they may change between versions of it.
type Key uint16

// The environ keys that a server sets in most requests.
const (
	_ Key = iota
	RequestMethod
	ScriptName
	PathInfo
	QueryString
	RequestURI
	ServerName
	ServerPort
	ServerProtocol
	ServerAddr
	ServerAdmin
	ServerSoftware
	RequestScheme
	RemoteAddr
	RemotePort
	DocumentRoot
	ContextDocumentRoot
	ContextPrefix
	ScriptFilename
	ContentType
	ContentLength
	RemoteUser
	AuthType
	UniqueID

	HTTPAccept
	HTTPAcceptCharset
	HTTPAcceptEncoding
	HTTPAcceptLanguage
	HTTPAuthorization
	HTTPCacheControl
	HTTPConnection
	HTTPContentEncoding
	HTTPCookie
	HTTPDNT
	HTTPExpect
	HTTPHost
	HTTPIfMatch
	HTTPIfModifiedSince
	HTTPIfNoneMatch
	HTTPIfRange
	HTTPOrigin
	HTTPPragma
	HTTPRange
	HTTPReferer
	HTTPSecFetchDest
	HTTPSecFetchMode
	HTTPSecFetchSite
	HTTPTransferEncoding
	HTTPUpgradeInsecureRequests
	HTTPUserAgent
	HTTPXForwardedFor
	HTTPXForwardedHost
	HTTPXForwardedProto
	HTTPXForwardedServer
	HTTPXRealIP
	HTTPXRequestedWith

	ProcessGroup
	ApplicationGroup
	CallableObject
	RequestHandler
	HandlerScript
	ModWSGIScriptName
	ModWSGIPathInfo
	ListenerHost
	ListenerPort
	ServerPID
	RequestID
	ConnectionID
	MountPoint

	keys // their number
)

// NumKeys is the number of keys that have a number, and one.
const NumKeys = int(keys)

// keyTable is what the numbers stand for. fs values are in the filesystem's encoding, as mod_wsgi decodes them; stable ones are often the
// same in request after request, which makes their string worth keeping. Credentials and cookies are not: nothing keeps them longer
// than their request.
var keyTable = [keys]cpython.Key{
	RequestMethod:       {Name: "REQUEST_METHOD", Stable: true},
	ScriptName:          {Name: "SCRIPT_NAME", Stable: true},
	PathInfo:            {Name: "PATH_INFO"},
	QueryString:         {Name: "QUERY_STRING"},
	RequestURI:          {Name: "REQUEST_URI"},
	ServerName:          {Name: "SERVER_NAME", Stable: true},
	ServerPort:          {Name: "SERVER_PORT", Stable: true},
	ServerProtocol:      {Name: "SERVER_PROTOCOL", Stable: true},
	ServerAddr:          {Name: "SERVER_ADDR", Stable: true},
	ServerAdmin:         {Name: "SERVER_ADMIN", Stable: true},
	ServerSoftware:      {Name: "SERVER_SOFTWARE", Stable: true},
	RequestScheme:       {Name: "REQUEST_SCHEME", Stable: true},
	RemoteAddr:          {Name: "REMOTE_ADDR", Stable: true},
	RemotePort:          {Name: "REMOTE_PORT"},
	DocumentRoot:        {Name: "DOCUMENT_ROOT", FS: true, Stable: true},
	ContextDocumentRoot: {Name: "CONTEXT_DOCUMENT_ROOT", Stable: true},
	ContextPrefix:       {Name: "CONTEXT_PREFIX", Stable: true},
	ScriptFilename:      {Name: "SCRIPT_FILENAME", FS: true, Stable: true},
	ContentType:         {Name: "CONTENT_TYPE", Stable: true},
	ContentLength:       {Name: "CONTENT_LENGTH"},
	RemoteUser:          {Name: "REMOTE_USER"},
	AuthType:            {Name: "AUTH_TYPE", Stable: true},
	UniqueID:            {Name: "UNIQUE_ID"},

	HTTPAccept:                  {Name: "HTTP_ACCEPT", Stable: true},
	HTTPAcceptCharset:           {Name: "HTTP_ACCEPT_CHARSET", Stable: true},
	HTTPAcceptEncoding:          {Name: "HTTP_ACCEPT_ENCODING", Stable: true},
	HTTPAcceptLanguage:          {Name: "HTTP_ACCEPT_LANGUAGE", Stable: true},
	HTTPAuthorization:           {Name: "HTTP_AUTHORIZATION"},
	HTTPCacheControl:            {Name: "HTTP_CACHE_CONTROL", Stable: true},
	HTTPConnection:              {Name: "HTTP_CONNECTION", Stable: true},
	HTTPContentEncoding:         {Name: "HTTP_CONTENT_ENCODING", Stable: true},
	HTTPCookie:                  {Name: "HTTP_COOKIE"},
	HTTPDNT:                     {Name: "HTTP_DNT", Stable: true},
	HTTPExpect:                  {Name: "HTTP_EXPECT", Stable: true},
	HTTPHost:                    {Name: "HTTP_HOST", Stable: true},
	HTTPIfMatch:                 {Name: "HTTP_IF_MATCH"},
	HTTPIfModifiedSince:         {Name: "HTTP_IF_MODIFIED_SINCE"},
	HTTPIfNoneMatch:             {Name: "HTTP_IF_NONE_MATCH"},
	HTTPIfRange:                 {Name: "HTTP_IF_RANGE"},
	HTTPOrigin:                  {Name: "HTTP_ORIGIN", Stable: true},
	HTTPPragma:                  {Name: "HTTP_PRAGMA", Stable: true},
	HTTPRange:                   {Name: "HTTP_RANGE"},
	HTTPReferer:                 {Name: "HTTP_REFERER"},
	HTTPSecFetchDest:            {Name: "HTTP_SEC_FETCH_DEST", Stable: true},
	HTTPSecFetchMode:            {Name: "HTTP_SEC_FETCH_MODE", Stable: true},
	HTTPSecFetchSite:            {Name: "HTTP_SEC_FETCH_SITE", Stable: true},
	HTTPTransferEncoding:        {Name: "HTTP_TRANSFER_ENCODING", Stable: true},
	HTTPUpgradeInsecureRequests: {Name: "HTTP_UPGRADE_INSECURE_REQUESTS", Stable: true},
	HTTPUserAgent:               {Name: "HTTP_USER_AGENT", Stable: true},
	HTTPXForwardedFor:           {Name: "HTTP_X_FORWARDED_FOR"},
	HTTPXForwardedHost:          {Name: "HTTP_X_FORWARDED_HOST", Stable: true},
	HTTPXForwardedProto:         {Name: "HTTP_X_FORWARDED_PROTO", Stable: true},
	HTTPXForwardedServer:        {Name: "HTTP_X_FORWARDED_SERVER", Stable: true},
	HTTPXRealIP:                 {Name: "HTTP_X_REAL_IP"},
	HTTPXRequestedWith:          {Name: "HTTP_X_REQUESTED_WITH", Stable: true},

	ProcessGroup:      {Name: "mod_wsgi.process_group", Stable: true},
	ApplicationGroup:  {Name: "mod_wsgi.application_group", Stable: true},
	CallableObject:    {Name: "mod_wsgi.callable_object", Stable: true},
	RequestHandler:    {Name: "mod_wsgi.request_handler", Stable: true},
	HandlerScript:     {Name: "mod_wsgi.handler_script", Stable: true},
	ModWSGIScriptName: {Name: "mod_wsgi.script_name", Stable: true},
	ModWSGIPathInfo:   {Name: "mod_wsgi.path_info"},
	ListenerHost:      {Name: "mod_wsgi.listener_host", Stable: true},
	ListenerPort:      {Name: "mod_wsgi.listener_port", Stable: true},
	ServerPID:         {Name: "mod_wsgi.server_pid", Stable: true},
	RequestID:         {Name: "mod_wsgi.request_id"},
	ConnectionID:      {Name: "mod_wsgi.connection_id"},
	MountPoint:        {Name: "mod_wsgi.mount_point", Stable: true},
}

// String is the name of the key in the environ.
func (k Key) String() string {
	if k >= keys {
		return ""
	}
	return keyTable[k].Name
}

// HeaderKey finds the number of the environ key for a header field of a request, by its name in any case: HTTPAccept for "Accept",
// ContentType for "content-type". 0: it has none.
func HeaderKey(name string) Key {
	var b [32]byte
	if len(name) > len(b) {
		return 0
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case c == '-':
			c = '_'
		}
		b[i] = c
	}
	return headerKeys[string(b[:len(name)])]
}

var headerKeys = func() map[string]Key {
	m := map[string]Key{"CONTENT_TYPE": ContentType, "CONTENT_LENGTH": ContentLength}
	for k := range keys {
		if name := keyTable[k].Name; len(name) > 5 && name[:5] == "HTTP_" {
			m[name[5:]] = k
		}
	}
	return m
}()
