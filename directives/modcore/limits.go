package modcore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/pcre"
)

// setTimeout is the Timeout directive. Its numbers are C's atoi, as in Apache;
// 0 leaves the default in a virtual host.
func setTimeout(_ *directives.Cmd, s *Server, w string) error {
	s.Timeout = directives.Some(time.Duration(Atoi(w)) * time.Second)
	return nil
}

// number makes a setter for a limit that must not be negative.
func number(at func(*Server) *directives.Opt[int], name, unlimited string) func(*directives.Cmd, *Server, string) error {
	return func(_ *directives.Cmd, s *Server, w string) error {
		n := Atoi(w)
		if n < 0 {
			return fmt.Errorf("%s \"%s\" must be a non-negative integer%s", name, w, unlimited)
		}
		*at(s) = directives.Some(n)
		return nil
	}
}

func setLimitRequestBody(_ *directives.Cmd, d *Dir, w string) error {
	n, err := strconv.ParseInt(w, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return errors.New("LimitRequestBody argument is not parsable.")
	}
	if err != nil || n < 0 {
		return errors.New("LimitRequestBody requires a non-negative integer.")
	}
	d.LimitRequestBody = directives.Some(n)
	return nil
}

// ranges makes the setter of MaxRanges and its like.
func ranges(name string, at func(*Dir) *directives.Opt[int], def int) func(*directives.Cmd, *Dir, string) error {
	return func(_ *directives.Cmd, d *Dir, w string) error {
		n := 0
		switch strings.ToLower(w) {
		case "none":
			n = NoRanges
		case "default":
			n = def
		case "unlimited":
			n = UnlimitedRanges
		default:
			if n = Atoi(w); n <= 0 {
				return fmt.Errorf("%s requires 'none', 'default', 'unlimited' or a positive integer", name)
			}
		}
		*at(d) = directives.Some(n)
		return nil
	}
}

// setInternalRecursion is the LimitInternalRecursion directive: redirects, and
// subrequests where they differ.
func setInternalRecursion(c *directives.Cmd, s *Server, redirects, subrequests string) error {
	errLow := errors.New("The recursion limit must be greater than zero.")
	n := Atoi(redirects)
	if n <= 0 {
		return errLow
	}
	if n < 4 {
		c.Warnf("AH00119: Limiting internal redirects to very low numbers may cause normal requests to fail.")
	}
	s.RedirectLimit = directives.Some(n)
	if subrequests != "" {
		if n = Atoi(subrequests); n <= 0 {
			return errLow
		}
		if n < 4 {
			c.Warnf("AH00120: Limiting the subrequest depth to a very low level may cause normal requests to fail.")
		}
	}
	s.SubrequestLimit = directives.Some(n)
	return nil
}

// setHTTPProtocolOptions is the HttpProtocolOptions directive. Two words of a
// pair exclude each other within one server.
func setHTTPProtocolOptions(_ *directives.Cmd, s *Server, w string) error {
	o := &s.HTTPOptions
	pair := func(at *directives.Opt[bool], v bool, a, b string) error {
		if at.Set && at.V != v {
			return fmt.Errorf("HttpProtocolOptions '%s' and '%s' are mutually exclusive", a, b)
		}
		*at = directives.Some(v)
		return nil
	}
	switch strings.ToLower(w) {
	case "unsafe", "strict":
		return pair(&o.Unsafe, strings.EqualFold(w, "unsafe"), "Strict", "Unsafe")
	case "registeredmethods", "lenientmethods":
		return pair(&o.RegisteredMethods, strings.EqualFold(w, "registeredmethods"), "RegisteredMethods", "LenientMethods")
	case "require1.0", "allow0.9":
		return pair(&o.Require10, strings.EqualFold(w, "require1.0"), "Allow0.9", "Require1.0")
	}
	return errors.New("HttpProtocolOptions accepts 'Unsafe' or 'Strict' (default), 'RegisteredMethods' or 'LenientMethods' (default), and 'Require1.0' or 'Allow0.9' (default)")
}

func mergeHTTPOptions(base, add HTTPOptions) HTTPOptions {
	return HTTPOptions{Unsafe: add.Unsafe.Or(base.Unsafe), Require10: add.Require10.Or(base.Require10),
		RegisteredMethods: add.RegisteredMethods.Or(base.RegisteredMethods)}
}

// Provider groups in which modules name what they bring: Protocols' and the
// filters of SetOutputFilter and SetInputFilter. Names are in lower case.
const (
	ProtocolGroup     = "protocol"
	OutputFilterGroup = "output filter"
	InputFilterGroup  = "input filter"
)

// setProtocols is the Protocols directive: "+x" and "-x" change the list, other words extend it.
func setProtocols(c *directives.Cmd, s *Server, w string) error {
	list := s.Protocols.V
	if name := strings.TrimPrefix(w, "+"); name != "http/1.1" && !strings.HasPrefix(w, "-") {
		if _, ok := c.Provider(ProtocolGroup, strings.ToLower(name)); !ok {
			c.Infof("Protocols %s has no effect here: no module that is loaded speaks this protocol", name)
		}
	}
	switch {
	case strings.HasPrefix(w, "-"):
		var out []string
		for _, p := range list {
			if p != w[1:] {
				out = append(out, p)
			}
		}
		list = out
	default:
		list = append(list, strings.TrimPrefix(w, "+"))
	}
	s.Protocols = directives.Opt[[]string]{V: list, Set: true}
	return nil
}

// filters makes the setter of SetOutputFilter and SetInputFilter: names between
// semicolons. One that no module has is left out, as in Apache, with a warning.
func filters(at func(*Dir) *directives.Opt[[]string], group string) func(*directives.Cmd, *Dir, string) error {
	return func(c *directives.Cmd, d *Dir, w string) error {
		list := []string{}
		for _, name := range strings.Split(w, ";") {
			if name = strings.ToLower(strings.TrimSpace(name)); name == "" {
				continue
			}
			if _, ok := c.Provider(group, name); !ok {
				if changesContent[name] {
					return fmt.Errorf("%s %s is not supported by httpd-wsgi: without the filter the source of the page would be shown; take the line out or serve the page by an application", c.Name, strings.ToUpper(name))
				}
				c.Warnf("%s %s: no module that is loaded has this %s; it is left out", c.Name, name, group)
				continue
			}
			list = append(list, name)
		}
		*at(d) = directives.Some(list)
		return nil
	}
}

// changesContent are filters whose absence would show what they are there to
// hide or replace: server-side includes and the like.
var changesContent = map[string]bool{"includes": true, "substitute": true, "sed": true, "proxy-html": true, "xml2enc": true, "data": true}

func setProtocolsHonorOrder(_ *directives.Cmd, s *Server, w string) error {
	switch strings.ToLower(w) {
	case "on":
		s.ProtocolsHonorOrder = directives.Some(true)
	case "off":
		s.ProtocolsHonorOrder = directives.Some(false)
	default:
		return errors.New("ProtocolsHonorOrder must be 'on' or 'off'")
	}
	return nil
}

// setRegexDefaultOptions is the RegexDefaultOptions directive: it changes the
// regular expressions of the lines after it.
func setRegexDefaultOptions(c *directives.Cmd, _ *Server, args string) error {
	if err := c.Check(directives.GlobalOnly); err != nil {
		return err
	}
	for _, w := range apacheconf.Words(args) {
		if err := setRegexDefaultOption(c, w); err != nil {
			return err
		}
	}
	return nil
}

func setRegexDefaultOption(c *directives.Cmd, w string) error {
	name, action := w, byte(0)
	if w != "" && (w[0] == '+' || w[0] == '-') {
		action, name = w[0], w[1:]
	}
	flags := &c.Plan().RegexFlags
	var f pcre.Flags
	switch strings.ToUpper(name) {
	case "NONE":
		if action == 0 {
			*flags = 0
			return nil
		}
	case "ICASE":
		f = pcre.Caseless
	case "DOTALL":
		f = pcre.DotAll
	case "DOLLAR_ENDONLY":
		f = pcre.DollarEndonly
	}
	if f == 0 {
		return fmt.Errorf("RegexDefaultOptions: option '%s' unknown", name)
	}
	switch action {
	case '+':
		*flags |= f
	case '-':
		*flags &^= f
	default:
		*flags |= f
	}
	return nil
}

func setRegisterHTTPMethod(c *directives.Cmd, _ *Server, w string) error {
	if c.Plan().Methods.Register(w) == directives.MInvalid {
		return fmt.Errorf("RegisterHttpMethod: no room for %s: 36 methods can be registered", w)
	}
	return nil
}

// setThreadStackSize checks its argument and no more: Go's stacks grow.
func setThreadStackSize(c *directives.Cmd, _ *Server, w string) error {
	if n := Atoi(w); n < 0 {
		return fmt.Errorf("Invalid ThreadStackSize value: %s", w)
	}
	return nil
}

// setMaxConnections is MaxConnectionsPerChild: negative numbers mean none, as 0 does.
func setMaxConnections(_ *directives.Cmd, s *Server, w string) error {
	s.Global.MaxConnectionsPerChild = directives.Some(max(Atoi(w), 0))
	return nil
}

func setCGIVar(_ *directives.Cmd, d *Dir, name, rule string) error {
	if name != "REQUEST_URI" {
		return fmt.Errorf("Unrecognized CGI variable: \"%s\"", name)
	}
	switch strings.ToLower(rule) {
	case "current-uri":
		d.OriginalRequestURI = directives.Some(false)
	case "original-uri":
		d.OriginalRequestURI = directives.Some(true)
	default:
		return errors.New("Valid rules for REQUEST_URI are 'current-uri' and 'original-uri'")
	}
	return nil
}

// word makes the setter of a directive with a few words, of which Apache
// compares without case.
func word[C, T any](at func(*C) *directives.Opt[T], complaint string, values map[string]T) func(*directives.Cmd, *C, string) error {
	return func(_ *directives.Cmd, c *C, w string) error {
		v, ok := values[strings.ToLower(w)]
		if !ok {
			return errors.New(complaint)
		}
		*at(c) = directives.Some(v)
		return nil
	}
}

// setError is the Error directive.
func setError(_ *directives.Cmd, _ *Dir, args string) error {
	if args == "" {
		return errors.New("The Error directive was used with no message.")
	}
	if n := len(args); n > 1 && (args[0] == '"' || args[0] == '\'') && args[n-1] == args[0] {
		args = args[1 : n-1]
	}
	return errors.New(args)
}

// deprecated refuses a directive with its help as the message.
func deprecated(c *directives.Cmd, _ *Server, _ string) error {
	return errors.New(c.Lookup(c.Name).Help)
}

func nameVirtualHost(c *directives.Cmd, _ *Server, _ string) error {
	c.Warnf("AH00548: NameVirtualHost has no effect and will be removed in the next release %s:%d", c.Pos.File, c.Pos.Line)
	return nil
}

// setDefaultType is the DefaultType directive, which Apache 2.4 only accepts.
func setDefaultType(c *directives.Cmd, _ *Dir, w string) error {
	if !strings.EqualFold(w, "off") && !strings.EqualFold(w, "none") {
		c.Warnf("AH00117: Ignoring deprecated use of DefaultType in line %d of %s.", c.Pos.Line, c.Pos.File)
	}
	return nil
}

// setCharset is the AddDefaultCharset directive.
func setCharset(_ *directives.Cmd, d *Dir, w string) error {
	switch {
	case strings.EqualFold(w, "off"):
		w = ""
	case strings.EqualFold(w, "on"):
		w = "iso-8859-1"
	}
	d.DefaultCharset = directives.Some(w)
	return nil
}
