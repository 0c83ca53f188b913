// Package modauthzuser is Apache's mod_authz_user: Require user and Require
// valid-user.
package modauthzuser

import (
	"fmt"
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

func parseUser(cmd *directives.Cmd, args string) (server.AuthzCheck, error) {
	t, err := cmd.As("authz_user_module").Template(args)
	if err != nil {
		return nil, fmt.Errorf("Cannot parse expression in require line: %v", err)
	}
	var constant []string
	if t.Constant() {
		text, err := t.Eval(nil)
		if err != nil {
			return nil, err
		}
		constant = apacheconf.Words(text)
	}
	return func(r *server.Request) server.AuthzStatus {
		if r.User == "" {
			return server.AuthzDeniedNoUser
		}
		names := constant
		if !t.Constant() {
			text, err := t.Eval(r.ExprEnv())
			if err != nil {
				r.Logf(errlog.Error, errlog.AuthzUser, "AH02594", "authz_user authorize: require user: Can't evaluate require expression: %v", err)
				return server.AuthzDenied
			}
			names = apacheconf.Words(text)
		}
		if slices.Contains(names, r.User) {
			return server.AuthzGranted
		}
		r.Logf(errlog.Debug, errlog.AuthzUser, "AH01663", "access to %s failed, reason: user '%s' does not meet 'require'ments for user to be allowed access", r.URI, r.User)
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
