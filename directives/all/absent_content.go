package all

import "httpd-wsgi/directives"

// absentContent are the modules that name, find and change content.
func absentContent() []directives.AbsentModule {
	const (
		filter = "change the output in the application (WSGI middleware)"
		demo   = "it is an example of a module: the line may go"
	)
	return []directives.AbsentModule{
		{ID: "brotli_module", File: "mod_brotli.c", Advice: "mod_deflate compresses with gzip", Directives: list(
			in(rsrc, `BrotliFilterNote BrotliCompressionQuality BrotliCompressionWindow BrotliCompressionMaxInputBlock BrotliAlterETag`),
		)},
		{ID: "buffer_module", File: "mod_buffer.c", Advice: filter, Directives: list(
			in(access, `BufferSize`),
		)},
		{ID: "charset_lite_module", File: "mod_charset_lite.c", Advice: "files go out as they are; store them in the encoding that AddDefaultCharset or AddCharset tells", Directives: list(
			in(fileInfo, `CharsetSourceEnc CharsetDefault CharsetOptions`),
		)},
		{ID: "data_module", File: "mod_data.c", Advice: filter},
		{ID: "sed_module", File: "mod_sed.c", Advice: filter, Directives: list(
			in(access, `OutputSed InputSed`),
		)},
		{ID: "substitute_module", File: "mod_substitute.c", Advice: filter, Directives: list(
			in(fileInfo, `Substitute SubstituteMaxLineLength SubstituteInheritBefore`),
		)},
		{ID: "ratelimit_module", File: "mod_ratelimit.c", Advice: "limit rates in the server in front"},
		{ID: "reflector_module", File: "mod_reflector.c", Advice: "an application can return what it is sent", Directives: list(
			in(options, `ReflectorHeader`),
		)},
		{ID: "request_module", File: "mod_request.c", Advice: "it keeps request bodies for modules that are not here; LimitRequestBody bounds them", Directives: list(
			in(access, `KeptBodySize`),
		)},
		{ID: "cern_meta_module", File: "mod_cern_meta.c", Advice: "set header fields with Header in .htaccess", Directives: list(
			in(indexes, `MetaFiles MetaDir MetaSuffix`),
		)},
		{ID: "imagemap_module", File: "mod_imagemap.c", Advice: "make the map part of the page (HTML map and area)", Directives: list(
			in(indexes, `ImapMenu ImapDefault ImapBase`),
		)},
		{ID: "mime_magic_module", File: "mod_mime_magic.c", Advice: "types go by the suffix: AddType, or ForceType for a directory", Directives: list(
			in(rsrc, `MimeMagicFile`),
		)},
		{ID: "speling_module", File: "mod_speling.c", Advice: "name the misspelled URLs with Redirect or RedirectMatch", Directives: list(
			in(options, `CheckSpelling CheckCaseOnly CheckBasenameMatch`),
		)},
		{ID: "userdir_module", File: "mod_userdir.c", Advice: "AliasMatch \"^/~([^/]+)(/.*)?$\" \"/home/$1/public_html$2\" with a <Directory> for it does the same", Directives: list(
			in(rsrc, `UserDir`),
		)},
		{ID: "vhost_alias_module", File: "mod_vhost_alias.c", Advice: "give each host its <VirtualHost> (mod_macro shortens them), or map %{HTTP_HOST} with RewriteRule", Directives: list(
			in(rsrc, `VirtualScriptAlias VirtualDocumentRoot VirtualScriptAliasIP VirtualDocumentRootIP`),
		)},
		{ID: "case_filter_module", File: "mod_case_filter.c", Advice: demo, Directives: list(
			in(rsrc, `CaseFilter`),
		)},
		{ID: "case_filter_in_module", File: "mod_case_filter_in.c", Advice: demo, Directives: list(
			in(rsrc, `CaseFilterIn`),
		)},
		{ID: "bucketeer_module", File: "mod_bucketeer.c", Advice: demo},
		{ID: "echo_module", File: "mod_echo.c", Advice: demo, Directives: list(
			in(rsrc, `ProtocolEcho`),
		)},
		{ID: "dialup_module", File: "mod_dialup.c", Advice: "limit rates in the server in front", Directives: list(
			in(access, `ModemStandard`),
		)},
		{ID: "example_hooks_module", File: "mod_example_hooks.c", Advice: demo, Directives: list(
			in(orAll, `Example`),
		)},
	}
}
