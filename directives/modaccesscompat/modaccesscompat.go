// Package modaccesscompat is Apache's mod_access_compat: Order, Allow, Deny
// and Satisfy of the days before Require. As there, a container with any of
// them replaces all that outer containers said.
package modaccesscompat

import (
	"errors"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Dir is mod_access_compat's per-directory configuration. The last of Orders
// and Satisfies that covers the request's method counts.
type Dir struct {
	Orders        []limited[order]
	Satisfies     []limited[server.Satisfy]
	Allows, Denys []rule
}

type limited[T any] struct {
	pos     apacheconf.Pos
	methods directives.MethodSet
	value   T
}

type order uint8

const (
	denyThenAllow order = iota
	allowThenDeny
	mutualFailure
)

// rule is one argument of Allow or Deny.
type rule struct {
	pos     apacheconf.Pos
	methods directives.MethodSet
	kind    ruleKind
	subnet  apr.Subnet
	name    string // of a variable or domain
}

type ruleKind uint8

const (
	everyone ruleKind = iota
	address
	domain
	envSet
	envUnset
)

const fromHelp = "'from' followed by hostnames or IP-address wildcards"

var tables = directives.Module[directives.None, Dir]{ID: "access_compat_module", File: "mod_access_compat.c",
	Dir: directives.Table[Dir]{
		directives.Take1("order", directives.OrLimit, nil, setOrder, "'allow,deny', 'deny,allow', or 'mutual-failure'"),
		directives.Iterate2("allow", directives.OrLimit, nil, func(cmd *directives.Cmd, d *Dir, from, where string) error {
			return addRule(cmd, &d.Allows, from, where)
		}, fromHelp),
		directives.Iterate2("deny", directives.OrLimit, nil, func(cmd *directives.Cmd, d *Dir, from, where string) error {
			return addRule(cmd, &d.Denys, from, where)
		}, fromHelp),
		directives.Take1("Satisfy", directives.OrAuthCfg, nil, setSatisfy, "access policy if both allow and require used ('all' or 'any')"),
	},
	MergeDir: func(_, add *Dir) *Dir { return add },
}

func setOrder(cmd *directives.Cmd, d *Dir, w string) error {
	var o order
	switch strings.ToLower(w) {
	case "allow,deny":
		o = allowThenDeny
	case "deny,allow":
		o = denyThenAllow
	case "mutual-failure":
		o = mutualFailure
	default:
		return errors.New("unknown order")
	}
	d.Orders = append(d.Orders, limited[order]{cmd.Pos, cmd.Limited, o})
	return nil
}

func setSatisfy(cmd *directives.Cmd, d *Dir, w string) error {
	var v server.Satisfy
	switch strings.ToLower(w) {
	case "all":
		v = server.SatisfyAll
	case "any":
		v = server.SatisfyAny
	default:
		return errors.New("Satisfy either 'any' or 'all'.")
	}
	d.Satisfies = append(d.Satisfies, limited[server.Satisfy]{cmd.Pos, cmd.Limited, v})
	return nil
}

func addRule(cmd *directives.Cmd, to *[]rule, from, where string) error {
	if !strings.EqualFold(from, "from") {
		return errors.New("allow and deny must be followed by 'from'")
	}
	r := rule{pos: cmd.Pos, methods: cmd.Limited, name: where}
	switch {
	case len(where) > 4 && strings.EqualFold(where[:5], "env=!"):
		r.kind, r.name = envUnset, where[5:]
	case len(where) > 3 && strings.EqualFold(where[:4], "env="):
		r.kind, r.name = envSet, where[4:]
	case strings.EqualFold(where, "all"):
		r.kind = everyone
	default:
		n, err := apr.ParseSubnet(where)
		switch {
		case err == nil:
			r.kind, r.subnet = address, n
		case err != apr.ErrNotIP:
			return err
		case strings.Contains(where, "/"):
			return errors.New("An IP address was expected")
		default:
			r.kind = domain
		}
	}
	*to = append(*to, r)
	return nil
}

// Module is mod_access_compat.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.Auth.Satisfy = func(r *server.Request) server.Satisfy {
			return last(slots.Dir.Of(r.Conf).Satisfies, r.Line.Number, server.SatisfyAll)
		}
		h.AccessChecker.Add("mod_access_compat.c", server.Middle, func(r *server.Request) server.Status {
			return check(r, slots.Dir.Of(r.Conf))
		})
	})
}

func last[T any](list []limited[T], method int, def T) T {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].methods.Has(method) {
			return list[i].value
		}
	}
	return def
}

// check is check_dir_access.
func check(r *server.Request, d *Dir) server.Status {
	ok := allowed(r, d)
	if r.Tracer != nil {
		d.tell(r, ok)
	}
	if ok {
		return server.OK
	}
	what := r.Target.Filename
	if what == "" {
		what = "uri " + r.URI
	}
	r.Logf(errlog.Error, errlog.AccessCompat, "AH01797", "client denied by server configuration: %s", what)
	return 403
}

func allowed(r *server.Request, d *Dir) bool {
	if last(d.Orders, r.Line.Number, denyThenAllow) == denyThenAllow {
		return matching(r, d.Denys) == nil || matching(r, d.Allows) != nil
	}
	return matching(r, d.Allows) != nil && matching(r, d.Denys) == nil
}

// matching is the first of rules that fits the client, nil if none does.
func matching(r *server.Request, rules []rule) *rule {
	host, looked := "", false
	for i := range rules {
		a := &rules[i]
		if !a.methods.Has(r.Line.Number) {
			continue
		}
		switch a.kind {
		case everyone:
			return a
		case envSet:
			if _, ok := r.Env.Get(a.name); ok {
				return a
			}
		case envUnset:
			if _, ok := r.Env.Get(a.name); !ok {
				return a
			}
		case address:
			if a.subnet.Contains(r.Client.Addr()) {
				return a
			}
		case domain:
			if !looked {
				host, looked = r.VerifiedHost(), true
			}
			if host != "" && server.InDomain(a.name, host) {
				return a
			}
		}
	}
	return nil
}
