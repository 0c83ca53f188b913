// Package modsetenvif is Apache's mod_setenvif: SetEnvIf, SetEnvIfNoCase,
// SetEnvIfExpr, BrowserMatch and BrowserMatchNoCase. Lines at server scope run
// as soon as the head was read, lines in sections once their section is known.
package modsetenvif

import (
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

// Conf is the list of conditions of a server or a section, outer ones first.
type Conf struct{ Conditions []*Condition }

// Dir is Conf of a section.
type Dir struct{ Conf }

// Condition is one line: what it looks at, what that must match, what it sets.
type Condition struct {
	what   attribute
	name   string       // header or variable
	names  *pcre.Regexp // headers by pattern; nil for one name
	match  *pcre.Regexp
	cond   *expr.Cond // SetEnvIfExpr
	vars   []variable
	source apacheconf.Pos
}

type variable struct {
	name, value string
	unset       bool
	substitutes bool // value has $0 ... $9 or a backslash, which count
}

type attribute uint8

const (
	header attribute = iota
	remoteHost
	remoteAddr
	serverAddr
	requestURI
	requestMethod
	requestProtocol
)

var attributes = map[string]attribute{"remote_host": remoteHost, "remote_addr": remoteAddr, "server_addr": serverAddr,
	"request_uri": requestURI, "request_method": requestMethod, "request_protocol": requestProtocol}

func table[C any](at func(*C) *[]*Condition) directives.Table[C] {
	list := directives.Append(at)
	entry := func(name string, parse func(*directives.Cmd, string) (*Condition, error), help string) directives.Directive[C] {
		return directives.RawArgs(name, directives.OrFileInfo, list, func(cmd *directives.Cmd, c *C, args string) error {
			cond, err := parse(cmd, args)
			if err == nil {
				cond.source = cmd.Pos
				*at(c) = append(*at(c), cond)
			}
			return err
		}, help)
	}
	plain := func(browser bool, flags pcre.Flags) func(*directives.Cmd, string) (*Condition, error) {
		return func(cmd *directives.Cmd, args string) (*Condition, error) { return parse(cmd, args, browser, flags) }
	}
	const oid = "OID(...) is refused: there are no client certificates to match"
	return directives.Table[C]{
		entry("SetEnvIf", plain(false, 0), "A header-name, regex and a list of variables.").Differs(oid),
		entry("SetEnvIfNoCase", plain(false, pcre.Caseless), "a header-name, regex and a list of variables.").Differs(oid),
		entry("SetEnvIfExpr", parseExpr, "an expression and a list of variables."),
		entry("BrowserMatch", plain(true, 0), "A browser regex and a list of variables."),
		entry("BrowserMatchNoCase", plain(true, pcre.Caseless), "A browser regex and a list of variables."),
	}
}

// parse reads "NAME REGEX VAR ..."; for BrowserMatch NAME is User-Agent.
func parse(cmd *directives.Cmd, args string, browser bool, flags pcre.Flags) (*Condition, error) {
	c := &Condition{name: "User-Agent"}
	if !browser {
		var name string
		if name, args = apacheconf.GetWordConf(args); name == "" {
			return nil, fmt.Errorf("Missing header-field name for %s", cmd.Name)
		}
		c.name = name
		if what, ok := attributes[strings.ToLower(name)]; ok {
			c.what = what
		} else if strings.HasPrefix(strings.ToLower(name), "oid(") {
			return nil, fmt.Errorf("%s %s is not supported by httpd-wsgi: certificate extensions can't be matched; use SSLRequire or SSL_CLIENT variables in the application", cmd.Name, name)
		} else if strings.ContainsFunc(name, notOfName) {
			re, err := cmd.Regexp(name, pcre.Caseless)
			if err != nil {
				return nil, fmt.Errorf("%sHeader name regex could not be compiled.", cmd.Name)
			}
			c.names = re
		}
	}
	var pattern string
	if pattern, args = apacheconf.GetWordConf(args); pattern == "" {
		return nil, fmt.Errorf("Missing regular expression for %s", cmd.Name)
	}
	re, err := cmd.Regexp(pattern, flags)
	if err != nil {
		return nil, fmt.Errorf("%s regex could not be compiled.", cmd.Name)
	}
	c.match = re
	return c, c.parseVars(cmd, args, !plainText(pattern))
}

// notOfName finds what makes a header's name a pattern.
func notOfName(c rune) bool {
	return c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
}

func parseExpr(cmd *directives.Cmd, args string) (*Condition, error) {
	text, args := apacheconf.GetWordConf(args)
	if text == "" {
		return nil, fmt.Errorf("Missing expression for %s", cmd.Name)
	}
	cond, err := cmd.Expr(text)
	if err != nil {
		return nil, fmt.Errorf("Could not parse expression \"%s\": %v", text, err)
	}
	c := &Condition{cond: cond}
	return c, c.parseVars(cmd, args, true)
}

// plainText tells whether a pattern is nothing but text, escaped where need be
// (non_regex_pattern). Apache searches for that without a regular expression
// and then takes values as they are.
func plainText(pattern string) bool {
	escaped := false
	for i := range len(pattern) {
		special := strings.IndexByte("^.$|()[]*+?{}", pattern[i]) >= 0
		switch {
		case pattern[i] == '\\':
			escaped = !escaped
			continue
		case special != escaped:
			return false
		}
		escaped = false
	}
	return true
}

// parseVars reads what is set and unset; substitute tells that values may have $1 and the like.
func (c *Condition) parseVars(cmd *directives.Cmd, args string, substitute bool) error {
	for args != "" {
		var w string
		w, args = apacheconf.GetWordConf(args)
		if w == "" {
			break
		}
		v := variable{name: w, value: "1"}
		if name, ok := strings.CutPrefix(w, "!"); ok {
			v = variable{name: name, unset: true}
		} else if name, value, ok := strings.Cut(w, "="); ok {
			v = variable{name: name, value: value, substitutes: substitute && strings.ContainsAny(value, `$\`)}
		}
		c.vars = append(c.vars, v)
	}
	if len(c.vars) == 0 {
		return fmt.Errorf("Missing envariable expression for %s", cmd.Name)
	}
	return nil
}

func (c *Condition) apply(r *server.Request) {
	var m expr.Match
	if c.cond != nil {
		ok, err := c.cond.EvalMatch(r.ExprEnv(), &m)
		if err != nil {
			return // which the evaluation itself has logged
		}
		if !ok {
			return
		}
	} else {
		m.Source, m.Set = c.subject(r), true
		ok, err := c.match.Exec(m.Source, &m.Caps)
		if err != nil {
			r.LogErr(err, errlog.Error, errlog.SetEnvIf, "", "the regular expression at %s failed", c.source)
		}
		if !ok || err != nil {
			return
		}
	}
	for _, v := range c.vars {
		switch {
		case v.unset:
			r.Env.Unset(v.name)
		case v.substitutes:
			r.Env.Set(v.name, string(pcre.Expand(nil, v.value, m.Source, m.Caps[:])))
		default:
			r.Env.Set(v.name, v.value)
		}
	}
}

// subject is what the condition looks at.
func (c *Condition) subject(r *server.Request) string {
	switch c.what {
	case remoteAddr:
		return r.ClientIP()
	case remoteHost:
		return r.RemoteHost()
	case serverAddr:
		return r.Conn.LocalIP()
	case requestURI:
		return r.URI
	case requestMethod:
		return r.Line.Method
	case requestProtocol:
		return r.Line.Protocol
	}
	if c.names != nil {
		for i := range r.In.F {
			if ok, _ := c.names.Match(r.In.F[i].Name); ok {
				return r.In.F[i].Value
			}
		}
		return ""
	}
	if v, ok := r.In.Lookup(c.name); ok {
		return v
	}
	v, _ := r.Env.Get(c.name)
	return v
}

var tables = directives.Module[Conf, Dir]{ID: "setenvif_module", File: "mod_setenvif.c",
	Both: directives.Pair(table(func(c *Conf) *[]*Condition { return &c.Conditions }),
		table(func(d *Dir) *[]*Condition { return &d.Conditions }))}

// Module is mod_setenvif.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[Conf, Dir]) {
		h.PostReadRequest.Add("mod_setenvif.c", server.Middle, func(r *server.Request) server.Status {
			for _, c := range slots.Server.Of(r.Server.Conf).Conditions {
				c.apply(r)
			}
			return server.Declined
		})
		h.HeaderParser.Add("mod_setenvif.c", server.Middle, func(r *server.Request) server.Status {
			for _, c := range slots.Dir.Of(r.Conf).Conditions {
				c.apply(r)
			}
			return server.Declined
		})
	})
}
