package errlog

// Module is an Apache module as the source of messages: "%m" of
// ErrorLogFormat, and what LogLevel's module specifiers name.
type Module uint8

// NoModule marks lines that no module writes.
const NoModule Module = 0

const (
	Core Module = iota + 1
	HTTP
	So
	Watchdog
	LogConfig
	LogIO
	Version
	Unixd
	MPMPrefork
	MPMWorker
	MPMEvent
	AccessCompat
	Actions
	Alias
	AllowMethods
	Asis
	AuthBasic
	AuthDigest
	AuthForm
	AuthnAnon
	AuthnCore
	AuthnDBD
	AuthnDBM
	AuthnFile
	AuthnSocache
	AuthnzLDAP
	AuthzCore
	AuthzDBD
	AuthzDBM
	AuthzGroupfile
	AuthzHost
	AuthzOwner
	AuthzUser
	Autoindex
	Brotli
	Buffer
	Cache
	CacheDisk
	CacheSocache
	CernMeta
	CGI
	CGID
	CharsetLite
	DAV
	DAVFS
	DAVLock
	DBD
	Deflate
	Dir
	Dumpio
	Echo
	Env
	Expires
	ExtFilter
	FileCache
	Filter
	Headers
	HTTP2
	Ident
	Imagemap
	Include
	InfoModule
	LBMethodBybusyness
	LBMethodByrequests
	LBMethodBytraffic
	LDAP
	LogDebug
	LogForensic
	Lua
	Macro
	MD
	Mime
	MimeMagic
	Negotiation
	Proxy
	ProxyAJP
	ProxyBalancer
	ProxyConnect
	ProxyExpress
	ProxyFCGI
	ProxyFTP
	ProxyHcheck
	ProxyHTML
	ProxyHTTP
	ProxyHTTP2
	ProxySCGI
	ProxyUWSGI
	ProxyWstunnel
	Ratelimit
	Reflector
	RemoteIP
	Reqtimeout
	RequestModule
	Rewrite
	Sed
	Session
	SessionCookie
	SessionCrypto
	SessionDBD
	SetEnvIf
	SlotmemPlain
	SlotmemShm
	SocacheDBM
	SocacheMemcache
	SocacheRedis
	SocacheShmcb
	Speling
	SSL
	StatusModule
	Substitute
	Suexec
	UniqueID
	Userdir
	Usertrack
	VhostAlias
	WSGI
	XML2enc
	Systemd
	moduleCount
)

// module names: the short name that lines carry, and the source file where it
// is not "mod_" + short + ".c".
var modules = [moduleCount]struct{ short, file string }{
	Core: {"core", "core.c"}, HTTP: {"http", "http_core.c"}, So: {"so", ""}, Watchdog: {"watchdog", ""},
	LogConfig: {"log_config", ""}, LogIO: {"logio", ""}, Version: {"version", ""}, Unixd: {"unixd", ""},
	MPMPrefork: {"mpm_prefork", "prefork.c"}, MPMWorker: {"mpm_worker", "worker.c"}, MPMEvent: {"mpm_event", "event.c"},
	AccessCompat: {"access_compat", ""}, Actions: {"actions", ""}, Alias: {"alias", ""}, AllowMethods: {"allowmethods", ""},
	Asis: {"asis", ""}, AuthBasic: {"auth_basic", ""}, AuthDigest: {"auth_digest", ""}, AuthForm: {"auth_form", ""},
	AuthnAnon: {"authn_anon", ""}, AuthnCore: {"authn_core", ""}, AuthnDBD: {"authn_dbd", ""}, AuthnDBM: {"authn_dbm", ""},
	AuthnFile: {"authn_file", ""}, AuthnSocache: {"authn_socache", ""}, AuthnzLDAP: {"authnz_ldap", ""},
	AuthzCore: {"authz_core", ""}, AuthzDBD: {"authz_dbd", ""}, AuthzDBM: {"authz_dbm", ""}, AuthzGroupfile: {"authz_groupfile", ""},
	AuthzHost: {"authz_host", ""}, AuthzOwner: {"authz_owner", ""}, AuthzUser: {"authz_user", ""}, Autoindex: {"autoindex", ""},
	Brotli: {"brotli", ""}, Buffer: {"buffer", ""}, Cache: {"cache", ""}, CacheDisk: {"cache_disk", ""}, CacheSocache: {"cache_socache", ""},
	CernMeta: {"cern_meta", ""}, CGI: {"cgi", ""}, CGID: {"cgid", ""}, CharsetLite: {"charset_lite", ""},
	DAV: {"dav", ""}, DAVFS: {"dav_fs", ""}, DAVLock: {"dav_lock", ""}, DBD: {"dbd", ""}, Deflate: {"deflate", ""}, Dir: {"dir", ""},
	Dumpio: {"dumpio", ""}, Echo: {"echo", ""}, Env: {"env", ""}, Expires: {"expires", ""}, ExtFilter: {"ext_filter", ""},
	FileCache: {"file_cache", ""}, Filter: {"filter", ""}, Headers: {"headers", ""}, HTTP2: {"http2", ""}, Ident: {"ident", ""},
	Imagemap: {"imagemap", ""}, Include: {"include", ""}, InfoModule: {"info", ""},
	LBMethodBybusyness: {"lbmethod_bybusyness", ""}, LBMethodByrequests: {"lbmethod_byrequests", ""}, LBMethodBytraffic: {"lbmethod_bytraffic", ""},
	LDAP: {"ldap", "util_ldap.c"}, LogDebug: {"log_debug", ""}, LogForensic: {"log_forensic", ""}, Lua: {"lua", ""}, Macro: {"macro", ""},
	MD: {"md", ""}, Mime: {"mime", ""}, MimeMagic: {"mime_magic", ""}, Negotiation: {"negotiation", ""},
	Proxy: {"proxy", ""}, ProxyAJP: {"proxy_ajp", ""}, ProxyBalancer: {"proxy_balancer", ""}, ProxyConnect: {"proxy_connect", ""},
	ProxyExpress: {"proxy_express", ""}, ProxyFCGI: {"proxy_fcgi", ""}, ProxyFTP: {"proxy_ftp", ""}, ProxyHcheck: {"proxy_hcheck", ""},
	ProxyHTML: {"proxy_html", ""}, ProxyHTTP: {"proxy_http", ""}, ProxyHTTP2: {"proxy_http2", ""}, ProxySCGI: {"proxy_scgi", ""},
	ProxyUWSGI: {"proxy_uwsgi", ""}, ProxyWstunnel: {"proxy_wstunnel", ""}, Ratelimit: {"ratelimit", ""}, Reflector: {"reflector", ""},
	RemoteIP: {"remoteip", ""}, Reqtimeout: {"reqtimeout", ""}, RequestModule: {"request", ""}, Rewrite: {"rewrite", ""}, Sed: {"sed", ""},
	Session: {"session", ""}, SessionCookie: {"session_cookie", ""}, SessionCrypto: {"session_crypto", ""}, SessionDBD: {"session_dbd", ""},
	SetEnvIf: {"setenvif", ""}, SlotmemPlain: {"slotmem_plain", ""}, SlotmemShm: {"slotmem_shm", ""},
	SocacheDBM: {"socache_dbm", ""}, SocacheMemcache: {"socache_memcache", ""}, SocacheRedis: {"socache_redis", ""}, SocacheShmcb: {"socache_shmcb", ""},
	Speling: {"speling", ""}, SSL: {"ssl", ""}, StatusModule: {"status", ""}, Substitute: {"substitute", ""}, Suexec: {"suexec", ""},
	UniqueID: {"unique_id", ""}, Userdir: {"userdir", ""}, Usertrack: {"usertrack", ""}, VhostAlias: {"vhost_alias", ""},
	WSGI: {"wsgi", ""}, XML2enc: {"xml2enc", ""}, Systemd: {"systemd", ""},
}

// String returns the name that lines carry, such as "authz_core".
func (m Module) String() string {
	if m >= moduleCount {
		return ""
	}
	return modules[m].short
}

// ID returns the name that LoadModule uses, such as "authz_core_module".
func (m Module) ID() string { return m.String() + "_module" }

// File returns the name of Apache's source file, such as "mod_authz_core.c".
func (m Module) File() string {
	if m == NoModule || m >= moduleCount {
		return ""
	}
	if f := modules[m].file; f != "" {
		return f
	}
	return "mod_" + modules[m].short + ".c"
}

// FindModule finds a module by its source file, its identifier, or its
// identifier without "_module", the three forms that LogLevel accepts.
func FindModule(name string) (Module, bool) {
	for m := Core; m < moduleCount; m++ {
		if name == m.String() || name == m.File() || name == m.ID() {
			return m, true
		}
	}
	return NoModule, false
}
