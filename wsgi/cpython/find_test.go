package cpython

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/internal/testenv"
)

// tree makes files; a value that begins with -> is a link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, ok := strings.CutPrefix(text, "->"); ok {
			err = os.Symlink(strings.ReplaceAll(to, "ROOT", root), path)
		} else {
			err = os.WriteFile(path, []byte(strings.ReplaceAll(text, "ROOT", root)), 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFind(t *testing.T) {
	debian := map[string]string{
		"usr/bin/python3": "->python3.11", "usr/bin/python3.11": "",
		"usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0": "", "usr/lib/python3.11/os.py": "",
		"shim/python3":                "#!/bin/sh\n",
		"opt/py/bin/python3":          "->python3.12",
		"opt/py/bin/python3.12":       "",
		"opt/py/lib/python3.12/os.py": "", "opt/py/lib/libpython3.12.so.1.0": "",
		"opt/static/bin/python3": "->python3.13", "opt/static/bin/python3.13": "", "opt/static/lib/python3.13/os.py": "",
		"venv/pyvenv.cfg": "home = ROOT/usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n", "venv/bin/python": "->ROOT/usr/bin/python3",
		"uv/pyvenv.cfg": "home = ROOT/opt/py/bin\nversion_info = 3.12.1\n", "uv/bin/python3": "->ROOT/opt/py/bin/python3.12",
		"linked/pyvenv.cfg": "home = ROOT/usr/local/bin\n", "linked/bin/python3": "->ROOT/opt/py/bin/python3.12",
		"gone/pyvenv.cfg": "home = ROOT/usr/bin\nversion = 3.9.1\n",
		"empty/readme":    "", "file": "",
	}
	root := tree(t, debian)
	for _, c := range []struct{ name, home, path, loadable, library, program, pyhome, err string }{
		{name: "the one on PATH", path: "opt/py/bin/python3", library: "ROOT/opt/py/lib/libpython3.12.so.1.0", program: "ROOT/opt/py/bin/python3.12"},
		{name: "a shim on PATH", path: "shim/python3", library: "ROOT/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", program: "ROOT/usr/bin/python3.11"},
		{name: "one without a library", path: "opt/static/bin/python3", library: "ROOT/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", program: "ROOT/usr/bin/python3.11"},
		{name: "none on PATH", library: "ROOT/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", program: "ROOT/usr/bin/python3.11"},
		{name: "home", home: "opt/py", path: "shim/python3", library: "ROOT/opt/py/lib/libpython3.12.so.1.0", program: "ROOT/opt/py/bin/python3.12", pyhome: "ROOT/opt/py"},
		{name: "home /usr", home: "usr", library: "ROOT/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", program: "ROOT/usr/bin/python3.11", pyhome: "ROOT/usr"},
		{name: "venv", home: "venv", path: "opt/py/bin/python3", library: "ROOT/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", program: "ROOT/venv/bin/python"},
		{name: "virtualenv", home: "uv", library: "ROOT/opt/py/lib/libpython3.12.so.1.0", program: "ROOT/uv/bin/python"},
		{name: "venv without version", home: "linked", library: "ROOT/opt/py/lib/libpython3.12.so.1.0", program: "ROOT/linked/bin/python"},
		{name: "venv whose Python is gone", home: "gone", err: "no shared libpython of Python 3.9 for the Python home 'ROOT/gone' was found (tried ROOT/usr/lib/libpython3.9.so.1.0"},
		{name: "its package", home: "gone", err: "install the package libpython3.9 (Debian, Ubuntu)"},
		{name: "home without a library", home: "opt/static", err: "no shared libpython of Python 3.13 for the Python home 'ROOT/opt/static'"},
		{name: "home that is none", home: "empty", err: "Python home 'ROOT/empty' holds no Python: neither pyvenv.cfg nor lib/python3.N/os.py is there"},
		{name: "home that is a file", home: "file", err: "Python home 'ROOT/file' is not a directory"},
		{name: "home that is missing", home: "missing", err: "Python home 'ROOT/missing' cannot be used: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			abs := func(s string) string { return strings.ReplaceAll(s, "ROOT", root) }
			f := finder{root: root, load: func(name string) bool { return name == c.loadable }, path: func() string {
				if c.path == "" {
					return ""
				}
				return filepath.Join(root, c.path)
			}}
			home := c.home
			if home != "" {
				home = filepath.Join(root, home)
			}
			l, err := f.find(home)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), abs(c.err)) {
					t.Errorf("%+v, %v", l, err)
				}
				return
			}
			if want := (Location{abs(c.library), abs(c.program), abs(c.pyhome)}); err != nil || l != want {
				t.Errorf("%+v, %v, want %+v", l, err, want)
			}
		})
	}
}

func TestFindByName(t *testing.T) {
	f := finder{root: t.TempDir(), path: func() string { return "" }, load: func(name string) bool { return name == "libpython3.13.so.1.0" || name == "libpython3.10.so.1.0" }}
	if l, err := f.find(""); err != nil || l != (Location{Library: "libpython3.13.so.1.0"}) {
		t.Errorf("%+v, %v", l, err)
	}
	f.load = func(string) bool { return false }
	if l, err := f.find(""); err == nil || !strings.Contains(err.Error(), "libpython3.15.so.1.0, libpython3.14.so.1.0") || !strings.Contains(err.Error(), "libpython3.9.so.1.0); install") {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestFindHere finds what this machine has.
func TestFindHere(t *testing.T) {
	l, err := Find("")
	if err != nil {
		testenv.Missing(t, "no Python here: %v", err)
	}
	if !canLoad(l.Library) {
		t.Errorf("%+v cannot be loaded", l)
	}
}
