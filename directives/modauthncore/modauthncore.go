// Package modauthncore is Apache's mod_authn_core: AuthType and AuthName, and
// the error for an AuthType that no module implements.
package modauthncore

import (
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Dir is mod_authn_core's per-directory configuration.
type Dir struct {
	Type, Name directives.Opt[Text]
}

// Text is a word or an expression.
type Text struct {
	Word string
	Expr *expr.String
}

func text(name string, at func(*Dir) *directives.Opt[Text], help string) directives.Directive[Dir] {
	return directives.Take1(name, directives.OrAuthCfg, directives.Override(at), func(cmd *directives.Cmd, d *Dir, w string) error {
		t := Text{Word: w}
		if strings.Contains(w, "%{") {
			e, err := cmd.Template(w)
			if err != nil {
				return fmt.Errorf("Cannot parse expression '%s' in %s: %v", w, cmd.Name, err)
			}
			t.Expr = e
		}
		*at(d) = directives.Some(t)
		return nil
	}, help)
}

var tables = directives.Module[directives.None, Dir]{ID: "authn_core_module", File: "mod_authn_core.c", Dir: directives.Table[Dir]{
	text("AuthType", func(d *Dir) *directives.Opt[Text] { return &d.Type }, "an HTTP authorization type (e.g., \"Basic\")"),
	text("AuthName", func(d *Dir) *directives.Opt[Text] { return &d.Name }, "the authentication realm (e.g. \"Members Only\")"),
	providerAlias(),
}}

// providerAlias is known and refused.
func providerAlias() directives.Directive[Dir] {
	d := directives.Known[Dir]("<AuthnProviderAlias", directives.RsrcConf, directives.Refused,
		"name the provider itself in AuthBasicProvider and give its directives in each section")
	d.Help = "container for grouping an authentication provider's directives under a provider alias"
	return d
}

// eval is the text for a request; ok is false where there is none.
func (t *Text) eval(r *server.Request, code, directive string) (s string, ok bool) {
	if t.Expr == nil {
		return t.Word, true
	}
	s, err := t.Expr.Eval(r.ExprEnv())
	if err != nil {
		r.Logf(errlog.Error, errlog.AuthnCore, code, "%s expression could not be evaluated: %v", directive, err)
		return "", false
	}
	return s, true
}

// authType is AuthType for a request; ok is false where there is none, or None.
func (d *Dir) authType(r *server.Request) (t string, ok bool) {
	if !d.Type.Set {
		return "", false
	}
	t, ok = d.Type.V.eval(r, "AH02834", "AuthType")
	if !ok || strings.EqualFold(t, "none") {
		return "", false
	}
	return t, true
}

// escapeQuotes makes s fit between quotes: quotes that no backslash escapes get
// one (ap_escape_quotes).
func escapeQuotes(s string) string {
	if strings.IndexByte(s, '"') < 0 {
		return s
	}
	b := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			b = append(b, '\\')
			i++
		case s[i] == '"':
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(b)
}

// Module is mod_authn_core.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.Auth.Type = func(r *server.Request) string {
			t, _ := slots.Dir.Of(r.Conf).authType(r)
			return t
		}
		h.Auth.Name = func(r *server.Request) string {
			name, _ := slots.Dir.Of(r.Conf).Name.V.eval(r, "AH02835", "AuthName")
			return escapeQuotes(name)
		}
		h.CheckUserID.Add("mod_authn_core.c", server.Last, func(r *server.Request) server.Status {
			t, ok := slots.Dir.Of(r.Conf).authType(r)
			if !ok {
				return server.OK
			}
			r.Logf(errlog.Error, errlog.AuthnCore, "AH01796", "AuthType %s configured without corresponding module", t)
			return 500
		})
	})
}
