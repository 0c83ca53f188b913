package modcore

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

// errNoArgs is the sentence for a container that lacks its argument.
func errNoArgs(c *directives.Cmd) error {
	return fmt.Errorf("%s> directive requires additional arguments", c.Name)
}

var errRegexp = errors.New("Regex could not be compiled")

// open opens s, then complains of more arguments, in Apache's order.
func open(c *directives.Cmd, s *directives.Section, rest, complaint string) error {
	if err := c.OpenSection(s); err != nil {
		return err
	}
	if rest != "" {
		return fmt.Errorf("Multiple %s> arguments %s.", c.Name, complaint)
	}
	return nil
}

const notYet = "not (yet) supported"

// pattern reads the argument of a container that takes a name or, as its Match
// form or after "~", a regular expression.
func pattern(c *directives.Cmd, args string, kind, match directives.SectionKind, isMatch bool) (s *directives.Section, rest string, err error) {
	s = &directives.Section{Kind: kind}
	s.Name, rest = apacheconf.GetWordConf(args)
	if isMatch {
		s.Kind = match
	} else if s.Name == "~" {
		s.Name, rest = apacheconf.GetWordConf(rest)
	} else {
		return s, rest, nil
	}
	if s.Regexp, err = c.Regexp(s.Name, 0); err != nil {
		return nil, "", errRegexp
	}
	return s, rest, nil
}

// directory is <Directory> and <DirectoryMatch>.
func directory(isMatch bool) func(*directives.Cmd, *Server, string) error {
	return func(c *directives.Cmd, _ *Server, args string) error {
		if err := c.Check(directives.NotInDirLocFile); err != nil {
			return err
		}
		if args == "" {
			return errNoArgs(c)
		}
		s, rest, err := pattern(c, args, directives.KindDirectory, directives.KindDirectoryMatch, isMatch)
		if err != nil {
			return err
		}
		if s.Regexp == nil {
			s.Name = directoryName(s.Name)
			s.Glob = apr.IsFnmatch(s.Name)
		}
		return open(c, s, rest, notYet)
	}
}

// directoryName is the canonical path with its final slash. A relative one
// begins, as in Apache, at the directory in which the server was started.
func directoryName(name string) string {
	if !strings.HasPrefix(name, "/") {
		if abs, err := filepath.Abs(name); err == nil {
			name = abs
		}
	}
	if name = path.Clean(name); name != "/" {
		name += "/"
	}
	return name
}

// location is <Location> and <LocationMatch>.
func location(isMatch bool) func(*directives.Cmd, *Server, string) error {
	return func(c *directives.Cmd, _ *Server, args string) error {
		if err := c.Check(directives.NotInDirLocFile); err != nil {
			return err
		}
		if args == "" {
			return errNoArgs(c)
		}
		s, rest, err := pattern(c, args, directives.KindLocation, directives.KindLocationMatch, isMatch)
		if err != nil {
			return err
		}
		s.Glob = s.Regexp == nil && apr.IsFnmatch(s.Name)
		return open(c, s, rest, notYet)
	}
}

// files is <Files> and <FilesMatch>.
func files(isMatch bool) func(*directives.Cmd, *Dir, string) error {
	return func(c *directives.Cmd, _ *Dir, args string) error {
		if err := c.Check(directives.NotInLocation | directives.NotInLimit); err != nil {
			return err
		}
		if args == "" {
			return errNoArgs(c)
		}
		s, rest, err := pattern(c, args, directives.KindFiles, directives.KindFilesMatch, isMatch)
		if err != nil {
			return err
		}
		if s.Regexp == nil {
			if strings.Contains(s.Name, "/") {
				s.Name = path.Clean(s.Name)
			}
			s.Glob = apr.IsFnmatch(s.Name)
		}
		return open(c, s, rest, notYet)
	}
}

var errNoIf = errors.New("<Else> or <ElseIf> section without previous <If> or <ElseIf> section in same scope")

// condition is <If>, <ElseIf> and <Else>.
func condition(kind directives.SectionKind) func(*directives.Cmd, *Dir, string) error {
	return func(c *directives.Cmd, _ *Dir, args string) error {
		if err := c.Check(directives.NotInLimit); err != nil {
			return err
		}
		s := &directives.Section{Kind: kind, Name: "*If"}
		rest := ""
		if kind == directives.KindElse {
			if args != "" {
				return errors.New("<Else> does not take an argument")
			}
		} else {
			if args == "" {
				return errNoArgs(c)
			}
			var text string
			text, rest = apacheconf.GetWordConf(args)
			cond, err := c.Expr(text)
			if err != nil {
				return fmt.Errorf("Cannot parse condition clause: %w", err)
			}
			s.Cond = cond
		}
		if kind != directives.KindIf {
			if last := c.LastIf(); last == nil || last.Kind == directives.KindElse {
				return errNoIf
			}
		}
		return open(c, s, rest, "not supported")
	}
}

// virtualHost is <VirtualHost>.
func virtualHost(c *directives.Cmd, _ *Server, args string) error {
	if err := c.Check(directives.GlobalOnly); err != nil {
		return err
	}
	if args == "" {
		return errNoArgs(c)
	}
	addrs := apacheconf.Words(args)
	for _, a := range addrs {
		if _, err := ParseVHostAddr(a); err != nil {
			return err
		}
	}
	return c.OpenVirtualHost(addrs)
}

// limit is <Limit> and <LimitExcept>.
func limit(except bool) func(*directives.Cmd, *Dir, string) error {
	return func(c *directives.Cmd, _ *Dir, args string) error {
		if args == "" {
			return errNoArgs(c)
		}
		var set directives.MethodSet
		methods := c.Plan().Methods
		for args != "" {
			var name string
			name, args = apacheconf.GetWordConf(args)
			n := methods.Number(name)
			switch {
			case n == directives.MTrace && !except:
				return errors.New("TRACE cannot be controlled by <Limit>, see TraceEnable")
			case n == directives.MInvalid && c.InHtaccess():
				return fmt.Errorf("Could not register method '%s' for %s from .htaccess configuration", name, c.Name)
			case n == directives.MInvalid:
				n = methods.Register(name)
			}
			set = set.With(n)
		}
		if except {
			set = ^set
		}
		switch {
		case c.Limited&set == 0:
			return fmt.Errorf("%s> directive excludes all methods", c.Name)
		case c.Limited&set == c.Limited:
			return fmt.Errorf("%s> directive specifies methods already excluded", c.Name)
		}
		return c.WalkLimited(c.Limited & set)
	}
}
