// Package modversion is Apache's mod_version. The loader of the configuration
// carries <IfVersion> out; the table is for the dumps and <IfDirective>.
package modversion

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

func table() directives.Module[directives.None, directives.None] {
	return directives.Module[directives.None, directives.None]{ID: "version_module", File: "mod_version.c", Static: true,
		Server: directives.Table[directives.None]{
			directives.RawArgs("<IfVersion", directives.OrAll, nil, func(*directives.Cmd, *directives.None, string) error { return nil },
				"a comparison operator, a version (and a delimiter)"),
		}}
}

// Module is mod_version, which Debian links in.
func Module() server.Module { return server.Bind(table(), nil, nil) }
