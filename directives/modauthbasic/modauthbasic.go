// Package modauthbasic is Apache's mod_auth_basic: HTTP Basic authentication
// through the providers of server.AuthnGroup (RFC 7617).
package modauthbasic

import (
	"encoding/base64"
	"fmt"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Dir is mod_auth_basic's per-directory configuration.
type Dir struct {
	Providers     []Provider
	Authoritative directives.Opt[bool] // default on
}

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
	directives.Known[Dir]("AuthBasicFake", directives.OrAuthCfg, directives.Refused, "set the header with RequestHeader set Authorization"),
	directives.Known[Dir]("AuthBasicUseDigestAlgorithm", directives.OrAuthCfg, directives.Refused, "store passwords for Basic authentication (htpasswd -B)"),
}}

func addProvider(cmd *directives.Cmd, d *Dir, name string) error {
	p, ok := cmd.Provider(server.AuthnGroup, name)
	if !ok {
		return fmt.Errorf("Unknown Authn provider: %s", name)
	}
	d.Providers = append(d.Providers, Provider{name, p.(server.AuthnProvider)})
	return nil
}

// Module is mod_auth_basic.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.CheckUserID.Add("mod_auth_basic.c", server.Middle, func(r *server.Request) server.Status {
			return authenticate(r, slots.Dir.Of(r.Conf))
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
	r.AuthType = authType
	user, password, ok := credentials(r)
	if !ok {
		challenge(r)
		return 401
	}
	r.User = user
	status := server.AuthUserNotFound
	providers := d.Providers
	if len(providers) == 0 {
		p, ok := r.Site.Plan.Provider(server.AuthnGroup, "file")
		if !ok {
			r.Logf(errlog.Error, errlog.AuthBasic, "AH01616", "No Authn provider configured")
			return 500
		}
		providers = []Provider{{"file", p.(server.AuthnProvider)}}
	}
	for _, p := range providers {
		if status = p.CheckPassword(r, user, password); status != server.AuthUserNotFound {
			break
		}
	}
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
	text := strings.TrimRight(strings.Trim(rest, " \t"), "=")
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", "", false
	}
	user, password, _ = strings.Cut(string(raw), ":")
	return user, password, true
}
