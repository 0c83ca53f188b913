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

func (t *Text) eval(r *server.Request) string {
	if t.Expr == nil {
		return t.Word
	}
	s, err := t.Expr.Eval(r.ExprEnv())
	if err != nil {
		r.LogErr(err, errlog.Error, errlog.AuthnCore, "AH02834", "AuthType or AuthName expression could not be evaluated")
		return ""
	}
	return s
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
			t := (&slots.Dir.Of(r.Conf).Type.V).eval(r)
			if strings.EqualFold(t, "none") {
				return ""
			}
			return t
		}
		h.Auth.Name = func(r *server.Request) string { return escapeQuotes((&slots.Dir.Of(r.Conf).Name.V).eval(r)) }
		h.CheckUserID.Add("mod_authn_core.c", server.Last, func(r *server.Request) server.Status {
			t := r.ConfiguredAuthType()
			if t == "" {
				return server.OK
			}
			r.Logf(errlog.Error, errlog.AuthnCore, "AH01796", "AuthType %s configured without corresponding module", t)
			return 500
		})
	})
}
