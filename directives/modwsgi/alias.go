package modwsgi

import (
	"errors"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

var (
	aliases = directives.Prepend(func(s *Server) *[]*Alias { return &s.Aliases })
	imports = directives.Local(func(s *Server) *[]Import { return &s.Imports })
	daemons = directives.Local(func(s *Server) *[]*Daemon { return &s.Daemons })
)

// addAlias reads "URL path [options]" (wsgi_add_script_alias).
func addAlias(match bool) func(*directives.Cmd, *Server, string) error {
	return func(cmd *directives.Cmd, s *Server, args string) error {
		location, args := apacheconf.GetWordConf(args)
		if location == "" || args == "" || args == `""` {
			help := "Map location to target WSGI script file."
			if match {
				help = "Map location pattern to target WSGI script file."
			}
			return errors.New(cmd.Name + " requires at least two arguments, " + help)
		}
		a := &Alias{Pos: cmd.Pos, Location: location}
		if match {
			re, err := cmd.Regexp(location, 0)
			if err != nil {
				return errors.New("Regular expression could not be compiled.")
			}
			a.Location, a.Regexp = "", re
		}
		a.Target, args = apacheconf.GetWordConf(args)
		for args != "" {
			name, value, rest, ok := option(args)
			if !ok {
				return errors.New("Invalid option to WSGI script alias definition.")
			}
			args = rest
			switch name {
			case "process-group":
				if value == "" {
					return errors.New("Invalid name for WSGI process group.")
				}
				a.ProcessGroup = directives.Some(ParseName(value))
			case "application-group":
				if value == "" {
					return errors.New("Invalid name for WSGI application group.")
				}
				a.ApplicationGroup = directives.Some(ParseName(value))
			case "callable-object":
				if value == "" {
					return errors.New("Invalid name for WSGI callable object.")
				}
				a.CallableObject = directives.Some(value)
			case "pass-authorization":
				on, ok := map[string]bool{"on": true, "off": false}[strings.ToLower(value)]
				if !ok {
					return errors.New("Invalid value for authorization flag.")
				}
				a.PassAuthorization = directives.Some(on)
			default:
				return errors.New("Invalid option to WSGI script alias definition.")
			}
		}
		s.Aliases = append(s.Aliases, a)
		return a.preload(cmd, s)
	}
}

// preload makes an import of an alias that names both groups for good: its
// script is loaded when the process starts.
func (a *Alias) preload(cmd *directives.Cmd, s *Server) error {
	if !a.ProcessGroup.Set || !a.ApplicationGroup.Set || a.Regexp != nil && strings.Contains(a.Target, "$") {
		return nil
	}
	process, ok1 := a.ProcessGroup.V.Static()
	application, ok2 := a.ApplicationGroup.V.Static()
	if !ok1 || !ok2 {
		return nil
	}
	return importScript(cmd, s, Import{cmd.Pos, a.Target, process, application})
}

// addImport reads "path process-group=NAME application-group=NAME" (wsgi_add_import_script).
func addImport(cmd *directives.Cmd, s *Server, args string) error {
	script, args := apacheconf.GetWordConf(args)
	if script == "" {
		return errors.New("Location of import script not supplied.")
	}
	im := Import{Pos: cmd.Pos, Script: script}
	var process, application *string
	for args != "" {
		name, value, rest, ok := option(args)
		if !ok {
			return errors.New("Invalid option to WSGI import script definition.")
		}
		args = rest
		if value == "%{GLOBAL}" {
			value = ""
		} else if value == "" && name == "process-group" {
			return errors.New("Invalid name for WSGI process group.")
		} else if value == "" && name == "application-group" {
			return errors.New("Invalid name for WSGI application group.")
		}
		switch name {
		case "process-group":
			process = &value
		case "application-group":
			application = &value
		default:
			return errors.New("Invalid option to WSGI import script definition.")
		}
	}
	if application == nil {
		return errors.New("Name of WSGI application group required.")
	}
	if process == nil {
		return errors.New("Name of WSGI process group required.")
	}
	im.ProcessGroup, im.ApplicationGroup = *process, *application
	return importScript(cmd, s, im)
}

// importScript files an import; its group must be defined above and usable from here.
func importScript(cmd *directives.Cmd, s *Server, im Import) error {
	if im.ProcessGroup != "" {
		d := defined(cmd, im.ProcessGroup)
		if d == nil {
			return errors.New("WSGI process group not yet configured.")
		}
		if err := d.accessible(cmd); err != nil {
			return err
		}
	}
	s.Imports = append(s.Imports, im)
	return nil
}

// intercept maps a URL below an alias to its script, after mod_alias had its
// turn (wsgi_hook_intercept).
func (m *module) intercept(r *server.Request) server.Status {
	if r.URI != "" && r.URI[0] != '/' {
		return server.Declined
	}
	for _, a := range m.conf.Server.Of(r.Server.Conf).Aliases {
		file, ok := a.match(r.URI)
		if !ok {
			continue
		}
		r.Target.Filename = file
		if a.Regexp == nil {
			r.Target.Script = a.Target
		}
		r.Target.Handler = handlerName
		r.Notes.Set("alias-forced-type", handlerName)
		m.alias.Set(r, a)
		r.Acted(a.Pos)
		return server.OK
	}
	return server.Declined
}

// match returns the file that a URL maps to.
func (a *Alias) match(uri string) (string, bool) {
	if a.Regexp != nil {
		var caps pcre.Captures
		ok, err := a.Regexp.Exec(uri, &caps)
		if err != nil || !ok {
			return "", false
		}
		file := pcre.Expand(nil, a.Target, uri, caps[:])
		return string(file) + uri[caps[0].End:], true
	}
	n := apr.MatchPrefix(uri, a.Location)
	if n == 0 {
		return "", false
	}
	if a.Location == "/" {
		return a.Target + uri, true
	}
	return a.Target + uri[n:], true
}
