// Package modalias is Apache's mod_alias: Alias, ScriptAlias and the Redirect
// family, by prefix, by pattern and, inside <Location>, by expression.
package modalias

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

// Alias is one Alias, ScriptAlias or Redirect line.
type Alias struct {
	Pos     apacheconf.Pos
	Fake    string       // URL prefix; "" with Regexp
	Regexp  *pcre.Regexp // the Match forms
	Real    string       // file or URL; "" for a redirect without target
	Handler string       // "cgi-script" for ScriptAlias
	Status  int          // of a redirect
	Root    string       // ServerRoot, for a relative Real of a pattern
}

// Server is mod_alias's per-server configuration: an inner server's lines
// come before the outer one's.
type Server struct {
	Aliases, Redirects []*Alias
}

// Dir is its per-directory configuration.
type Dir struct {
	Redirects []*Alias
	// Alias and Redirect are the forms of <Location> without a prefix.
	Alias    directives.Opt[Local]
	Redirect directives.Opt[Local]

	Relative     directives.Opt[bool] // RedirectRelative
	PreservePath directives.Opt[bool] // AliasPreservePath
}

// Local is an Alias or Redirect that takes its prefix from <Location>.
type Local struct {
	Pos     apacheconf.Pos
	Prefix  string
	Target  *expr.String // nil for a redirect without target
	Handler string
	Status  int
}

var (
	aliases         = directives.Prepend(func(s *Server) *[]*Alias { return &s.Aliases })
	redirects       = directives.Prepend(func(s *Server) *[]*Alias { return &s.Redirects })
	localRedirects  = directives.Prepend(func(d *Dir) *[]*Alias { return &d.Redirects })
	localAlias      = directives.Override(func(d *Dir) *directives.Opt[Local] { return &d.Alias })
	errRegexp       = errors.New("Regular expression could not be compiled.")
	errNonURL       = errors.New("Redirect to non-URL")
	errMissingURL   = errors.New("URL to redirect to is missing")
	errUselessURL   = errors.New("Redirect URL not valid for this status")
	errFirstOfThree = errors.New("Redirect: invalid first argument (of three)")
)

const (
	aliasHelp    = "a fakename and a realname, or a realname in a Location"
	matchHelp    = "a regular expression and a filename"
	redirectHelp = "an optional status, then document to be redirected and destination URL"
)

// both makes the two halves of a directive that goes to the server outside
// sections and to the section inside.
func both(name string, scope directives.Scope, shape directives.Shape, help string,
	server func(*directives.Cmd, *Server, []string) error, serverField *directives.Field[Server],
	dir func(*directives.Cmd, *Dir, []string) error, dirField *directives.Field[Dir]) directives.Both[Server, Dir] {
	return directives.Both[Server, Dir]{
		Server: shaped(name, scope, shape, serverField, server, help),
		Dir:    shaped(name, scope, shape, dirField, dir, help)}
}

func shaped[C any](name string, scope directives.Scope, shape directives.Shape, field *directives.Field[C],
	set func(*directives.Cmd, *C, []string) error, help string) directives.Directive[C] {
	switch shape {
	case directives.ShapeTake123:
		return directives.Take123(name, scope, field, set, help)
	case directives.ShapeTake23:
		return directives.Take23(name, scope, field, set, help)
	case directives.ShapeTake2:
		return directives.Take2(name, scope, field, two(set), help)
	}
	return directives.Take12(name, scope, field, two(set), help)
}

func two[C any](set func(*directives.Cmd, *C, []string) error) func(*directives.Cmd, *C, string, string) error {
	return func(cmd *directives.Cmd, c *C, a, b string) error {
		if b == "" {
			return set(cmd, c, []string{a})
		}
		return set(cmd, c, []string{a, b})
	}
}

func alias(name, handler string) directives.Both[Server, Dir] {
	return both(name, directives.RsrcConf|directives.AccessConf, directives.ShapeTake12, aliasHelp,
		func(cmd *directives.Cmd, s *Server, w []string) error {
			if len(w) < 2 {
				return errors.New("Alias must have two arguments when used globally")
			}
			return addAlias(cmd, s, w[0], w[1], handler)
		}, aliases,
		func(cmd *directives.Cmd, d *Dir, w []string) error {
			if cmd.Limited != directives.AllMethods {
				return cmd.Check(directives.NotInLimit)
			}
			if len(w) == 2 {
				return fmt.Errorf("%s cannot occur within directory context", cmd.Name)
			}
			if err := cmd.Check(directives.NotInDirectory | directives.NotInFiles); err != nil {
				return err
			}
			t, err := cmd.Template(w[0])
			if err != nil {
				return fmt.Errorf("Cannot parse alias expression '%s': %v", w[0], err)
			}
			d.Alias = directives.Some(Local{Pos: cmd.Pos, Prefix: cmd.Path, Target: t, Handler: handler})
			return nil
		}, localAlias)
}

func aliasMatch(name, handler string) directives.Directive[Server] {
	return directives.Take2(name, directives.RsrcConf, aliases, func(cmd *directives.Cmd, s *Server, pattern, real string) error {
		re, err := cmd.Regexp(pattern, 0)
		if err != nil {
			return errRegexp
		}
		s.Aliases = append(s.Aliases, &Alias{Pos: cmd.Pos, Regexp: re, Real: real, Handler: handler, Root: cmd.Plan().ServerRoot})
		return nil
	}, matchHelp)
}

// addAlias files a prefix alias and warns of one that an earlier one hides.
func addAlias(cmd *directives.Cmd, s *Server, fake, real, handler string) error {
	a := &Alias{Pos: cmd.Pos, Fake: fake, Real: rooted(cmd, real), Handler: handler}
	for _, old := range s.Aliases {
		if old.Regexp == nil && apr.MatchPrefix(fake, old.Fake) > 0 {
			cmd.Warnf("AH00671: The %s directive in %s at line %d will probably never match because it overlaps an earlier %s.",
				cmd.Name, cmd.Pos.File, cmd.Pos.Line, "Alias")
		}
	}
	s.Aliases = append(s.Aliases, a)
	return nil
}

// rooted makes a path absolute below ServerRoot and keeps a final slash, which matters in an alias.
func rooted(cmd *directives.Cmd, p string) string {
	if strings.HasPrefix(p, "/") {
		return p
	}
	abs := cmd.ServerRootRelative(p)
	if strings.HasSuffix(p, "/") && !strings.HasSuffix(abs, "/") {
		abs += "/"
	}
	return abs
}

// redirect makes an entry of the Redirect family; status 0 reads it from the first argument.
func redirect(name string, shape directives.Shape, status int, pattern bool, help string) directives.Both[Server, Dir] {
	parse := func(cmd *directives.Cmd, w []string) (*Alias, *Local, error) {
		return parseRedirect(cmd, w, status, pattern)
	}
	return both(name, directives.OrFileInfo, shape, help,
		func(cmd *directives.Cmd, s *Server, w []string) error {
			a, _, err := parse(cmd, w)
			if err == nil {
				s.Redirects = append(s.Redirects, a)
			}
			return err
		}, redirects,
		func(cmd *directives.Cmd, d *Dir, w []string) error {
			a, local, err := parse(cmd, w)
			switch {
			case err != nil:
				return err
			case local != nil:
				d.Redirect = directives.Some(*local)
			default:
				d.Redirects = append(d.Redirects, a)
			}
			return nil
		}, localRedirects)
}

// parseRedirect reads "[status] [URL-path] [URL]" (add_redirect_internal).
func parseRedirect(cmd *directives.Cmd, w []string, status int, pattern bool) (*Alias, *Local, error) {
	if status == 0 {
		status = 302
		if s, ok := redirectStatus(w[0]); ok {
			status, w = s, w[1:]
		} else if len(w) == 3 {
			return nil, nil, errFirstOfThree
		}
	}
	isRedirect := status >= 300 && status < 400
	if (cmd.Section != nil || cmd.InHtaccess()) && !pattern && (len(w) == 1 && isRedirect || len(w) == 0) {
		l := &Local{Pos: cmd.Pos, Prefix: cmd.Path, Status: status}
		if len(w) == 1 {
			t, err := cmd.Template(w[0])
			if err != nil {
				return nil, nil, fmt.Errorf("Cannot parse redirect expression '%s': %v", w[0], err)
			}
			l.Target = t
		}
		return nil, l, nil
	}
	if len(w) == 0 {
		return nil, nil, errMissingURL
	}
	a := &Alias{Pos: cmd.Pos, Fake: w[0], Status: status}
	if pattern {
		re, err := cmd.Regexp(w[0], 0)
		if err != nil {
			return nil, nil, errRegexp
		}
		a.Fake, a.Regexp = "", re
	}
	switch {
	case isRedirect && len(w) < 2:
		return nil, nil, errMissingURL
	case isRedirect && !pattern && !server.IsURL(w[1]) && !strings.HasPrefix(w[1], "/"):
		return nil, nil, errNonURL
	case !isRedirect && len(w) > 1:
		return nil, nil, errUselessURL
	}
	if len(w) > 1 {
		a.Real = w[1]
	}
	return a, nil, nil
}

func redirectStatus(word string) (int, bool) {
	switch strings.ToLower(word) {
	case "permanent":
		return 301, true
	case "temp":
		return 302, true
	case "seeother":
		return 303, true
	case "gone":
		return 410, true
	}
	if word != "" && word[0] >= '0' && word[0] <= '9' {
		return modcore.Atoi(word), true
	}
	return 0, false
}

var tables = directives.Module[Server, Dir]{ID: "alias_module", File: "mod_alias.c",
	Server: directives.Table[Server]{
		aliasMatch("AliasMatch", ""),
		aliasMatch("ScriptAliasMatch", "cgi-script"),
	},
	Dir: directives.Table[Dir]{
		directives.Flag("RedirectRelative", directives.OrFileInfo, func(d *Dir) *directives.Opt[bool] { return &d.Relative }, "Set to ON to allow relative redirect targets to be issued as-is"),
		directives.Flag("AliasPreservePath", directives.OrFileInfo, func(d *Dir) *directives.Opt[bool] { return &d.PreservePath }, "Set to ON to map the full path after the fakename to the realname."),
	},
	Both: []directives.Both[Server, Dir]{
		alias("Alias", ""),
		alias("ScriptAlias", "cgi-script"),
		redirect("Redirect", directives.ShapeTake123, 0, false, redirectHelp),
		redirect("RedirectMatch", directives.ShapeTake23, 0, true, "an optional status, then a regular expression and destination URL"),
		redirect("RedirectTemp", directives.ShapeTake2, 302, false, "a document to be redirected, then the destination URL"),
		redirect("RedirectPermanent", directives.ShapeTake2, 301, false, "a document to be redirected, then the destination URL"),
	},
	MergeDir: mergeDir,
}

func mergeDir(base, add *Dir) *Dir {
	out := *add
	if len(add.Redirects) == 0 {
		out.Redirects = base.Redirects
	} else if len(base.Redirects) > 0 {
		out.Redirects = append(append([]*Alias(nil), add.Redirects...), base.Redirects...)
	}
	out.Alias, out.Redirect = add.Alias.Or(base.Alias), add.Redirect.Or(base.Redirect)
	out.Relative, out.PreservePath = add.Relative.Or(base.Relative), add.PreservePath.Or(base.PreservePath)
	return &out
}
