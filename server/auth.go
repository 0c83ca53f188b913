package server

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
)

// Provider groups of directives.Registry.Provide in which modules meet.
const (
	// AuthnGroup holds AuthnProvider values by name ("file").
	AuthnGroup = "authn"
	// AuthzGroup holds AuthzProvider values by name ("ip", "valid-user").
	AuthzGroup = "authz"
)

// AuthnStatus is what an authentication provider finds (authn_status).
type AuthnStatus int

const (
	AuthDenied       AuthnStatus = iota // wrong password
	AuthGranted                         // right
	AuthUserFound                       // digest: user known
	AuthUserNotFound                    // next provider
	AuthGeneralError                    // 500
)

// AuthnProvider checks passwords for AuthBasicProvider and AuthDigestProvider.
// It runs on the request's goroutine.
type AuthnProvider interface {
	// CheckPassword tells whether password is user's; it may set r.User.
	CheckPassword(r *Request, user, password string) AuthnStatus
	// RealmHash returns MD5(user:realm:password) in hex for Digest.
	RealmHash(r *Request, user, realm string) (hash string, status AuthnStatus)
}

// AuthzStatus is what an authorization provider finds (authz_status).
type AuthzStatus int

const (
	AuthzDenied AuthzStatus = iota
	AuthzGranted
	AuthzNeutral
	AuthzGeneralError
	AuthzDeniedNoUser // denied because there is no user yet: authenticate, then ask again
)

// AuthzCheck is one compiled Require line.
type AuthzCheck func(r *Request) AuthzStatus

// AuthzProvider compiles the arguments of "Require NAME args" once, at start.
type AuthzProvider interface {
	ParseRequire(cmd *directives.Cmd, args string) (AuthzCheck, error)
}

// AuthzParser is a function as AuthzProvider.
type AuthzParser func(cmd *directives.Cmd, args string) (AuthzCheck, error)

// ParseRequire calls f.
func (f AuthzParser) ParseRequire(cmd *directives.Cmd, args string) (AuthzCheck, error) {
	return f(cmd, args)
}

// Satisfy is how access by address and access by user go together (Satisfy).
type Satisfy int

const (
	SatisfyAll Satisfy = iota
	SatisfyAny
)

// AuthConf is what authentication and authorization modules tell each other
// and the pipeline; each function is set by the module that owns the directive
// and nil when that module is not loaded.
type AuthConf struct {
	// Type and Name are AuthType and AuthName of a request ("" if unset).
	Type, Name func(*Request) string
	// Satisfy is mod_access_compat's.
	Satisfy func(*Request) Satisfy
	// NoteFailure are told to ask the client for credentials (note_auth_failure), by AuthType.
	NoteFailure []func(r *Request, authType string) bool
}

// ConfiguredAuthType is AuthType for r, "" if there is none (ap_auth_type).
func (r *Request) ConfiguredAuthType() string {
	if f := r.Site.Hooks.Auth.Type; f != nil {
		return f(r)
	}
	return ""
}

// ConfiguredAuthName is AuthName for r (ap_auth_name).
func (r *Request) ConfiguredAuthName() string {
	if f := r.Site.Hooks.Auth.Name; f != nil {
		return f(r)
	}
	return ""
}

// NoteAuthFailure adds the challenge of the configured AuthType to the response (ap_note_auth_failure).
func (r *Request) NoteAuthFailure() {
	t := r.ConfiguredAuthType()
	if t == "" {
		r.Logf(errlog.Error, errlog.HTTP, "AH00571", "need AuthType to note auth failure: %s", r.URI)
		return
	}
	for _, f := range r.Site.Hooks.Auth.NoteFailure {
		if f(r, t) {
			return
		}
	}
}

func (s *Site) satisfyAny(r *Request) bool {
	f := s.Hooks.Auth.Satisfy
	return f != nil && f(r) == SatisfyAny
}
