package httpdtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// TargetVariable names the environment variable that overrides which binary is under test.
const TargetVariable = "HTTPD_WSGI_TARGET"

// A Program is an httpd binary.
type Program struct {
	// Path is absolute.
	Path string
	// Apache is true when the binary is Apache httpd itself; expectations that name a declared difference then do not apply.
	Apache bool
	// Version is the first line of -v.
	Version string
}

// Apache finds the oracle: $APACHE, or the first of Debian's, RHEL's and the source release's places.
func Apache() (Program, error) {
	for _, path := range []string{os.Getenv("APACHE"), "/usr/sbin/apache2", "/usr/sbin/httpd", "/usr/local/apache2/bin/httpd"} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err == nil {
			return inspect(path)
		}
	}
	return Program{}, errors.New("no Apache found; install it (Debian: apt-get install apache2 libapache2-mod-wsgi-py3) or name it by APACHE=/path/to/httpd")
}

// Target is the binary under test: $HTTPD_WSGI_TARGET, or build/httpd-wsgi of the repository whose root is given.
func Target(root string) (Program, error) {
	path := os.Getenv(TargetVariable)
	if path == "" {
		path = filepath.Join(root, "build", "httpd-wsgi")
	} else if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	if _, err := os.Stat(path); err != nil {
		return Program{}, fmt.Errorf("no binary to test at %s: run \"make build\" or set %s", path, TargetVariable)
	}
	return inspect(path)
}

func inspect(path string) (Program, error) {
	out, err := exec.Command(path, "-v").CombinedOutput()
	if err != nil {
		return Program{}, fmt.Errorf("%s -v: %v: %s", path, err, out)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return Program{Path: path, Apache: !strings.Contains(line, "httpd-wsgi"), Version: line}, nil
}

// ModulesDirectory is where Apache's shared objects are; LoadModule lines of test configurations name files there.
func ModulesDirectory() string {
	for _, dir := range []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/local/apache2/modules"} {
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			return dir
		}
	}
	return "/usr/lib/apache2/modules"
}
