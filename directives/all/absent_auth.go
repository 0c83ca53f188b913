package all

import "httpd-wsgi/directives"

// absentAuth are the modules of authentication and authorization.
func absentAuth() []directives.AbsentModule {
	const (
		digest  = "use AuthType Basic over https, or let the application authenticate"
		users   = "keep users in a file (AuthUserFile), or check them in Python with WSGIAuthUserScript"
		groups  = "keep groups in a file (AuthGroupFile), or look them up in Python with WSGIAuthGroupScript"
		ldap    = "ask the directory in Python: WSGIAuthUserScript for passwords, WSGIAuthGroupScript for groups"
		form    = "the application shows the login form and keeps the session itself"
		session = "the application keeps sessions itself"
	)
	return []directives.AbsentModule{
		{ID: "auth_digest_module", File: "mod_auth_digest.c", Advice: digest, Directives: list(
			in(authConfig, `AuthDigestProvider AuthDigestQop AuthDigestNonceLifetime AuthDigestNcCheck AuthDigestAlgorithm AuthDigestDomain`),
			in(rsrc, `AuthDigestShmemSize`),
		)},
		{ID: "authn_anon_module", File: "mod_authn_anon.c", Advice: "the application decides about guests; WSGIAuthUserScript may accept them", Directives: list(
			in(authConfig, `Anonymous Anonymous_MustGiveEmail Anonymous_NoUserId Anonymous_VerifyEmail Anonymous_LogEmail`),
		)},
		{ID: "authn_dbd_module", File: "mod_authn_dbd.c", Advice: users, Directives: list(
			in(access, `AuthDBDUserPWQuery AuthDBDUserRealmQuery`),
		)},
		{ID: "authn_dbm_module", File: "mod_authn_dbm.c", Advice: users, Directives: list(
			in(authConfig, `AuthDBMUserFile AuthDBMType`),
		)},
		{ID: "authn_socache_module", File: "mod_authn_socache.c", Advice: "AuthUserFile is kept in memory anyway; WSGIAuthUserScript may cache its answers", Directives: list(
			in(rsrc, `AuthnCacheSOCache AuthnCacheEnable`),
			in(authConfig, `AuthnCacheProvideFor AuthnCacheTimeout`),
			in(access, `AuthnCacheContext`),
		)},
		{ID: "authz_dbd_module", File: "mod_authz_dbd.c", Advice: groups, Directives: list(
			in(access, `AuthzDBDLoginToReferer AuthzDBDQuery AuthzDBDRedirectQuery`),
		)},
		{ID: "authz_dbm_module", File: "mod_authz_dbm.c", Advice: groups, Directives: list(
			in(authConfig, `AuthDBMGroupFile AuthzDBMType`),
		)},
		{ID: "authz_owner_module", File: "mod_authz_owner.c", Advice: groups},
		{ID: "authnz_fcgi_module", File: "mod_authnz_fcgi.c", Advice: "check users in Python with WSGIAuthUserScript", Directives: list(
			in(rsrc, `AuthnzFcgiDefineProvider`),
			in(fileInfo, `AuthnzFcgiCheckAuthnProvider`),
		)},
		{ID: "ldap_module", File: "util_ldap.c", Advice: ldap, Directives: list(
			in(rsrc, `
				LDAPSharedCacheSize LDAPSharedCacheFile LDAPCacheEntries LDAPCacheTTL LDAPOpCacheEntries LDAPOpCacheTTL
				LDAPTrustedGlobalCert LDAPTrustedMode LDAPVerifyServerCert LDAPConnectionTimeout LDAPLibraryDebug LDAPTimeout
				LDAPConnectionPoolTTL LDAPRetries LDAPRetryDelay`),
			in(authConfig, `LDAPTrustedClientCert LDAPReferrals LDAPReferralHopLimit`),
		)},
		{ID: "authnz_ldap_module", File: "mod_authnz_ldap.c", Advice: ldap, Directives: list(
			in(authConfig, `
				AuthLDAPURL AuthLDAPBindDN AuthLDAPBindPassword AuthLDAPBindAuthoritative AuthLDAPRemoteUserIsDN
				AuthLDAPRemoteUserAttribute AuthLDAPCompareDNOnServer AuthLDAPSubGroupAttribute AuthLDAPSubGroupClass
				AuthLDAPMaxSubGroupDepth AuthLDAPGroupAttribute AuthLDAPGroupAttributeIsDN AuthLDAPDereferenceAliases
				AuthLDAPAuthorizePrefix AuthLDAPInitialBindAsUser AuthLDAPInitialBindPattern AuthLDAPSearchAsUser
				AuthLDAPCompareAsUser`),
			in(rsrc, `AuthLDAPCharsetConfig`),
		)},
		{ID: "auth_form_module", File: "mod_auth_form.c", Advice: form, Directives: list(
			in(authConfig, `
				AuthFormProvider AuthFormUsername AuthFormPassword AuthFormLocation AuthFormMethod AuthFormMimetype AuthFormBody
				AuthFormLoginRequiredLocation AuthFormLoginSuccessLocation AuthFormLogoutLocation AuthFormSitePassphrase
				AuthFormAuthoritative AuthFormFakeBasicAuth AuthFormDisableNoStore`),
			in(access, `AuthFormSize`),
		)},
		{ID: "session_module", File: "mod_session.c", Advice: session, Directives: list(
			in(either|authConfig, `Session SessionMaxAge SessionHeader SessionEnv SessionInclude SessionExclude SessionExpiryUpdateInterval`),
		)},
		{ID: "session_cookie_module", File: "mod_session_cookie.c", Advice: session, Directives: list(
			in(either|authConfig, `SessionCookieName SessionCookieName2 SessionCookieRemove`),
		)},
		{ID: "session_crypto_module", File: "mod_session_crypto.c", Advice: session, Directives: list(
			in(either|authConfig, `SessionCryptoPassphrase SessionCryptoCipher`),
			in(either, `SessionCryptoPassphraseFile`),
			in(rsrc, `SessionCryptoDriver`),
		)},
		{ID: "session_dbd_module", File: "mod_session_dbd.c", Advice: session, Directives: list(
			in(either|authConfig, `
				SessionDBDSelectLabel SessionDBDInsertLabel SessionDBDUpdateLabel SessionDBDDeleteLabel SessionDBDPerUser
				SessionDBDCookieRemove SessionDBDCookieName SessionDBDCookieName2`),
		)},
		{ID: "dbd_module", File: "mod_dbd.c", Advice: "the modules that use it are not here; applications open databases themselves", Directives: list(
			in(rsrc, `DBDriver DBDParams DBDPersist DBDPrepareSQL DBDInitSQL DBDMin DBDKeep DBDMax DBDExptime`),
		)},
	}
}
