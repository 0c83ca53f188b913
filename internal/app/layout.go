package app

import (
	"os"
	"path/filepath"

	"httpd-wsgi/vhost"
)

// layout is where the program looks for what neither command line nor
// configuration name: httpd's HTTPD_ROOT, SERVER_CONFIG_FILE and so on.
type layout struct {
	root, file string
	defaults   vhost.Defaults
}

// layouts are those of httpd-wsgi's own package, of Debian, of RHEL and of
// httpd's source release.
var layouts = [...]layout{
	{"/etc/httpd-wsgi", "httpd.conf", vhost.Defaults{DocumentRoot: "htdocs", ErrorLog: "/var/log/httpd-wsgi/error_log", PidFile: "/run/httpd-wsgi.pid", RuntimeDir: "/run/httpd-wsgi", User: "#-1", Group: "#-1"}},
	{"/etc/apache2", "apache2.conf", vhost.Defaults{DocumentRoot: "/var/www/html", ErrorLog: "logs/error_log", PidFile: "/run/apache2.pid", RuntimeDir: "/var/run/apache2", User: "#-1", Group: "#-1"}},
	{"/etc/httpd", "conf/httpd.conf", vhost.Defaults{DocumentRoot: "/var/www/html", ErrorLog: "logs/error_log", PidFile: "run/httpd.pid", RuntimeDir: "run", User: "#-1", Group: "#-1"}},
	{"/usr/local/apache2", "conf/httpd.conf", vhost.Defaults{DocumentRoot: "htdocs", ErrorLog: "logs/error_log", PidFile: "logs/httpd.pid", RuntimeDir: "logs", User: "#-1", Group: "#-1"}},
}

// layout is that whose root -d names, else findLayout's.
func (o *options) layout() layout {
	for _, l := range layouts {
		if o.root != "" && filepath.Clean(o.root) == l.root {
			return l
		}
	}
	return findLayout(o.program)
}

// findLayout picks the first layout whose configuration file is there; started
// by the name of Debian's or RHEL's program, theirs.
func findLayout(program string) layout {
	switch program {
	case "apache2":
		return layouts[1]
	case "httpd":
		if exists(layouts[2]) {
			return layouts[2]
		}
		return layouts[3]
	}
	for _, l := range layouts {
		if exists(l) {
			return l
		}
	}
	return layouts[0]
}

func exists(l layout) bool {
	_, err := os.Stat(filepath.Join(l.root, l.file))
	return err == nil
}
