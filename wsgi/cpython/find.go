package cpython

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Oldest and Newest are the minor versions of CPython 3 that the engine can load.
const (
	Oldest = 9
	Newest = 15
)

// Location says which libpython to load and what Python is to believe of itself.
type Location struct {
	Library string // path of libpython, or its bare name for the dynamic linker to find
	Program string // path of the Python program it stands for, or ""
	Home    string // PYTHONHOME, or ""
}

// NotFoundError reports that no libpython could be found.
type NotFoundError struct {
	Home    string   // the configured home, or ""
	Version string   // "3.11" if the home says which it needs, or ""
	Tried   []string // files and names looked for, in order
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	b.WriteString("no shared libpython")
	if e.Version != "" {
		b.WriteString(" of Python " + e.Version)
	}
	if e.Home != "" {
		b.WriteString(" for the Python home '" + e.Home + "'")
	}
	b.WriteString(" was found (tried " + strings.Join(e.Tried, ", ") + "); ")
	if e.Version != "" {
		fmt.Fprintf(&b, "install the package libpython%s (Debian, Ubuntu) or python%s-libs (Fedora, RHEL), "+
			"or point WSGIPythonHome at a Python that was built with --enable-shared", e.Version, e.Version)
	} else {
		b.WriteString("install the package libpython3.N of your python3 (Debian, Ubuntu) or python3-libs (Fedora, RHEL), " +
			"or point WSGIPythonHome at a Python that was built with --enable-shared")
	}
	return b.String()
}

// Find chooses a libpython.
//
// home is the configured Python home: an installation, or a virtual environment (it holds pyvenv.cfg), whose base installation is then
// what is looked for; a home whose libpython is missing is an error, never a reason to take another Python. Without a home it is
// the python3 on PATH, links followed, if a shared libpython belongs to it (a wrapper script such as a version manager's has none);
// else /usr/bin/python3 likewise; else whatever libpython3.N.so.1.0 the dynamic linker knows, newest first.
func Find(home string) (Location, error) { return finder{root: "/"}.find(home) }

type finder struct {
	root string // where /usr/bin/python3 and the system's library folders are; "/" but in tests
	load func(name string) bool
	path func() string
}

func (f finder) find(home string) (Location, error) {
	if home != "" {
		return f.home(home)
	}
	var tried []string
	for _, program := range []string{f.onPath(), filepath.Join(f.root, "usr/bin/python3")} {
		if program == "" {
			continue
		}
		if l, ok := f.program(program, &tried); ok {
			return l, nil
		}
	}
	for minor := Newest; minor >= Oldest; minor-- {
		name := libraryName("3." + strconv.Itoa(minor))
		tried = append(tried, name)
		if f.loads(name) {
			return Location{Library: name}, nil
		}
	}
	return Location{}, &NotFoundError{Tried: tried}
}

func (f finder) loads(name string) bool {
	if f.load != nil {
		return f.load(name)
	}
	return canLoad(name)
}

func (f finder) onPath() string {
	if f.path != nil {
		return f.path()
	}
	p, err := exec.LookPath("python3")
	if err != nil {
		return ""
	}
	return p
}

func libraryName(version string) string { return "libpython" + version + ".so.1.0" }

var programVersion = regexp.MustCompile(`^python(3\.\d+)$`)

// program finds the library of a Python program: its name, links followed, says which version it is.
func (f finder) program(program string, tried *[]string) (Location, bool) {
	real, err := filepath.EvalSymlinks(program)
	if err != nil {
		return Location{}, false
	}
	m := programVersion.FindStringSubmatch(filepath.Base(real))
	if m == nil {
		*tried = append(*tried, program+" (not a versioned python3.N)")
		return Location{}, false
	}
	prefix := filepath.Dir(filepath.Dir(real))
	library, ok := f.library(prefix, m[1], tried)
	return Location{Library: library, Program: real}, ok
}

// library finds the libpython of an installation.
func (f finder) library(prefix, version string, tried *[]string) (string, bool) {
	name := libraryName(version)
	folders := []string{filepath.Join(prefix, "lib"), filepath.Join(prefix, "lib64")}
	if multiarch, err := filepath.Glob(filepath.Join(prefix, "lib", "*-linux-gnu*")); err == nil {
		folders = append(folders, multiarch...)
	}
	for _, folder := range folders {
		file := filepath.Join(folder, name)
		if _, err := os.Stat(file); err == nil {
			return file, true
		}
		*tried = append(*tried, file)
	}
	// The dynamic linker may know it elsewhere, but only the system's own installation is what it then belongs to.
	if prefix == filepath.Join(f.root, "usr") {
		*tried = append(*tried, name)
		return name, f.loads(name)
	}
	return "", false
}

func (f finder) home(home string) (Location, error) {
	status, err := os.Stat(home)
	if err != nil {
		return Location{}, fmt.Errorf("Python home '%s' cannot be used: %w", home, err)
	}
	if !status.IsDir() {
		return Location{}, fmt.Errorf("Python home '%s' is not a directory", home)
	}
	e := &NotFoundError{Home: home}
	if base, version, ok := readVenv(home); ok {
		if version == "" {
			if real, err := filepath.EvalSymlinks(filepath.Join(home, "bin", "python3")); err == nil {
				if m := programVersion.FindStringSubmatch(filepath.Base(real)); m != nil {
					version = m[1]
				}
			}
		}
		e.Version = version
		for _, prefix := range venvPrefixes(home, base) {
			if library, ok := f.library(prefix, version, &e.Tried); ok {
				return Location{Library: library, Program: filepath.Join(home, "bin", "python")}, nil
			}
		}
		return Location{}, e
	}
	for _, version := range installedVersions(home) {
		if e.Version == "" {
			e.Version = version
		}
		if library, ok := f.library(home, version, &e.Tried); ok {
			return Location{Library: library, Program: filepath.Join(home, "bin", "python"+version), Home: home}, nil
		}
	}
	if e.Version == "" {
		return Location{}, fmt.Errorf("Python home '%s' holds no Python: neither pyvenv.cfg nor lib/python3.N/os.py is there", home)
	}
	return Location{}, e
}

// readVenv reads pyvenv.cfg: the folder of the program that made the virtual environment, and its version as 3.N.
func readVenv(home string) (base, version string, ok bool) {
	file, err := os.Open(filepath.Join(home, "pyvenv.cfg"))
	if err != nil {
		return "", "", false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "home":
			base = value
		case "version", "version_info": // venv writes the one, virtualenv and uv the other
			if p := strings.SplitN(value, ".", 3); len(p) >= 2 {
				version = p[0] + "." + p[1]
			}
		}
	}
	return base, version, true
}

// venvPrefixes lists the installations that a virtual environment may be based on: that of its home key, and that of the program which
// its bin/python3 links to (the home key may name a folder of links, /usr/local/bin say).
func venvPrefixes(home, base string) []string {
	var prefixes []string
	if base != "" {
		prefixes = append(prefixes, filepath.Dir(base))
	}
	if real, err := filepath.EvalSymlinks(filepath.Join(home, "bin", "python3")); err == nil {
		if p := filepath.Dir(filepath.Dir(real)); len(prefixes) == 0 || p != prefixes[0] {
			prefixes = append(prefixes, p)
		}
	}
	return prefixes
}

// installedVersions lists the versions whose standard library is in an installation: that of its bin/python3 first, then newest first.
func installedVersions(prefix string) []string {
	var versions []string
	add := func(version string) {
		for _, lib := range []string{"lib", "lib64"} {
			if _, err := os.Stat(filepath.Join(prefix, lib, "python"+version, "os.py")); err == nil {
				versions = append(versions, version)
				return
			}
		}
	}
	first := ""
	if real, err := filepath.EvalSymlinks(filepath.Join(prefix, "bin", "python3")); err == nil {
		if m := programVersion.FindStringSubmatch(filepath.Base(real)); m != nil {
			first = m[1]
			add(first)
		}
	}
	for minor := Newest; minor >= Oldest; minor-- {
		if version := "3." + strconv.Itoa(minor); version != first {
			add(version)
		}
	}
	return versions
}
