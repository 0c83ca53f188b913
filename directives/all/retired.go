package all

import (
	"strings"

	"httpd-wsgi/directives"
)

// Retired lists the directives that Apache 2.4 has no more, or has on other
// operating systems only, and that configurations still carry. Those that said
// where a lock lies or in which order modules come are accepted; those that
// meant something are refused with what to write instead.
func Retired() []directives.Retired {
	const (
		v13, v20, v22 = "Apache up to 1.3", "Apache up to 2.0", "Apache up to 2.2"
		windows       = "Apache for Windows"
		netware       = "Apache for NetWare"
		special       = "Apache built for debugging"
	)
	const (
		locks     = "no lock file or mutex serializes the children"
		order     = "LoadModule alone says which modules there are; their order is fixed"
		include   = "write Include with the file's name, or nothing if that is /dev/null"
		otherwise = "what a provider does not know the next one is asked for; Require and <RequireAll> say who may come in. Remove the line"
		cache     = "there is no cache; put one in front, or cache in the application"
		perchild  = "user= and group= of WSGIDaemonProcess give an application a user of its own"
		dbm       = "keep users and groups in text files: AuthUserFile, AuthGroupFile"
	)
	const accepted, refused = directives.NoEffect, directives.Refused
	var out []directives.Retired
	for _, t := range []struct {
		names    string
		file, of string
		scope    directives.Scope
		policy   directives.Policy
		why      string
	}{
		{"AcceptMutex", "mpm_common.c", v22, rsrc, accepted, locks},
		{"LockFile", "mpm_common.c", v22, rsrc, accepted, locks},
		{"RewriteLock", "mod_rewrite.c", v22, rsrc, accepted, "2.4 has the Mutex directive for it, and here nothing needs one"},
		{"SSLMutex", "mod_ssl.c", v22, rsrc, accepted, "2.4 has the Mutex directive for it, and here nothing needs one"},
		{"ShmemUIDisUser", "http_main.c", v13, rsrc, accepted, "shared memory is anonymous and has no owner"},
		{"AddModule ClearModuleList", "http_config.c", v13, rsrc, accepted, order},
		{"ServerType", "http_core.c", v13, rsrc, accepted, "the server always stands alone; inetd can't start it"},
		{"ProtocolReqCheck", "http_core.c", v13, rsrc, refused, "the protocol in the request line is always checked; remove the line"},
		{"EnableExceptionHook", "mpm_common.c", special, rsrc, accepted, "no module here waits for a crash"},
		{"GprofDir", "core.c", special, rsrc, accepted, "it names the place of a profile that only such a build writes"},
		{"Win32DisableAcceptEx", "mpm_winnt.c", windows, rsrc, accepted, "it chooses between two system calls of Windows"},
		{"ScriptInterpreterSource", "core.c", windows, fileInfo, accepted, "it is about CGI programs, of which none are run"},
		{"CGIMapExtension", "core.c", netware, fileInfo, accepted, "it is about CGI programs, of which none are run"},
		{"UNCList", "core.c", windows, rsrc, refused, "there are no UNC paths; remove the line"},

		{"BindAddress", "http_core.c", v13, rsrc, refused, "write Listen with the address and the port"},
		{"AccessConfig ResourceConfig", "http_core.c", v13, rsrc, refused, include},
		{"CGICommandArgs", "http_core.c", v13, orAll, refused, "no programs are run; remove the line"},
		{"AgentLog", "mod_log_agent.c", v13, rsrc, refused, `write CustomLog FILE "%{User-agent}i"`},
		{"RefererLog", "mod_log_referer.c", v13, rsrc, refused, `write CustomLog FILE "%{Referer}i -> %U"`},
		{"RefererIgnore", "mod_log_referer.c", v13, rsrc, refused, "write SetEnvIf Referer PATTERN unwanted, and CustomLog FILE FORMAT env=!unwanted"},
		{"CookieLog", "mod_log_config.c", v22, rsrc, refused, `write CustomLog FILE "%{Apache}C \"%r\" %t"`},
		{"RewriteLog", "mod_rewrite.c", v22, rsrc, refused, "write LogLevel rewrite:trace2; it goes to the error log"},
		{"RewriteLogLevel", "mod_rewrite.c", v22, rsrc, refused, "write LogLevel rewrite:trace1 to rewrite:trace8 for 1 to 8; nothing for 0"},
		{"NumServers", "perchild.c", v20, rsrc, refused, "write StartServers"},
		{"MaxThreadsPerChild", "perchild.c", v20, rsrc, refused, "write ThreadsPerChild"},
		{"ChildPerUserID", "perchild.c", v20, rsrc, refused, perchild},
		{"StartThreads", "mpm_netware.c", netware, rsrc, refused, "write ThreadsPerChild"},

		{"AuthAuthoritative", "mod_auth.c", v20, authConfig, refused, "write AuthBasicAuthoritative"},
		{"Anonymous_Authoritative", "mod_auth_anon.c", v20, authConfig, refused, otherwise},
		{"AuthDBMAuthoritative", "mod_auth_dbm.c", v20, authConfig, refused, otherwise},
		{"AuthDBAuthoritative", "mod_auth_db.c", v13, authConfig, refused, otherwise},
		{"AuthDBUserFile AuthDBGroupFile", "mod_auth_db.c", v13, authConfig, refused, dbm},
		{"AuthDigestFile", "mod_auth_digest.c", v20, authConfig, refused, "2.4 has AuthUserFile and AuthDigestProvider file, but AuthType Digest is not here: use AuthType Basic over https"},
		{"AuthDigestGroupFile", "mod_auth_digest.c", v20, authConfig, refused, "write AuthGroupFile"},
		{"AuthzUserAuthoritative", "mod_authz_user.c", v22, authConfig, refused, otherwise},
		{"AuthzGroupFileAuthoritative", "mod_authz_groupfile.c", v22, authConfig, refused, otherwise},
		{"AuthzDBMAuthoritative", "mod_authz_dbm.c", v22, authConfig, refused, otherwise},
		{"AuthzOwnerAuthoritative", "mod_authz_owner.c", v22, authConfig, refused, otherwise},
		{"AuthzDefaultAuthoritative", "mod_authz_default.c", v22, authConfig, refused, otherwise},
		{"AuthDefaultAuthoritative", "mod_authn_default.c", v22, authConfig, refused, otherwise},
		{"AuthzLDAPAuthoritative", "mod_authnz_ldap.c", v22, authConfig, refused, otherwise},
		{"AuthLDAPAuthoritative", "mod_auth_ldap.c", v20, authConfig, refused, otherwise},
		{"AuthLDAPEnabled", "mod_auth_ldap.c", v20, authConfig, refused, "AuthBasicProvider and Require of a section say how it is guarded; remove the line"},
		{"AuthLDAPFrontPageHack", "mod_auth_ldap.c", v20, authConfig, refused, "FrontPage extensions are gone; remove the line"},
		{"LDAPTrustedCA LDAPTrustedCAType", "util_ldap.c", v20, rsrc, refused, "2.4 has LDAPTrustedGlobalCert, but there is no LDAP here: ask the directory in Python with WSGIAuthUserScript"},

		{"CacheSize CacheGcInterval CacheForceCompletion", "mod_proxy.c", v20, rsrc, refused, cache},
		{"NoCache", "proxy_cache.c", v13, rsrc, refused, cache},
		{"CacheGcDaily CacheGcUnused CacheGcClean CacheGcMemUsage CacheExpiryCheck CacheTimeMargin", "mod_disk_cache.c", v20, rsrc, refused, cache},
		{"MCacheSize MCacheMaxObjectCount MCacheMinObjectSize MCacheMaxObjectSize MCacheRemovalAlgorithm MCacheMaxStreamingBuffer",
			"mod_mem_cache.c", v22, rsrc, refused, cache},
	} {
		for _, name := range strings.Fields(t.names) {
			out = append(out, directives.Retired{Name: name, File: t.file, Of: t.of, Scope: t.scope, Policy: t.policy, Why: t.why})
		}
	}
	return out
}
