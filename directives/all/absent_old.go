package all

import "httpd-wsgi/directives"

// absentOld are modules of Apache 1.3 to 2.2 that 2.4 does not have. What it
// still has of their directives is in tables of other modules, the rest is
// retired.
func absentOld() []directives.AbsentModule {
	const (
		basic = "its directives are in mod_auth_basic, mod_authn_file and mod_authz_groupfile since 2.2: load these"
		gone  = "2.4 needs no such module: the line may go"
		cache = "put a cache in front (Varnish, nginx), or cache in the application"
		logs  = "CustomLog of mod_log_config writes any header field"
	)
	return []directives.AbsentModule{
		{ID: "access_module", File: "mod_access.c", Advice: "Order, Allow and Deny are in mod_access_compat since 2.4: load access_compat_module, or write Require"},
		{ID: "auth_module", File: "mod_auth.c", Advice: basic},
		{ID: "auth_anon_module", File: "mod_auth_anon.c", Advice: "the application decides about guests; WSGIAuthUserScript may accept them"},
		{ID: "auth_db_module", File: "mod_auth_db.c", Advice: "keep users and groups in text files: AuthUserFile, AuthGroupFile"},
		{ID: "auth_dbm_module", File: "mod_auth_dbm.c", Advice: "keep users and groups in text files: AuthUserFile, AuthGroupFile"},
		{ID: "auth_ldap_module", File: "mod_auth_ldap.c", Advice: "ask the directory in Python: WSGIAuthUserScript for passwords, WSGIAuthGroupScript for groups"},
		{ID: "digest_module", File: "mod_digest.c", Advice: "use AuthType Basic over https, or let the application authenticate"},
		{ID: "authn_alias_module", File: "mod_authn_alias.c", Advice: "<AuthnProviderAlias> is in mod_authn_core since 2.4: load authn_core_module"},
		{ID: "authn_default_module", File: "mod_authn_default.c", Advice: gone},
		{ID: "authz_default_module", File: "mod_authz_default.c", Advice: gone},
		{ID: "config_log_module", File: "mod_log_config.c", Advice: "it is called log_config_module"},
		{ID: "log_agent_module", File: "mod_log_agent.c", Advice: logs},
		{ID: "log_referer_module", File: "mod_log_referer.c", Advice: logs},
		{ID: "includes_module", File: "mod_include.c", Advice: "server-side includes are not processed; an application or a template put into pages beforehand does it"},
		{ID: "imap_module", File: "mod_imap.c", Advice: "make the map part of the page (HTML map and area)"},
		{ID: "mmap_static_module", File: "mod_mmap_static.c", Advice: "the kernel keeps files in memory without it: the lines may go"},
		{ID: "disk_cache_module", File: "mod_disk_cache.c", Advice: cache},
		{ID: "mem_cache_module", File: "mod_mem_cache.c", Advice: cache},
	}
}
