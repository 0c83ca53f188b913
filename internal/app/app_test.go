package app

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mainEnv makes the test binary the program itself; children of a master are
// it anyway.
const mainEnv = "HTTPD_WSGI_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		os.Exit(Main(os.Args, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// run runs the program in this process, for what starts no server.
func run(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = Main(append([]string{"/usr/sbin/apache2"}, args...), &out, &err)
	return code, out.String(), err.String()
}

// testSite is a site whose configuration ends in extra.
func testSite(t *testing.T, extra string) (dir, conf, addr string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "httpd-app") // t.TempDir lies in a directory of mode 700
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	os.Chmod(dir, 0o755)
	for _, d := range []string{"run", "logs", "htdocs"} {
		os.Mkdir(filepath.Join(dir, d), 0o755)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close()
	text := fmt.Sprintf(`ServerRoot %s
Listen %s
ServerName localhost
PidFile run/httpd.pid
ErrorLog logs/error_log
DocumentRoot htdocs
TypesConfig mime.types
DefaultRuntimeDir run
User nobody
Group #65534
<Directory />
    Require all granted
</Directory>
%s
`, dir, addr, extra)
	write(t, filepath.Join(dir, "mime.types"), "text/html html\n")
	write(t, filepath.Join(dir, "htdocs/index.html"), "up\n")
	conf = filepath.Join(dir, "httpd.conf")
	write(t, conf, text)
	return dir, conf, addr
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The usage text and the answers to mistakes are recorded from Apache 2.4.71.
func TestMistakes(t *testing.T) {
	usage, err := os.ReadFile("testdata/usage.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		first string
	}{
		{[]string{"-h"}, ""},
		{[]string{"-?"}, ""},
		{[]string{"-z"}, "apache2: illegal option -- z\n"},
		{[]string{"-tz"}, "apache2: illegal option -- z\n"},
		{[]string{"-d"}, "apache2: option requires an argument -- d\n"},
		{[]string{"-k"}, "apache2: illegal option -- k\n"},
		{[]string{"-k", "frob"}, "apache2: illegal option -- k\n"},
		{[]string{"-k", "start", "-k", "stop"}, "apache2: illegal option -- k\n"},
		{[]string{"-e", "loud"}, ""},
		{[]string{"-t", "word"}, ""},
		{[]string{"--help"}, "apache2: illegal option -- -\n"},
		{[]string{"-w"}, "apache2: illegal option -- w\napache2: -w is for Apache as a service of Windows; there is nothing like it here\n"},
	} {
		code, out, errs := run(c.args...)
		own, apaches := strings.CutPrefix(errs, c.first+string(usage))
		if code != 1 || out != "" || !apaches || !strings.HasPrefix(own, "Commands of httpd-wsgi's own") || !strings.Contains(own, "\n  check  ") {
			t.Errorf("%v: code %d, stdout %q, stderr begins %.60q", c.args, code, out, errs)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"", "root= file= verb= mode=0 []"},
		{"-f x -f y", "root= file=y verb= mode=0 []"},
		{"-d/a -fx", "root=/a file=x verb= mode=0 []"},
		{"-DONE -D TWO", "root= file= verb= mode=0 [ONE TWO]"},
		{"-k graceful", "root= file= verb=graceful mode=0 []"},
		{"-kstop", "root= file= verb=stop mode=0 []"},
		{"-t", "root= file= verb= mode=1 []"},
		{"-S", "root= file= verb= mode=2 [DUMP_VHOSTS DUMP_RUN_CFG]"},
		{"-t -D DUMP_MODULES", "root= file= verb= mode=2 [DUMP_MODULES]"},
		{"-D DUMP_MODULES -t", "root= file= verb= mode=2 [DUMP_MODULES]"},
		{"-t -D DUMP_CONFIG", "root= file= verb= mode=1 [DUMP_CONFIG]"},
		{"-M", "root= file= verb= mode=2 [DUMP_MODULES]"},
		{"-X", "root= file= verb= mode=0 [DEBUG]"},
		{"-TX", "root= file= verb= mode=0 [DEBUG]"},
		{"-t --", "root= file= verb= mode=1 []"},
	} {
		o, code, done := parse(append([]string{"httpd"}, strings.Fields(c.args)...), io.Discard, io.Discard)
		if done {
			t.Errorf("%q: done with code %d", c.args, code)
			continue
		}
		var names []string
		for _, d := range o.defines {
			names = append(names, d.Name)
		}
		if got := fmt.Sprintf("root=%s file=%s verb=%s mode=%d %v", o.root, o.file, o.verb, o.mode, names); got != c.want {
			t.Errorf("%q: %s, want %s", c.args, got, c.want)
		}
	}
}

// As in Apache the log's "Command line" is without -k.
func TestCommandLine(t *testing.T) {
	for _, c := range [][2]string{
		{"/usr/sbin/apache2 -d /etc/apache2 -f apache2.conf -k start", "/usr/sbin/apache2 -d /etc/apache2 -f apache2.conf"},
		{"httpd -kstart -DFOREGROUND", "httpd -DFOREGROUND"},
		{"httpd -k restart -D FOREGROUND", "httpd -D FOREGROUND"},
	} {
		o := &options{argv: strings.Fields(c[0])}
		if got := o.commandLine(); got != c[1] {
			t.Errorf("%s: %s", c[0], got)
		}
	}
}

// What certbot, Ansible and their like look for.
func TestVersionForms(t *testing.T) {
	_, out, _ := run("-v")
	if !regexp.MustCompile(`^Server version: Apache/2\.4\.\d+ \(httpd-wsgi [\d.]+\)\nServer built:   \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\n$`).MatchString(out) {
		t.Errorf("-v: %q", out)
	}
	_, conf, _ := testSite(t, "")
	code, out, errs := run("-f", conf, "-V")
	if code != 0 || errs != "" {
		t.Errorf("-V: code %d, %s", code, errs)
	}
	for _, form := range []string{`(?m)^Server's Module Magic Number: \d+:\d+$`, `(?m)^Server MPM:     event$`, `(?m)^  threaded:     yes \(fixed thread count\)$`,
		`(?m)^    forked:     yes \(variable process count\)$`, `(?m)^ -D HTTPD_ROOT="/etc/apache2"$`, `(?m)^ -D SERVER_CONFIG_FILE="apache2\.conf"$`, `(?m)^Architecture:   64-bit$`} {
		if !regexp.MustCompile(form).MatchString(out) {
			t.Errorf("-V lacks %s:\n%s", form, out)
		}
	}
	if _, out, _ := run("-l"); !strings.HasPrefix(out, "Compiled in modules:\n  core.c\n  mod_so.c\n") {
		t.Errorf("-l: %q", out)
	}
}

func TestConfigTest(t *testing.T) {
	dir, conf, _ := testSite(t, "")
	broken := filepath.Join(dir, "broken.conf")
	b, _ := os.ReadFile(conf)
	write(t, broken, string(b)+"Bogus on\n")
	line := strings.Count(string(b), "\n") + 1
	for _, c := range []struct {
		args          []string
		code          int
		stdout, wants string
	}{
		{[]string{"-f", conf, "-t"}, 0, "", "Syntax OK\n"},
		{[]string{"-d", dir, "-f", "httpd.conf", "-t"}, 0, "", "Syntax OK\n"},
		{[]string{"-f", broken, "-t"}, 1, "", fmt.Sprintf("AH00526: Syntax error on line %d of %s:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration\n", line, broken)},
		{[]string{"-f", "/nope.conf", "-t"}, 1, "", "apache2: Could not open configuration file /nope.conf: No such file or directory\n"},
		{[]string{"-f", conf, "-c", "ErrorLog /nope/x.log", "-t"}, 1, "", "(2)No such file or directory: AH02291: Cannot access directory '/nope/' for main error log\nAH00014: Configuration check failed\n"},
		{[]string{"-f", conf, "-c", "ThreadsPerChild 100", "-t"}, 0, "", "AH00507: WARNING: ThreadsPerChild of 100 exceeds ThreadLimit of 64 threads, decreasing to 64. To increase, please see the ThreadLimit directive.\n" +
			"AH00513: WARNING: MaxRequestWorkers of 400 is not an integer multiple of ThreadsPerChild of 64, decreasing to nearest multiple 384, for a maximum of 6 servers.\nSyntax OK\n"},
		{[]string{"-f", conf, "-t", "-D", "DUMP_INCLUDES"}, 0, "Included configuration files:\n  (*) " + conf + "\n", ""},
		{[]string{"-f", broken, "-k", "graceful"}, 1, "", fmt.Sprintf("AH00526: Syntax error on line %d of %s:\nInvalid command 'Bogus', perhaps misspelled or defined by a module not included in the server configuration\n", line, broken)},
	} {
		code, out, errs := run(c.args...)
		if code != c.code || out != c.stdout || errs != c.wants {
			t.Errorf("%v: code %d\nstdout %q\nstderr %q\nwant   %q", c.args, code, out, errs, c.wants)
		}
	}
	code, out, errs := run("-f", conf, "-S")
	if code != 0 || errs != "" || !strings.HasPrefix(out, "VirtualHost configuration:\nServerRoot: \""+dir+"\"\n") || !strings.HasSuffix(out, "User: name=\"nobody\" id=65534\nGroup: name=\"nogroup\" id=65534\n") &&
		!strings.HasSuffix(out, "User: name=\"nobody\" id=65534\nGroup: name=\"#65534\" id=65534\n") {
		t.Errorf("-S: code %d\n%s%s", code, out, errs)
	}
	code, out, errs = run("-f", conf, "-M", "-C", "LoadModule alias_module x.so", "-C", "LoadModule dir_module x.so", "-C", "LoadModule authz_core_module x.so", "-C", "LoadModule mime_module x.so", "-C", "LoadModule mpm_prefork_module x.so")
	if code != 0 || !strings.HasPrefix(out, "Loaded Modules:\n core_module (static)\n so_module (static)\n") ||
		!strings.HasSuffix(out, " alias_module (shared)\n dir_module (shared)\n authz_core_module (shared)\n mime_module (shared)\n mpm_prefork_module (shared)\n") {
		t.Errorf("-M: code %d\n%s%s", code, out, errs)
	}
}

// The answers of -k when nothing runs are recorded from Apache 2.4.71.
func TestControlOfNothing(t *testing.T) {
	dir, conf, _ := testSite(t, "")
	pidFile := filepath.Join(dir, "run/httpd.pid")
	for _, c := range []struct {
		pid, verb      string
		code           int
		stdout, stderr string
	}{
		{"", "stop", 0, "httpd (no pid file) not running\n", ""},
		{"", "graceful-stop", 0, "httpd (no pid file) not running\n", ""},
		{"4194303", "stop", 0, "httpd (pid 4194303?) not running\n", ""},
		{"abc", "stop", 1, "", "(20014)Internal error (specific information not available): AH00058: Error retrieving pid file run/httpd.pid\nAH00059: Remove it before continuing if it is corrupted.\n"},
		{fmt.Sprint(os.Getpid()), "start", 0, fmt.Sprintf("httpd (pid %d) already running\n", os.Getpid()), ""},
	} {
		os.Remove(pidFile)
		if c.pid != "" {
			write(t, pidFile, c.pid+"\n")
		}
		code, out, errs := run("-f", conf, "-k", c.verb)
		if code != c.code || out != c.stdout || errs != c.stderr {
			t.Errorf("%s with pid %q: code %d, stdout %q, stderr %q", c.verb, c.pid, code, out, errs)
		}
	}
}

// A child has the master's configuration though every file is gone.
func TestSnapshot(t *testing.T) {
	dir, conf, addr := testSite(t, "Include more.conf\nDefine one 1")
	write(t, filepath.Join(dir, "more.conf"), "<VirtualHost "+addr+">\nServerName a.example.com\nServerAlias b.example.com\n</VirtualHost>\n")
	o := &options{program: "apache2", file: conf}
	c, err := read(o, layouts[1])
	if err != nil {
		t.Fatal(err)
	}
	var tree bytes.Buffer
	if err := c.tree.Encode(&tree); err != nil {
		t.Fatal(err)
	}
	s := &snapshot{Program: "apache2", Tree: tree.Bytes(), Modules: c.modules, All: c.all, Files: c.plan.Files.Contents, Names: *c.names, Settings: c.settings()}
	data, err := s.encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"httpd.conf", "more.conf", "mime.types"} {
		os.Remove(filepath.Join(dir, f))
	}
	got, err := decodeSnapshot(data)
	if err != nil {
		t.Fatal(err)
	}
	child, err := got.config(nil)
	if err != nil {
		t.Fatal(err)
	}
	var want, have bytes.Buffer
	c.hosts.Describe(&want)
	child.hosts.Describe(&have)
	if want.String() != have.String() || !strings.Contains(have.String(), "a.example.com") {
		t.Errorf("got\n%swant\n%s", have.String(), want.String())
	}
	if got.Settings != c.settings() {
		t.Errorf("settings %+v", got.Settings)
	}
}

// A server's life in the foreground, with logs and restarts.
func TestServe(t *testing.T) {
	dir, conf, addr := testSite(t, "MinSpareThreads 1\nStartServers 1\nKeepAlive Off")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-f", conf, "-DFOREGROUND")
	cmd.Env = append(os.Environ(), mainEnv+"=1")
	var console bytes.Buffer
	cmd.Stdout, cmd.Stderr = &console, &console
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill() })
	log := func() string {
		b, _ := os.ReadFile(filepath.Join(dir, "logs/error_log"))
		return string(b)
	}
	eventually := func(what string, f func() bool) {
		t.Helper()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for end := time.Now().Add(60 * time.Second); !f(); <-tick.C {
			if time.Now().After(end) {
				t.Fatalf("waited in vain: %s\nlog:\n%sconsole:\n%s", what, log(), console.String())
			}
		}
	}
	get := func() string {
		t.Helper()
		resp, err := http.Get("http://" + addr + "/index.html")
		if err != nil {
			t.Fatalf("%v\nlog:\n%s", err, log())
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return fmt.Sprintf("%d %s", resp.StatusCode, b)
	}
	resumed := func(n int) func() bool {
		return func() bool { return strings.Count(log(), "resuming normal operations") == n }
	}
	eventually("start", resumed(1))
	if got := get(); got != "200 up\n" {
		t.Errorf("served %q", got)
	}
	good, _ := os.ReadFile(conf)
	write(t, conf, string(good)+"Bogus on\n")
	cmd.Process.Signal(syscall.SIGUSR1)
	eventually("the refusal in the log", func() bool {
		return strings.Contains(log(), "\nInvalid command 'Bogus', perhaps misspelled") && strings.Contains(log(), "the server goes on with the configuration it has")
	})
	if got := get(); got != "200 up\n" {
		t.Errorf("after a refused restart: %q", got)
	}
	write(t, conf, string(good)+"Alias /index.html "+dir+"/mime.types\n")
	cmd.Process.Signal(syscall.SIGUSR1)
	eventually("graceful restart", resumed(2))
	eventually("the new configuration", func() bool { return get() == "200 text/html html\n" })
	// Logs are opened anew at a restart.
	os.Rename(filepath.Join(dir, "logs/error_log"), filepath.Join(dir, "logs/old"))
	cmd.Process.Signal(syscall.SIGHUP)
	eventually("restart", resumed(1))
	get()
	cmd.Process.Signal(syscall.SIGTERM)
	if err := <-ended; err != nil {
		t.Errorf("end: %v", err)
	}
	for _, line := range []string{"AH00094: Command line: '" + exe + " -f " + conf + " -DFOREGROUND'", "AH00489: httpd-wsgi/", "caught SIGTERM, shutting down"} {
		if !strings.Contains(log(), line) {
			t.Errorf("no %q in the log:\n%s", line, log())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "run/httpd.pid")); err == nil {
		t.Error("PidFile is left")
	}
	if console.Len() > 0 {
		t.Errorf("console: %s", console.String())
	}
}
