package check

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/wsgi/cpython"
)

// home is a Python home and where it is configured.
type home struct {
	pos  apacheconf.Pos
	path string
	who  *account // who must be able to read it; nil where nobody is known
}

// homes are the Python homes that processes would use, "" for the system's, each once.
func (s *Site) homes() []home {
	type key struct {
		path string
		uid  int
	}
	seen := map[key]bool{}
	var out []home
	python := s.wsgi().Python()
	if python == nil {
		return nil
	}
	add := func(h home) {
		k := key{path: h.path, uid: -1}
		if h.who != nil {
			k.uid = h.who.uid
		}
		if !seen[k] {
			seen[k] = true
			out = append(out, h)
		}
	}
	main := python.Home.Get("")
	var mainPos apacheconf.Pos
	for _, u := range s.named("WSGIPythonHome") {
		mainPos = u.Item.Pos
	}
	var web *account
	if a, ok := s.webAccount(); ok {
		web = &a
	}
	if main != "" {
		add(home{mainPos, main, web})
	}
	used := len(s.named("WSGIScriptAlias", "WSGIScriptAliasMatch", "WSGIImportScript", "WSGIHandlerScript")) > 0
	for _, d := range s.wsgi().Daemons() {
		if d.Chroot != "" {
			continue // its Python is another file system's
		}
		h := home{pos: d.Pos, path: d.PythonHome}
		if h.path == "" {
			if h.path, h.pos = main, mainPos; main == "" {
				used = true
				continue
			}
		}
		if a, ok := s.daemonAccount(d); ok {
			h.who = &a
		}
		add(h)
	}
	if main == "" && used {
		add(home{})
	}
	return out
}

// pythons finds Python homes that are none, or whose libpython is not there or
// may not be read. No Python is started.
func pythons(s *Site) []Finding {
	var out []Finding
	for _, h := range s.homes() {
		if h.path == "" {
			if _, err := cpython.Find(""); err != nil {
				out = append(out, at(severe, h.pos, "Install it, or name a Python with WSGIPythonHome.", "No Python can be loaded: %v.", err))
			}
			continue
		}
		if o := reach(h.path, h.who); o != nil {
			out = append(out, o.finding(h.pos, "The Python home cannot be used: ", homeAdvice(h)))
			continue
		}
		l, err := cpython.Find(h.path)
		var missing *cpython.NotFoundError
		switch {
		case errors.As(err, &missing):
			out = append(out, at(severe, h.pos, "Make the shared library of this Python available, or make the environment anew with one that has it.", "%s.", trimStop(err.Error())))
		case err != nil:
			out = append(out, at(severe, h.pos, homeAdvice(h), "%s.", trimStop(err.Error())))
		case filepath.IsAbs(l.Library):
			if o := reach(l.Library, h.who); o != nil {
				out = append(out, o.finding(h.pos, "The library of the Python home "+h.path+" cannot be used: ", "Give the user the right to read it."))
			}
		}
	}
	return out
}

func homeAdvice(h home) string {
	if _, err := os.Stat(filepath.Join(h.path, "bin/activate_this.py")); err == nil || strings.HasSuffix(strings.TrimSuffix(h.path, "/"), "/bin") {
		return "Name the environment's own directory, the one that holds pyvenv.cfg and bin/."
	}
	if info, err := os.Stat(h.path); err == nil && info.Mode()&fs.ModeDir == 0 {
		return "Name the directory of the installation or environment, not a file in it: what python3 -c 'import sys; print(sys.prefix)' says."
	}
	return "Name a virtual environment or installation: what its python3 -c 'import sys; print(sys.prefix)' says."
}

func trimStop(s string) string { return strings.TrimSuffix(s, ".") }

// finding makes an error of an obstacle, or less where it is not certain.
func (o *obstacle) finding(pos apacheconf.Pos, before, advice string) Finding {
	f := at(severe, pos, advice, "%s%s.", before, o.text)
	switch {
	case o.unseen:
		f.Severity, f.Advice = hint, "Run the check as root to have it looked at."
	case o.unsure:
		f.Severity, f.Advice = warning, "There is an access control list, which was not looked at: see getfacl."
	}
	return f
}
