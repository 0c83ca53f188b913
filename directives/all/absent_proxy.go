package all

import "httpd-wsgi/directives"

// absentProxy are the proxy, its schemes, its balancing methods and what rewrites proxied pages.
func absentProxy() []directives.AbsentModule {
	const (
		proxy     = "have the server in front pass these URLs to their backend itself"
		rewriting = "the backend or the server in front must rewrite the links in its pages"
	)
	return []directives.AbsentModule{
		{ID: "proxy_module", File: "mod_proxy.c", Advice: proxy, Directives: list(
			in(rsrc, `
				<Proxy <ProxyMatch ProxyRequests ProxyRemote ProxyRemoteMatch ProxyBlock ProxyReceiveBufferSize ProxyIOBufferSize
				ProxyMaxForwards NoProxy ProxyDomain ProxyVia ProxyTimeout ProxyBadHeader BalancerGrowth BalancerPersist
				BalancerInherit ProxyPassInherit ProxyStatus ProxySourceAddress`),
			in(either, `
				ProxyPassInterpolateEnv ProxyPass ProxyPassMatch ProxyPassReverse ProxyPassReverseCookiePath
				ProxyPassReverseCookieDomain ProxyErrorOverride ProxyPreserveHost BalancerMember ProxySet ProxyAddHeaders
				Proxy100Continue`),
		)},
		{ID: "proxy_ajp_module", File: "mod_proxy_ajp.c", Advice: proxy},
		{ID: "proxy_balancer_module", File: "mod_proxy_balancer.c", Advice: proxy},
		{ID: "proxy_connect_module", File: "mod_proxy_connect.c", Advice: proxy, Directives: list(
			in(rsrc, `AllowCONNECT`),
		)},
		{ID: "proxy_express_module", File: "mod_proxy_express.c", Advice: proxy, Directives: list(
			in(fileInfo, `ProxyExpressEnable ProxyExpressDBMFile ProxyExpressDBMType`),
		)},
		{ID: "proxy_fcgi_module", File: "mod_proxy_fcgi.c", Advice: proxy, Directives: list(
			in(fileInfo, `ProxyFCGIBackendType ProxyFCGISetEnvIf`),
		)},
		{ID: "proxy_fdpass_module", File: "mod_proxy_fdpass.c", Advice: proxy},
		{ID: "proxy_ftp_module", File: "mod_proxy_ftp.c", Advice: proxy, Directives: list(
			in(either, `ProxyFtpListOnWildcard ProxyFtpEscapeWildcards ProxyFtpDirCharset`),
		)},
		{ID: "proxy_hcheck_module", File: "mod_proxy_hcheck.c", Advice: proxy, Directives: list(
			in(fileInfo, `ProxyHCTemplate ProxyHCExpr`),
			in(rsrc, `ProxyHCTPsize`),
		)},
		{ID: "proxy_http_module", File: "mod_proxy_http.c", Advice: proxy},
		{ID: "proxy_http2_module", File: "mod_proxy_http2.c", Advice: proxy},
		{ID: "proxy_scgi_module", File: "mod_proxy_scgi.c", Advice: proxy, Directives: list(
			in(either, `ProxySCGISendfile ProxySCGIInternalRedirect`),
		)},
		{ID: "proxy_uwsgi_module", File: "mod_proxy_uwsgi.c", Advice: proxy},
		{ID: "proxy_wstunnel_module", File: "mod_proxy_wstunnel.c", Advice: proxy, Directives: list(
			in(either, `ProxyWebsocketFallbackToProxyHttp`),
		)},
		{ID: "lbmethod_bybusyness_module", File: "mod_lbmethod_bybusyness.c", Advice: proxy},
		{ID: "lbmethod_byrequests_module", File: "mod_lbmethod_byrequests.c", Advice: proxy},
		{ID: "lbmethod_bytraffic_module", File: "mod_lbmethod_bytraffic.c", Advice: proxy},
		{ID: "lbmethod_heartbeat_module", File: "mod_lbmethod_heartbeat.c", Advice: proxy, Directives: list(
			in(rsrc, `HeartbeatStorage`),
		)},
		{ID: "lbmethod_rr_module", File: "mod_lbmethod_rr.c", Advice: proxy},
		{ID: "proxy_html_module", File: "mod_proxy_html.c", Advice: rewriting, Directives: list(
			in(either, `
				ProxyHTMLEvents ProxyHTMLLinks ProxyHTMLURLMap ProxyHTMLDoctype ProxyHTMLFixups ProxyHTMLMeta ProxyHTMLInterp
				ProxyHTMLExtended ProxyHTMLStripComments ProxyHTMLBufSize ProxyHTMLCharsetOut ProxyHTMLEnable`),
		)},
		{ID: "xml2enc_module", File: "mod_xml2enc.c", Advice: rewriting, Directives: list(
			in(orAll, `xml2EncDefault xml2StartParse`),
			in(rsrc, `xml2EncAlias`),
		)},
		{ID: "heartbeat_module", File: "mod_heartbeat.c", Advice: "nothing here balances load: the line may go", Directives: list(
			in(rsrc, `HeartbeatAddress`),
		)},
		{ID: "heartmonitor_module", File: "mod_heartmonitor.c", Advice: "nothing here balances load: the line may go", Directives: list(
			in(rsrc, `HeartbeatListen HeartbeatStorage HeartbeatMaxServers`),
		)},
		{ID: "slotmem_shm_module", File: "mod_slotmem_shm.c", Advice: "mod_proxy_balancer keeps its state with it, and that is not here: the line may go"},
		{ID: "slotmem_plain_module", File: "mod_slotmem_plain.c", Advice: "no module here needs it: the line may go"},
		{ID: "remoteip_module", File: "mod_remoteip.c", Advice: "WSGITrustedProxies and WSGITrustedProxyHeaders X-Forwarded-For give the application the client's address; access rules and logs see the proxy's", Directives: list(
			in(rsrc, `
				RemoteIPHeader RemoteIPProxiesHeader RemoteIPTrustedProxy RemoteIPInternalProxy RemoteIPTrustedProxyList
				RemoteIPInternalProxyList RemoteIPProxyProtocol RemoteIPProxyProtocolExceptions`),
		)},
	}
}
