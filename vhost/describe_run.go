package vhost

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
)

func serverRootRelative(root, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(root, name)
}

// logName is an ErrorLog as httpd -S shows it: programs and syslog as written.
func logName(name string, rel func(string) string) string {
	if strings.HasPrefix(name, "|") || name == "syslog" || strings.HasPrefix(name, "syslog:") {
		return name
	}
	return rel(name)
}

func slash(dir string) string {
	if strings.HasSuffix(dir, "/") {
		return dir
	}
	return dir + "/"
}

// describeID writes a user or group; def is the program's own ("#-1" for none).
// Only root can become somebody else.
func describeID(w io.Writer, what string, id directives.Opt[modcore.ID], def string) {
	v := id.V
	if !id.Set {
		look := modcore.LookupUser
		if what == "Group" {
			look = modcore.LookupGroup
		}
		var err error
		if v, err = look(def); err != nil {
			v = modcore.ID{Name: def, ID: -1}
		}
	}
	unused := ""
	if os.Geteuid() != 0 {
		unused = " not_used"
	}
	fmt.Fprintf(w, "%s: name=\"%s\" id=%d%s\n", what, v.Name, v.ID, unused)
}
