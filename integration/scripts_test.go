package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// script copies one of conf's scripts into the site with its variables set, as an installation may, and returns a function that runs it.
func script(t *testing.T, site *httpdtest.Site, name string, variables map[string]string) func(args ...string) (string, int) {
	t.Helper()
	text := readFile(filepath.Join(root(t), "conf", name))
	for k, v := range variables {
		assignment := regexp.MustCompile(`(?m)^` + k + `=.*$`)
		if !assignment.MatchString(text) {
			t.Fatalf("%s does not set %s", name, k)
		}
		text = assignment.ReplaceAllLiteralString(text, k+"="+v)
	}
	path := filepath.Join(site.Dir, filepath.Base(name))
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return func(args ...string) (string, int) {
		t.Helper()
		cmd := exec.Command("/bin/sh", append([]string{path}, args...)...)
		cmd.Env = httpdtest.Environ()
		// A file, not a pipe: the server that the script starts keeps its descriptors.
		out, err := os.CreateTemp(site.Dir, "out")
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		cmd.Stdout, cmd.Stderr = out, out
		cmd.Run()
		return readFile(out.Name()), cmd.ProcessState.ExitCode()
	}
}

// TestInitScript walks the LSB actions and exit codes of conf/init.d/httpd-wsgi.
func TestInitScript(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("the init script is for root")
	}
	program := target(t)
	site, conf := commandSite(t)
	good := readFile(conf)
	broken := strings.Replace(good, "Define flag", "Bogus on", 1)
	service := script(t, site, "init.d/httpd-wsgi", map[string]string{
		"HTTPD": program.Path, "CONF": conf, "PIDFILE": filepath.Join(site.Dir, "run/httpd.pid"), "OPTIONS": `"-d ` + site.Dir + `"`})
	t.Cleanup(func() { service("stop") })
	serving := func() string {
		resp, err := httpdtest.Get(site.Ports[0], "/")
		if err != nil {
			return "no"
		}
		return fmt.Sprint(resp.Status)
	}
	for _, step := range []struct {
		action  string
		conf    string
		code    int
		output  string // a part of it
		serving string
	}{
		{"status", good, 3, "is not running", "no"},
		{"stop", good, 0, "", "no"},
		{"reload", good, 7, "", "no"},
		{"try-restart", good, 0, "", "no"},
		{"start", broken, 6, "Invalid command 'Bogus'", "no"},
		{"start", good, 0, "", "200"},
		{"start", good, 0, "", "200"},
		{"status", good, 0, "is running (pid ", "200"},
		{"configtest", good, 0, "Syntax OK", "200"},
		{"configtest", broken, 1, "Invalid command 'Bogus'", "200"},
		{"reload", broken, 6, "nothing was changed", "200"},
		{"restart", broken, 6, "nothing was changed", "200"},
		{"reload", good, 0, "", "200"},
		{"graceful", good, 0, "", "200"},
		{"restart", good, 0, "", "200"},
		{"try-restart", good, 0, "", "200"},
		{"frobnicate", good, 3, "Usage:", "200"},
		{"", good, 2, "Usage:", "200"},
		{"graceful-stop", good, 0, "", "no"},
		{"start", good, 0, "", "200"},
		{"stop", good, 0, "", "no"},
		{"status", good, 3, "is not running", "no"},
	} {
		put(t, site, "conf/httpd.conf", step.conf)
		var args []string
		if step.action != "" {
			args = []string{step.action}
		}
		out, code := service(args...)
		if code != step.code || !strings.Contains(out, step.output) || serving() != step.serving {
			t.Errorf("%q: exit %d, want %d; serving %s, want %s; output %q, want %q in it", step.action, code, step.code, serving(), step.serving, out, step.output)
		}
	}
	if err := os.WriteFile(filepath.Join(site.Dir, "run/httpd.pid"), []byte("999999999\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code := service("status"); code != 1 {
		t.Errorf("status with a stale pid file: exit %d, want 1: %s", code, out)
	}
	os.Remove(filepath.Join(site.Dir, "run/httpd.pid"))
}

// TestLogRotation moves the logs away and restarts gracefully, as conf/logrotate.d says: the old process's lines go to the old file, later
// ones to a new one.
func TestLogRotation(t *testing.T) {
	r := serve(t, "", "", "htdocs/a.txt", "a\n", "htdocs/b.txt", "b\n")
	r.get(t, "/a.txt", 200)
	log := filepath.Join(r.site.Dir, "logs/access_log")
	eventually(t, "the request is logged", func() bool { return strings.Contains(readFile(log), "/a.txt") })
	if err := os.Rename(log, log+".1"); err != nil {
		t.Fatal(err)
	}
	r.get(t, "/b.txt", 200)
	eventually(t, "the log is still the old file", func() bool { return strings.Contains(readFile(log+".1"), "/b.txt") })
	if _, err := os.Stat(log); err == nil {
		t.Error("a new log was made before the restart")
	}
	signal := regexp.MustCompile(`kill -(\w+) `).FindStringSubmatch(readFile(filepath.Join(root(t), "conf/logrotate.d/httpd-wsgi")))
	if signal == nil || signal[1] != "USR1" {
		t.Fatalf("logrotate sends %v", signal)
	}
	if out, err := exec.Command("kill", "-"+signal[1], fmt.Sprint(r.Pid())).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "a new log", func() bool {
		r.get(t, "/a.txt", 200)
		return strings.Contains(readFile(log), "/a.txt")
	})
}
