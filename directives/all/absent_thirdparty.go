package all

import "httpd-wsgi/directives"

// unstated is the scope of third parties' directives: what they say of it
// changes from release to release.
const unstated directives.Scope = 0

// thirdParties are modules that do not come with Apache. Their lists may lack
// directives of newer or older releases.
func thirdParties() []directives.AbsentModule {
	out := thirdPartyLanguages()
	out = append(out, thirdPartyAuth()...)
	out = append(out, thirdPartyGuards()...)
	for i := range out {
		out[i].Partial = true
	}
	return out
}

// thirdPartyLanguages run programs in other languages, or pass requests on to them.
func thirdPartyLanguages() []directives.AbsentModule {
	const (
		php     = "run PHP with php-fpm behind a server that speaks FastCGI, and let that one pass the URLs of Python here"
		fastcgi = "FastCGI is not spoken; run the program behind the server in front, or make it a WSGI application"
		proxy   = "have the server in front pass these URLs to their backend itself"
		other   = "run the program behind the server in front"
		user    = "user= and group= of WSGIDaemonProcess give an application a user of its own"
		svn     = "serve the repository with svnserve, or with Apache beside this server"
		phpAll  = `php_value php_flag php_admin_value php_admin_flag PHPINIDir`
	)
	return []directives.AbsentModule{
		{ID: "php_module", File: "mod_php.c", Advice: php, Directives: in(unstated, phpAll)},
		{ID: "php7_module", File: "mod_php7.c", Advice: php, Directives: in(unstated, phpAll)},
		{ID: "php5_module", File: "mod_php5.c", Advice: php, Directives: in(unstated, phpAll)},
		{ID: "suphp_module", File: "mod_suphp.c", Advice: php, Directives: in(unstated, `
			suPHP_Engine suPHP_ConfigPath suPHP_AddHandler suPHP_RemoveHandler suPHP_UserGroup suPHP_PHPPath`)},
		{ID: "python_module", File: "mod_python.c", Advice: "make the handler a WSGI application and map it with WSGIScriptAlias or WSGIHandlerScript",
			Directives: in(unstated, `
			PythonHandler PythonPostReadRequestHandler PythonTransHandler PythonHeaderParserHandler PythonInitHandler
			PythonAccessHandler PythonAuthenHandler PythonAuthzHandler PythonTypeHandler PythonFixupHandler PythonLogHandler
			PythonCleanupHandler PythonConnectionHandler PythonInputFilter PythonOutputFilter PythonHandlerModule PythonPath
			PythonInterpreter PythonInterpPerDirectory PythonInterpPerDirective PythonDebug PythonEnablePdb PythonAutoReload
			PythonOption PythonImport PythonOptimize`)},
		{ID: "perl_module", File: "mod_perl.c", Advice: other, Directives: in(unstated, `
			<Perl PerlSwitches PerlRequire PerlConfigRequire PerlPostConfigRequire PerlModule PerlLoadModule PerlOptions PerlHandler
			PerlInitHandler PerlPostReadRequestHandler PerlTransHandler PerlMapToStorageHandler PerlHeaderParserHandler
			PerlAccessHandler PerlAuthenHandler PerlAuthzHandler PerlTypeHandler PerlFixupHandler PerlResponseHandler
			PerlLogHandler PerlCleanupHandler PerlChildInitHandler PerlChildExitHandler PerlOpenLogsHandler PerlPostConfigHandler
			PerlPreConnectionHandler PerlProcessConnectionHandler PerlInputFilterHandler PerlOutputFilterHandler
			PerlSetInputFilter PerlSetOutputFilter PerlSetVar PerlAddVar PerlSetEnv PerlPassEnv PerlInterpStart PerlInterpMax
			PerlInterpMinSpare PerlInterpMaxSpare PerlInterpMaxRequests PerlInterpScope PerlTrace PerlSendHeader PerlSetupEnv
			PerlFreshRestart PerlTaintCheck PerlWarn PerlScript`)},
		{ID: "ruby_module", File: "mod_ruby.c", Advice: other, Directives: in(unstated, `
			RubyHandler RubyRequire RubyAddPath RubySafeLevel RubyOption RubyTransHandler RubyAccessHandler RubyAuthenHandler`)},
		{ID: "passenger_module", File: "mod_passenger.c", Advice: "map the application's script (passenger_wsgi.py) with WSGIScriptAlias", Directives: in(unstated, `
			PassengerRoot PassengerRuby PassengerPython PassengerNodejs PassengerDefaultRuby PassengerEnabled PassengerAppRoot
			PassengerAppEnv PassengerAppType PassengerStartupFile PassengerBaseURI PassengerUser PassengerGroup
			PassengerDefaultUser PassengerDefaultGroup PassengerUserSwitching PassengerMaxPoolSize PassengerMinInstances
			PassengerMaxInstancesPerApp PassengerPoolIdleTime PassengerMaxRequests PassengerSpawnMethod PassengerPreStart
			PassengerHighPerformance PassengerFriendlyErrorPages PassengerLogLevel PassengerStatThrottleRate RailsEnv RackEnv
			RailsBaseURI RackBaseURI`)},
		{ID: "uwsgi_module", File: "mod_uwsgi.c", Advice: "run the application here, with WSGIScriptAlias and WSGIDaemonProcess", Directives: in(unstated, `
			uWSGISocket uWSGISocket2 uWSGIMaxVars uWSGIForceScriptName uWSGIForceCGIMode uWSGIForceWSGIScheme`)},
		{ID: "scgi_module", File: "mod_scgi.c", Advice: proxy, Directives: in(unstated, `SCGIMount SCGIServer SCGIHandler SCGIServerTimeout`)},
		{ID: "fcgid_module", File: "mod_fcgid.c", Advice: fastcgi, Directives: in(unstated, `
			FcgidAccessChecker FcgidAccessCheckerAuthoritative FcgidAuthenticator FcgidAuthenticatorAuthoritative
			FcgidAuthorizer FcgidAuthorizerAuthoritative FcgidBusyScanInterval FcgidBusyTimeout FcgidCmdOptions
			FcgidConnectTimeout FcgidErrorScanInterval FcgidFixPathinfo FcgidIdleScanInterval FcgidIdleTimeout FcgidInitialEnv
			FcgidIOTimeout FcgidIPCDir FcgidMaxProcesses FcgidMaxProcessesPerClass FcgidMaxRequestInMem FcgidMaxRequestLen
			FcgidMaxRequestsPerProcess FcgidMinProcessesPerClass FcgidOutputBufferSize FcgidPassHeader FcgidProcessLifeTime
			FcgidProcessTableFile FcgidSpawnScore FcgidSpawnScoreUpLimit FcgidTerminationScore FcgidTimeScore FcgidWrapper
			FcgidZombieScanInterval FCGIWrapper BusyScanInterval BusyTimeout DefaultInitEnv DefaultMaxClassProcessCount
			DefaultMinClassProcessCount ErrorScanInterval IdleScanInterval IdleTimeout IPCCommTimeout IPCConnectTimeout
			MaxProcessCount MaxRequestInMem MaxRequestLen MaxRequestsPerProcess OutputBufferSize PassHeader
			PHP_Fix_Pathinfo_Enable ProcessLifeTime SharememPath SocketPath SpawnScore SpawnScoreUpLimit TerminationScore
			TimeScore ZombieScanInterval`)},
		{ID: "fastcgi_module", File: "mod_fastcgi.c", Advice: fastcgi, Directives: in(unstated, `
			FastCgiServer FastCgiExternalServer FastCgiIpcDir FastCgiConfig FastCgiWrapper FastCgiSuexec FastCgiAuthenticator
			FastCgiAuthenticatorAuthoritative FastCgiAuthorizer FastCgiAuthorizerAuthoritative FastCgiAccessChecker
			FastCgiAccessCheckerAuthoritative`)},
		{ID: "jk_module", File: "mod_jk.c", Advice: proxy, Directives: in(unstated, `
			JkWorkersFile JkWorkerProperty JkMount JkUnMount JkMountFile JkMountFileReload JkMountCopy JkAutoAlias JkLogFile
			JkLogLevel JkLogStampFormat JkRequestLogFormat JkShmFile JkShmSize JkOptions JkEnvVar JkStripSession JkWatchdogInterval`)},
		{ID: "mono_module", File: "mod_mono.c", Advice: other},
		{ID: "neko_module", File: "mod_neko.c", Advice: other},
		{ID: "rivet_module", File: "mod_rivet.c", Advice: other},
		{ID: "dav_svn_module", File: "mod_dav_svn.c", Advice: svn, Directives: in(unstated, `
			SVNPath SVNParentPath SVNListParentPath SVNPathAuthz SVNIndexXSLT SVNReposName SVNAutoversioning SVNAllowBulkUpdates
			SVNAdvertiseV2Protocol SVNInMemoryCacheSize SVNCompressionLevel SVNCacheTextDeltas SVNCacheFullTexts SVNCacheRevProps
			SVNMasterURI SVNSpecialURI SVNActivitiesDB SVNHooksEnv SVNUseUTF8 SVNBlockRead`)},
		{ID: "authz_svn_module", File: "mod_authz_svn.c", Advice: svn, Directives: in(unstated, `
			AuthzSVNAccessFile AuthzSVNReposRelativeAccessFile AuthzSVNGroupsFile AuthzSVNAuthoritative
			AuthzSVNNoAuthWhenAnonymousAllowed AuthzSVNAnonymous AuthzForceUsernameCase`)},
		{ID: "mpm_itk_module", File: "mpm_itk.c", Advice: user, Directives: in(unstated, `
			AssignUserID AssignUserIDExpr AssignGroupIDExpr LimitUIDRange LimitGIDRange EnableCapabilities MaxClientsVHost NiceValue`)},
		{ID: "ruid2_module", File: "mod_ruid2.c", Advice: user, Directives: in(unstated, `
			RMode RUidGid RMinUidGid RDefaultUidGid RGroups RDocumentChRoot`)},
	}
}

// thirdPartyAuth tell who a user is.
func thirdPartyAuth() []directives.AbsentModule {
	const (
		sign   = "let the application sign users in (WSGI middleware of the same protocol), or a server in front that alone can reach this one"
		check  = "check passwords in Python with WSGIAuthUserScript"
		groups = "look groups up in Python with WSGIAuthGroupScript"
	)
	return []directives.AbsentModule{
		{ID: "auth_openidc_module", File: "mod_auth_openidc.c", Advice: sign, Directives: in(unstated, `
			OIDCProviderMetadataURL OIDCProviderIssuer OIDCProviderAuthorizationEndpoint OIDCProviderTokenEndpoint
			OIDCProviderTokenEndpointAuth OIDCProviderUserInfoEndpoint OIDCProviderJwksUri OIDCProviderEndSessionEndpoint
			OIDCProviderMetadataRefreshInterval OIDCMetadataDir OIDCClientID OIDCClientSecret OIDCClientName OIDCClientContact
			OIDCRedirectURI OIDCDefaultURL OIDCDefaultLoggedOutURL OIDCCryptoPassphrase OIDCResponseType OIDCResponseMode
			OIDCPKCEMethod OIDCScope OIDCPathScope OIDCAuthRequestParams OIDCPathAuthRequestParams OIDCSSLValidateServer
			OIDCCABundlePath OIDCRemoteUserClaim OIDCClaimPrefix OIDCClaimDelimiter OIDCPassClaimsAs OIDCPassUserInfoAs
			OIDCPassIDTokenAs OIDCPassRefreshToken OIDCAuthNHeader OIDCCookie OIDCCookiePath OIDCCookieDomain
			OIDCCookieHTTPOnly OIDCCookieSameSite OIDCSessionCookieChunkSize OIDCSessionType OIDCSessionInactivityTimeout
			OIDCSessionMaxDuration OIDCStateTimeout OIDCStateMaxNumberOfCookies OIDCStateInputHeaders OIDCCacheType
			OIDCCacheDir OIDCCacheEncrypt OIDCCacheShmMax OIDCCacheShmEntrySizeMax OIDCMemCacheServers OIDCRedisCacheServer
			OIDCRedisCachePassword OIDCUnAuthAction OIDCUnAutzAction OIDCDiscoverURL OIDCXForwardedHeaders OIDCStripCookies
			OIDCPassCookies OIDCHTMLErrorTemplate OIDCInfoHook OIDCOutgoingProxy OIDCHTTPTimeoutLong OIDCHTTPTimeoutShort
			OIDCIDTokenIatSlack OIDCPublicKeyFiles OIDCPrivateKeyFiles OIDCProviderSignedJwksUri OIDCOAuthClientID
			OIDCOAuthClientSecret OIDCOAuthIntrospectionEndpoint OIDCOAuthIntrospectionEndpointAuth
			OIDCOAuthIntrospectionEndpointMethod OIDCOAuthIntrospectionEndpointParams OIDCOAuthTokenExpiryClaim
			OIDCOAuthSSLValidateServer OIDCOAuthVerifySharedKeys OIDCOAuthVerifyCertFiles OIDCOAuthVerifyJwksUri
			OIDCOAuthRemoteUserClaim OIDCOAuthAcceptTokenAs OIDCOAuthTokenIntrospectionInterval OIDCOAuthServerMetadataURL`)},
		{ID: "oauth2_module", File: "mod_oauth2.c", Advice: sign, Directives: in(unstated, `
			OAuth2TokenVerify OAuth2AcceptTokenAs OAuth2TargetPass OAuth2Cache OAuth2CryptoPassphrase`)},
		{ID: "auth_mellon_module", File: "mod_auth_mellon.c", Advice: sign, Directives: in(unstated, `
			MellonEnable MellonEndpointPath MellonSPPrivateKeyFile MellonSPCertFile MellonSPMetadataFile MellonSPentityId
			MellonIdPMetadataFile MellonIdPMetadataGlob MellonIdPPublicKeyFile MellonIdPCAFile MellonIdPIgnore MellonUser
			MellonSetEnv MellonSetEnvNoPrefix MellonEnvPrefix MellonCond MellonRequire MellonVariable MellonSecureCookie
			MellonCookieDomain MellonCookiePath MellonCookieSameSite MellonSessionLength MellonSessionDump MellonSamlResponseDump
			MellonMergeEnvVars MellonDefaultLoginPath MellonLoginPath MellonNoCookieErrorPage MellonNoSuccessErrorPage
			MellonCacheSize MellonCacheEntrySize MellonLockFile MellonPostDirectory MellonPostTTL MellonPostSize MellonPostCount
			MellonPostReplay MellonRedirectDomains MellonDoNotVerifyLogoutSignature MellonSubjectConfirmationDataAddressCheck
			MellonAuthnContextClassRef MellonOrganizationName MellonOrganizationDisplayName MellonOrganizationURL
			MellonDiscoveryURL MellonProbeDiscoveryTimeout MellonProbeDiscoveryIdP MellonSignatureMethod`)},
		{ID: "mod_shib", File: "mod_shib.cpp", Advice: sign, Directives: in(unstated, `
			ShibConfig ShibCatalogs ShibSchemaDir ShibURLScheme ShibRequestSetting ShibAccessControl ShibDisable
			ShibApplicationId ShibBasicHijack ShibRequireSession ShibRequireSessionWith ShibExportAssertion ShibRedirectToSSL
			ShibRequireAll ShibAuthoritative ShibUseEnvironment ShibUseHeaders ShibExpireRedirects ShibRequestMapperAuthz
			ShibCompatValidUser ShibCompatWith24`)},
		{ID: "auth_cas_module", File: "mod_auth_cas.c", Advice: sign, Directives: in(unstated, `
			CASVersion CASDebug CASValidateDepth CASCertificatePath CASLoginURL CASValidateURL CASProxyValidateURL CASCookiePath
			CASCookieEntropy CASTimeout CASIdleTimeout CASCacheCleanInterval CASCookieDomain CASCookieHttpOnly CASAuthNHeader
			CASSSOEnabled CASValidateSAML CASAttributeDelimiter CASAttributePrefix CASRootProxiedAs CASScope CASRenew CASGateway
			CASCookie CASSecureCookie CASGatewayCookie CASAuthoritative`)},
		{ID: "auth_gssapi_module", File: "mod_auth_gssapi.c", Advice: sign, Directives: in(unstated, `
			GssapiSSLonly GssapiLocalName GssapiConnectionBound GssapiSignalPersistentAuth GssapiUseSessions GssapiSessionKey
			GssapiUseS4U2Proxy GssapiCredStore GssapiDelegCcacheDir GssapiDelegCcachePerms GssapiDelegCcacheEnvVar
			GssapiDelegCcacheUnique GssapiBasicAuth GssapiAllowedMech GssapiBasicAuthMech GssapiNegotiateOnce GssapiImpersonate
			GssapiNameAttributes GssapiRequiredNameAttributes GssapiPublishErrors GssapiPublishMech GssapiAcceptorName`)},
		{ID: "auth_kerb_module", File: "mod_auth_kerb.c", Advice: sign, Directives: in(unstated, `
			KrbAuthRealm KrbAuthRealms KrbServiceName Krb5Keytab KrbMethodNegotiate KrbMethodK5Passwd KrbSaveCredentials
			KrbVerifyKDC KrbAuthoritative KrbLocalUserMapping KrbDelegateBasic KrbConstrainedDelegation`)},
		{ID: "auth_pubtkt_module", File: "mod_auth_pubtkt.c", Advice: sign},
		{ID: "auth_tkt_module", File: "mod_auth_tkt.c", Advice: sign},
		{ID: "authnz_external_module", File: "mod_authnz_external.c", Advice: check, Directives: in(unstated, `
			AuthExternal DefineExternalAuth AddExternalAuth SetExternalAuthMethod GroupExternal DefineExternalGroup
			AddExternalGroup SetExternalGroupMethod AuthExternalContext AuthExternalProvideCache`)},
		{ID: "authnz_pam_module", File: "mod_authnz_pam.c", Advice: check, Directives: in(unstated, `AuthPAMService AuthPAMExpiredRedirect`)},
		{ID: "authn_sasl_module", File: "mod_authn_sasl.c", Advice: check},
		{ID: "intercept_form_submit_module", File: "mod_intercept_form_submit.c", Advice: sign, Directives: in(unstated, `
			InterceptFormPAMService InterceptFormLogin InterceptFormPassword InterceptFormLoginSkip
			InterceptFormClearRemoteUserForSkipped InterceptFormPasswordRedact InterceptFormLoginRealms InterceptGETOnSuccess`)},
		{ID: "lookup_identity_module", File: "mod_lookup_identity.c", Advice: "the application looks its users up itself (sssd has a D-Bus interface)", Directives: in(unstated, `
			LookupUserAttr LookupUserAttrIter LookupUserGroups LookupUserGroupsIter LookupUserGECOS LookupUserByCertificate
			LookupUserByCertificateParamName LookupOutput LookupDbusTimeout`)},
		{ID: "authz_unixgroup_module", File: "mod_authz_unixgroup.c", Advice: groups},
	}
}

// thirdPartyGuards filter, limit, encrypt and observe.
func thirdPartyGuards() []directives.AbsentModule {
	const (
		rates  = "limit rates in front (a firewall, limit_req of nginx)"
		tls    = "encryption ends in a server in front (stunnel, haproxy, nginx, Apache) that passes requests on; WSGITrustedProxyHeaders X-Forwarded-Proto tells the application of https"
		client = "WSGITrustedProxies and WSGITrustedProxyHeaders X-Forwarded-For give the application the client's address; access rules and logs see the proxy's"
		place  = "the application looks up where an address is"
		dos    = `
			DOSEnabled DOSHashTableSize DOSPageCount DOSSiteCount DOSPageInterval DOSSiteInterval DOSBlockingPeriod
			DOSEmailNotify DOSLogDir DOSSystemCommand DOSWhitelist DOSHTTPStatus`
	)
	return []directives.AbsentModule{
		{ID: "security2_module", File: "mod_security2.c", Advice: "put a web application firewall in front", Directives: in(unstated, `
			SecAction SecRule SecRuleEngine SecRuleInheritance SecRulePerfTime SecRuleRemoveById SecRuleRemoveByMsg
			SecRuleRemoveByTag SecRuleScript SecRuleUpdateActionById SecRuleUpdateTargetById SecRuleUpdateTargetByMsg
			SecRuleUpdateTargetByTag SecRemoteRules SecRemoteRulesFailAction SecArgumentSeparator SecAuditEngine SecAuditLog
			SecAuditLog2 SecAuditLogDirMode SecAuditLogFileMode SecAuditLogFormat SecAuditLogParts SecAuditLogRelevantStatus
			SecAuditLogStorageDir SecAuditLogType SecCacheTransformations SecChrootDir SecCollectionTimeout
			SecComponentSignature SecConnEngine SecConnReadStateLimit SecConnWriteStateLimit SecContentInjection SecCookieFormat
			SecCookieV0Separator SecDataDir SecDebugLog SecDebugLogLevel SecDefaultAction SecDisableBackendCompression
			SecGeoLookupDb SecGsbLookupDb SecGuardianLog SecHashEngine SecHashKey SecHashMethodPm SecHashMethodRx SecHashParam
			SecHttpBlKey SecInterceptOnError SecMarker SecPcreMatchLimit SecPcreMatchLimitRecursion SecRequestBodyAccess
			SecRequestBodyInMemoryLimit SecRequestBodyJsonDepthLimit SecRequestBodyLimit SecRequestBodyLimitAction
			SecRequestBodyNoFilesLimit SecResponseBodyAccess SecResponseBodyLimit SecResponseBodyLimitAction
			SecResponseBodyMimeType SecResponseBodyMimeTypesClear SecSensorId SecServerSignature SecStatusEngine
			SecStreamInBodyInspection SecStreamOutBodyInspection SecTmpDir SecTmpSaveUploadedFiles SecUnicodeCodePage
			SecUnicodeMapFile SecUploadDir SecUploadFileLimit SecUploadFileMode SecUploadKeepFiles SecWebAppId
			SecXmlExternalEntity`)},
		{ID: "evasive20_module", File: "mod_evasive20.c", Advice: rates, Directives: in(unstated, dos)},
		{ID: "evasive24_module", File: "mod_evasive24.c", Advice: rates, Directives: in(unstated, dos)},
		{ID: "qos_module", File: "mod_qos.c", Advice: rates, Directives: in(unstated, `
			QS_SrvMaxConn QS_SrvMaxConnPerIP QS_SrvMaxConnClose QS_SrvMinDataRate QS_LocRequestLimit QS_LocRequestLimitDefault
			QS_LocRequestPerSecLimit QS_ClientEntries QS_ClientEventBlockCount`)},
		{ID: "bw_module", File: "mod_bw.c", Advice: rates, Directives: in(unstated, `
			BandWidthModule ForceBandWidthModule BandWidth MinBandWidth LargeFileLimit MaxConnection BandWidthPacket BandWidthError`)},
		{ID: "apparmor_module", File: "mod_apparmor.c", Advice: "give the whole server a profile; daemon processes have users of their own", Directives: in(unstated, `
			AAHatName AADefaultHatName`)},
		{ID: "nss_module", File: "mod_nss.c", Advice: tls, Directives: in(unstated, `
			NSSEngine NSSFIPS NSSCertificateDatabase NSSNickname NSSCipherSuite NSSProtocol NSSPassPhraseDialog
			NSSPassPhraseHelper NSSSessionCacheSize NSSSessionCacheTimeout NSSSession3CacheTimeout NSSRandomSeed NSSVerifyClient
			NSSOptions NSSRenegotiation NSSRequireSafeNegotiation NSSEnforceValidCerts NSSRequire NSSRequireSSL NSSOCSP`)},
		{ID: "gnutls_module", File: "mod_gnutls.c", Advice: tls, Directives: in(unstated, `
			GnuTLSEnable GnuTLSCertificateFile GnuTLSKeyFile GnuTLSPriorities GnuTLSCache GnuTLSCacheTimeout GnuTLSClientVerify
			GnuTLSClientCAFile GnuTLSDHFile GnuTLSExportCertificates GnuTLSSessionTickets`)},
		{ID: "rpaf_module", File: "mod_rpaf.c", Advice: client, Directives: in(unstated, `
			RPAF_Enable RPAF_ProxyIPs RPAF_Header RPAF_SetHostName RPAF_SetHTTPS RPAF_SetPort RPAF_ForbidIfNotProxy
			RPAF_CleanHeaders RPAFenable RPAFproxy_ips RPAFheader RPAFsethostname`)},
		{ID: "cloudflare_module", File: "mod_cloudflare.c", Advice: client, Directives: in(unstated, `
			CloudFlareRemoteIPHeader CloudFlareRemoteIPTrustedProxy DenyAllButCloudFlare`)},
		{ID: "geoip_module", File: "mod_geoip.c", Advice: place, Directives: in(unstated, `
			GeoIPEnable GeoIPDBFile GeoIPOutput GeoIPEnableUTF8 GeoIPScanProxyHeaders GeoIPScanProxyHeaderField
			GeoIPUseFirstXForwardedForIP GeoIPUseLastXForwardedForIP GeoIPEnableHostnameLookups`)},
		{ID: "maxminddb_module", File: "mod_maxminddb.c", Advice: place, Directives: in(unstated, `
			MaxMindDBEnable MaxMindDBFile MaxMindDBEnv MaxMindDBNetworkEnv MaxMindDBSetNotes`)},
		{ID: "xsendfile_module", File: "mod_xsendfile.c", Advice: "return environ['wsgi.file_wrapper'](file) from the application", Directives: in(unstated, `
			XSendFile XSendFilePath XSendFileIgnoreEtag XSendFileIgnoreLastModified XSendFileUnescape`)},
		{ID: "gzip_module", File: "mod_gzip.c", Advice: "mod_deflate compresses with gzip", Directives: in(unstated, `
			mod_gzip_on mod_gzip_dechunk mod_gzip_keep_workfiles mod_gzip_minimum_file_size mod_gzip_maximum_file_size
			mod_gzip_maximum_inmem_size mod_gzip_min_http mod_gzip_handle_methods mod_gzip_item_include mod_gzip_item_exclude
			mod_gzip_can_negotiate mod_gzip_static_suffix mod_gzip_send_vary mod_gzip_temp_dir`)},
		{ID: "pagespeed_module", File: "mod_pagespeed.c", Advice: "make pages small when they are built", Directives: in(unstated, `
			ModPagespeed ModPagespeedFileCachePath ModPagespeedEnableFilters ModPagespeedDisableFilters ModPagespeedRewriteLevel
			ModPagespeedDomain ModPagespeedMapOriginDomain ModPagespeedMapRewriteDomain ModPagespeedLoadFromFile
			ModPagespeedAllow ModPagespeedDisallow ModPagespeedStatistics ModPagespeedInheritVHostConfig
			ModPagespeedFetchHttps ModPagespeedRespectVary`)},
		{ID: "upload_progress_module", File: "mod_upload_progress.c", Advice: "the application counts what it reads from wsgi.input", Directives: in(unstated, `
			TrackUploads ReportUploads UploadProgressSharedMemorySize`)},
		{ID: "dnssd_module", File: "mod_dnssd.c", Advice: "avahi announces services from files of its own"},
		{ID: "tile_module", File: "mod_tile.c", Advice: "serve the tiles as files, or with an application"},
		{ID: "mapcache_module", File: "mod_mapcache.c", Advice: "serve the tiles as files, or with an application"},
		{ID: "musicindex_module", File: "mod_musicindex.c", Advice: "list the directory with mod_autoindex, or with an application"},
	}
}
