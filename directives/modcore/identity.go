package modcore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

// setServerName is the ServerName directive: [scheme://]name[:port].
func setServerName(c *directives.Cmd, s *Server, w string) error {
	if apr.IsFnmatch(w) {
		return fmt.Errorf("Invalid ServerName \"%s\" use ServerAlias to set multiple server names.", w)
	}
	var n ServerName
	n.Host = w
	if scheme, rest, ok := strings.Cut(w, "://"); ok {
		n.Scheme, n.Host = strings.ToLower(scheme), rest
	}
	if host, port, ok := strings.Cut(n.Host, ":"); ok {
		n.Host = host
		n.Port = Atoi(port)
		if n.Port <= 0 || n.Port >= 65536 {
			return fmt.Errorf("The port number \"%s\" is outside the appropriate range (i.e., 1..65535).", w)
		}
	}
	s.Name = directives.Some(n)
	c.Server.Name = n.Host
	return nil
}

// setServerAlias is the ServerAlias directive. It is a RAW_ARGS one in Apache:
// without arguments it does nothing.
func setServerAlias(c *directives.Cmd, s *Server, args string) error {
	if !c.Server.Virtual {
		return errors.New("ServerAlias only used in <VirtualHost>")
	}
	s.Aliases = append(s.Aliases, apacheconf.Words(args)...)
	return nil
}

// setDocumentRoot is the DocumentRoot directive. A virtual host's may be
// missing, with a warning.
func setDocumentRoot(c *directives.Cmd, s *Server, w string) error {
	if c.Options().NoDocumentRootCheck {
		s.DocumentRoot = directives.Some(w)
		return nil
	}
	dir := c.ServerRootRelative(w)
	if !hasDirectory(c, dir) {
		if !c.Server.Virtual {
			return fmt.Errorf("DocumentRoot '%s' is not a directory, or is not readable", dir)
		}
		c.Warnf("AH00112: Warning: DocumentRoot [%s] does not exist", dir)
	}
	s.DocumentRoot = directives.Some(dir)
	return nil
}

// hasDirectory tells whether a directory is there. A child, which may not be
// able to see it, believes its parent, who has looked.
func hasDirectory(c *directives.Cmd, name string) bool {
	if c.Plan().Files.Believed() {
		return true
	}
	fi, err := os.Stat(name)
	return err == nil && fi.IsDir()
}

// setAccessFileName is the AccessFileName directive. A path instead of a name
// would let a directory be configured from elsewhere; Apache joins it to the
// directory, and so does the walk.
func setAccessFileName(_ *directives.Cmd, s *Server, args string) error {
	s.AccessFileName = directives.Some(apacheconf.Words(args))
	return nil
}

// setServerRoot is the ServerRoot directive, which the loader has followed.
func setServerRoot(c *directives.Cmd, _ *Server, w string) error {
	if !hasDirectory(c, w) {
		return errors.New("ServerRoot must be a valid directory")
	}
	return nil
}

// setDefaultRuntimeDir is the DefaultRuntimeDir directive, which the loader has
// carried out: apacheconf.Tree has the directory.
func setDefaultRuntimeDir(c *directives.Cmd, _ *Server, w string) error {
	if !hasDirectory(c, c.ServerRootRelative(w)) {
		return errors.New("DefaultRuntimeDir must be a valid directory, absolute or relative to ServerRoot")
	}
	return nil
}

func setCoreDumpDirectory(c *directives.Cmd, s *Server, w string) error {
	dir := c.ServerRootRelative(w)
	if !hasDirectory(c, dir) {
		if _, err := os.Stat(dir); err != nil {
			return fmt.Errorf("CoreDumpDirectory %s does not exist", dir)
		}
		return fmt.Errorf("CoreDumpDirectory %s is not a directory", dir)
	}
	s.Global.CoreDumpDirectory = directives.Some(filepath.Clean(dir))
	return nil
}

// Atoi is C's: leading white space and a sign, then digits up to the first
// other character; 0 without any. Numbers beyond 32 bits are cut to the limit.
func Atoi(s string) int {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	end := 0
	if end < len(s) && (s[end] == '+' || s[end] == '-') {
		end++
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return int(n)
}
