package check

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/all"
	"httpd-wsgi/directives/modmpm"
	"httpd-wsgi/vhost"
)

// report reads a configuration, in which @DIR@ is dir, with all modules, and audits it.
func report(t *testing.T, dir, conf string, change func(*Site)) *Report {
	t.Helper()
	linked := all.Link(nil)
	modmpm.Add(linked.Registry)
	reader := NewReader(linked.Registry)
	loaded := linked.Registry.NewLoaded(true)
	text := strings.ReplaceAll("ServerName main.example.com\n"+conf, "@DIR@", dir)
	l := apacheconf.Loader{ServerRoot: dir, HasModule: loaded.Has, HasDirective: loaded.HasDirective, HasSection: loaded.HasSection,
		ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}
	reader.Listen(&l)
	tree, err := l.Load("httpd.conf")
	if err != nil {
		t.Fatal(err)
	}
	plan, _ := linked.Registry.CompileWith(directives.Options{Files: directives.AssumeFiles(), Each: reader.Each}, tree, loaded)
	if plan == nil {
		t.Fatal("no plan")
	}
	hosts, err := vhost.Build(plan, linked.Core)
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{Plan: plan, Hosts: hosts, Core: linked.Core, ErrorLog: dir + "/error_log"}
	if change != nil {
		change(s)
	}
	r := reader.Report(dir+"/httpd.conf", s)
	for i := range r.Directives {
		if l := &r.Directives[i]; l.Class == refused {
			t.Logf("refused: line %d: %s", l.Line, l.Message)
		}
	}
	return r
}

// found lists the findings of an audit: "severity line: message", the directory as @DIR@.
func found(r *Report, audit, dir string) []string {
	var out []string
	for _, f := range r.Findings {
		if f.Audit == audit {
			if f.Advice == "" || !strings.HasSuffix(f.Message, ".") {
				f.Message += " (NO ADVICE OR STOP)"
			}
			// The first line is the test's own.
			out = append(out, fmt.Sprintf("%s %d: %s", f.Severity, f.Line-1, strings.ReplaceAll(f.Message, dir, "@DIR@")))
		}
	}
	return out
}

// finding is a case of an audit: a configuration, and what is to be found in it.
type finding struct {
	name, conf string
	want       []string // prefixes of what found gives
}

func testAudit(t *testing.T, audit, dir string, cases []finding) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := found(report(t, dir, c.conf, nil), audit, dir)
			ok := len(got) == len(c.want)
			for i := 0; ok && i < len(got); i++ {
				ok = strings.HasPrefix(got[i], c.want[i])
			}
			if !ok {
				t.Errorf("found\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// openDir is a directory that every account may enter, with these files in it.
func openDir(t *testing.T, files ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "check")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	for _, f := range files {
		name := filepath.Join(dir, f)
		os.MkdirAll(filepath.Dir(name), 0o755)
		if strings.HasSuffix(f, "/") {
			os.MkdirAll(name, 0o755)
		} else if err := os.WriteFile(name, []byte("x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLogs(t *testing.T) {
	dir := openDir(t, "logs/", "file")
	testAudit(t, "log", dir, []finding{
		{"there", "ErrorLog logs/error_log\nCustomLog logs/access_log common\nErrorLog syslog:local1\nCustomLog \"|/bin/cat\" common\n", nil},
		{"default", "", nil},
		{"missing", "ErrorLog none/error_log\nCustomLog @DIR@/gone/access_log common\n<VirtualHost *:80>\nErrorLog file/error_log\n</VirtualHost>\n", []string{
			"error 1: ErrorLog: the directory @DIR@/none of none/error_log cannot be used: no such file or directory.",
			"error 2: CustomLog: the directory @DIR@/gone of",
			"error 4: ErrorLog: the directory @DIR@/file of file/error_log cannot be used: not a directory."}},
	})
}

func TestProcessGroups(t *testing.T) {
	testAudit(t, "process group", "/nowhere", []finding{
		{"right", "WSGIDaemonProcess a\nWSGIDaemonProcess b\nWSGIProcessGroup a\nWSGIScriptAlias /x /srv/x.wsgi process-group=b\n", nil},
		{"global", "WSGIProcessGroup %{GLOBAL}\n", nil},
		{"unknown", "WSGIProcessGroup a\nWSGIScriptAlias /x /srv/x.wsgi process-group=b\n", []string{
			"error 1: WSGIProcessGroup names the process group a, which no WSGIDaemonProcess defines.",
			"error 2: WSGIScriptAlias names the process group b, which no"}},
		{"in a section", "<Location /x>\nWSGIProcessGroup a\n</Location>\n", []string{"error 2: WSGIProcessGroup names the process group a, which no"}},
		{"of another virtual host", "<VirtualHost *:80>\nServerName a.example\nWSGIDaemonProcess a\nWSGIProcessGroup a\n</VirtualHost>\n" +
			"<VirtualHost *:80>\nServerName b.example\nWSGIProcessGroup a\n</VirtualHost>\n" +
			"<VirtualHost *:443>\nServerName A.example\nWSGIProcessGroup a\n</VirtualHost>\n", []string{
			"error 8: WSGIProcessGroup names the process group a, which belongs to another virtual host"}},
		{"unused", "WSGIDaemonProcess a\n", []string{"warning 1: Nothing uses the process group a."}},
		{"embedded by accident", "WSGIDaemonProcess a\nWSGIScriptAlias / /srv/x.wsgi\n", []string{"warning 1: Nothing uses the process group a, and there are applications that run in the server's own"}},
		{"a faulty definition", "WSGIDaemonProcess a threads=x\nWSGIProcessGroup a\n", nil},
		{"requests decide", "WSGIDaemonProcess a\nWSGIProcessGroup %{ENV:GROUP}\n", nil},
		{"used by a section only", "WSGIDaemonProcess a\nWSGIScriptAlias / /srv/x.wsgi\n<Directory /srv>\nWSGIProcessGroup a\n</Directory>\n", nil},
	})
}

func TestApplicationGroups(t *testing.T) {
	dir := openDir(t, "venv/lib/python3.11/site-packages/numpy/", "venv/lib/python3.11/site-packages/flask/", "plain/lib/python3.11/site-packages/flask/",
		"src/orjson/", "apps/one.wsgi", "apps/two.wsgi")
	testAudit(t, "application group", dir, []finding{
		{"numpy", "WSGIDaemonProcess a python-home=@DIR@/venv\nWSGIScriptAlias / @DIR@/apps/one.wsgi process-group=a\n", []string{
			"warning 2: @DIR@/apps/one.wsgi runs in a sub interpreter, and among its packages are some that work in the main one only: numpy."}},
		{"numpy in the main interpreter", "WSGIDaemonProcess a python-home=@DIR@/venv\nWSGIProcessGroup a\nWSGIApplicationGroup %{GLOBAL}\nWSGIScriptAlias / @DIR@/apps/one.wsgi\n", nil},
		{"set for the directory", "WSGIDaemonProcess a python-home=@DIR@/venv\nWSGIScriptAlias / @DIR@/apps/one.wsgi process-group=a\n<Directory @DIR@/apps>\nWSGIApplicationGroup %{GLOBAL}\n</Directory>\n", nil},
		{"python-path", "WSGIDaemonProcess a python-path=/none:@DIR@/src\nWSGIScriptAlias / @DIR@/apps/one.wsgi process-group=a\n", []string{"warning 2: "}},
		{"embedded", "WSGIPythonHome @DIR@/venv\nWSGIScriptAlias / @DIR@/apps/one.wsgi\n", []string{"warning 2: "}},
		{"single", "WSGIDaemonProcess a python-home=@DIR@/plain\nWSGIScriptAlias / @DIR@/apps/one.wsgi process-group=a\n", []string{"hint 2: @DIR@/apps/one.wsgi is the only application of the process group a"}},
		{"two", "WSGIDaemonProcess a\nWSGIScriptAlias /1 @DIR@/apps/one.wsgi process-group=a\nWSGIScriptAlias /2 @DIR@/apps/two.wsgi process-group=a\n", nil},
		{"a directory of scripts", "WSGIDaemonProcess a\nWSGIScriptAlias /1 @DIR@/apps process-group=a\n", nil},
	})
}

func TestAliases(t *testing.T) {
	testAudit(t, "alias", "/nowhere", []finding{
		{"in order", "Alias /a/b /x\nAlias /a /y\nWSGIScriptAlias /w/x /srv/1\nWSGIScriptAlias /w /srv/2\nWSGIScriptAlias / /srv/3\n", nil},
		{"hidden", "Alias /a /y\nScriptAlias /a/b /x\nWSGIScriptAlias / /srv/3\nWSGIScriptAlias /w /srv/2\n", []string{
			"warning 2: ScriptAlias /a/b is never reached: Alias /a (@DIR@/httpd.conf:2) comes first and covers it.",
			"warning 4: WSGIScriptAlias /w is never reached: WSGIScriptAlias / ("}},
		{"a segment's end", "Alias /a /y\nAlias /ab /x\n", nil},
		{"mod_alias is first", "WSGIScriptAlias /a/b /srv/1\nAlias /a /y\n", []string{"warning 1: WSGIScriptAlias /a/b is never reached: Alias /a (@DIR@/httpd.conf:3) covers it."}},
		{"within", "WSGIScriptAlias / /srv/1\nAlias /static /y\n", nil},
		{"main server's", "Alias /a /y\n<VirtualHost *:80>\nWSGIScriptAlias /a /srv/1\n</VirtualHost>\n", []string{"warning 3: WSGIScriptAlias /a is never reached: Alias /a"}},
		{"another virtual host's", "<VirtualHost *:80>\nAlias /a /y\n</VirtualHost>\n<VirtualHost *:80>\nServerName b\nAlias /a/b /x\n</VirtualHost>\n", nil},
		{"the same twice", "Alias /a /y\nAlias /a /y\n", nil},
	})
}

func TestMixedAccess(t *testing.T) {
	testAudit(t, "access", "/nowhere", []finding{
		{"new", "<Directory /srv>\nRequire ip 10\n</Directory>\n", nil},
		{"old", "<Directory /srv>\nOrder allow,deny\nAllow from all\n</Directory>\n", nil},
		{"apart", "<Directory /srv>\nOrder allow,deny\n</Directory>\n<Directory /srv/x>\nRequire all granted\n</Directory>\n", nil},
		{"both", "<Directory /srv>\nOrder allow,deny\n<RequireAll>\nRequire ip 10\n</RequireAll>\n</Directory>\n", []string{"warning 2: <Directory /srv> has Order, Allow or Deny beside Require"}},
		{"satisfy", "<Directory /srv>\nDeny from all\nSatisfy Any\nRequire valid-user\n</Directory>\n", []string{"hint 2: "}},
	})
}

func TestDenied(t *testing.T) {
	const closed = "<Directory />\nRequire all denied\n</Directory>\n"
	testAudit(t, "denied", "/nowhere", []finding{
		{"nothing said", "DocumentRoot /srv/www\n", nil},
		{"granted", closed + "DocumentRoot /srv/www\n<Directory /srv/www>\nRequire all granted\n</Directory>\n", nil},
		{"inherited", closed + "DocumentRoot /srv/www\nAlias /x /data/x\nWSGIScriptAlias /w /srv/app/app.wsgi\n", []string{
			"warning 4: DocumentRoot /srv/www is answered with 403: no section lets anybody in, and <Directory /> (@DIR@/httpd.conf:2) refuses all.",
			"warning 5: Alias /x is", "warning 6: WSGIScriptAlias /w is"}},
		{"old rules", "<Directory />\nOrder deny,allow\nDeny from all\n</Directory>\nDocumentRoot /srv/www\n", []string{"warning 5: "}},
		{"old rules granted", "<Directory />\nOrder deny,allow\nDeny from all\n</Directory>\nDocumentRoot /srv/www\n<Directory /srv/www>\nOrder allow,deny\nAllow from all\n</Directory>\n", nil},
		{"meant", closed + "DocumentRoot /srv/www\n<Directory /srv/www>\nRequire all denied\n</Directory>\n", nil},
		{"by URL", closed + "Alias /x /data/x\n<Location /x>\nRequire all granted\n</Location>\n", nil},
		{"by file", closed + "WSGIScriptAlias / /srv/app/app.wsgi\n<Directory /srv/app>\n<Files app.wsgi>\nRequire all granted\n</Files>\n</Directory>\n", nil},
		{"below", closed + "DocumentRoot /srv/www\n<Directory /srv/www/public>\nRequire all granted\n</Directory>\n", nil},
		{"an alias has every URL", closed + "DocumentRoot /srv/www\nWSGIScriptAlias / /srv/app/app.wsgi\n<Directory /srv/app>\nRequire ip 10\n</Directory>\n", nil},
		{"wildcards", closed + "Alias /x /data/x/htdocs\n<Directory /data/*/htdocs>\nRequire all granted\n</Directory>\n", nil},
		{"a pattern", closed + "Alias /x /data/x\n<DirectoryMatch ^/data/>\nRequire all granted\n</DirectoryMatch>\n", nil},
	})
}

func TestVirtualHosts(t *testing.T) {
	host := func(addr, lines string) string { return "<VirtualHost " + addr + ">\n" + lines + "</VirtualHost>\n" }
	testAudit(t, "virtual host", "/nowhere", []finding{
		{"different", host("*:80", "ServerName a\n") + host("*:80", "ServerName b\n") + host("*:443", "ServerName a\n"), nil},
		{"twice", host("*:80", "ServerName a\nServerAlias www.a\n") + host("_default_:80", "ServerName A\n"), []string{
			"warning 5: <VirtualHost _default_:80> for A is never reached: the one at @DIR@/httpd.conf:2 has the same"}},
		{"twice with another alias", host("*:80", "ServerName a\n") + host("*:80", "ServerName a\nServerAlias b\n"), nil},
		{"twice with a pattern", host("*:80", "ServerName a\n") + host("*:80", "ServerName a\nServerAlias *.a\n"), nil},
		{"the first without a name", host("*:80", "") + host("*:80", "ServerName b\n"), []string{"hint 1: <VirtualHost *:80> has no ServerName."}},
		{"a later one without a name", host("*:80", "ServerName a\n") + host("*:80", ""), []string{
			"warning 4: <VirtualHost *:80> has no ServerName and is not the first of its address: requests go to the one at @DIR@/httpd.conf:2."}},
		{"with an alias only", host("*:80", "ServerName a\n") + host("*:80", "ServerAlias b\n"), []string{"warning 4: <VirtualHost *:80> has no ServerName."}},
	})
}

func TestVariables(t *testing.T) {
	r := report(t, "/srv", "PidFile ${APACHE_PID_FILE}\nErrorLog ${APACHE_LOG_DIR}/e\nTransferLog ${APACHE_LOG_DIR}/a\nDefine x 1\nListen 8${x}\n", func(s *Site) { s.AssumePaths = true })
	got := found(r, "variable", "/srv")
	if len(got) != 2 || !strings.HasPrefix(got[0], "warning 1: The variable ${APACHE_PID_FILE} is not defined") || !strings.HasPrefix(got[1], "warning 2: ") {
		t.Errorf("found %q", got)
	}
	if r.Findings[0].Advice != "Read Debian's variables into the environment first: . /etc/apache2/envvars" {
		t.Errorf("advice %q", r.Findings[0].Advice)
	}
}

func TestBlocks(t *testing.T) {
	for _, c := range []struct {
		conf, class string // "" for no block
		guards      string
	}{
		{"<IfModule lua_module>\nLuaScope once\n</IfModule>\n", notRead, ""},
		{"<IfModule lua_module>\nRequire all denied\n<Limit GET>\nDeny from all\n</Limit>\n</IfModule>\n", refused, "Require <Limit Deny"},
		{"LoadModule lua_module x\n<IfModule mod_lua.c>\nAuthType Basic\n</IfModule>\n", refused, "AuthType"},
		{"LoadModule alias_module x\n<IfModule mod_lua.c>\nAuthType Basic\n</IfModule>\n", asInApache, "AuthType"},
		{"<IfModule no_such_module>\n<VirtualHost *:80>\n</VirtualHost>\n</IfModule>\n", refused, "<VirtualHost"},
		{"<IfModule alias_module>\nAlias /a /b\n</IfModule>\n", "", ""},
		{"<IfModule !alias_module>\nRequire all denied\n</IfModule>\n", "", ""},
		{"<IfModule !lua_module>\nAlias /a /b\n</IfModule>\n", "", ""},
		{"<IfDefine nothing>\nRequire all denied\n</IfDefine>\n", "", ""},
		{"<IfDirective LuaScope>\nLuaScope once\n</IfDirective>\n", notRead, ""},
		{"<IfDirective Alias>\nAlias /a /b\n</IfDirective>\n", "", ""},
	} {
		r := report(t, "/srv", c.conf, nil)
		class, guards := "", ""
		if len(r.Blocks) > 0 {
			class, guards = r.Blocks[0].Class, strings.Join(r.Blocks[0].Guards, " ")
		}
		if class != c.class || guards != c.guards {
			t.Errorf("%q: %s %q, want %s %q", c.conf, class, guards, c.class, c.guards)
		}
		if (c.class == refused) != (r.Verdict == NotReady && r.Counts.Blocks[refused] == 1) {
			t.Errorf("%q: verdict %s", c.conf, r.Verdict)
		}
	}
	r := report(t, "/srv", "<IfModule !lua_module>\nAlias /a /b\n</IfModule>\n", nil)
	if got := found(r, "condition", "/srv"); len(got) != 1 || !strings.HasPrefix(got[0], "warning 1: <IfModule !lua_module> is read here and passed over by Apache") {
		t.Errorf("found %q", got)
	}
}

// TestClasses is for the classes that few directives of the real tables have.
func TestClasses(t *testing.T) {
	reg := directives.NewRegistry()
	type none struct{}
	known := func(name string, p directives.Policy, why string) directives.Directive[none] {
		return directives.Known[none](name, directives.RsrcConf, p, why)
	}
	directives.Add(reg, directives.Module[none, directives.None]{ID: "x_module", File: "mod_x.c", Static: true, Server: directives.Table[none]{
		directives.Take1("Near", directives.RsrcConf, nil, func(*directives.Cmd, *none, string) error { return nil }, "help").Differs("it rounds"),
		known("Idle", directives.NoEffect, "nothing to do"), known("<Group", directives.Refused, "write it out"), known("<Calm", directives.NoEffect, "no need"),
	}})
	r := NewReader(reg)
	tree := &apacheconf.Tree{Items: []*apacheconf.Item{{Name: "near", Args: "1"}, {Name: "Idle"}, {Name: "Near", Args: "1 2"},
		{Name: "group", Section: true, Items: []*apacheconf.Item{{Name: "Near", Args: "1"}, {Name: "x", Section: true, Items: []*apacheconf.Item{{Name: "Idle"}}}}},
		{Name: "Calm", Section: true, Items: []*apacheconf.Item{{Name: "Near", Args: "1"}}}}}
	if plan, _ := reg.CompileWith(directives.Options{Each: r.Each}, tree, reg.NewLoaded(true)); plan == nil {
		t.Fatal("no plan")
	}
	var got []string
	for _, l := range r.lines(tree) {
		got = append(got, l.Class+" "+l.Directive+" ("+l.Message+") "+l.Advice+" "+l.Within)
	}
	want := []string{
		"approximated Near (it rounds)  ", "without_effect Idle (nothing to do)  ", "refused Near (Near takes one argument, help)  ",
		"refused <Group (<Group is not supported by httpd-wsgi) write it out ",
		"refused Near (stands in <Group>)  <Group", "refused <x (stands in <Group>)  <Group", "refused Idle (stands in <Group>)  <Group",
		"without_effect <Calm (no need)  ", "without_effect Near (stands in <Calm>)  <Calm",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("lines\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	rep := &Report{Configuration: "httpd.conf", Directives: r.lines(tree)}
	rep.settle(1)
	var b bytes.Buffer
	if err := rep.WriteText(&b, TextOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Approximated: they do what Apache does, with a difference\n  Near\n      it rounds\n", "  <Group> and 3 lines in it\n", "  <Calm> and 1 line in it\n"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("no %q in\n%s", part, b.String())
		}
	}
}

func TestColor(t *testing.T) {
	r := report(t, "/srv", "Bogus on\n", func(s *Site) { s.AssumePaths = true })
	var plain, colored bytes.Buffer
	r.WriteText(&plain, TextOptions{})
	r.WriteText(&colored, TextOptions{Color: true})
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(colored.String(), "\x1b[31;1mVerdict: not ready: 1 refused line.\x1b[0m") {
		t.Errorf("plain %q, coloured %q", plain.String(), colored.String())
	}
}

func TestHtaccess(t *testing.T) {
	dir := openDir(t, "www/a/", "www/b/", "other/")
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("www/a/.config", "Order allow,deny\nRequire all granted\n")
	put("www/b/.config", "Bogus 1\n")
	put("www/b/.htaccess", "NotRead 1\n")
	put("other/.config", "Bogus 2\n")
	for link, to := range map[string]string{"www/a/up": "..", "www/out": "../other", "www/again": "a"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	os.MkdirAll(filepath.Join(dir, "www/closed"), 0o755)
	put("www/closed/.config", "Bogus 3\n")
	const conf = "DocumentRoot @DIR@/www\nAccessFileName .config\n<Directory @DIR@/www>\nAllowOverride All\n</Directory>\n<Directory @DIR@/www/closed>\nAllowOverride None\n</Directory>\n"
	r := report(t, dir, conf, func(s *Site) { s.Htaccess = true })
	var got []string
	for _, l := range r.Directives {
		if l.Class == refused {
			got = append(got, fmt.Sprintf("%s:%d %s", strings.TrimPrefix(l.File, dir), l.Line, l.Directive))
		}
	}
	if strings.Join(got, ", ") != "/www/b/.config:1 Bogus, /www/out/.config:1 Bogus" {
		t.Errorf("refused %q", got)
	}
	if len(r.Htaccess) != 3 || r.Counts.Files != 4 {
		t.Errorf("looked at %q, counted %d files", r.Htaccess, r.Counts.Files)
	}
	if mixed := found(r, "access", dir); len(mixed) != 1 || !strings.HasPrefix(mixed[0], "warning 0: The .htaccess file in @DIR@/www/") {
		t.Errorf("mixed access %q", mixed)
	}
	if r := report(t, dir, conf, nil); len(r.Htaccess) != 0 || r.Counts.Refused != 0 {
		t.Errorf("looked at %q unasked", r.Htaccess)
	}
}
