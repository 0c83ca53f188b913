package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/internal/errlog"
)

// logs finds log files whose directory is missing: the server does not start.
func logs(s *Site) []Finding {
	var out []Finding
	look := func(pos apacheconf.Pos, directive, spec string) {
		if spec == "" || spec[0] == '|' || errlog.IsSyslog(spec) {
			return
		}
		dir := filepath.Dir(s.root(spec))
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			err = syscall.ENOTDIR
		}
		if err != nil {
			out = append(out, at(severe, pos, "Make the directory: mkdir -p "+dir, "%s: the directory %s of %s cannot be used: %v.", directive, dir, spec, reason(err)))
		}
	}
	main := false
	for _, u := range s.named("ErrorLog", "CustomLog", "TransferLog", "GlobalLog") {
		w := words(u.Item)
		if len(w) == 0 || u.Err != nil {
			continue
		}
		if strings.EqualFold(u.Item.Name, "ErrorLog") && !u.Server.Virtual {
			main = true
		}
		look(u.Item.Pos, u.Entry.Name, w[0])
	}
	if !main {
		look(apacheconf.Pos{}, fmt.Sprintf("ErrorLog is not set, and %s is its default", s.ErrorLog), s.ErrorLog)
	}
	return out
}
