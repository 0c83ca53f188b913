package all

import "httpd-wsgi/directives"

// absentScripts are the modules that run programs and interpreters other than Python.
func absentScripts() []directives.AbsentModule {
	const (
		cgi = "no programs are run; serve them by another server behind the one in front, or make each a WSGI application"
	)
	return []directives.AbsentModule{
		{ID: "cgi_module", File: "mod_cgi.c", Advice: cgi, Directives: list(
			in(rsrc, `ScriptLog ScriptLogLength ScriptLogBuffer`),
			in(either, `CGIScriptTimeout`),
		)},
		{ID: "cgid_module", File: "mod_cgid.c", Advice: cgi, Directives: list(
			in(rsrc, `ScriptLog ScriptLogLength ScriptLogBuffer ScriptSock`),
			in(either, `CGIDScriptTimeout`),
		)},
		{ID: "actions_module", File: "mod_actions.c", Advice: "Action names a CGI program and none are run; AddHandler with WSGIHandlerScript gives kinds of files to an application", Directives: list(
			in(fileInfo, `Action`),
			in(either, `Script`),
		)},
		{ID: "asis_module", File: "mod_asis.c", Advice: "have mod_headers set the header fields of plain files, or an application send them"},
		{ID: "include_module", File: "mod_include.c", Advice: "server-side includes are not processed; an application or a template put into pages beforehand does it", Directives: list(
			in(options, `XBitHack`),
			in(orAll, `SSIErrorMsg SSITimeFormat SSIUndefinedEcho`),
			in(rsrc, `SSIStartTag SSIEndTag`),
			in(limit, `SSILegacyExprParser SSILastModified SSIEtag`),
		)},
		{ID: "ext_filter_module", File: "mod_ext_filter.c", Advice: "filter in the application (WSGI middleware)", Directives: list(
			in(access, `ExtFilterOptions`),
			in(rsrc, `ExtFilterDefine`),
		)},
		{ID: "lua_module", File: "mod_lua.c", Advice: "move what the script does to the application, mod_rewrite, WSGIAccessScript or WSGIAuthUserScript", Directives: list(
			in(orAll, `
				LuaRoot LuaPackagePath LuaPackageCPath LuaHookPreTranslateName <LuaHookPreTranslateName LuaHookTranslateName
				<LuaHookTranslateName LuaHookFixups <LuaHookFixups LuaHookMapToStorage <LuaHookMapToStorage LuaHookCheckUserID
				<LuaHookCheckUserID LuaHookTypeChecker <LuaHookTypeChecker LuaHookAccessChecker <LuaHookAccessChecker
				LuaHookAuthChecker <LuaHookAuthChecker LuaHookInsertFilter LuaHookLog LuaScope LuaInherit LuaCodeCache LuaQuickHandler
				<LuaQuickHandler Lua_____ByteCodeHack LuaMapHandler LuaOutputFilter LuaInputFilter`),
			in(rsrc, `LuaAuthzProvider`),
		)},
		{ID: "suexec_module", File: "mod_suexec.c", Advice: "user= and group= of WSGIDaemonProcess give an application a user of its own", Directives: list(
			in(rsrc, `SuexecUserGroup`),
		)},
		{ID: "privileges_module", File: "mod_privileges.c", Advice: "user= and group= of WSGIDaemonProcess give an application a user of its own", Directives: list(
			in(rsrc, `DTracePrivileges VHostCGIMode VHostCGIPrivs VHostGroup VHostPrivs VHostSecure VHostUser`),
			in(either, `PrivilegesMode`),
		)},
	}
}
