package vhost

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

// MatchesURL tells whether a <Location> section that is no regular expression
// applies to a URL path whose repeated slashes are merged: an equal path, one
// below it, or a match of its wildcards.
func MatchesURL(s *directives.Section, path string) bool {
	if s.Glob {
		return apr.Fnmatch(s.Name, path, apr.FnmPathname)
	}
	n := len(s.Name)
	if !strings.HasPrefix(path, s.Name) {
		return false
	}
	return n == 0 || n == len(path) || s.Name[n-1] == '/' || path[n] == '/'
}

// MatchesFile tells whether a <Files> section that is no regular expression
// applies to a file name, which has no slash.
func MatchesFile(s *directives.Section, name string) bool {
	if s.Glob {
		return apr.Fnmatch(s.Name, name, apr.FnmPathname)
	}
	return s.Name == name
}
