package modcore

import (
	"time"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
)

// Slots are where the configurations of core's modules stand in a Vector: core.c's per-server and per-directory
// one, http_core.c's and mod_unixd's.
type Slots struct {
	Server directives.Slot[Server]
	Dir    directives.Slot[Dir]
	HTTP   directives.Slot[HTTP]
	Unixd  directives.Slot[Unixd]
}

// ServerName is a ServerName directive, taken apart.
type ServerName struct {
	// Scheme is lower case, "" unless given; Host is as written; Port is 0 unless given.
	Scheme, Host string
	Port         int
}

// Server is core's configuration of a server (core_server_config, and the
// directives' part of server_rec).
type Server struct {
	Name    directives.Opt[ServerName]
	Aliases []string // ServerAlias, patterns included, in order; never inherited
	Path    directives.Opt[string]
	Admin   directives.Opt[string]

	DocumentRoot   directives.Opt[string]   // absolute
	AccessFileName directives.Opt[[]string] // default: .htaccess

	ErrorLog       directives.Opt[string] // as written: a file, "|command", "syslog:..."
	ErrorLogFormat ErrorLogFormats
	LogLevel       errlog.Levels

	Timeout  directives.Opt[time.Duration] // default 60 s
	Protocol directives.Opt[string]

	LimitRequestLine      directives.Opt[int] // default 8190
	LimitRequestFieldSize directives.Opt[int] // default 8190
	LimitRequestFields    directives.Opt[int] // default 100; 0 is no limit
	RedirectLimit         directives.Opt[int] // LimitInternalRecursion, default 10
	SubrequestLimit       directives.Opt[int]

	TraceEnable         directives.Opt[Trace]
	MergeTrailers       directives.Opt[bool] // default off
	MergeSlashes        directives.Opt[bool] // default on
	StrictHostCheck     directives.Opt[bool] // default off
	Protocols           directives.Opt[[]string]
	ProtocolsHonorOrder directives.Opt[bool] // default on
	HTTPOptions         HTTPOptions

	Global Global
}

// Global are core's settings that exist once. They are read from the main
// server's configuration.
type Global struct {
	ServerTokens      directives.Opt[Tokens]
	ExtendedStatus    directives.Opt[bool]
	SeeRequestTail    directives.Opt[bool]
	PidFile           directives.Opt[string] // as written
	CoreDumpDirectory directives.Opt[string]
	// MaxConnectionsPerChild is 0 for no limit.
	MaxConnectionsPerChild directives.Opt[int]
}

// Dir is core's configuration of a directory (core_dir_config).
type Dir struct {
	Options       Options
	AllowOverride directives.Opt[Override]
	// OverrideList is AllowOverrideList in lower case; set and empty for None.
	OverrideList directives.Opt[map[string]bool]

	DefaultCharset  directives.Opt[string] // AddDefaultCharset; "" for Off
	AcceptPathInfo  directives.Opt[PathInfo]
	EncodedSlashes  directives.Opt[EncodedSlashes]
	ErrorDocuments  map[int]ErrorDocument // by status; never changed once set
	FileETag        ETag
	EnableSendfile  directives.Opt[bool]
	Handler         directives.Opt[Handler]
	ForceType       directives.Opt[string]   // lower case; "none" lifts an outer one
	OutputFilters   directives.Opt[[]string] // SetOutputFilter: names of OutputFilterGroup, lower case
	InputFilters    directives.Opt[[]string] // SetInputFilter: names of InputFilterGroup, lower case
	HostnameLookups directives.Opt[Lookups]
	ServerSignature directives.Opt[Signature]
	CanonicalName   directives.Opt[CanonicalName] // UseCanonicalName
	CanonicalPort   directives.Opt[bool]          // UseCanonicalPhysicalPort

	LimitRequestBody  directives.Opt[int64] // default 1 GiB; 0 is no limit
	MaxRanges         directives.Opt[int]   // NoRanges, UnlimitedRanges or a number; default 200
	MaxRangeOverlaps  directives.Opt[int]   // likewise; default 20
	MaxRangeReversals directives.Opt[int]   // likewise; default 20

	CGIPassAuth        directives.Opt[bool]
	OriginalRequestURI directives.Opt[bool] // CGIVar REQUEST_URI original-uri; default on
	QualifyRedirectURL directives.Opt[bool] // default off
	LogLevel           errlog.Levels
}

// HTTP is http_core.c's configuration of a server.
type HTTP struct {
	KeepAlive            directives.Opt[bool]          // default on
	KeepAliveTimeout     directives.Opt[time.Duration] // default 5 s
	MaxKeepAliveRequests directives.Opt[int]           // default 100; 0 is no limit
}

// Unixd is mod_unixd's configuration, read from the main server's.
type Unixd struct {
	User, Group directives.Opt[ID]
	ChrootDir   directives.Opt[string]
}

// ID is a user or group: its name as written ("#33" for a number) and its number.
type ID struct {
	Name string
	ID   int
	// Primary is a user's primary group, -1 for a bare number without an account.
	Primary int
}

// Values of MaxRanges, MaxRangeOverlaps and MaxRangeReversals.
const (
	NoRanges        = -1
	UnlimitedRanges = 0
)

// Trace is TraceEnable's value.
type Trace uint8

const (
	TraceOn Trace = iota
	TraceOff
	TraceExtended
)

// Tokens is ServerTokens' value, in Apache's order.
type Tokens uint8

const (
	TokensMajor Tokens = iota
	TokensMinor
	TokensMinimal
	TokensOS
	TokensFull
	TokensProduct
)

// PathInfo is AcceptPathInfo's value.
type PathInfo uint8

const (
	PathInfoDefault PathInfo = iota
	PathInfoReject
	PathInfoAccept
)

// EncodedSlashes is AllowEncodedSlashes' value.
type EncodedSlashes uint8

const (
	SlashesOff EncodedSlashes = iota
	SlashesOn                 // allowed and decoded
	SlashesNoDecode
)

// Lookups is HostnameLookups' value.
type Lookups uint8

const (
	LookupsOff Lookups = iota
	LookupsOn
	LookupsDouble
)

// Signature is ServerSignature's value.
type Signature uint8

const (
	SignatureOff Signature = iota
	SignatureOn
	SignatureEMail
)

// CanonicalName is UseCanonicalName's value.
type CanonicalName uint8

const (
	CanonicalNameOff CanonicalName = iota
	CanonicalNameOn
	CanonicalNameDNS
)

// Handler is SetHandler's value: a name, or an expression that gives one.
type Handler struct {
	// Name is lower case but for "proxy:..."; "none" lifts an outer SetHandler.
	Name string
	Expr *expr.String
}

// ErrorDocument is what answers for a status.
type ErrorDocument struct {
	Kind ErrorKind
	// Text is the message, the local path or the URL; nil for ErrorDefault.
	Text *expr.String
}

// ErrorKind tells the forms of ErrorDocument apart.
type ErrorKind uint8

const (
	ErrorDefault ErrorKind = iota // "default": the built-in page
	ErrorMessage
	ErrorPath // internal redirect
	ErrorURL  // 302 to it
)

// HTTPOptions is HttpProtocolOptions.
type HTTPOptions struct {
	Unsafe            directives.Opt[bool] // default off: Strict
	Require10         directives.Opt[bool] // default off: Allow0.9
	RegisteredMethods directives.Opt[bool] // default off: LenientMethods
}

// ErrorLogFormats are the ErrorLogFormat lines.
type ErrorLogFormats struct {
	Main                directives.Opt[*errlog.Format]
	Request, Connection directives.Opt[[]*errlog.Format]
}
