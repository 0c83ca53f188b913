// Package modwatchdog is Apache's mod_watchdog: a service for other modules
// that Debian links in. It has no directives; configurations may ask for it.
package modwatchdog

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// Module is mod_watchdog.
func Module() server.Module {
	return server.Bind(directives.Module[directives.None, directives.None]{ID: "watchdog_module", File: "mod_watchdog.c", Static: true}, nil, nil)
}
