package all

import "httpd-wsgi/directives"

// absentTLS are the modules of encrypted connections and of HTTP/2.
func absentTLS() []directives.AbsentModule {
	const (
		tls = "encryption ends in a server in front (stunnel, haproxy, nginx, Apache) that passes requests on; WSGITrustedProxyHeaders X-Forwarded-Proto tells the application of https"
	)
	return []directives.AbsentModule{
		{ID: "ssl_module", File: "mod_ssl.c", Advice: tls, Directives: list(
			in(rsrc, `
				SSLPassPhraseDialog SSLSessionCache SSLCryptoDevice SSLRandomSeed SSLVHostSNIPolicy SSLEngine SSLFIPS
				SSLCertificateFile SSLCertificateKeyFile SSLCertificateChainFile SSLSessionTicketKeyFile SSLCADNRequestPath
				SSLCADNRequestFile SSLCARevocationPath SSLCARevocationFile SSLCARevocationCheck SSLSessionCacheTimeout SSLProtocol
				SSLHonorCipherOrder SSLCompression SSLSessionTickets SSLInsecureRenegotiation SSLStrictSNIVHostCheck
				SSLSRPVerifierFile SSLSRPUnknownUserSeed SSLProxyEngine SSLProxyProtocol SSLProxyCipherSuite SSLProxyVerify
				SSLProxyVerifyDepth SSLProxyCACertificateFile SSLProxyCACertificatePath SSLProxyCARevocationPath
				SSLProxyCARevocationFile SSLProxyCARevocationCheck SSLProxyMachineCertificateFile SSLProxyMachineCertificatePath
				SSLProxyMachineCertificateChainFile SSLProxyCheckPeerExpire SSLProxyCheckPeerCN SSLProxyCheckPeerName SSLOCSPEnable
				SSLOCSPDefaultResponder SSLOCSPOverrideResponder SSLOCSPResponseTimeSkew SSLOCSPResponseMaxAge SSLOCSPResponderTimeout
				SSLOCSPUseRequestNonce SSLOCSPProxyURL SSLOCSPNoVerify SSLOCSPResponderCertificateFile SSLStaplingCache SSLUseStapling
				SSLStaplingResponseTimeSkew SSLStaplingResponderTimeout SSLStaplingResponseMaxAge SSLStaplingStandardCacheTimeout
				SSLStaplingReturnResponderErrors SSLStaplingFakeTryLater SSLStaplingErrorCacheTimeout SSLStaplingForceURL
				SSLOpenSSLConfCmd`),
			in(either|authConfig, `SSLCipherSuite SSLCACertificatePath SSLCACertificateFile SSLVerifyClient SSLVerifyDepth SSLUserName`),
			in(options, `SSLOptions`),
			in(authConfig, `SSLRequireSSL SSLRequire SSLRenegBufferSize`),
			in(orAll, `SSLLog SSLLogLevel`),
		)},
		{ID: "tls_module", File: "mod_tls.c", Advice: tls, Directives: list(
			in(rsrc, `
				TLSCertificate TLSCiphersPrefer TLSCiphersSuppress TLSEngine TLSHonorClientOrder TLSProtocol TLSProxyCA
				TLSProxyCiphersPrefer TLSProxyCiphersSuppress TLSProxyEngine TLSProxyMachineCertificate TLSProxyProtocol
				TLSSessionCache TLSStrictSNI`),
		)},
		{ID: "md_module", File: "mod_md.c", Advice: "let the server in front get its certificates with an ACME client (certbot)", Directives: list(
			in(rsrc, `
				MDCertificateAuthority MDCertificateAgreement MDCAChallenges MDCertificateProtocol MDContactEmail MDDriveMode
				MDRenewMode MDomain <MDomainSet <MDomain MDMember MDMembers MDMustStaple MDPortMap MDPrivateKeys MDHttpProxy
				MDStoreDir MDRenewWindow MDNotifyCmd MDBaseServer MDChallengeDns01 MDChallengeDns01Version MDCertificateFile
				MDCertificateKeyFile MDServerStatus MDCertificateStatus MDWarnWindow MDMessageCmd MDStapling MDStapleOthers
				MDStaplingKeepResponse MDStaplingRenewWindow MDCertificateCheck MDActivationDelay MDCACertificateFile
				MDHttpProxyCACertificateFile MDExternalAccountBinding MDRetryDelay MDRetryFailover MDStoreLocks MDMatchNames
				MDInitialDelay MDCheckInterval MDProfile MDProfileMandatory MDRenewViaARI`),
			in(either|authConfig, `MDRequireHttps`),
		)},
		{ID: "http2_module", File: "mod_http2.c", Advice: "HTTP/1.1 is spoken; a server in front may speak HTTP/2 to the clients", Directives: list(
			in(rsrc, `
				H2MaxSessionStreams H2WindowSize H2MinWorkers H2MaxWorkers H2MaxWorkerIdleSeconds H2StreamMaxMemSize
				H2SerializeHeaders H2ModernTLSOnly H2Direct H2SessionExtraFiles H2TLSWarmUpSize H2TLSCoolDownSecs H2PushPriority
				H2PushDiarySize H2EarlyHints H2Padding H2OutputBuffering H2StreamTimeout H2MaxDataFrameLen H2MaxHeaderBlockLen
				H2MaxStreamErrors H2WebSockets`),
			in(either|authConfig, `H2Upgrade H2Push`),
			in(fileInfo, `H2CopyFiles H2ProxyRequests`),
			in(authConfig|fileInfo, `H2PushResource H2EarlyHint`),
		)},
	}
}
