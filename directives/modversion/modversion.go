// Package modversion is Apache's mod_version. It has no directives: its one
// container, <IfVersion>, is carried out while the configuration is read.
package modversion

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// Module is mod_version, which Debian links in.
func Module() server.Module {
	return server.Bind(directives.Module[directives.None, directives.None]{ID: "version_module", File: "mod_version.c", Static: true}, nil, nil)
}
