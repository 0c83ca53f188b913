package integration

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// inPlace makes, for itself and its children alone, the site's files /etc/apache2 and, if the second argument names a program, that
// /usr/sbin/apache2. Then it runs the rest of its arguments; all that they leave running ends with it.
const inPlace = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/apache2
mount --bind "$1/etc/apache2" /etc/apache2
mount --bind "$1/logs" /var/log/apache2
[ -z "$2" ] || mount --bind "$2" /usr/sbin/apache2
shift 2
"$@"
`

// TestCertbot lets certbot's Apache plugin at a Debian configuration: its own code asks the server for its version, defines, includes and
// modules, finds the virtual hosts, tests the configuration, restarts the server and answers an http-01 challenge through it. All that it
// understands must be what it understands of Apache, with Debian's own apache2ctl in front of the server as well as with conf/apachectl.
func TestCertbot(t *testing.T) {
	oracle, server := apache(t), target(t)
	need(t, "certbot_apache", "python3-certbot-apache")
	if err := exec.Command("unshare", "--mount", "--pid", "--fork", "true").Run(); err != nil {
		t.Skipf("mounts are for root: %v", err)
	}
	script, err := filepath.Abs("testdata/certbot_plugin.py")
	if err != nil {
		t.Fatal(err)
	}
	dir := tempDir(t)
	understood := func(program httpdtest.Program, sub string, wrapper bool) string {
		t.Helper()
		site, err := httpdtest.NewSite(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		debian.lay(t, site, program)
		link := filepath.Join(site.Dir, "etc/apache2/mods-enabled/rewrite.load")
		if _, err := os.Lstat(link); err != nil {
			if err := os.Symlink("../mods-available/rewrite.load", link); err != nil {
				t.Fatal(err)
			}
		}
		put(t, site, "etc/apache2/sites-enabled/two.conf", `Define port @PORT@
<VirtualHost *:${port}>
    ServerName two.example.com
    ServerAlias www.two.example.com *.two.example.net
    DocumentRoot @W@/htdocs
    <Directory @W@/htdocs>
        Require all granted
    </Directory>
</VirtualHost>
`, "htdocs/index.html", "two\n")
		ctl, standIn := "/usr/sbin/apache2ctl", ""
		if wrapper {
			ctl = filepath.Join(site.Dir, "apachectl")
			if err := os.WriteFile(ctl, []byte(readFile(filepath.Join(root(t), "conf/apachectl"))), 0o755); err != nil {
				t.Fatal(err)
			}
		} else if !program.Apache {
			standIn = program.Path
		}
		cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", inPlace, "sh", site.Dir, standIn,
			"/usr/bin/python3", script, ctl, site.Expand("@PORT@", 0), filepath.Join(site.Dir, "certbot"))
		cmd.Env = append(httpdtest.Environ(), "APACHE_STARTED_BY_SYSTEMD=1", "APACHE_CONFDIR=/etc/apache2")
		if wrapper {
			cmd.Env = append(cmd.Env, "APACHE_HTTPD="+program.Path)
		}
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s with %s: %v\n%s\n%s", program.Path, ctl, err, &stderr, readFile(filepath.Join(site.Dir, "logs/error.log")))
		}
		return strings.ReplaceAll(httpdtest.NewNormaliser(site).Text(stdout.String()), httpdtest.NewNormaliser(site).Text(ctl), "CTL")
	}
	want := understood(oracle, "apache", false)
	if *show {
		t.Log(want)
	}
	for _, part := range []string{`"*.two.example.net"`, `"www.two.example.com"`, `"port": "@PORT@"`, `" rewrite"`, `"/etc/apache2/ports.conf"`,
		"\"before the challenge\": 404", "\"challenge\": [\n  200,\n  true\n ]", "Invalid command 'Bogus'"} {
		if !strings.Contains(want, part) {
			t.Fatalf("this is not what certbot makes of Apache: no %s in %s", part, want)
		}
	}
	for _, wrapper := range []bool{false, true} {
		name := "apache2ctl"
		if wrapper {
			name = "apachectl"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := understood(server, name, wrapper); got != want {
				t.Errorf("certbot sees another server:\n%s", lineDiff(want, got))
			}
		})
	}
}
