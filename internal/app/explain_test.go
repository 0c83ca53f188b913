package app

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	explaining "httpd-wsgi/internal/explain"
)

func TestParseExplain(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"http://a/ -f x -d y -DONE", "file=x root=y defines=1 url=http://a/"},
		{"-fx http://a/ -X POST -H A:b --from 10.0.0.1 --to=10.0.0.2:81 --user u", "file=x url=http://a/ POST [A:b] 10.0.0.1 10.0.0.2:81 u"},
		{"--batch", "batch"},
		{"--format json http://a/", "json url=http://a/"},
		{"", "give one URL"},
		{"--batch http://a/", "give one URL"},
		{"http://a/ http://b/", "two URLs"},
		{"http://a/ --from", "requires an argument"},
		{"http://a/ --format xml", "text or json"},
		{"http://a/ -k start", "unknown option -k"},
		{"http://a/ --nothing x", "unknown option --nothing"},
	} {
		o, err := parseExplain(append([]string{"explain"}, strings.Fields(c.args)...))
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.args, err)
			}
			continue
		}
		var got []string
		add := func(name, value string) {
			if value != "" {
				got = append(got, name+value)
			}
		}
		q := &o.request
		add("file=", o.file)
		add("root=", o.root)
		if len(o.defines) == 1 {
			got = append(got, "defines=1")
		}
		if o.batch {
			got = append(got, "batch")
		}
		if o.json {
			got = append(got, "json")
		}
		add("url=", q.URL)
		add("", q.Method)
		if len(q.Headers) > 0 {
			got = append(got, "["+strings.Join(q.Headers, " ")+"]")
		}
		add("", q.From)
		add("", q.To)
		add("", q.User)
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", c.args, text, c.want)
		}
	}
}

// explainProcess runs the verb in a process of its own: as root it gives its rights up.
func explainProcess(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"explain"}, args...)...)
	cmd.Env = append(os.Environ(), mainEnv+"=1")
	var out, errs strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func TestExplain(t *testing.T) {
	dir, conf, addr := testSite(t, "WSGIDaemonProcess group\nWSGIScriptAlias /app app.wsgi process-group=group\n")
	secret := dir + "/htdocs/secret.html"
	write(t, secret, "x")
	os.Chmod(secret, 0o600)
	base := "http://" + addr

	code, out, errs := explainProcess(t, "", "-f", conf, base+"/index.html")
	if code != 0 || errs != "" || !strings.Contains(out, "200 OK: allowed, the file is sent") || strings.Contains(out, "\x1b") {
		t.Errorf("code %d, %s\n%s", code, errs, out)
	}
	code, out, _ = explainProcess(t, "", "-f", conf, "--format", "json", base+"/none")
	var r explaining.Report
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Status != 404 || r.Server == nil || r.Server.Name != "localhost" {
		t.Errorf("code %d, %v\n%s", code, err, out)
	}
	code, out, _ = explainProcess(t, `{"id":"1","url":"`+base+`/index.html"} {"id":"2","url":"nowhere"}`, "-f", conf, "--batch")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != 2 || !strings.Contains(lines[0], `"id":"1"`) || !strings.Contains(lines[1], "is not a URL") {
		t.Errorf("code %d\n%s", code, out)
	}
	if os.Getuid() == 0 {
		if _, out, _ = explainProcess(t, "", "-f", conf, base+"/secret.html"); !strings.Contains(out, "403 Forbidden") || !strings.Contains(out, "file permissions deny server access") {
			t.Errorf("a file that User cannot read:\n%s", out)
		}
	}
	for _, f := range []string{"/logs/error_log", "/run/httpd.pid"} {
		if _, err := os.Stat(dir + f); err == nil {
			t.Errorf("%s was made", f)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-f", conf}, 2, "Usage: httpd-wsgi explain"},
		{[]string{"-f", conf, "nowhere"}, 2, "is not a URL"},
		{[]string{"-f", "/nope.conf", base}, 1, "Could not open configuration file"},
		{[]string{"-f", conf, "-c", "Bogus on", base}, 1, "Invalid command 'Bogus'"},
	} {
		if code, _, errs := explainProcess(t, "", c.args...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: code %d, %s", c.args, code, errs)
		}
	}
}
