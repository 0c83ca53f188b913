package all

import "httpd-wsgi/directives"

// absentObserve are the modules that log, identify and watch, and those of other systems.
func absentObserve() []directives.AbsentModule {
	const (
		debug  = "LogLevel with a module and debug or trace1 to trace8 shows what happens"
		system = "it is for another operating system: the line may go"
	)
	return []directives.AbsentModule{
		{ID: "dumpio_module", File: "mod_dumpio.c", Advice: "capture the traffic (tcpdump, Wireshark)", Directives: list(
			in(rsrc, `DumpIOInput DumpIOOutput`),
		)},
		{ID: "log_debug_module", File: "mod_log_debug.c", Advice: debug, Directives: list(
			in(either, `LogMessage`),
		)},
		{ID: "log_forensic_module", File: "mod_log_forensic.c", Advice: "CustomLog writes a line when a request is done; the error log tells of processes that die", Directives: list(
			in(rsrc, `ForensicLog`),
		)},
		{ID: "ident_module", File: "mod_ident.c", Advice: "hardly a client answers RFC 1413 any more: remove the lines", Directives: list(
			in(either, `IdentityCheck IdentityCheckTimeout`),
		)},
		{ID: "info_module", File: "mod_info.c", Advice: "httpd-wsgi -L, -M, -S and -t -D DUMP_CONFIG tell it on the command line", Directives: list(
			in(rsrc, `AddModuleInfo`),
		)},
		{ID: "unique_id_module", File: "mod_unique_id.c", Advice: "let the server in front or the application give requests an identifier; %L logs that of the error log"},
		{ID: "usertrack_module", File: "mod_usertrack.c", Advice: "the application sets its cookie itself; %{NAME}C logs it", Directives: list(
			in(fileInfo, `CookieExpires CookieDomain CookieStyle CookieTracking CookieName CookieSameSite CookieSecure CookieHttpOnly`),
		)},
		{ID: "systemd_module", File: "mod_systemd.c", Advice: "the unit file needs no help of a module: the line may go"},
		{ID: "isapi_module", File: "mod_isapi.c", Advice: system, Directives: list(
			in(rsrc, `ISAPICacheFile`),
			in(fileInfo, `ISAPIAppendLogToErrors ISAPIAppendLogToQuery ISAPIFakeAsync ISAPILogNotSupported ISAPIReadAheadBuffer`),
		)},
		{ID: "nwssl_module", File: "mod_nw_ssl.c", Advice: system, Directives: list(
			in(rsrc, `NWSSLTrustedCerts NWSSLUpgradeable SecureListen`),
		)},
		{ID: "mpm_winnt_module", File: "mpm_winnt.c", Advice: system},
		{ID: "mpm_netware_module", File: "mpm_netware.c", Advice: system, Directives: list(
			in(rsrc, `MaxThreads`),
		)},
	}
}
