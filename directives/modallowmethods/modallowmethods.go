// Package modallowmethods is Apache's mod_allowmethods: AllowMethods.
package modallowmethods

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Dir is the per-directory configuration. An empty set allows every method.
type Dir struct {
	Allowed directives.Opt[directives.MethodSet]
}

var allowed = directives.Override(func(d *Dir) *directives.Opt[directives.MethodSet] { return &d.Allowed })

var tables = directives.Module[directives.None, Dir]{ID: "allowmethods_module", File: "mod_allowmethods.c", Dir: directives.Table[Dir]{
	directives.Argv("AllowMethods", directives.AccessConf, allowed, set, "only allow specific methods"),
}}

// set adds methods to those that the section's earlier lines allow.
func set(c *directives.Cmd, d *Dir, names []string) error {
	if len(names) == 0 {
		return errors.New("AllowMethods: No method or 'reset' keyword given")
	}
	if len(names) == 1 && strings.EqualFold(names[0], "reset") {
		d.Allowed = directives.Some(directives.MethodSet(0))
		return nil
	}
	for _, name := range names {
		n := c.Plan().Methods.Number(name)
		if n == directives.MInvalid {
			return fmt.Errorf("AllowMethods: Invalid Method '%s'", name)
		}
		d.Allowed = directives.Some(d.Allowed.V.With(n))
	}
	return nil
}

// Module is mod_allowmethods.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.AccessChecker.Add("mod_allowmethods.c", server.ReallyFirst, func(r *server.Request) server.Status {
			if set := slots.Dir.Of(r.Conf).Allowed.V; set == 0 || set.Has(r.Line.Number) {
				return server.Declined
			}
			kind, what := "", r.Target.Filename
			if what == "" {
				kind, what = "uri ", r.URI
			}
			r.Logf(errlog.Error, errlog.AllowMethods, "AH01623", "client method denied by server configuration: '%s' to %s%s", r.Line.Method, kind, what)
			return 405
		})
	})
}
