package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// TestCheckDebian has the configuration of Debian's packages checked, as it is and with one site that cannot be moved.
func TestCheckDebian(t *testing.T) {
	program := target(t)
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "server"))
	if err != nil {
		t.Fatal(err)
	}
	o := debian.lay(t, site, program)
	check := func(args ...string) verdict {
		t.Helper()
		return runEnv(t, program, site, o.Env, append([]string{"check", "-d", o.Root, "-f", o.Conf}, args...)...)
	}

	v := check()
	if v.code != 0 || !strings.Contains(v.stdout, "Verdict: ready.\n") || !strings.Contains(v.stdout, "0 refused") || v.stderr != "" {
		t.Errorf("Debian's configuration: %s", v)
	}
	if strings.Contains(v.stdout, "\x1b") {
		t.Error("colours in a pipe")
	}
	if _, err := os.Stat(filepath.Join(site.Dir, "logs/error_log")); err == nil {
		t.Error("check opened a log")
	}

	put(t, site, "etc/apache2/mods-enabled/perl.load", "LoadModule perl_module /usr/lib/apache2/modules/mod_perl.so\n",
		"etc/apache2/sites-enabled/perl.conf", `<IfModule mod_perl.c>
    <VirtualHost *:@PORT2@>
        ServerName perl.example.com
        <Location /perl>
            Require valid-user
        </Location>
    </VirtualHost>
</IfModule>
`, "etc/apache2/sites-enabled/broken.conf", `<VirtualHost *:@PORT@>
    ServerName broken.example.com
    DavLockDB /var/lock/dav
    WSGIScriptAlias / @W@/srv/none.wsgi process-group=nobody
    CustomLog @W@/nowhere/access_log combined
</VirtualHost>
`)
	v = check()
	for _, part := range []string{
		"  DavLockDB\n", "broken.conf:3\n", "mod_dav_fs.c, which httpd-wsgi does not have",
		"<IfModule mod_perl.c> ", "perl.conf:1-8, 4 directives\n", "counts as refused, for what is in it: <VirtualHost>, Require\n",
		"names the process group nobody, which no WSGIDaemonProcess defines.", "/srv/none.wsgi: no such file or directory.",
		"cannot be used: no such file or directory.\n", "Verdict: not ready: 1 refused line, 1 block that is not read and must be, 3 errors.\n",
	} {
		if !strings.Contains(v.stdout, part) {
			t.Errorf("no %q in what check says", part)
		}
	}
	if v.code != 1 || v.stderr != "" {
		t.Errorf("exit %d, standard error %q", v.code, v.stderr)
	}
	if t.Failed() {
		t.Log(v.stdout)
	}

	var report struct {
		Schema     int
		Verdict    string
		ExitStatus int `json:"exit_status"`
		Counts     struct{ Refused, Supported int }
		Directives []struct{ Class, Directive, File string }
		Findings   []struct{ Audit, Severity string }
	}
	v = check("--format", "json")
	if err := json.Unmarshal([]byte(v.stdout), &report); err != nil {
		t.Fatalf("%v in %s", err, v.stdout)
	}
	if v.code != 1 || report.Schema != 1 || report.Verdict != "not_ready" || report.ExitStatus != 1 || report.Counts.Refused != 1 || report.Counts.Supported < 200 {
		t.Errorf("exit %d, report %+v", v.code, report)
	}
	// What depends on this machine is left out when it is to be.
	v = check("--format=json", "--assume-paths")
	if err := json.Unmarshal([]byte(v.stdout), &report); err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Audit == "script" || f.Audit == "log" || f.Audit == "listen" {
			t.Errorf("with --assume-paths: %+v", f)
		}
	}
}

// TestCheckAgrees holds check's verdict on faulty configurations against whether the server starts with them.
func TestCheckAgrees(t *testing.T) {
	program := target(t)
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "site"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, site, "conf/mime.types", httpdtest.MimeTypes, "htdocs/index.html", "up\n")
	for _, c := range []struct {
		name, conf  string
		test, check int
	}{
		{"right", "KeepAlive On\n", 0, 0},
		{"unknown directive", "Bogus on\n", 1, 1},
		{"two faults", "Bogus on\n<Directory>\nRequire all granted\n</Directory>\n", 1, 1},
		{"missing DocumentRoot", "DocumentRoot /no/such/directory\n", 1, 1},
		{"missing log directory", "ErrorLog /no/such/directory/error_log\n", 1, 1},
		{"only negative rules", "<Location /x>\n<RequireAll>\nRequire not ip 10\n</RequireAll>\n</Location>\n", 1, 1},
		{"unclosed section", "<Directory /x>\n", 1, 2},
		{"missing include", "Include /no/such/file\n", 1, 2},
		{"missing process group", "WSGIProcessGroup nobody\n", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			put(t, site, "conf/httpd.conf", httpdtest.Prelude(append(httpdtest.BaseModules(), "wsgi")...)+c.conf)
			at := []string{"-d", site.Dir, "-f", filepath.Join(site.Dir, "conf/httpd.conf")}
			test, check := run(t, program, site, append(at, "-t")...), run(t, program, site, append([]string{"check"}, at...)...)
			if test.code != c.test || check.code != c.check {
				t.Errorf("-t: %s\ncheck: %s\nwant %d and %d", test, check, c.test, c.check)
			}
		})
	}
}
