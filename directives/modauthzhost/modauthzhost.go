// Package modauthzhost is Apache's mod_authz_host: Require ip, host,
// forward-dns and local.
package modauthzhost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

var tables = directives.Module[directives.None, directives.None]{ID: "authz_host_module", File: "mod_authz_host.c"}

// Module is mod_authz_host.
func Module() server.Module {
	return server.Bind(tables, func(r *directives.Registry, _ directives.Slots[directives.None, directives.None]) {
		for name, p := range map[string]server.AuthzParser{"ip": parseIP, "host": parseHost, "forward-dns": parseForward, "local": parseLocal} {
			r.Provide(tables.ID, server.AuthzGroup, name, server.AuthzProvider(p))
		}
	}, nil)
}

func verdict(ok bool) server.AuthzStatus {
	if ok {
		return server.AuthzGranted
	}
	return server.AuthzDenied
}

func parseIP(_ *directives.Cmd, args string) (server.AuthzCheck, error) {
	words := apacheconf.Words(args)
	if i := slices.Index(words, ""); i >= 0 {
		words = words[:i] // an empty word ends the list
	}
	if len(words) == 0 {
		return nil, errors.New("'require ip' requires an argument")
	}
	nets := make([]apr.Subnet, len(words))
	for i, w := range words {
		n, err := apr.ParseSubnet(w)
		if err == apr.ErrNotIP {
			return nil, fmt.Errorf("ip address '%s' appears to be invalid", w)
		} else if err != nil {
			return nil, fmt.Errorf("ip address '%s' appears to be invalid: %w", w, err)
		}
		nets[i] = n
	}
	return func(r *server.Request) server.AuthzStatus {
		ip := r.Client.Addr()
		for i := range nets {
			if nets[i].Contains(ip) {
				return server.AuthzGranted
			}
		}
		// authz_core logs the denial.
		return server.AuthzDenied
	}, nil
}

// stringExpr makes the arguments of host and forward-dns a function of the
// request: they may be an expression.
func stringExpr(cmd *directives.Cmd, name, args string) (func(*server.Request) (string, bool), error) {
	t, err := cmd.As("authz_host_module").Template(args)
	if err != nil {
		return nil, fmt.Errorf("Cannot parse expression in require line: %v", err)
	}
	code := "AH02593"
	if name == "forward-dns" {
		code = "AH03354"
	}
	return func(r *server.Request) (string, bool) {
		s, err := t.Eval(r.ExprEnv())
		if err != nil {
			r.Logf(errlog.Error, errlog.AuthzHost, code, "authz_host authorize: require %s: Can't evaluate require expression: %v", name, err)
		}
		return s, err == nil
	}, nil
}

func parseHost(cmd *directives.Cmd, args string) (server.AuthzCheck, error) {
	domains, err := stringExpr(cmd, "host", args)
	if err != nil {
		return nil, err
	}
	return func(r *server.Request) server.AuthzStatus {
		host := r.VerifiedHost()
		if host == "" {
			r.Logf(errlog.Error, errlog.AuthzHost, "AH01753", "access check of '%s' to %s failed, reason: unable to get the remote host name", args, r.URI)
			return server.AuthzDenied
		}
		text, ok := domains(r)
		if !ok {
			return server.AuthzDenied
		}
		for _, d := range apacheconf.Words(text) {
			if server.InDomain(d, host) {
				return server.AuthzGranted
			}
		}
		return server.AuthzDenied
	}, nil
}

func parseForward(cmd *directives.Cmd, args string) (server.AuthzCheck, error) {
	names, err := stringExpr(cmd, "forward-dns", args)
	if err != nil {
		return nil, err
	}
	return func(r *server.Request) server.AuthzStatus {
		text, ok := names(r)
		if !ok {
			return server.AuthzDenied
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for _, name := range apacheconf.Words(text) {
			addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
			if err != nil {
				r.LogErr(err, errlog.Error, errlog.AuthzHost, "AH03347", "dns lookup failure in %s: %s", "forward-dns", name)
				continue
			}
			for _, a := range addrs {
				if a.Unmap() == r.Client.Addr().Unmap() {
					return server.AuthzGranted
				}
			}
		}
		return server.AuthzDenied
	}, nil
}

// parseLocal grants the loopback addresses and a client whose address is the
// connection's own.
func parseLocal(*directives.Cmd, string) (server.AuthzCheck, error) {
	return func(r *server.Request) server.AuthzStatus {
		ip := r.Client.Addr().Unmap()
		return verdict(ip.IsLoopback() || r.Client == r.Conn.Remote && ip == r.Conn.Local.Addr().Unmap())
	}, nil
}
