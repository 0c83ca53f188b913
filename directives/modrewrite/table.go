package modrewrite

import (
	"fmt"
	"maps"
	"strings"

	"httpd-wsgi/directives"
)

// Options is a set of RewriteOptions.
type Options uint16

// The options, named as in the directive.
const (
	Inherit Options = 1 << iota
	InheritBefore
	InheritDown
	InheritDownBefore
	IgnoreInherit
	AllowNoSlash
	AllowAnyURI
	MergeBase
	IgnoreContextInfo
	LegacyPrefixDocRoot
	UnsafePrefixStat
)

var optionNames = map[string]Options{"inherit": Inherit, "inheritbefore": InheritBefore, "inheritdown": InheritDown,
	"inheritdownbefore": InheritDownBefore, "ignoreinherit": IgnoreInherit, "allownoslash": AllowNoSlash,
	"allowanyuri": AllowAnyURI, "mergebase": MergeBase, "ignorecontextinfo": IgnoreContextInfo,
	"legacyprefixdocroot": LegacyPrefixDocRoot, "unsafeprefixstat": UnsafePrefixStat}

// RuleSet is what a server and a directory have in common.
type RuleSet struct {
	Engine  directives.Opt[bool] // default off
	Options directives.Opt[Options]
	Rules   []*Rule

	conds []*Cond // those read since the last rule, which the next one takes
}

// Server is the per-server configuration.
type Server struct {
	RuleSet
	Maps map[string]*Map
}

// Dir is the per-directory one. Outside sections it has only Engine and
// ServerOptions.
type Dir struct {
	RuleSet
	// ServerOptions are the options outside sections, which hold where sections have none.
	ServerOptions directives.Opt[Options]
	// Base is RewriteBase.
	Base directives.Opt[string]
	// Directory is the section's path with a final slash, that paths are relative to; "" outside sections.
	Directory string
	// walked tells a <Directory> or .htaccess from sections that are merged after those.
	walked bool
}

// options are those in force for a request.
func (d *Dir) options() Options { return d.Options.Or(d.ServerOptions).V }

// merge lays add over base, with the options that rule inheritance: own of the
// result, down of base. It returns 0 for the inner rules alone, 1 for the inner
// ones first, -1 for the outer ones first.
func (dst *RuleSet) merge(base, add *RuleSet, own, down Options) int {
	dst.Engine = add.Engine.Or(base.Engine)
	dst.Options = add.Options.Or(base.Options)
	if own&IgnoreInherit != 0 {
		down = 0
	}
	switch {
	case own&Inherit != 0 || down&InheritDown != 0:
		dst.Rules = concat(add.Rules, base.Rules)
		return 1
	case own&InheritBefore != 0 || down&InheritDownBefore != 0:
		dst.Rules = concat(base.Rules, add.Rules)
		return -1
	}
	dst.Rules = add.Rules
	return 0
}

func concat(x, y []*Rule) []*Rule {
	return append(append(make([]*Rule, 0, len(x)+len(y)), x...), y...)
}

// mergeServer is config_server_merge: rules and maps of the outer server are inherited only where an option says so.
func mergeServer(base, add *Server) *Server {
	out := &Server{Maps: add.Maps}
	over, under := add.Maps, base.Maps
	switch out.merge(&base.RuleSet, &add.RuleSet, add.Options.Or(base.Options).V, base.Options.V) {
	case 0:
		return out
	case -1:
		over, under = under, over
	}
	out.Maps = maps.Clone(under)
	if out.Maps == nil {
		out.Maps = map[string]*Map{}
	}
	maps.Copy(out.Maps, over)
	return out
}

// mergeDir is config_perdir_merge. Apache merges the directories of a walk
// with one another before it lays them over the server's configuration, so
// that the server's options don't make one inherit from another; sections of
// later walks they do.
func mergeDir(base, add *Dir) *Dir {
	out := &Dir{Base: add.Base, Directory: add.Directory, walked: add.walked, ServerOptions: add.ServerOptions.Or(base.ServerOptions)}
	own, down := add.Options.Or(base.Options), base.Options
	if !add.walked {
		own, down = own.Or(out.ServerOptions), down.Or(base.ServerOptions)
	}
	out.merge(&base.RuleSet, &add.RuleSet, own.V, down.V)
	if own.V&MergeBase != 0 {
		out.Base = add.Base.Or(base.Base)
	}
	return out
}

// serverSet and dirSet find the rule set that a line changes.
func serverSet(_ *directives.Cmd, s *Server) *RuleSet { return &s.RuleSet }

func dirSet(c *directives.Cmd, d *Dir) *RuleSet {
	d.place(c)
	return &d.RuleSet
}

// place remembers the section that a line stands in.
func (d *Dir) place(c *directives.Cmd) {
	d.Directory = directory(c)
	if c.Section != nil {
		switch c.Section.Kind {
		case directives.KindDirectory, directives.KindDirectoryMatch, directives.KindHtaccess:
			d.walked = true
		}
	}
}

// directory is the path of the section that a line stands in, as Apache's
// create_dir_config gets it.
func directory(c *directives.Cmd) string {
	s := c.Section
	if s == nil {
		return ""
	}
	path := c.Path
	switch s.Kind {
	case directives.KindFiles, directives.KindFilesMatch:
		path = s.Name
	case directives.KindIf, directives.KindElseIf, directives.KindElse:
		path = "*If"
	}
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path
}

func engine[C any](set func(*directives.Cmd, *C) *RuleSet) directives.Directive[C] {
	return directives.FlagFunc("RewriteEngine", directives.OrFileInfo, nil, func(c *directives.Cmd, conf *C, on bool) error {
		set(c, conf).Engine = directives.Some(on)
		return nil
	}, "On or Off to enable or disable (default) the whole rewriting engine")
}

// serverOptions and dirOptions find the options that a line changes.
func serverOptions(_ *directives.Cmd, s *Server) *directives.Opt[Options] { return &s.Options }

func dirOptions(c *directives.Cmd, d *Dir) *directives.Opt[Options] {
	d.place(c)
	if c.Section == nil {
		return &d.ServerOptions
	}
	return &d.Options
}

func options[C any](find func(*directives.Cmd, *C) *directives.Opt[Options], warn bool) directives.Directive[C] {
	return directives.Iterate("RewriteOptions", directives.OrFileInfo, nil, func(c *directives.Cmd, conf *C, w string) error {
		o := find(c, conf)
		lower := strings.ToLower(w)
		bit, ok := optionNames[lower]
		if !ok && !strings.HasPrefix(lower, "maxredirects=") {
			return fmt.Errorf("RewriteOptions: unknown option '%s'", w)
		}
		if !ok && warn {
			c.Warnf("AH00664: RewriteOptions: MaxRedirects option has been removed in favor of the global LimitInternalRecursion directive and will be ignored.")
		}
		*o = directives.Some(o.V | bit)
		return nil
	}, "List of option strings to set")
}

func condition[C any](set func(*directives.Cmd, *C) *RuleSet) directives.Directive[C] {
	return directives.RawArgs("RewriteCond", directives.OrFileInfo, nil, func(c *directives.Cmd, conf *C, args string) error {
		cond, err := parseCond(c, args)
		if err == nil {
			s := set(c, conf)
			s.conds = append(s.conds, cond)
		}
		return err
	}, "an input string and a to be applied regexp-pattern")
}

func rule[C any](set func(*directives.Cmd, *C) *RuleSet) directives.Directive[C] {
	return directives.RawArgs("RewriteRule", directives.OrFileInfo, nil, func(c *directives.Cmd, conf *C, args string) error {
		rule, err := parseRule(c, args)
		if err == nil {
			s := set(c, conf)
			rule.conds, s.conds = s.conds, nil
			s.Rules = append(s.Rules, rule)
		}
		return err
	}, "an URL-applied regexp-pattern and a substitution URL").Differs("flag P is refused: there is no proxy")
}

func tables() directives.Module[Server, Dir] {
	base := func(set func(*directives.Cmd, *Dir, string) error) directives.Directive[Dir] {
		return directives.Take1("RewriteBase", directives.OrFileInfo, nil, set, "the base URL of the per-directory context")
	}
	return directives.Module[Server, Dir]{ID: "rewrite_module", File: "mod_rewrite.c",
		MergeServer: mergeServer, MergeDir: mergeDir,
		Both: []directives.Both[Server, Dir]{
			{Server: engine(serverSet), Dir: engine(dirSet), Defaults: true},
			{Server: options(serverOptions, false), Dir: options(dirOptions, true), Defaults: true},
			{Server: condition(serverSet), Dir: condition(dirSet)},
			{Server: rule(serverSet), Dir: rule(dirSet)},
		},
		Dir: directives.Table[Dir]{base(setBase)},
		Server: directives.Table[Server]{
			directives.Take23("RewriteMap", directives.RsrcConf, nil, setMap, "a mapname and a filename and options").
				Differs("dbm, prg, dbd and fastdbd are refused: txt, rnd and int there are"),
		}}
}

func setBase(c *directives.Cmd, d *Dir, w string) error {
	switch {
	case c.Section == nil:
		return fmt.Errorf("RewriteBase: only valid in per-directory config files")
	case w == "":
		return fmt.Errorf("RewriteBase: empty URL not allowed")
	case w[0] != '/':
		return fmt.Errorf("RewriteBase: argument is not a valid URL")
	}
	d.place(c)
	d.Base = directives.Some(w)
	return nil
}
