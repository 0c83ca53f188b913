// Package modauthzuser is Apache's mod_authz_user: Require user and Require
// valid-user.
package modauthzuser

import (
	"slices"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

var tables = directives.Module[directives.None, directives.None]{ID: "authz_user_module", File: "mod_authz_user.c"}

// Module is mod_authz_user.
func Module() server.Module {
	return server.Bind(tables, func(r *directives.Registry, _ directives.Slots[directives.None, directives.None]) {
		r.Provide(tables.ID, server.AuthzGroup, "user", server.AuthzProvider(server.AuthzParser(parseUser)))
		r.Provide(tables.ID, server.AuthzGroup, "valid-user", server.AuthzProvider(server.AuthzParser(parseValidUser)))
	}, nil)
}

func parseUser(_ *directives.Cmd, args string) (server.AuthzCheck, error) {
	names := apacheconf.Words(args)
	return func(r *server.Request) server.AuthzStatus {
		if r.User == "" {
			return server.AuthzDeniedNoUser
		}
		if slices.Contains(names, r.User) {
			return server.AuthzGranted
		}
		r.Logf(errlog.Error, errlog.AuthzUser, "AH01663", "access to %s failed, reason: user '%s' does not meet 'require'ments for user to be allowed access", r.URI, r.User)
		return server.AuthzDenied
	}, nil
}

func parseValidUser(*directives.Cmd, string) (server.AuthzCheck, error) {
	return func(r *server.Request) server.AuthzStatus {
		if r.User == "" {
			return server.AuthzDeniedNoUser
		}
		return server.AuthzGranted
	}, nil
}
