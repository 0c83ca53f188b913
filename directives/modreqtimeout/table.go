package modreqtimeout

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
)

// Server is mod_reqtimeout's per-server configuration.
type Server struct {
	// Handshake bounds TLS handshakes; it is for whoever does them.
	Handshake, Header, Body directives.Opt[server.ReadLimit]
}

// Limits are the bounds of a server: what it sets, else Apache's defaults, which
// hold as soon as the module is loaded. nil if there are none.
func (s *Server) Limits() *server.ReadLimits {
	l := &server.ReadLimits{
		Header: s.Header.Get(server.ReadLimit{Initial: 20 * time.Second, Max: 40 * time.Second, Rate: 500}),
		Body:   s.Body.Get(server.ReadLimit{Initial: 20 * time.Second, Rate: 500}),
	}
	if l.Header.Initial == 0 && l.Body.Initial == 0 {
		return nil
	}
	return l
}

var tables = directives.Module[Server, directives.None]{ID: "reqtimeout_module", File: "mod_reqtimeout.c", Server: directives.Table[Server]{
	directives.RawArgs("RequestReadTimeout", directives.RsrcConf,
		directives.Override(func(s *Server) *directives.Opt[server.ReadLimit] { return &s.Header }), setTimeouts,
		"Set various timeout parameters for TLS handshake and/or reading request headers and body").
		With(directives.Override(func(s *Server) *directives.Opt[server.ReadLimit] { return &s.Body }),
			directives.Override(func(s *Server) *directives.Opt[server.ReadLimit] { return &s.Handshake })),
}}

func setTimeouts(_ *directives.Cmd, s *Server, args string) error {
	for args != "" {
		var word string
		word, args = apacheconf.GetWordConf(args)
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return errors.New("Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'")
		}
		if err := s.set(key, value); err != nil {
			return fmt.Errorf("RequestReadTimeout: %s=%s: %w", key, value, err)
		}
	}
	return nil
}

// set takes one of "header=20-40,MinRate=500", "body=10" and the like.
func (s *Server) set(key, value string) error {
	var at *directives.Opt[server.ReadLimit]
	switch strings.ToLower(key) {
	case "handshake":
		at = &s.Handshake
	case "header":
		at = &s.Header
	case "body":
		at = &s.Body
	default:
		return errors.New("Unknown RequestReadTimeout parameter")
	}
	var initial, most, rate int
	var err error
	const minRate = ",minrate="
	if i := strings.Index(apr.ToLower(value), minRate); i >= 0 {
		if rate, err = parseInt(value[i+len(minRate):]); err != nil {
			return err
		}
		if rate == 0 {
			return errors.New("Minimum data rate must be larger than 0")
		}
		value = value[:i]
		if from, to, ok := strings.Cut(value, "-"); ok {
			value = from
			if most, err = parseInt(to); err != nil {
				return err
			}
		}
	} else if strings.Contains(value, "-") {
		return errors.New("Must set MinRate option if using timeout range")
	}
	if initial, err = parseInt(value); err != nil {
		return err
	}
	if most != 0 && initial >= most {
		return errors.New("Maximum timeout must be larger than initial timeout")
	}
	*at = directives.Some(server.ReadLimit{Initial: time.Duration(initial) * time.Second, Max: time.Duration(most) * time.Second, Rate: rate})
	return nil
}

// maxSeconds is more than anybody waits, and less than a time can hold.
const maxSeconds = 1 << 31

func parseInt(s string) (int, error) {
	t := strings.TrimLeft(s, " \t\n\v\f\r")
	end := 0
	if t != "" && (t[0] == '-' || t[0] == '+') {
		end = 1
	}
	digits := end
	for end < len(t) && t[end] >= '0' && t[end] <= '9' {
		end++
	}
	switch {
	case end == digits:
		return 0, fmt.Errorf("Value '%s' not numerical", s)
	case end < len(t):
		return 0, fmt.Errorf("Cannot parse '%s'", t[end:])
	case t[0] == '-' && strings.Trim(t[1:], "0") != "":
		return 0, errors.New("Value must be non-negative")
	}
	n, err := strconv.Atoi(strings.TrimPrefix(t[:end], "-"))
	if err != nil || n > maxSeconds {
		n = maxSeconds
	}
	return n, nil
}
