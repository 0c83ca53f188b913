package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives/modwsgi"
)

var (
	embeddedGroup   = modwsgi.ParseName("%{GLOBAL}")
	mainInterpreter = modwsgi.ParseName("%{GLOBAL}")
)

// mainOnly are packages whose extension modules do not work, or not reliably,
// in a sub interpreter: they use the simplified GIL API, keep state for the
// process, or say so themselves (PyO3).
var mainOnly = [...]string{"numpy", "scipy", "pandas", "sklearn", "torch", "tensorflow", "cv2", "h5py", "pyarrow", "bcrypt", "cryptography",
	"pydantic_core", "orjson", "rpds", "nh3", "tokenizers"}

// application is a WSGI script in a sub interpreter.
type application struct {
	pos    apacheconf.Pos
	script string
}

// applicationGroups finds applications in sub interpreters beside packages
// that want the main one, and daemon process groups with a single application.
func applicationGroups(s *Site) []Finding {
	subs := map[string][]application{} // by process group
	all := map[string][]string{}       // scripts by process group
	var order []string
	for _, v := range s.Hosts.Servers {
		for _, a := range s.wsgi().Aliases(v.Plan) {
			p, g := s.groups(v, a)
			group, known := p.Static()
			if !known {
				continue
			}
			if _, ok := all[group]; !ok {
				order = append(order, group)
			}
			if !slices.Contains(all[group], a.Target) {
				all[group] = append(all[group], a.Target)
			}
			if g != mainInterpreter {
				subs[group] = append(subs[group], application{a.Pos, a.Target})
			}
		}
	}
	var out []Finding
	for _, group := range order {
		apps := subs[group]
		if len(apps) == 0 {
			continue
		}
		d := s.daemon(group)
		found := packages(s.pythonFolders(d))
		for _, a := range apps {
			if len(found) > 0 {
				out = append(out, at(warning, a.pos, "Set WSGIApplicationGroup %{GLOBAL} for it, in a daemon process group of its own.",
					"%s runs in a sub interpreter, and among its packages are some that work in the main one only: %s.", a.script, strings.Join(found, ", ")))
			}
		}
		if len(found) == 0 && d != nil && len(all[group]) == 1 && isFile(apps[0].script) {
			out = append(out, at(hint, apps[0].pos, "Set WSGIApplicationGroup %{GLOBAL}: every C extension works there, and nothing else is in it.",
				"%s is the only application of the process group %s and runs in a sub interpreter.", apps[0].script, group))
		}
	}
	return out
}

// isFile tells that a target is no directory of scripts; what is missing is taken for a file.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err != nil || !info.IsDir()
}

// pythonFolders are the folders of packages that python-path and python-home of a process group name; nil is embedded mode.
func (s *Site) pythonFolders(d *modwsgi.Daemon) []string {
	python := s.wsgi().Python()
	if python == nil {
		return nil
	}
	home, path := python.Home.Get(""), python.Path.Get("")
	if d != nil {
		if d.PythonHome != "" {
			home = d.PythonHome
		}
		path = d.PythonPath
	}
	var out []string
	for dir := range strings.SplitSeq(path, ":") {
		if dir != "" {
			out = append(out, dir)
		}
	}
	if home != "" {
		for _, lib := range [...]string{"lib", "lib64"} {
			folders, _ := filepath.Glob(filepath.Join(home, lib, "python3*", "site-packages"))
			out = append(out, folders...)
		}
	}
	return out
}

// packages are those of mainOnly that the folders hold.
func packages(folders []string) []string {
	var out []string
	for _, name := range mainOnly {
		for _, dir := range folders {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
