// Command httpd-wsgi takes an Apache 2.4 configuration with mod_wsgi
// directives and serves it. Its command line is Apache's.
package main

import (
	"os"
	"runtime"

	"httpd-wsgi/internal/app"
)

// The parent's messages carry the thread that they come from: as in Apache the
// process's first.
func init() { runtime.LockOSThread() }

func main() {
	os.Exit(app.Main(os.Args, os.Stdout, os.Stderr))
}
