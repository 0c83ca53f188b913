// Package modwatchdog is Apache's mod_watchdog: a service for other modules
// that Debian links in. No module here uses it; configurations may ask for it.
package modwatchdog

import (
	"errors"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/server"
)

// Module is mod_watchdog.
func Module() server.Module {
	interval := directives.Known[directives.None]("WatchdogInterval", directives.RsrcConf, directives.NoEffect, "no module here runs tasks with it")
	interval.Help = "Watchdog interval in seconds"
	interval = interval.Takes1(check).Not(directives.NotInVirtualHost)
	return server.Bind(directives.Module[directives.None, directives.None]{ID: "watchdog_module", File: "mod_watchdog.c", Static: true,
		Server: directives.Table[directives.None]{interval}}, nil, nil)
}

func check(_ *directives.Cmd, w string) error {
	d, ok := modcore.ParseTimeout(w, "s")
	if !ok {
		return errors.New("Unparse-able WatchdogInterval setting")
	}
	if d < 100*time.Millisecond {
		return errors.New("Invalid WatchdogInterval: minimal value 100ms")
	}
	return nil
}
