// Package modauthbasic is Apache's mod_auth_basic: HTTP Basic authentication
// through the providers of server.AuthnGroup (RFC 7617).
package modauthbasic

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Dir is mod_auth_basic's per-directory configuration.
type Dir struct {
	Providers     []Provider
	Authoritative directives.Opt[bool] // default on
	// Fake is AuthBasicFake; DigestMD5 is AuthBasicUseDigestAlgorithm MD5.
	Fake      directives.Opt[fake]
	DigestMD5 directives.Opt[bool]
}

// fake makes an Authorization header for whoever asks next; user is nil for "off".
type fake struct{ user, password *expr.String }

// Provider is one of AuthBasicProvider.
type Provider struct {
	Name string
	server.AuthnProvider
}

var tables = directives.Module[directives.None, Dir]{ID: "auth_basic_module", File: "mod_auth_basic.c", Dir: directives.Table[Dir]{
	directives.Iterate("AuthBasicProvider", directives.OrAuthCfg, directives.Replace(func(d *Dir) *[]Provider { return &d.Providers }),
		addProvider, "specify the auth providers for a directory or location"),
	directives.Flag("AuthBasicAuthoritative", directives.OrAuthCfg, func(d *Dir) *directives.Opt[bool] { return &d.Authoritative },
		"Set to 'Off' to allow access control to be passed along to lower modules if the UserID is not known to this module"),
	directives.Take12("AuthBasicFake", directives.OrAuthCfg, directives.Override(func(d *Dir) *directives.Opt[fake] { return &d.Fake }),
		setFake, "Fake basic authentication using the given expressions for username and password, 'off' to disable. Password defaults to 'password' if missing."),
	directives.Take1("AuthBasicUseDigestAlgorithm", directives.OrAuthCfg, directives.Override(func(d *Dir) *directives.Opt[bool] { return &d.DigestMD5 }), setDigestAlgorithm,
		"Set to 'MD5' to use the auth provider's authentication check for digest auth, using a hash of 'user:realm:pass'"),
}}

func setDigestAlgorithm(_ *directives.Cmd, d *Dir, w string) error {
	md5 := strings.EqualFold(w, "md5")
	if !md5 && !strings.EqualFold(w, "off") {
		return fmt.Errorf("Invalid algorithm in AuthBasicUseDigestAlgorithm: %s", w)
	}
	d.DigestMD5 = directives.Some(md5)
	return nil
}

func addProvider(cmd *directives.Cmd, d *Dir, name string) error {
	p, ok := cmd.Provider(server.AuthnGroup, name)
	if !ok {
		return fmt.Errorf("Unknown Authn provider: %s", name)
	}
	d.Providers = append(d.Providers, Provider{name, p.(server.AuthnProvider)})
	return nil
}

func setFake(cmd *directives.Cmd, d *Dir, user, password string) error {
	if strings.EqualFold(user, "off") {
		d.Fake = directives.Some(fake{})
		return nil
	}
	if password == "" {
		password = "password"
	}
	u, err := cmd.Template(user)
	if err != nil {
		return fmt.Errorf("Could not parse fake username expression '%s': %v", user, err)
	}
	p, err := cmd.Template(password)
	if err != nil {
		return fmt.Errorf("Could not parse fake password expression associated to user '%s': %v", user, err)
	}
	d.Fake = directives.Some(fake{u, p})
	return nil
}

// fakeHeader sets Authorization by AuthBasicFake (authenticate_basic_fake).
func fakeHeader(r *server.Request, d *Dir) server.Status {
	f := d.Fake.V
	if f.user == nil {
		return server.Declined
	}
	user, err := f.user.Eval(r.ExprEnv())
	if err != nil {
		r.Logf(errlog.Error, errlog.AuthBasic, "AH02455", "AuthBasicFake: could not evaluate user expression for URI '%s': %v", r.URI, err)
		return 500
	}
	if user == "" {
		r.Logf(errlog.Info, errlog.AuthBasic, "AH02458", "AuthBasicFake: empty username expression for URI '%s', ignoring", r.URI)
		r.In.Unset("Authorization")
		return server.Declined
	}
	password, err := f.password.Eval(r.ExprEnv())
	if err != nil {
		r.Logf(errlog.Error, errlog.AuthBasic, "AH02456", "AuthBasicFake: could not evaluate password expression for URI '%s': %v", r.URI, err)
		return 500
	}
	if password == "" {
		r.Logf(errlog.Info, errlog.AuthBasic, "AH02459", "AuthBasicFake: empty password expression for URI '%s', ignoring", r.URI)
		r.In.Unset("Authorization")
		return server.Declined
	}
	r.In.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	return server.OK
}

// Module is mod_auth_basic.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.CheckUserID.Add("mod_auth_basic.c", server.Middle, func(r *server.Request) server.Status {
			return authenticate(r, slots.Dir.Of(r.Conf))
		})
		h.Fixups.Add("mod_auth_basic.c", server.Last, func(r *server.Request) server.Status {
			return fakeHeader(r, slots.Dir.Of(r.Conf))
		})
		h.Auth.NoteFailure = append(h.Auth.NoteFailure, func(r *server.Request, authType string) bool {
			if !strings.EqualFold(authType, "Basic") {
				return false
			}
			challenge(r)
			return true
		})
	})
}

func challenge(r *server.Request) {
	r.Reply.ErrHeader.Set("WWW-Authenticate", "Basic realm=\""+r.ConfiguredAuthName()+"\"")
}

// authenticate is authenticate_basic_user.
func authenticate(r *server.Request, d *Dir) server.Status {
	authType := r.ConfiguredAuthType()
	if !strings.EqualFold(authType, "Basic") {
		return server.Declined
	}
	if r.ConfiguredAuthName() == "" {
		r.Logf(errlog.Error, errlog.AuthBasic, "AH01615", "need AuthName: %s", r.URI)
		return 500
	}
	user, password, ok := credentials(r)
	if !ok {
		d.tell(r, authType, "", "")
		challenge(r)
		return 401
	}
	r.AuthType, r.User = authType, user
	status := server.AuthUserNotFound
	providers := d.providers(r)
	if len(providers) == 0 {
		r.Logf(errlog.Error, errlog.AuthBasic, "AH01616", "No Authn provider configured")
		return 500
	}
	for _, p := range providers {
		if status = d.ask(p, r, user, password); status != server.AuthUserNotFound {
			break
		}
	}
	d.tell(r, authType, user, failure[status])
	if status == server.AuthGranted {
		return server.OK
	}
	if !d.Authoritative.Get(true) && status != server.AuthDenied {
		return server.Declined
	}
	switch status {
	case server.AuthDenied:
		r.Logf(errlog.Error, errlog.AuthBasic, "AH01617", "user %s: authentication failure for \"%s\": Password Mismatch", user, r.URI)
	case server.AuthUserNotFound:
		r.Logf(errlog.Error, errlog.AuthBasic, "AH01618", "user %s not found: %s", user, r.URI)
	default:
		return 500
	}
	challenge(r)
	return 401
}

// providers are those to ask; none if there is not even a default.
func (d *Dir) providers(r *server.Request) []Provider {
	if len(d.Providers) > 0 {
		return d.Providers
	}
	if p, ok := r.Site.Plan.Provider(server.AuthnGroup, "file"); ok {
		return []Provider{{"file", p.(server.AuthnProvider)}}
	}
	return nil
}

// failure is what is wrong with credentials, for those who ask why.
var failure = map[server.AuthnStatus]string{server.AuthDenied: "wrong password", server.AuthUserNotFound: "no such user",
	server.AuthGeneralError: "the provider failed"}

// tell says to a Tracer whom the providers know, and what they made of user.
func (d *Dir) tell(r *server.Request, authType, user, failed string) {
	if r.Tracer == nil {
		return
	}
	a := server.Authentication{Type: authType, Realm: r.ConfiguredAuthName(), User: user, Failed: failed}
	for _, p := range d.providers(r) {
		name := p.Name
		if s, ok := p.AuthnProvider.(server.AuthnSource); ok {
			name += " " + s.Source(r)
		}
		a.Providers = append(a.Providers, name)
	}
	r.Tracer.Trace(r, a)
}

// ask has a provider judge the password, as it is or by the hash that Digest
// authentication stores.
func (d *Dir) ask(p Provider, r *server.Request, user, password string) server.AuthnStatus {
	if !d.DigestMD5.Get(false) {
		return p.CheckPassword(r, user, password)
	}
	realm := r.ConfiguredAuthName()
	hash, status := p.RealmHash(r, user, realm)
	if status != server.AuthUserFound {
		return status
	}
	sum := md5.Sum([]byte(user + ":" + realm + ":" + password))
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(hash)) == 1 {
		return server.AuthGranted
	}
	return server.AuthDenied
}

// credentials reads the Authorization header (get_basic_auth).
func credentials(r *server.Request) (user, password string, ok bool) {
	h := r.In.Get("Authorization")
	if h == "" {
		return "", "", false
	}
	scheme, rest, _ := strings.Cut(h, " ")
	if !strings.EqualFold(scheme, "Basic") {
		r.Logf(errlog.Error, errlog.AuthBasic, "AH01614", "client used wrong authentication scheme: %s", r.URI)
		return "", "", false
	}
	text, _, _ := strings.Cut(decodePrefix(strings.TrimLeft(rest, " \t")), "\x00")
	user, password, _ = strings.Cut(text, ":")
	return user, password, true
}

// decodePrefix decodes base64 up to the first character that is not of its
// alphabet, as apr_base64_decode does. Malformed credentials are those of some
// user, whom no provider knows.
func decodePrefix(s string) string {
	end := 0
	for end < len(s) && (s[end] >= 'A' && s[end] <= 'Z' || s[end] >= 'a' && s[end] <= 'z' || s[end] >= '0' && s[end] <= '9' || s[end] == '+' || s[end] == '/') {
		end++
	}
	if end%4 == 1 {
		end-- // six bits are no byte
	}
	raw, err := base64.RawStdEncoding.DecodeString(s[:end])
	if err != nil {
		return ""
	}
	return string(raw)
}
