// Package modauthzcore is Apache's mod_authz_core: Require and its containers,
// and the providers all, env, method and expr. Other modules add providers in
// server.AuthzGroup.
package modauthzcore

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// Dir is mod_authz_core's per-directory configuration.
type Dir struct {
	// Root holds the container's Require lines, as in <RequireAny>; nil if there is none.
	Root    *Section
	Merging directives.Opt[Logic]
	// ForbiddenOnFailure answers 403 instead of 401 to a known user who may not.
	ForbiddenOnFailure directives.Opt[bool]

	open []*Section // the containers being read
}

// Logic is how the parts of a section go together, and AuthMerging's value.
type Logic uint8

const (
	LogicOff Logic = iota
	LogicAnd
	LogicOr
)

// Section is one Require line or one container of them.
type Section struct {
	Name     string // "Require ip 10" or "<RequireAll>"
	Pos      apacheconf.Pos
	Op       Logic
	Negate   bool
	Limited  directives.MethodSet
	Check    server.AuthzCheck // nil for a container
	Children []*Section
}

const authScope = directives.OrAuthCfg

var tables = directives.Module[directives.None, Dir]{ID: "authz_core_module", File: "mod_authz_core.c",
	Dir: directives.Table[Dir]{
		directives.Container("<AuthzProviderAlias", directives.RsrcConf, nil, providerAlias, "container for grouping an authorization provider's directives under a provider alias").
			Not(directives.NotInVirtualHost).
			Differs("directives inside are refused; they belong in the sections that use the alias"),
		directives.RawArgs("Require", authScope, nil, require, "specifies authorization directives which one must pass (or not) for a request to suceeed"),
		directives.Container("<RequireAll", authScope, nil, container(LogicAnd, false), "container for grouping authorization directives of which none must fail and at least one must pass for a request to succeed"),
		directives.Container("<RequireAny", authScope, nil, container(LogicOr, false), "container for grouping authorization directives of which one must pass for a request to succeed"),
		directives.Container("<RequireNone", authScope, nil, container(LogicOr, true), "container for grouping authorization directives of which none must pass for a request to succeed"),
		directives.Enum("AuthMerging", authScope, func(d *Dir) *directives.Opt[Logic] { return &d.Merging },
			map[string]Logic{"off": LogicOff, "and": LogicAnd, "or": LogicOr}, "AuthMerging must be one of: Off | And | Or",
			"controls how a <Directory>, <Location>, or similar directive's authorization directives are combined with those of its predecessor"),
		directives.Flag("AuthzSendForbiddenOnFailure", authScope, func(d *Dir) *directives.Opt[bool] { return &d.ForbiddenOnFailure },
			"Controls if an authorization failure should result in a '403 FORBIDDEN' response instead of the HTTP-conforming '401 UNAUTHORIZED'"),
	},
	MergeDir: merge,
	Check:    check,
}

// top is the container that a line is read into.
func (d *Dir) top() *Section {
	if n := len(d.open); n > 0 {
		return d.open[n-1]
	}
	if d.Root == nil {
		d.Root = &Section{Name: "<RequireAny>", Op: LogicOr}
	}
	return d.Root
}

func (s *Section) kind() string {
	switch {
	case s.Op == LogicAnd:
		return "<RequireAll>"
	case s.Negate:
		return "<RequireNone>"
	}
	return "<RequireAny>"
}

// require reads "Require [not] NAME args" (add_authz_provider).
func require(cmd *directives.Cmd, d *Dir, args string) error {
	s := &Section{Name: "Require " + args, Pos: cmd.Pos, Limited: cmd.Limited}
	name, rest := apacheconf.GetWordConf(args)
	if strings.EqualFold(name, "not") {
		s.Negate = true
		name, rest = apacheconf.GetWordConf(rest)
	}
	p, ok := lookup(cmd, name)
	if !ok {
		return fmt.Errorf("Unknown Authz provider: %s", name)
	}
	chk, err := p.ParseRequire(cmd, rest)
	if err != nil {
		return err
	}
	s.Check = chk
	parent := d.top()
	if s.Negate && parent.Op == LogicOr {
		return fmt.Errorf("negative %s directive has no effect in %s directive", cmd.Name, parent.kind())
	}
	parent.add(s)
	return nil
}

// add files a part. A container is for the methods that any of its parts is for.
func (s *Section) add(part *Section) {
	s.Children = append(s.Children, part)
	s.Limited |= part.Limited
}

// container reads <RequireAll>, <RequireAny> or <RequireNone> (add_authz_section).
func container(op Logic, negate bool) func(*directives.Cmd, *Dir, string) error {
	return func(cmd *directives.Cmd, d *Dir, args string) error {
		if args != "" {
			return fmt.Errorf("%s> directive doesn't take additional arguments", cmd.Name)
		}
		parent := d.top()
		s := &Section{Name: cmd.Name + ">", Pos: cmd.Pos, Op: op, Negate: negate}
		d.open = append(d.open, s)
		err := cmd.WalkWithin(authScope)
		d.open = d.open[:len(d.open)-1]
		switch {
		case err != nil:
			return err
		case len(s.Children) == 0:
			return fmt.Errorf("%s> directive contains no authorization directives", cmd.Name)
		case negate && parent.Op == LogicOr:
			return fmt.Errorf("%s directive has no effect in %s directive", s.kind(), parent.kind())
		}
		parent.add(s)
		return nil
	}
}

// merge is AuthMerging: by default an inner container with Require lines of
// its own replaces the outer one's (merge_authz_core_dir_config).
func merge(base, add *Dir) *Dir {
	out := &Dir{Root: add.Root, Merging: add.Merging.Or(base.Merging), ForbiddenOnFailure: add.ForbiddenOnFailure.Or(base.ForbiddenOnFailure)}
	switch {
	case add.Root == nil && !add.Merging.Set:
		out.Root = base.Root
	case add.Merging.Get(LogicOff) == LogicOff || base.Root == nil && add.Root == nil:
	case base.Root == nil:
	case add.Root == nil:
		out.Root = base.Root
	default:
		out.Root = &Section{Name: "AuthMerging", Op: add.Merging.V}
		out.Root.add(base.Root)
		out.Root.add(add.Root)
	}
	// AuthMerging says how this container meets its predecessor, not its successors.
	out.Merging = add.Merging
	return out
}

// check refuses sections that can only deny (authz_core_check_section).
func check(p *directives.Plan, slots directives.Slots[directives.None, Dir]) error {
	for _, srv := range p.Servers() {
		var sections []*directives.Section
		sections = append(append(append(append(sections, srv.Dirs...), srv.Locations...), srv.Files...), srv.Ifs...)
		for len(sections) > 0 {
			s := sections[0]
			sections = append(append(sections[1:], s.Files...), s.Ifs...)
			if d := slots.Dir.In(s.Conf); d != nil && d.Root != nil {
				if err := d.Root.onlyNegative(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

var errOnlyNegative = errors.New("directive contains only negative authorization directives")

func (s *Section) onlyNegative() error {
	negative := len(s.Children) > 0
	for _, c := range s.Children {
		if !c.Negate {
			negative = false
		}
		if c.Check == nil {
			if err := c.onlyNegative(); err != nil {
				return err
			}
		}
	}
	if negative && s.Op == LogicAnd {
		return &apacheconf.Error{Msg: "AH01624: " + s.kind() + " " + errOnlyNegative.Error() + "\nAH00014: Configuration check failed", Phase: apacheconf.PhaseCheck}
	}
	return nil
}
