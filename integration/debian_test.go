package integration

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
	"httpd-wsgi/internal/testenv"
)

// standIn makes, for itself and its children alone, the server's binary /usr/sbin/apache2 and the site's files /etc/apache2. Then it runs
// Debian's own init script with each action that it reads, and says how that ended.
const standIn = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/apache2
mount --bind "$2/etc/apache2" /etc/apache2
mount --bind "$2/logs" /var/log/apache2
mount --bind "$1" /usr/sbin/apache2
echo ready
while read -r action; do
    set +e
    /etc/init.d/apache2 $action >"$2/out" 2>&1 </dev/null
    echo $?
done
`

// TestDebianInitScript runs /etc/init.d/apache2 as Debian has it, with the server standing in for Apache, in namespaces of its own.
func TestDebianInitScript(t *testing.T) {
	const etc = "/etc/apache2"
	program := target(t)
	for _, file := range []string{"/etc/init.d/apache2", etc + "/apache2.conf", "/usr/sbin/apache2"} {
		if _, err := os.Stat(file); err != nil {
			testenv.Missing(t, "no Debian Apache here: %v", err)
		}
	}
	if err := exec.Command("unshare", "--mount", "--pid", "--fork", "true").Run(); err != nil {
		t.Skipf("mounts are for root: %v", err)
	}
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "server"))
	if err != nil {
		t.Fatal(err)
	}
	debian.lay(t, site, program)
	bad := filepath.Join(site.Dir, "etc/apache2/conf-enabled/zz-bad.conf")

	cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", standIn, "sh", program.Path, site.Dir)
	cmd.Env, cmd.Stderr = httpdtest.Environ(), os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the end of a process namespace's first process is that of all in it
		stdin.Close()
		cmd.Wait()
	})
	lines := bufio.NewScanner(stdout)
	line := func() string {
		t.Helper()
		if !lines.Scan() {
			t.Fatal("the shell has ended")
		}
		return lines.Text()
	}
	if got := line(); got != "ready" {
		t.Fatal(got)
	}
	serving := func() bool {
		_, err := httpdtest.Get(site.Ports[0], "/")
		return err == nil
	}
	for _, step := range []struct {
		action  string
		broken  bool
		code    int
		output  string // a part of it
		serving bool
	}{
		{"status", false, 3, "apache2 is not running", false},
		{"stop", false, 0, "", false},
		{"start", true, 1, "Invalid command 'Bogus'", false},
		{"start", false, 0, "", true},
		{"start", false, 0, "", true},
		{"status", false, 0, "apache2 is running", true},
		{"reload", false, 0, "", true},
		{"reload", true, 1, "Invalid command 'Bogus'", true},
		{"force-reload", false, 0, "", true},
		{"restart", false, 0, "", true},
		{"graceful-stop", false, 0, "", false},
		{"start", false, 0, "", true},
		{"restart", true, 1, "Invalid command 'Bogus'", false}, // the script stops the server all the same
		{"start", false, 0, "", true},
		{"stop", false, 0, "", false},
		{"status", false, 3, "apache2 is not running", false},
	} {
		os.Remove(bad)
		if step.broken {
			put(t, site, "etc/apache2/conf-enabled/zz-bad.conf", "Bogus on\n")
		}
		fmt.Fprintln(stdin, step.action)
		code := line()
		out := readFile(filepath.Join(site.Dir, "out"))
		if now := serving(); code != strconv.Itoa(step.code) || !strings.Contains(out, step.output) || now != step.serving {
			t.Errorf("%s (broken %v): exit %s, want %d; serving %v, want %v; output %q, want %q in it", step.action, step.broken, code, step.code,
				now, step.serving, out, step.output)
		}
	}
	if t.Failed() {
		t.Log(readFile(filepath.Join(site.Dir, "logs/error.log")))
	}
}
