package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"httpd-wsgi/internal/testenv"
)

// TestAcceptance runs the scripts that serve packaged applications by the configuration that ships with them, from the folder of real
// configurations (see shared). It needs root, for private namespaces, and apt, to fetch the packages; they are unpacked, not installed, in
// HTTPD_WSGI_ACCEPTANCE_DIR if that is set, where they stay. HTTPD_WSGI_ACCEPTANCE names the applications.
func TestAcceptance(t *testing.T) {
	scripts := filepath.Join(shared(t), "acceptance")
	server := target(t)
	wanted := strings.Fields(os.Getenv("HTTPD_WSGI_ACCEPTANCE"))
	if len(wanted) == 0 {
		t.Skip("HTTPD_WSGI_ACCEPTANCE names no application, e.g. \"radicale mercurial django graphite\"")
	}
	if os.Getuid() != 0 {
		testenv.Missing(t, "the acceptance scripts make namespaces and need root")
	}
	if out, err := exec.Command("unshare", "-m", "-p", "-f", "--mount-proc", "-n", "true").CombinedOutput(); err != nil {
		t.Skipf("no private namespaces here: %v: %s", err, out)
	}
	// The scripts unpack beside themselves, and the folder may be read-only.
	dir := os.Getenv("HTTPD_WSGI_ACCEPTANCE_DIR")
	if dir == "" {
		dir = tempDir(t)
	}
	if out, err := exec.Command("cp", "-r", "--no-preserve=mode", scripts+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, app := range []struct {
		name     string
		packages []string
	}{
		{"radicale", []string{"radicale", "python3-passlib"}},
		{"mercurial", []string{"mercurial"}},
		{"django", []string{"python3-django"}},
		{"graphite", []string{"graphite-web", "python3-whisper"}},
	} {
		if !slices.Contains(wanted, app.name) {
			continue
		}
		t.Run(app.name, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(dir, "root", app.name)); err != nil {
				if out, err := exec.Command("bash", append([]string{filepath.Join(dir, "getdebs.sh"), app.name}, app.packages...)...).CombinedOutput(); err != nil {
					testenv.Missing(t, "cannot fetch %v: %v: %s", app.packages, err, out)
				}
			}
			cmd := exec.Command("bash", filepath.Join(dir, app.name+".sh"))
			cmd.Env = append(os.Environ(), "HTTPD="+server.Path)
			out, err := cmd.CombinedOutput()
			passed := len(regexp.MustCompile(`(?m)^ok \d+`).FindAll(out, -1))
			failed := regexp.MustCompile(`(?m)^not ok .*$`).FindAllString(string(out), -1)
			fmt.Printf("    acceptance %s: %d ok, %d not ok\n", app.name, passed, len(failed))
			if err != nil || len(failed) > 0 || passed == 0 {
				t.Errorf("%v\n%s", err, strings.TrimSpace(string(out)))
			}
		})
	}
}
