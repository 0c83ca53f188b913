package modauthzcore

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Module is mod_authz_core.
func Module() server.Module {
	provide := func(r *directives.Registry, _ directives.Slots[directives.None, Dir]) {
		for name, p := range map[string]server.AuthzParser{"all": parseAll, "env": parseEnv, "method": parseMethod, "expr": parseExpr} {
			r.Provide("authz_core_module", server.AuthzGroup, name, server.AuthzProvider(p))
		}
	}
	return server.Bind(tables, provide, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.AccessCheckerEx.Add("mod_authz_core.c", server.Last, func(r *server.Request) server.Status {
			return authorize(r, slots.Dir.Of(r.Conf), false)
		})
		h.AuthChecker.Add("mod_authz_core.c", server.Last, func(r *server.Request) server.Status {
			return authorize(r, slots.Dir.Of(r.Conf), true)
		})
	})
}

// authorize asks the Require lines (authorize_user_core). Before
// authentication, a verdict that waits for a user is Declined.
func authorize(r *server.Request, d *Dir, authenticated bool) server.Status {
	if d.Root == nil {
		if r.Tracer != nil {
			r.Tracer.Trace(r, Asked{nil, server.AuthzGranted, authenticated})
		}
		if r.ConfiguredAuthType() != "" {
			r.Logf(errlog.Info, errlog.AuthzCore, "AH01627", "AuthType configured with no corresponding authorization directives")
		}
		return server.OK
	}
	verdict := d.Root.eval(r, LogicAnd)
	if r.Tracer != nil {
		r.Tracer.Trace(r, Asked{d.Root, verdict, authenticated})
	}
	switch verdict {
	case server.AuthzGranted:
		return server.OK
	case server.AuthzDeniedNoUser:
		if !authenticated {
			return server.Declined
		}
		r.Logf(errlog.Error, errlog.AuthzCore, "AH01628", "authorization failure (no authenticated user): %s", r.URI)
		if r.User != "" {
			r.NoteAuthFailure()
		}
		return 401
	case server.AuthzDenied, server.AuthzNeutral:
		if !authenticated || r.ConfiguredAuthType() == "" {
			what := r.Target.Filename
			if what == "" {
				what = "uri " + r.URI
			}
			r.Logf(errlog.Error, errlog.AuthzCore, "AH01630", "client denied by server configuration: %s", what)
			return 403
		}
		r.Logf(errlog.Error, errlog.AuthzCore, "AH01631", "user %s: authorization failure for \"%s\": ", r.User, r.URI)
		if d.ForbiddenOnFailure.Get(false) {
			return 403
		}
		r.NoteAuthFailure()
		return 401
	}
	return 500
}

// eval is apply_authz_sections. A part that is limited to other methods does
// not stand in the way of the whole it belongs to, nor does it open it.
func (s *Section) eval(r *server.Request, whole Logic) server.AuthzStatus {
	if !s.Limited.Has(r.Line.Number) {
		if whole == LogicAnd {
			return s.tell(r, server.AuthzGranted, true)
		}
		return s.tell(r, server.AuthzNeutral, true)
	}
	result := server.AuthzNeutral
	if s.Check != nil {
		result = s.Check(r)
	} else {
		result = s.children(r)
	}
	if s.Negate {
		switch result {
		case server.AuthzGranted:
			result = server.AuthzDenied
		case server.AuthzDenied, server.AuthzDeniedNoUser:
			// Not being rejected is no reason to be let in.
			result = server.AuthzNeutral
		}
	}
	return s.tell(r, result, false)
}

func (s *Section) children(r *server.Request) server.AuthzStatus {
	result := server.AuthzNeutral
	for _, c := range s.Children {
		got := c.eval(r, s.Op)
		if got == server.AuthzGeneralError {
			return got
		}
		if got == server.AuthzNeutral {
			continue
		}
		if s.Op == LogicAnd {
			if got == server.AuthzDenied {
				return got
			}
			if got == server.AuthzDeniedNoUser || result == server.AuthzNeutral {
				result = got
			}
			continue
		}
		if got == server.AuthzGranted {
			return got
		}
		// A user may still change a denial of this kind.
		if got == server.AuthzDeniedNoUser && result == server.AuthzDenied || result == server.AuthzNeutral {
			result = got
		}
	}
	return result
}

func verdict(ok bool) server.AuthzStatus {
	if ok {
		return server.AuthzGranted
	}
	return server.AuthzDenied
}

func parseAll(_ *directives.Cmd, args string) (server.AuthzCheck, error) {
	granted := strings.EqualFold(args, "granted") // as it is written, without quotes
	if !granted && !strings.EqualFold(args, "denied") {
		return nil, errors.New("Argument for 'Require all' must be 'granted' or 'denied'")
	}
	v := verdict(granted)
	return func(*server.Request) server.AuthzStatus { return v }, nil
}

func parseEnv(_ *directives.Cmd, args string) (server.AuthzCheck, error) {
	names := apacheconf.Words(args)
	return func(r *server.Request) server.AuthzStatus {
		for _, n := range names {
			if _, ok := r.Env.Get(n); ok {
				return server.AuthzGranted
			}
		}
		return server.AuthzDenied
	}, nil
}

func parseMethod(cmd *directives.Cmd, args string) (server.AuthzCheck, error) {
	var set directives.MethodSet
	for _, w := range apacheconf.Words(args) {
		if !cmd.Plan().Methods.Known(w) {
			return nil, fmt.Errorf("Invalid Method '%s'", w)
		}
		set = set.With(cmd.Plan().Methods.Number(w))
	}
	return func(r *server.Request) server.AuthzStatus { return verdict(set.Has(r.Line.Number)) }, nil
}

func parseExpr(cmd *directives.Cmd, args string) (server.AuthzCheck, error) {
	// "expr" hands its whole text on, unquoted if it is one quoted word.
	text := args
	if w, rest := apacheconf.GetWordConf(args); rest == "" && w != "" {
		text = w
	}
	cond, err := cmd.Expr(text)
	if err != nil {
		return nil, fmt.Errorf("Cannot parse expression in require line: %v", err)
	}
	needsUser := strings.Contains(text, "REMOTE_USER")
	return func(r *server.Request) server.AuthzStatus {
		if needsUser && r.User == "" {
			return server.AuthzDeniedNoUser
		}
		ok, err := cond.Eval(r.ExprEnv())
		if err != nil {
			r.Logf(errlog.Error, errlog.AuthzCore, "AH02320", "Error evaluating expression in 'Require expr': %v", err)
			return server.AuthzGeneralError
		}
		return verdict(ok)
	}, nil
}
