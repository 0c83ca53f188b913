// Command httpd-wsgi takes an Apache 2.4 configuration with mod_wsgi
// directives and serves it. Its command line is Apache's.
package main

import (
	"os"

	"httpd-wsgi/internal/app"
)

func main() {
	os.Exit(app.Main(os.Args, os.Stdout, os.Stderr))
}
