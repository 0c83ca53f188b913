package modcore

import (
	"math"
	"strings"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
)

// Scopes by the names of Apache's tables.
const (
	rsrc   = directives.RsrcConf
	access = directives.AccessConf
	either = rsrc | access
	orAll  = directives.OrAll
	info   = directives.OrFileInfo

	notInDir = directives.NotInDirLocFile
)

// Add registers core.c, mod_so.c, http_core.c and mod_unixd.c with r, in this
// order, and returns where their configurations are. A Registry begins with them.
func Add(r *directives.Registry) Slots {
	core := directives.Add(r, Core())
	directives.Add(r, So())
	return Slots{
		Server: core.Server,
		Dir:    core.Dir,
		HTTP:   directives.Add(r, HTTPCore()).Server,
		Unixd:  directives.Add(r, UnixdModule()).Server,
	}
}

// Core is core.c.
func Core() directives.Module[Server, Dir] {
	return directives.Module[Server, Dir]{ID: "core_module", File: "core.c", Static: true,
		Server: serverTable(), Dir: dirTable(), Both: logLevel()}
}

// override makes the field of an Opt, for tables whose setter is not a shape's own.
func server[T any](at func(*Server) *directives.Opt[T]) *directives.Field[Server] {
	return directives.Override(at)
}

func dir[T any](at func(*Dir) *directives.Opt[T]) *directives.Field[Dir] {
	return directives.Override(at)
}

// noEffect is a known directive without effect, with Apache's help.
func noEffect[C any](name string, s directives.Scope, why, help string) directives.Directive[C] {
	d := directives.Known[C](name, s, directives.NoEffect, why)
	d.Help = help
	return d
}

// readPhase is a directive that the loader carries out: it is in the table for
// the dumps and <IfDirective>, and has nothing left to do if it gets here.
func readPhase(name string, s directives.Scope, help string) directives.Directive[Server] {
	return directives.RawArgs(name, s, nil, func(*directives.Cmd, *Server, string) error { return nil }, help)
}

func container(name string, s directives.Scope, set func(*directives.Cmd, *Server, string) error, help string) directives.Directive[Server] {
	return directives.Container(name, s, nil, set, help)
}

func dirContainer(name string, s directives.Scope, set func(*directives.Cmd, *Dir, string) error, help string) directives.Directive[Dir] {
	return directives.Container(name, s, nil, set, help)
}

func logLevel() []directives.Both[Server, Dir] {
	const help = "Level of verbosity in error logging"
	sl := func(s *Server) *errlog.Levels { return &s.LogLevel }
	dl := func(d *Dir) *errlog.Levels { return &d.LogLevel }
	return []directives.Both[Server, Dir]{{
		Server: directives.Iterate("LogLevel", either, directives.MergeBy(sl, errlog.MergeLevels), setLogLevel(sl), help),
		Dir:    directives.Iterate("LogLevel", either, directives.MergeBy(dl, errlog.MergeLevels), setLogLevel(dl), help),
	}}
}

func serverTable() directives.Table[Server] {
	onOff := map[string]bool{"on": true, "off": false}
	name := directives.Local(func(s *Server) *directives.Opt[ServerName] { return &s.Name })
	aliases := directives.Local(func(s *Server) *[]string { return &s.Aliases })
	path := directives.Local(func(s *Server) *directives.Opt[string] { return &s.Path })
	recursion := server(func(s *Server) *directives.Opt[int] { return &s.RedirectLimit })
	subrequests := server(func(s *Server) *directives.Opt[int] { return &s.SubrequestLimit })
	formats := directives.MergeBy(func(s *Server) *ErrorLogFormats { return &s.ErrorLogFormat }, mergeFormats)
	options := directives.MergeBy(func(s *Server) *HTTPOptions { return &s.HTTPOptions }, mergeHTTPOptions)
	perChild := server(func(s *Server) *directives.Opt[int] { return &s.Global.MaxConnectionsPerChild })
	return directives.Table[Server]{
		container("<Directory", rsrc, directory(false), "Container for directives affecting resources located in the specified directories"),
		container("<Location", rsrc, location(false), "Container for directives affecting resources accessed through the specified URL paths"),
		container("<VirtualHost", rsrc, virtualHost, "Container to map directives to a particular virtual host, takes one or more host addresses"),
		container("<DirectoryMatch", rsrc, directory(true), "Container for directives affecting resources located in the specified directories"),
		container("<LocationMatch", rsrc, location(true), "Container for directives affecting resources accessed through the specified URL paths"),

		readPhase("<IfModule", orAll, "Container for directives based on existence of specified modules"),
		readPhase("<IfDefine", orAll, "Container for directives based on existence of command line defines"),
		readPhase("<IfFile", orAll, "Container for directives based on existence of files on disk"),
		readPhase("<IfDirective", orAll, "Container for directives based on existence of named directive"),
		readPhase("<IfSection", orAll, "Container for directives based on existence of named section"),
		readPhase("Define", either, "Define a variable, optionally to a value.  Same as passing -D to the command line."),
		readPhase("UnDefine", either, "Undefine the existence of a variable. Undo a Define."),
		readPhase("Include", either, "Name(s) of the config file(s) to be included; fails if the wildcard does not match at least one file"),
		readPhase("IncludeOptional", either, "Name or pattern of the config file(s) to be included; ignored if the file does not exist or the pattern does not match any files"),

		directives.RawArgs("AccessFileName", rsrc, server(func(s *Server) *directives.Opt[[]string] { return &s.AccessFileName }),
			setAccessFileName, "Name(s) of per-directory config files (default: .htaccess)").Not(notInDir),
		directives.Take1("DocumentRoot", rsrc, server(func(s *Server) *directives.Opt[string] { return &s.DocumentRoot }),
			setDocumentRoot, "Root directory of the document tree").Not(notInDir),
		directives.Take1("Protocol", rsrc, server(func(s *Server) *directives.Opt[string] { return &s.Protocol }),
			func(_ *directives.Cmd, s *Server, w string) error {
				s.Protocol = directives.Some(strings.ToLower(w))
				return nil
			}, "Set the Protocol for httpd to use.").Not(notInDir),
		noEffect[Server]("AcceptFilter", rsrc, "listening sockets always have TCP_DEFER_ACCEPT, as Apache's have by default on Linux",
			"Set the Accept Filter to use for a protocol").Takes2().Not(directives.GlobalOnly),
		directives.Take1("Port", rsrc, nil, deprecated, "Port was replaced with Listen in Apache 2.0"),
		directives.String("ServerAdmin", rsrc, func(s *Server) *directives.Opt[string] { return &s.Admin },
			"The email address of the server administrator").Not(notInDir),
		directives.Take1("ServerName", rsrc, name, setServerName, "The hostname and port of the server").Not(notInDir),
		directives.Take1("ServerRoot", rsrc, nil, setServerRoot, "Common directory of server-related files (logs, confs, etc.)").Not(directives.GlobalOnly),
		directives.Take1("DefaultRuntimeDir", rsrc, nil, setDefaultRuntimeDir, "Common directory for run-time files (shared memory, locks, etc.)").Not(directives.GlobalOnly),
		directives.String("ErrorLog", rsrc, func(s *Server) *directives.Opt[string] { return &s.ErrorLog },
			"The filename of the error log").Not(notInDir),
		directives.Take12("ErrorLogFormat", rsrc, formats, setErrorLogFormat, "Format string for the ErrorLog"),
		directives.RawArgs("ServerAlias", rsrc, aliases, setServerAlias, "A name or names alternately used to access the server"),
		directives.Take1("ServerPath", rsrc, path, func(_ *directives.Cmd, s *Server, w string) error {
			s.Path = directives.Some(w)
			return nil
		}, "The pathname the server can be reached at").Not(notInDir),
		directives.Take1("Timeout", rsrc, server(func(s *Server) *directives.Opt[time.Duration] { return &s.Timeout }), setTimeout, "Timeout duration (sec)").Not(notInDir),
		directives.Take1("NameVirtualHost", rsrc, nil, nameVirtualHost, "A numeric IP address:port, or the name of a host").
			WithoutEffect("Apache 2.4 ignores it, too: <VirtualHost>s that share an address are told apart by name"),
		directives.Enum("ServerTokens", rsrc, func(s *Server) *directives.Opt[Tokens] { return &s.Global.ServerTokens },
			map[string]Tokens{"prod": TokensProduct, "productonly": TokensProduct, "major": TokensMajor, "minor": TokensMinor,
				"min": TokensMinimal, "minimal": TokensMinimal, "os": TokensOS, "full": TokensFull},
			"ServerTokens takes 1 argument: 'Prod(uctOnly)', 'Major', 'Minor', 'Min(imal)', 'OS', or 'Full'",
			"Determine tokens displayed in the Server: header - Min(imal), Major, Minor, Prod(uctOnly), OS, or Full").
			Not(directives.GlobalOnly).Differs("the product is httpd-wsgi with its own version"),
		limitOf("LimitRequestLine", func(s *Server) *directives.Opt[int] { return &s.LimitRequestLine }, "",
			"Limit on maximum size of an HTTP request line"),
		limitOf("LimitRequestFieldsize", func(s *Server) *directives.Opt[int] { return &s.LimitRequestFieldSize }, "",
			"Limit on maximum size of an HTTP request header field"),
		limitOf("LimitRequestFields", func(s *Server) *directives.Opt[int] { return &s.LimitRequestFields }, " (0 = no limit)",
			"Limit (0 = unlimited) on max number of header fields in a request message"),
		noEffect[Server]("Mutex", rsrc, "no part of the server serializes its processes with a lock", "mutex (or \"default\") and mechanism").TakesAny(checkMutex).Not(directives.GlobalOnly),
		noEffect[Server]("FlushMaxThreshold", rsrc, "up to 8 kilobytes of a response wait for more of it; nothing else is held back",
			"Maximum threshold above which pending data are flushed to the network").Takes1(checkBetween(0, math.MaxUint32, "0 and (4294967295U))")),
		noEffect[Server]("FlushMaxPipelined", rsrc, "each response is written when it ends, whether or not more requests wait",
			"Maximum number of pipelined responses (pending) above which they are flushed to the network").Takes1(checkBetween(-1, math.MaxInt32, "-1 and (2147483647)")),
		directives.RawArgs("RegexDefaultOptions", rsrc, nil, setRegexDefaultOptions,
			"default options for regexes (prefixed by '+' to add, '-' to del)"),
		directives.Take12("LimitInternalRecursion", rsrc, recursion, setInternalRecursion,
			"maximum recursion depth of internal redirects and subrequests").With(subrequests),
		directives.Flag("StrictHostCheck", rsrc, func(s *Server) *directives.Opt[bool] { return &s.StrictHostCheck },
			"Controls whether a hostname match is required").Not(notInDir),

		noEffect[Server]("ScoreBoardFile", rsrc, "the scoreboard is anonymous shared memory and in no file; server-status shows it",
			"A file for Apache to maintain runtime process management information").Takes1(nil).Not(directives.GlobalOnly),
		directives.Flag("ExtendedStatus", rsrc, func(s *Server) *directives.Opt[bool] { return &s.Global.ExtendedStatus },
			"\"On\" to track extended status information, \"Off\" to disable").Not(directives.GlobalOnly),
		directives.Flag("SeeRequestTail", rsrc, func(s *Server) *directives.Opt[bool] { return &s.Global.SeeRequestTail },
			"For extended status, \"On\" to see the last 63 chars of the request line, \"Off\" (default) to see the first 63").Not(directives.GlobalOnly),
		directives.String("PidFile", rsrc, func(s *Server) *directives.Opt[string] { return &s.Global.PidFile },
			"A file for logging the server process ID").Not(directives.GlobalOnly),
		directives.Take1("MaxRequestsPerChild", rsrc, perChild, setMaxConnections,
			"Maximum number of connections a particular child serves before dying. (DEPRECATED, use MaxConnectionsPerChild)").Not(directives.GlobalOnly),
		directives.Take1("MaxConnectionsPerChild", rsrc, perChild, setMaxConnections,
			"Maximum number of connections a particular child serves before dying.").Not(directives.GlobalOnly),
		directives.Take1("CoreDumpDirectory", rsrc, server(func(s *Server) *directives.Opt[string] { return &s.Global.CoreDumpDirectory }),
			setCoreDumpDirectory, "The location of the directory Apache changes to before dumping core").Not(directives.GlobalOnly),
		noEffect[Server]("MaxMemFree", rsrc, "Go's garbage collector gives memory back; there are no allocators to bound",
			"Maximum number of 1k blocks a particular child's allocator may hold.").Takes1(checkMaxMemFree).Not(directives.GlobalOnly),
		directives.Take1("ThreadStackSize", rsrc, nil, setThreadStackSize, "Size in bytes of stack used by threads handling client connections").
			Not(directives.GlobalOnly).WithoutEffect("stacks grow as they are needed; WSGIDaemonProcess has stack-size for Python's threads"),

		directives.Take1("TraceEnable", rsrc, server(func(s *Server) *directives.Opt[Trace] { return &s.TraceEnable }),
			word(func(s *Server) *directives.Opt[Trace] { return &s.TraceEnable }, "TraceEnable must be one of 'on', 'off', or 'extended'",
				map[string]Trace{"on": TraceOn, "off": TraceOff, "extended": TraceExtended}),
			"'on' (default), 'off' or 'extended' to trace request body content"),
		directives.Flag("MergeTrailers", rsrc, func(s *Server) *directives.Opt[bool] { return &s.MergeTrailers },
			"merge request trailers into request headers or not"),
		directives.Iterate("Protocols", rsrc, server(func(s *Server) *directives.Opt[[]string] { return &s.Protocols }),
			setProtocols, "Controls which protocols are allowed").Not(notInDir).
			Differs("a protocol that no module speaks has no effect, which a notice tells"),
		directives.Enum("ProtocolsHonorOrder", rsrc, func(s *Server) *directives.Opt[bool] { return &s.ProtocolsHonorOrder }, onOff,
			"ProtocolsHonorOrder must be 'on' or 'off'",
			"'off' (default) or 'on' to respect given order of protocols, by default the client specified order determines selection").Not(notInDir),
		directives.Iterate("HttpProtocolOptions", rsrc, options, setHTTPProtocolOptions,
			"'Allow0.9' or 'Require1.0' (default); 'RegisteredMethods' or 'LenientMethods' (default); 'Unsafe' or 'Strict' (default). Sets HTTP acceptance rules").Not(notInDir),
		directives.Iterate("RegisterHttpMethod", rsrc, nil, setRegisterHTTPMethod, "Registers non-standard HTTP methods").Not(directives.GlobalOnly),
		directives.Flag("MergeSlashes", rsrc, func(s *Server) *directives.Opt[bool] { return &s.MergeSlashes },
			"Controls whether consecutive slashes in the URI path are merged"),
	}
}

func dirTable() directives.Table[Dir] {
	onOff := map[string]bool{"on": true, "off": false}
	options := directives.MergeBy(func(d *Dir) *Options { return &d.Options }, mergeOptions)
	docs := directives.MergeBy(func(d *Dir) *map[int]ErrorDocument { return &d.ErrorDocuments }, mergeErrorDocuments)
	etag := directives.MergeBy(func(d *Dir) *ETag { return &d.FileETag }, mergeETag)
	charset := dir(func(d *Dir) *directives.Opt[string] { return &d.DefaultCharset })
	return directives.Table[Dir]{
		dirContainer("<Files", orAll, files(false), "Container for directives affecting files matching specified patterns"),
		dirContainer("<Limit", directives.OrLimit|directives.OrAuthCfg, limit(false), "Container for authentication directives when accessed using specified HTTP methods"),
		dirContainer("<LimitExcept", directives.OrLimit|directives.OrAuthCfg, limit(true), "Container for authentication directives to be applied when any HTTP method other than those specified is used to access the resource"),
		dirContainer("<FilesMatch", orAll, files(true), "Container for directives affecting files matching specified patterns"),
		dirContainer("<If", orAll, condition(directives.KindIf), "Container for directives to be conditionally applied"),
		dirContainer("<ElseIf", orAll, condition(directives.KindElseIf), "Container for directives to be conditionally applied"),
		dirContainer("<Else", orAll, condition(directives.KindElse), "Container for directives to be conditionally applied"),
		directives.RawArgs("Error", orAll, nil, setError, "Generate error message from within configuration"),

		directives.Take1("AddDefaultCharset", info, charset, setCharset,
			"The name of the default charset to add to any Content-Type without one or 'Off' to disable"),
		directives.Enum("AcceptPathInfo", info, func(d *Dir) *directives.Opt[PathInfo] { return &d.AcceptPathInfo },
			map[string]PathInfo{"on": PathInfoAccept, "off": PathInfoReject, "default": PathInfoDefault},
			"AcceptPathInfo must be set to on, off or default",
			"Set to on or off for PATH_INFO to be accepted by handlers, or default for the per-handler preference"),
		directives.Take2("ErrorDocument", info, docs, setErrorDocument, "Change responses for HTTP errors"),
		directives.RawArgs("AllowOverride", access, dir(func(d *Dir) *directives.Opt[Override] { return &d.AllowOverride }),
			setAllowOverride, "Controls what groups of directives can be configured by per-directory config files"),
		directives.Argv("AllowOverrideList", access, dir(func(d *Dir) *directives.Opt[map[string]bool] { return &d.OverrideList }),
			setAllowOverrideList, "Controls what individual directives can be configured by per-directory config files"),
		directives.RawArgs("Options", directives.OrOptions, options, setOptions, "Set a number of attributes for a given directory"),
		directives.Take1("DefaultType", info, nil, setDefaultType, "the default media type for otherwise untyped files (DEPRECATED)").
			WithoutEffect("Apache 2.4 ignores it, too: ForceType and AddType set types"),
		directives.RawArgs("FileETag", info, etag, setFileETag, "Specify components used to construct a file's ETag"),
		noEffect[Dir]("EnableMMAP", info, "files are never mapped into memory: one that is cut short while it is sent is no danger", "Controls whether memory-mapping may be used to read files").Takes1(checkOnOff),
		directives.Enum("EnableSendfile", info, func(d *Dir) *directives.Opt[bool] { return &d.EnableSendfile }, onOff,
			"parameter must be 'on' or 'off'", "Controls whether sendfile may be used to transmit files"),
		noEffect[Dir]("ReadBufferSize", either, "files are sent by the kernel or read in pieces of a fixed size", "Size (in bytes) of the memory buffers used to read data").Takes1(checkBetween(0, math.MaxUint32, "0 and (4294967295U))")),
		directives.Enum("HostnameLookups", either, func(d *Dir) *directives.Opt[Lookups] { return &d.HostnameLookups },
			map[string]Lookups{"on": LookupsOn, "off": LookupsOff, "double": LookupsDouble},
			"parameter must be 'on', 'off', or 'double'",
			"\"on\" to enable, \"off\" to disable reverse DNS lookups, or \"double\" to enable double-reverse DNS lookups"),
		directives.Enum("ServerSignature", orAll, func(d *Dir) *directives.Opt[Signature] { return &d.ServerSignature },
			map[string]Signature{"on": SignatureOn, "off": SignatureOff, "email": SignatureEMail},
			"ServerSignature: use one of: off | on | email", "En-/disable server signature (on|off|email)"),
		noEffect[Dir]("ContentDigest", directives.OrOptions, "Content-MD5 is never sent: it is no longer part of HTTP (RFC 7231, appendix B)",
			"whether or not to send a Content-MD5 header with each request").TakesFlag(),
		directives.Enum("UseCanonicalName", either, func(d *Dir) *directives.Opt[CanonicalName] { return &d.CanonicalName },
			map[string]CanonicalName{"on": CanonicalNameOn, "off": CanonicalNameOff, "dns": CanonicalNameDNS},
			"parameter must be 'on', 'off', or 'dns'", "How to work out the ServerName : Port when constructing URLs"),
		directives.Enum("UseCanonicalPhysicalPort", either, func(d *Dir) *directives.Opt[bool] { return &d.CanonicalPort }, onOff,
			"parameter must be 'on' or 'off'", "Whether to use the physical Port when constructing URLs"),
		directives.Take1("LimitRequestBody", orAll, dir(func(d *Dir) *directives.Opt[int64] { return &d.LimitRequestBody }),
			setLimitRequestBody, "Limit (in bytes) on maximum size of request message body"),
		noEffect[Dir]("LimitXMLRequestBody", orAll, "only mod_dav reads request bodies as XML, and it is not here; LimitRequestBody bounds all",
			"Limit (in bytes) on maximum size of an XML-based request body").Takes1(checkLimitXML),
		rangeLimit("MaxRanges", func(d *Dir) *directives.Opt[int] { return &d.MaxRanges }, 200,
			"Maximum number of Ranges in a request before returning the entire resource, or 0 for unlimited"),
		rangeLimit("MaxRangeOverlaps", func(d *Dir) *directives.Opt[int] { return &d.MaxRangeOverlaps }, 20,
			"Maximum number of overlaps in Ranges in a request before returning the entire resource, or 0 for unlimited"),
		rangeLimit("MaxRangeReversals", func(d *Dir) *directives.Opt[int] { return &d.MaxRangeReversals }, 20,
			"Maximum number of reversals in Ranges in a request before returning the entire resource, or 0 for unlimited"),
		noEffect[Dir]("RLimitCPU", orAll, noCGI, "Soft/hard limits for max CPU usage in seconds").Takes12(),
		noEffect[Dir]("RLimitMEM", orAll, noCGI, "Soft/hard limits for max memory usage per process").Takes12(),
		noEffect[Dir]("RLimitNPROC", orAll, noCGI, "soft/hard limits for max number of processes per uid").Takes12(),
		directives.Flag("CGIPassAuth", directives.OrAuthCfg, func(d *Dir) *directives.Opt[bool] { return &d.CGIPassAuth },
			"Controls whether HTTP authorization headers, normally hidden, will be passed to scripts"),
		directives.Take2("CGIVar", info, dir(func(d *Dir) *directives.Opt[bool] { return &d.OriginalRequestURI }),
			setCGIVar, "Controls how some CGI variables are set"),
		directives.Flag("QualifyRedirectURL", info, func(d *Dir) *directives.Opt[bool] { return &d.QualifyRedirectURL },
			"Controls whether the REDIRECT_URL environment variable is fully qualified"),
		directives.Take1("ForceType", info, dir(func(d *Dir) *directives.Opt[string] { return &d.ForceType }),
			setForceType, "a mime type that overrides other configured type"),
		directives.Take1("SetHandler", info, dir(func(d *Dir) *directives.Opt[Handler] { return &d.Handler }),
			setHandler, "a handler name that overrides any other configured handler"),
		directives.Take1("SetOutputFilter", info, dir(func(d *Dir) *directives.Opt[[]string] { return &d.OutputFilters }),
			filters(func(d *Dir) *directives.Opt[[]string] { return &d.OutputFilters }, OutputFilterGroup),
			"filter (or ; delimited list of filters) to be run on the request content").
			Differs("INCLUDES, SUBSTITUTE, SED, DATA, proxy-html and xml2enc are refused while no module has them"),
		directives.Take1("SetInputFilter", info, dir(func(d *Dir) *directives.Opt[[]string] { return &d.InputFilters }),
			filters(func(d *Dir) *directives.Opt[[]string] { return &d.InputFilters }, InputFilterGroup),
			"filter (or ; delimited list of filters) to be run on the request body").
			Differs("a filter that no module has is told of when the server starts, not with each request"),
		directives.Enum("AllowEncodedSlashes", rsrc, func(d *Dir) *directives.Opt[EncodedSlashes] { return &d.EncodedSlashes },
			map[string]EncodedSlashes{"on": SlashesOn, "off": SlashesOff, "nodecode": SlashesNoDecode},
			"AllowEncodedSlashes must be On, Off, or NoDecode", "Allow URLs containing '/' encoded as '%2F'"),
	}
}

// noCGI is why the RLimit directives have nothing to limit: in Apache they hold for what a request forks.
const noCGI = "requests start no processes; WSGIDaemonProcess has limits of its own"

func rangeLimit(name string, at func(*Dir) *directives.Opt[int], def int, help string) directives.Directive[Dir] {
	return directives.Take1(name, either, dir(at), ranges(name, at, def), help)
}

func limitOf(name string, at func(*Server) *directives.Opt[int], unlimited, help string) directives.Directive[Server] {
	return directives.Take1(name, rsrc, server(at), number(at, name, unlimited), help).Not(notInDir)
}
