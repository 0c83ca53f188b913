package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// commandSite is a site whose configuration has names and addresses enough to fill what -S prints.
func commandSite(t *testing.T) (*httpdtest.Site, string) {
	t.Helper()
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "site"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, site, "conf/mime.types", httpdtest.MimeTypes, "conf/vhosts/one.conf", "<VirtualHost *:@PORT@>\n    ServerName one.example.com\n</VirtualHost>\n",
		"conf/httpd.conf", httpdtest.Prelude(httpdtest.BaseModules()...)+`
Define port @PORT2@
Define flag
Listen 127.0.0.1:${port}
Include conf/vhosts/*.conf
<VirtualHost *:@PORT@>
    ServerName two.example.com:@PORT@
    ServerAlias www.two.example.com *.two.example.org
</VirtualHost>
<VirtualHost 127.0.0.1:@PORT2@>
    ServerName three.example.com
</VirtualHost>
<VirtualHost _default_:@PORT3@>
    ServerName four.example.com
</VirtualHost>
`, "conf/broken.conf", httpdtest.Prelude(httpdtest.BaseModules()...)+"Bogus on\n", "htdocs/index.html", "up\n")
	return site, filepath.Join(site.Dir, "conf/httpd.conf")
}

var mutexLine = regexp.MustCompile(`(?m)^(Mutex|PidFile:.*|Define: DUMP_\w+).*\n`)

// TestCommandLineQueries compares what the command line answers about a configuration.
func TestCommandLineQueries(t *testing.T) {
	oracle, server := apache(t), target(t)
	site, conf := commandSite(t)
	at := []string{"-d", site.Dir, "-f", conf}
	for _, c := range []struct {
		name string
		args []string
		// text reduces standard output to what must agree; nil: all of it.
		text func(string) string
	}{
		{"t", append(at, "-t"), nil},
		{"t relative", []string{"-d", site.Dir, "-f", "conf/httpd.conf", "-t"}, nil},
		{"T", append(at, "-T", "-t"), nil},
		{"S", append(at, "-S"), func(s string) string { return mutexLine.ReplaceAllString(s, "") }},
		{"DUMP_VHOSTS", append(at, "-t", "-D", "DUMP_VHOSTS"), func(s string) string { before, _, _ := strings.Cut(s, "ServerRoot:"); return before }},
		{"DUMP_INCLUDES", append(at, "-t", "-D", "DUMP_INCLUDES"), nil},
		{"DUMP_RUN_CFG", append(at, "-t", "-D", "DUMP_RUN_CFG"), func(s string) string { return mutexLine.ReplaceAllString(s, "") }},
		{"M", append(at, "-M"), func(s string) string {
			var loaded []string
			for line := range strings.Lines(s) {
				if strings.Contains(line, "(shared)") {
					loaded = append(loaded, line)
				}
			}
			return strings.Join(loaded, "")
		}},
		{"broken", []string{"-d", site.Dir, "-f", "conf/broken.conf", "-t"}, nil},
		{"missing file", []string{"-d", site.Dir, "-f", "conf/none.conf", "-t"}, nil},
		{"C and c", append(at, "-C", "Define before", "-c", "Bogus after", "-t"), nil},
		{"D", append(at, "-DONE", "-D", "TWO", "-c", "<IfDefine TWO>", "-c", "Bogus two", "-c", "</IfDefine>", "-t"), nil},
		{"bad option", []string{"-z"}, func(string) string { return "" }},
		{"bad verb", append(at, "-k", "frobnicate"), func(string) string { return "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, got := run(t, oracle, site, c.args...), run(t, server, site, c.args...)
			if *show {
				t.Log(want)
			}
			text := c.text
			if text == nil {
				text = func(s string) string { return s }
			}
			if got.code != want.code || text(got.stdout) != text(want.stdout) {
				t.Errorf("got %s\nApache: %s", got, want)
			}
			// usage goes by program, everything else is compared
			if !strings.HasPrefix(c.name, "bad ") && !strings.Contains(got.stderr, want.stderr) {
				t.Errorf("standard error %q, Apache %q", got.stderr, want.stderr)
			}
		})
	}
}

// TestVersion holds the forms that certbot and configuration management read.
func TestVersion(t *testing.T) {
	server := target(t)
	site, conf := commandSite(t)
	v := run(t, server, site, "-v")
	if v.code != 0 || !regexp.MustCompile(`^Server version: (SERVER|Apache/[\d.]+)`).MatchString(v.stdout) || !strings.Contains(v.stdout, "\nServer built:   ") {
		t.Errorf("-v: %s", v)
	}
	big := run(t, server, site, "-d", site.Dir, "-f", conf, "-V")
	for _, form := range []string{`(?m)^Server MPM: +\w+`, `(?m)^ +threaded: +yes`, `(?m)^ -D HTTPD_ROOT="[^"]+"`, `(?m)^ -D SERVER_CONFIG_FILE="[^"]+"`} {
		if !regexp.MustCompile(form).MatchString(big.stdout) {
			t.Errorf("-V lacks %s: %s", form, big)
		}
	}
}

const startsAnyway = "httpd not running, trying to start\n"

// TestControl walks the life of a server that detaches: start, the same again, graceful, restart, a broken configuration that must not
// take it down, graceful-stop, stop; and compares each command's output and exit code with Apache's.
func TestControl(t *testing.T) {
	oracle, server := apache(t), target(t)
	type step struct{ name, got string }
	walk := func(program httpdtest.Program) []step {
		site, conf := commandSite(t)
		pidFile := filepath.Join(site.Dir, "run/httpd.pid")
		pid := func() int {
			b, _ := os.ReadFile(pidFile)
			n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
			return n
		}
		t.Cleanup(func() {
			if n := pid(); n > 0 {
				syscall.Kill(n, syscall.SIGKILL)
				t.Errorf("%s still ran at the end", program.Path)
			}
		})
		var steps []step
		first := 0
		do := func(name string, args ...string) {
			v := run(t, program, site, append([]string{"-d", site.Dir}, args...)...)
			// Apache's buffer is flushed by two processes
			text := strings.ReplaceAll(v.String(), strings.Repeat(startsAnyway, 2), startsAnyway)
			if first > 0 {
				text = strings.ReplaceAll(text, strconv.Itoa(first), "PID")
			}
			steps = append(steps, step{name, text})
		}
		note := func(name string, value any) { steps = append(steps, step{name, fmt.Sprint(value)}) }
		serving := func(name string) {
			resp, err := httpdtest.Get(site.Ports[0], "/")
			if err != nil {
				note(name, err)
				return
			}
			note(name, fmt.Sprintf("%d %s", resp.Status, resp.Body))
		}
		generations := func() int {
			return strings.Count(readFile(filepath.Join(site.Dir, "logs/error_log")), "resuming normal operations")
		}

		do("stop when stopped", "-f", conf, "-k", "stop")
		do("start with a broken configuration", "-f", "conf/broken.conf", "-k", "start")
		do("start", "-f", conf, "-k", "start")
		eventually(t, "the pid file is there", func() bool { return pid() > 0 })
		first = pid()
		serving("serving after start")
		do("start again", "-f", conf, "-k", "start")
		do("graceful", "-f", conf, "-k", "graceful")
		eventually(t, "the second generation serves", func() bool { return generations() >= 2 })
		serving("serving after graceful")
		do("restart", "-f", conf, "-k", "restart")
		eventually(t, "the third generation serves", func() bool { return generations() >= 3 })
		serving("serving after restart")
		note("same parent", pid() == first)
		do("graceful with a broken configuration", "-f", "conf/broken.conf", "-k", "graceful")
		do("restart with a broken configuration", "-f", "conf/broken.conf", "-k", "restart")
		serving("serving after the refused restarts")
		note("same parent", pid() == first)
		do("graceful-stop", "-f", conf, "-k", "graceful-stop")
		eventually(t, "the pid file is gone", func() bool { return pid() == 0 })
		do("graceful when stopped, which starts", "-f", conf, "-k", "graceful")
		eventually(t, "the pid file is there", func() bool { return pid() > 0 })
		serving("serving after graceful when stopped")
		do("stop", "-f", conf, "-k", "stop")
		eventually(t, "the pid file is gone", func() bool { return pid() == 0 })
		return steps
	}
	want, got := walk(oracle), walk(server)
	for i := range want {
		if *show {
			t.Logf("%s: %s", want[i].name, want[i].got)
		}
		if got[i] != want[i] {
			t.Errorf("%s: got %s\nApache: %s", want[i].name, got[i].got, want[i].got)
		}
	}
}

// TestPortTaken starts a server on a port on which another listens.
func TestPortTaken(t *testing.T) {
	oracle, server := apache(t), target(t)
	r := serve(t, "", "")
	site, conf := commandSite(t)
	text := strings.ReplaceAll(readFile(conf), fmt.Sprint(site.Ports[0]), fmt.Sprint(r.Ports[0]))
	put(t, site, "conf/taken.conf", text)
	args := []string{"-d", site.Dir, "-f", "conf/taken.conf", "-k", "start"}
	want, got := run(t, oracle, site, args...), run(t, server, site, args...)
	if *show {
		t.Log(want)
	}
	if got.code != want.code || got.stdout != want.stdout || !strings.Contains(got.stderr, want.stderr) {
		t.Errorf("got %s\nApache: %s", got, want)
	}
}

func readFile(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}
