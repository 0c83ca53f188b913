package modwsgi

import (
	"errors"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// HookScript is a script of which a phase of requests calls functions, always
// in the child that has the request: WSGIAccessScript, WSGIAuthUserScript,
// WSGIAuthGroupScript, WSGIDispatchScript.
type HookScript struct {
	Path  string
	Group Name // application group, default the main interpreter
}

// HandlerScript is an application for a handler's name (WSGIHandlerScript).
type HandlerScript struct {
	Name, Path                     string
	ProcessGroup, ApplicationGroup directives.Opt[Name]
	PassAuthorization              directives.Opt[bool]
}

// hookScript is "path [application-group=NAME]"; what names the script in messages.
func hookScript[C any](name string, scope directives.Scope, what string, at func(*C) *directives.Opt[HookScript], help string) directives.Directive[C] {
	return directives.RawArgs(name, scope, directives.Override(at), func(_ *directives.Cmd, c *C, args string) error {
		h := HookScript{Group: Name{kind: global}}
		if h.Path, args = apacheconf.GetWordConf(args); h.Path == "" {
			return errors.New("Location of " + what + " script not supplied.")
		}
		for args != "" {
			opt, value, rest, ok := option(args)
			if !ok || opt != "application-group" {
				return errors.New("Invalid option to WSGI " + what + " script definition.")
			}
			if value == "" {
				return errors.New("Invalid name for WSGI application group.")
			}
			args, h.Group = rest, ParseName(value)
		}
		*at(c) = directives.Some(h)
		return nil
	}, help)
}

// handlerScript is "name path [process-group=] [application-group=] [pass-authorization=]".
func handlerScript[C any](at func(*C) *[]HandlerScript) directives.Directive[C] {
	return directives.RawArgs("WSGIHandlerScript", everywhere, directives.MergeBy(at, mergeHandlers), func(_ *directives.Cmd, c *C, args string) error {
		var h HandlerScript
		if h.Name, args = apacheconf.GetWordConf(args); h.Name == "" {
			return errors.New("Name for handler script not supplied.")
		}
		if h.Path, args = apacheconf.GetWordConf(args); h.Path == "" {
			return errors.New("Location of handler script not supplied.")
		}
		for args != "" {
			opt, value, rest, ok := option(args)
			if !ok {
				return errors.New("Invalid option to WSGI handler script definition.")
			}
			args = rest
			switch opt {
			case "process-group":
				if value == "" {
					return errors.New("Invalid name for WSGI process group.")
				}
				h.ProcessGroup = directives.Some(ParseName(value))
			case "application-group":
				if value == "" {
					return errors.New("Invalid name for WSGI application group.")
				}
				h.ApplicationGroup = directives.Some(ParseName(value))
			case "pass-authorization":
				on, ok := map[string]bool{"on": true, "off": false}[strings.ToLower(value)]
				if !ok {
					return errors.New("Invalid value for authorization flag.")
				}
				h.PassAuthorization = directives.Some(on)
			default:
				return errors.New("Invalid option to WSGI handler script definition.")
			}
		}
		*at(c) = mergeHandlers(*at(c), []HandlerScript{h})
		return nil
	}, "Location of WSGI handler script file.")
}

// mergeHandlers lists the inner container's scripts and those of the outer one that it has none of the name of.
func mergeHandlers(base, add []HandlerScript) []HandlerScript {
	switch {
	case len(add) == 0:
		return base
	case len(base) == 0:
		return add
	}
	out := add[:len(add):len(add)]
	for _, h := range base {
		if handlerNamed(add, h.Name) == nil {
			out = append(out, h)
		}
	}
	return out
}

func handlerNamed(list []HandlerScript, name string) *HandlerScript {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}
