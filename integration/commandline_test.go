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

	"httpd-wsgi/integration/httpdtest"
	"httpd-wsgi/internal/testenv"
)

// dumpFiles are configurations with all that -D DUMP_CONFIG has to show: sections, conditions, includes, macros, variables, continued lines.
var dumpFiles = []string{
	"conf/mime.types", httpdtest.MimeTypes,
	"conf/full.conf", `Include conf/base.conf
Define foo "bar baz"
Define port @PORT2@
DocumentRoot   "${SRV}/x"  
listen 127.0.0.1:${port}
<IfModule alias_module>
  Alias /x  "/y  z"
  <IfModule !nope.c>
    alias /x2 '/y'
  </IfModule>
</IfModule>
<IfDefine foo>
  SetEnvIf Host "a" foo="${foo}"
</IfDefine>
<ifmodule nope_module>
  Bogus
</ifmodule>
<Macro V $n  $p>
  <VirtualHost *:$p>
    ServerName $n
    <Directory "/tmp">
      Require  all granted
      <Files "*.x">
      Header set \
         X   "a b"
      </Files>
    </Directory>
  </VirtualHost>
</Macro>
Use V one.example.com ${port}
Use V two.example.com ${port}
Include conf/inc/*.conf
<VirtualHost 127.0.0.1:${port} [::1]:@PORT3@>
  ServerName three
  <IfModule alias_module>
    Redirect /r http://foo/
  </IfModule>
  Include conf/inc/b.conf
  RewriteEngine on
  RewriteRule ^/(.*)$ "/a b$1" [L]
  <If "%{HTTP_HOST} == 'x'">
     Header set Y %{x}e
  </If>
  <else>
     Header set Y "\"q\""
  </Else>
</virtualhost>
<Location />
</Location>
`,
	"conf/inc/b.conf", "Header set B b\n\n<LocationMatch \"^/q r\">\n   Header set C \"b\"\n</LocationMatch>\n",
	"conf/inc/c.conf", "Header set D d\n",
	"conf/small.conf", "Include conf/base.conf\nHeader set A a\n",
	"conf/undefined.conf", "DefaultRuntimeDir ${NOT_SET}\n",
	"conf/twompm.conf", "Include conf/base.conf\nLoadModule mpm_worker_module @MODULES@/mod_mpm_worker.so\n",
}

// infoLine is what differs because -D DUMP_CONFIG is mod_info's in Apache, which must therefore load it, and built in here: the module's
// name in -M, and what the server says of a module that it does not have.
var infoLine = regexp.MustCompile(`(?m)^.*\binfo_module\b.*\n`)

// unknownDirective is Apache's sentence; the server adds to it which modules are loaded that it does not have.
var unknownDirective = regexp.MustCompile(`(?m)^(Invalid command '\w+', perhaps misspelled or defined by a module not included in the server configuration).*$`)

// mutexTypes are the lines of -S on the mutexes of Apache's modules; here there are none.
var mutexTypes = regexp.MustCompile(`(?m)^Mutex [-\w]+: using_defaults\n`)

// compiled is the part of -V that tells of libraries and how the program was built.
var compiled = regexp.MustCompile(`(?m)^(Server built|Server loaded|Compiled using): .*\n|^ -D (APR_HAS_MMAP|APR_USE_\w+|APR_HAS_OTHER_CHILD|DYNAMIC_MODULE_LIMIT=.*|SUEXEC_BIN=.*|DEFAULT_SCOREBOARD=.*)\n`)

// ownUsage is what the usage text has beyond Apache's.
var ownUsage = regexp.MustCompile(`(?m)^Commands of httpd-wsgi's own.*\n(  .*\n)*`)

// TestCommandLine compares standard output, standard error and exit code with Apache's, for questions that nothing needs to be started for.
func TestCommandLine(t *testing.T) {
	oracle, server := apache(t), target(t)
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "site"))
	if err != nil {
		t.Fatal(err)
	}
	modules := append(httpdtest.BaseModules(), "rewrite", "macro", "headers", "setenvif", "wsgi", "info")
	slices.Sort(modules)
	put(t, site, append(dumpFiles, "conf/base.conf", httpdtest.Prelude(slices.Compact(modules)...))...)
	env := []string{"SRV=" + site.Dir}
	full, small := []string{"-d", site.Dir, "-f", "conf/full.conf", "-T"}, []string{"-d", site.Dir, "-f", "conf/small.conf"}
	at := func(conf string, more ...string) []string {
		return append([]string{"-d", site.Dir, "-f", "conf/" + conf}, more...)
	}
	everything := []string{"-M", "-S", "-D", "DUMP_INCLUDES", "-D", "DUMP_CONFIG", "-t"}
	with := func(lists ...[]string) []string { return slices.Concat(lists...) }
	// The program's name and what is padded to its length are the only things in a usage text that depend on the program.
	usage := func(program httpdtest.Program) func(string) string {
		return func(s string) string {
			s = strings.ReplaceAll(ownUsage.ReplaceAllString(s, ""), "Usage: "+program.Path, "Usage: PROGRAM")
			return strings.ReplaceAll(s, "\n       "+strings.Repeat(" ", len(program.Path))+" [", "\n        [")
		}
	}
	for _, args := range [][]string{
		with(full, []string{"-t", "-D", "DUMP_CONFIG"}),
		with(full, []string{"-t", "-D", "DUMP_CONFIG", "-c", "Header set E e", "-C", "PidFile foo"}),
		with(small, []string{"-t", "-D", "DUMP_CONFIG", "-c", `<Directory  "/tmp"  >`, "-c", "</Directory>", "-c", "<location /a> foo", "-c", "</location>",
			"-c", `<location "/a>b" >  #foo`, "-c", "require all granted", "-c", "</location>", "-c", "Alias  /x	\"a\\\"b\"   "}),
		with(full, everything),
		with(small, everything),
		with(small, everything, []string{"-c", "Bogus x"}),
		with(small, everything, []string{"-c", "ErrorLog /nope/x"}),
		with(small, everything, []string{"-c", "DocumentRoot /nope"}),
		with(small, everything, []string{"-c", "Include nope"}),
		with(small, everything, []string{"-c", "Define DUMP_VHOSTS"}),
		with(small, []string{"-t", "-c", "Define DUMP_VHOSTS"}),
		with(small, []string{"-t", "-c", "Define DUMP_CONFIG"}),
		with(small, []string{"-t", "-c", "Define DUMP_MODULES"}),
		with(small, []string{"-t", "-c", "Define DUMP_RUN_CFG x=y=z"}),
		with(small, []string{"-D", "DUMP_CONFIG", "-k", "stop"}),
		with(small, []string{"-D", "DUMP_MODULES"}),
		with(small, []string{"-M", "-k", "stop"}),
		with(small, []string{"-D", "DUMP_NOTHING", "-t"}),
		with(small, []string{"-T", "-t", "-c", "DocumentRoot /nope"}),
		with(small, []string{"-t", "-c", "DocumentRoot /nope"}),
		with(small, []string{"-e", "error", "-t"}),
		with(small, []string{"-E", "/nope/x", "-t"}),
		with(small, []string{"-V"}),
		with(small, []string{"-V", "-M"}),
		with(small, []string{"-V", "-c", "Bogus x"}),
		with(small, []string{"-V", "-c", "ErrorLog /nope/x"}),
		with(small, []string{"-V", "-c", "Include nope"}),
		at("undefined.conf", "-V"), at("undefined.conf", "-t"), at("undefined.conf", "-S"), at("undefined.conf", "-M"), at("undefined.conf", "-L"),
		at("none.conf", "-V"), at("none.conf", "-t"), at("none.conf", "-t", "-D", "DUMP_INCLUDES"), at("none.conf", "-L"), at("none.conf", "-k", "stop"),
		at("twompm.conf", "-V"), at("twompm.conf", "-M"), at("twompm.conf", "-t"),
		{"-V", "-d", "/nope"}, {"-L", "-d", "/nope"}, {"-t", "-d", "/nope"},
		{"-V", "-v"}, {"-v", "-z"}, {"-v"}, {"-l"},
		{"-h"}, {"-?"}, {"-z"}, {"-z", "-v"}, {"-tz"}, {"-e"}, {"-e", "loud"}, {"-D"}, {"-k"}, {"-k", "frob"}, {"-k", "start", "-k", "stop"}, {"word"}, {"-t", "word"}, {"-"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			answer := func(program httpdtest.Program) verdict {
				v := runEnv(t, program, site, env, args...)
				v.stdout = compiled.ReplaceAllString(mutexTypes.ReplaceAllString(infoLine.ReplaceAllString(v.stdout, ""), ""), "")
				v.stderr = usage(program)(infoLine.ReplaceAllString(unknownDirective.ReplaceAllString(v.stderr, "$1"), ""))
				v.stderr = strings.ReplaceAll(v.stderr, ": "+filepath.Base(program.Path)+": ", ": PROGRAM: ")
				return v
			}
			want, got := answer(oracle), answer(server)
			if *show {
				t.Log(want)
			}
			if got != want {
				t.Errorf("exit codes %d, Apache %d\nstandard output:\n%s\nstandard error:\n%s", got.code, want.code, lineDiff(want.stdout, got.stdout), lineDiff(want.stderr, got.stderr))
			}
		})
	}
	t.Run("w", func(t *testing.T) {
		if v := run(t, server, site, "-w"); v.code != 1 || v.stdout != "" || !strings.HasPrefix(v.stderr, "PROGRAM: illegal option -- w\n") || !strings.Contains(v.stderr, "Windows") {
			t.Errorf("-w: %s", v)
		}
	})
	t.Run("L without a configuration", func(t *testing.T) {
		if server.Apache {
			t.Skip("Apache has no answer")
		}
		missing := filepath.Join(site.Dir, "httpd") // by this name the program looks for RHEL's and the source release's files
		if err := os.Symlink(server.Path, missing); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"/etc/httpd/conf/httpd.conf", "/usr/local/apache2/conf/httpd.conf"} {
			if _, err := os.Stat(file); err == nil {
				t.Skipf("%s is there", file)
			}
		}
		v := run(t, httpdtest.Program{Path: missing}, site, "-L")
		if v.code != 0 || !strings.Contains(v.stdout, "\nWSGIScriptAlias (mod_wsgi.c)\n") || !strings.Contains(v.stderr, "No such file or directory") {
			t.Errorf("-L: %s", v)
		}
		if v := run(t, httpdtest.Program{Path: missing}, site, "-V"); v.code != 1 || !strings.Contains(v.stdout, `-D SERVER_CONFIG_FILE="conf/httpd.conf"`) {
			t.Errorf("-V: %s", v)
		}
	})
}

// TestDirectiveTable compares -L, the table of all directives: names, modules, help and where each is allowed.
func TestDirectiveTable(t *testing.T) {
	oracle, server := apache(t), target(t)
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "site"))
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, m := range []string{"access_compat", "alias", "allowmethods", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_groupfile", "authz_host",
		"authz_user", "autoindex", "deflate", "dir", "env", "expires", "filter", "headers", "macro", "mime", "mpm_event", "negotiation", "reqtimeout", "rewrite",
		"setenvif", "status", "wsgi"} {
		if _, err := os.Stat(filepath.Join(httpdtest.ModulesDirectory(), "mod_"+m+".so")); err == nil {
			modules = append(modules, m)
		}
	}
	put(t, site, "conf/mime.types", httpdtest.MimeTypes, "conf/httpd.conf", httpdtest.Prelude(modules...))
	table := func(program httpdtest.Program) map[string]string {
		v := run(t, program, site, "-d", site.Dir, "-f", "conf/httpd.conf", "-L")
		if v.code != 0 {
			t.Fatalf("-L: %s", v)
		}
		entries, name := map[string]string{}, ""
		for line := range strings.Lines(v.stdout) {
			switch {
			case line[0] != '\t':
				name = strings.TrimSpace(line)
				entries[name] = ""
			case !strings.HasPrefix(line, "\t(httpd-wsgi: "): // what is to be said of a directive here
				entries[name] += line
			}
		}
		return entries
	}
	want, got := table(oracle), table(server)
	if len(want) < 200 {
		t.Fatalf("Apache lists %d directives", len(want))
	}
	for name, text := range want {
		ours, ok := got[name]
		_, place, _ := strings.Cut(text, "\n")
		_, ourPlace, _ := strings.Cut(ours, "\n")
		switch {
		case name == "WatchdogInterval (mod_watchdog.c)": // nothing here is run by a watchdog
		case !ok:
			t.Errorf("%s is missing", name)
		case strings.HasSuffix(name, "(mod_wsgi.c)") && place == ourPlace: // the installed mod_wsgi may be another release, with other sentences
		case ours != text:
			t.Errorf("%s:\n%swant\n%s", name, ours, text)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok && !strings.HasSuffix(name, "(mod_wsgi.c)") {
			t.Errorf("%s is none of Apache's", name)
		}
	}
}

// recorded is one command of the recording of command lines: files NAME.out, NAME.err and NAME.rc in a folder.
type recorded struct {
	dir, name string
}

func (r recorded) file(t *testing.T, suffix string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, r.name+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// code is the exit code: the last word of "COMMAND -> rc 0".
func (r recorded) code(t *testing.T) string {
	t.Helper()
	words := strings.Fields(r.file(t, ".rc"))
	return words[len(words)-1]
}

var includedFile = regexp.MustCompile(`(?m)^ +\(\d+\) /etc/apache2/((\w+)-enabled/(.+))$`)

var ifSSL = regexp.MustCompile(`(?m)^# +\d+:\nListen 443\n`)

// TestRecordedCommandLine holds the answers to those that were recorded of an Apache of Debian with its files and a few more, laid here
// anew from what the recording says.
func TestRecordedCommandLine(t *testing.T) {
	server := target(t)
	dir := filepath.Join(shared(t), "reference/command-line")
	if _, err := os.Stat(dir); err != nil {
		testenv.Missing(t, "no recorded command lines: %v", err)
	}
	if _, err := os.Stat("/etc/apache2/apache2.conf"); err != nil {
		testenv.Missing(t, "no Debian Apache configuration here: %v", err)
	}
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "site"))
	if err != nil {
		t.Fatal(err)
	}
	copyTree(t, site, "/etc/apache2", "etc/apache2", unchanged)
	etc := filepath.Join(site.Dir, "etc/apache2")
	// Modules that were enabled and are not part of the server: their directives are refused, so that they are left out of the files and of
	// what was recorded.
	absent := []string{"none"}
	for _, m := range []string{"info", "socache_shmcb", "ssl"} {
		put(t, site, "conf/probe.conf", "LoadModule "+m+"_module modules/mod_"+m+".so\n")
		if v := run(t, server, site, "-d", site.Dir, "-f", "conf/probe.conf", "-M"); !strings.Contains(v.stdout, " "+m+"_module (shared)") {
			absent = append(absent, m)
		}
	}
	// What is enabled is what was.
	includes := recorded{dir, "dump_includes"}.file(t, ".out")
	for _, kind := range []string{"mods", "conf", "sites"} {
		old, _ := filepath.Glob(filepath.Join(etc, kind+"-enabled", "*"))
		for _, file := range old {
			os.Remove(file)
		}
	}
	for _, m := range includedFile.FindAllStringSubmatch(includes, -1) {
		if module, _, _ := strings.Cut(m[3], "."); m[2] == "mods" && slices.Contains(absent, module) {
			continue
		}
		path, available := filepath.Join(etc, m[1]), filepath.Join(etc, m[2]+"-available", m[3])
		if _, err := os.Stat(available); err == nil {
			if err := os.Symlink(available, path); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(t, site, "etc/apache2/conf-enabled/zz-name.conf", "ServerName localhost\n", "etc/apache2/sites-enabled/two.conf", `Define port 8080
Listen ${port}
<VirtualHost *:80>
ServerName two.example.com
ServerAlias www.two.example.com *.two.net
</VirtualHost>
<VirtualHost 127.0.0.1:8080>
ServerName three.example.com
</VirtualHost>
`)
	faults, _ := filepath.Glob(filepath.Join(dir, "err*.src"))
	if len(faults) < 16 {
		t.Fatalf("%d faulty configurations recorded", len(faults))
	}
	base := readFile(filepath.Join(etc, "apache2.conf"))
	for _, file := range faults {
		number := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "err"), ".src")
		if err := os.WriteFile(filepath.Join(etc, "e"+number+".conf"), []byte(base+readFile(file)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := envvars(t, site)
	env = append(env, "APACHE_PID_FILE="+filepath.Join(site.Dir, "run/httpd.pid"))

	absentLine := regexp.MustCompile(`(?m)^.*(\b(` + strings.Join(absent, "|") + `)_module\b|/mods-enabled/(` + strings.Join(absent, "|") + `)\.(load|conf)$).*\n`)
	var absentFiles []string
	for _, m := range absent {
		absentFiles = append(absentFiles, m+".load", m+".conf")
	}
	// The sentence on LoadModule says that the module's name is unknown rather than that its file is missing: files aren't looked at.
	cannotLoad := regexp.MustCompile(`(Cannot load /nope.so into server: ).*`)
	reduce := func(name, s string) string {
		if name == "dump_config" {
			s = dropFiles(s, append(absentFiles, "pywps-wsgi.conf")...) // the last one's text was not kept
			if slices.Contains(absent, "ssl") {
				s = ifSSL.ReplaceAllString(s, "") // ports.conf's <IfModule ssl_module>
			}
		}
		s = compiled.ReplaceAllString(mutexTypes.ReplaceAllString(absentLine.ReplaceAllString(s, ""), ""), "")
		s = regexp.MustCompile(`(Apache/[\d.]+) \([^)]*\)`).ReplaceAllString(s, "$1")
		return cannotLoad.ReplaceAllString(s, "$1")
	}
	names := []string{"v", "V", "l", "M", "S", "t", "dump_run_cfg", "dump_includes", "dump_vhosts", "dump_modules", "dump_config", "stop_notrunning", "cfgerr_graceful",
		"graceful_notrunning_cfgerr", "h", "badopt"}
	for _, file := range faults {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".src"))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			r := recorded{dir, name}
			command, _, _ := strings.Cut(r.file(t, ".rc"), " ->")
			args := strings.Fields(strings.ReplaceAll(command, "/etc/apache2", etc))
			cmd := exec.Command(server.Path, args[1:]...)
			cmd.Args[0] = args[0] // the usage text has it
			cmd.Env = append(httpdtest.Environ(), env...)
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			cmd.Run()
			text := func(b strings.Builder) string {
				s := strings.ReplaceAll(b.String(), etc, "/etc/apache2")
				return reduce(name, ownUsage.ReplaceAllString(strings.ReplaceAll(s, site.Dir, "W"), ""))
			}
			if got := fmt.Sprint(cmd.ProcessState.ExitCode()); got != r.code(t) {
				t.Errorf("exit code %s, recorded %s", got, r.code(t))
			}
			if name == "V" {
				return // without -d it is about /etc/apache2 as it is here; the form is TestCommandLine's
			}
			want, got := reduce(name, r.file(t, ".out")), text(stdout)
			if got != want {
				t.Errorf("standard output:\n%s", lineDiff(want, got))
			}
			if want, got := reduce(name, r.file(t, ".err")), text(stderr); got != want {
				t.Errorf("standard error:\n%s", lineDiff(want, got))
			}
		})
	}
	t.Run("L", func(t *testing.T) {
		table := regexp.MustCompile(`(?m)^\S+ \((core|http_core|event|mod_\w+)\.c\)$`)
		v := runEnv(t, server, site, env, "-d", etc, "-f", "apache2.conf", "-L")
		ours := table.FindAllString(v.stdout, -1)
		absentTable := regexp.MustCompile(`\(mod_(` + strings.Join(absent, "|") + `)\.c\)$`)
		for _, name := range table.FindAllString(recorded{dir, "L"}.file(t, ".out"), -1) {
			if !slices.Contains(ours, name) && !absentTable.MatchString(name) && name != "WatchdogInterval (mod_watchdog.c)" {
				t.Errorf("-L lacks %s", name)
			}
		}
	})
}

// dropFiles takes out of a dumped configuration the parts from files of the given names.
func dropFiles(dump string, names ...string) string {
	var out strings.Builder
	drop := false
	for line := range strings.Lines(dump) {
		if path, ok := strings.CutPrefix(line, "# In file: "); ok {
			drop = slices.Contains(names, filepath.Base(strings.TrimSpace(path)))
		}
		if !drop {
			out.WriteString(line)
		}
	}
	return out.String()
}

// TestApachectl runs the commands that people and scripts give to apachectl, with conf/apachectl and with Debian's apache2ctl around
// Apache: same exit codes, and the server's own words.
func TestApachectl(t *testing.T) {
	const debianCtl = "/usr/sbin/apache2ctl"
	oracle, server := apache(t), target(t)
	if _, err := os.Stat(debianCtl); err != nil {
		testenv.Missing(t, "no apache2ctl here: %v", err)
	}
	type step struct{ action, got string }
	walk := func(program httpdtest.Program, ctl string) []step {
		site, _ := commandSite(t)
		put(t, site, "envvars", "export APACHE_HTTPD="+program.Path+"\nexport APACHE_RUN_DIR=@W@/run APACHE_LOCK_DIR=@W@/run\nexport FROM_ENVVARS=seen\nAPACHE_ARGUMENTS='-f conf/httpd.conf -D FROM_ARGUMENTS'\n"+
			"export APACHE_LYNX='cat' APACHE_STATUSURL=@W@/status.txt\n", "status.txt", "Apache Server Status\nOpen slot with no current process\nper worker\n")
		good := readFile(filepath.Join(site.Dir, "conf/httpd.conf")) + "<IfDefine FROM_ARGUMENTS>\nDefine told ${FROM_ENVVARS}\n</IfDefine>\n"
		pidFile := filepath.Join(site.Dir, "run/httpd.pid")
		call := func(env []string, args ...string) (stdout, stderr string, code int) {
			t.Helper()
			cmd := exec.Command(ctl, args...)
			cmd.Env = append(httpdtest.Environ(), append([]string{"APACHE_CONFDIR=" + site.Dir, "APACHE_STARTED_BY_SYSTEMD=1"}, env...)...)
			// Files, not pipes: the server that the script starts keeps its descriptors.
			out, err := os.Create(filepath.Join(site.Dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			errs, err := os.Create(filepath.Join(site.Dir, "err"))
			if err != nil {
				t.Fatal(err)
			}
			defer errs.Close()
			cmd.Stdout, cmd.Stderr = out, errs
			cmd.Run()
			return readFile(out.Name()), readFile(errs.Name()), cmd.ProcessState.ExitCode()
		}
		t.Cleanup(func() { call(nil, "stop") })
		var steps []step
		for _, s := range []struct {
			action string
			broken bool
			then   string // what to wait for: "up", "down"
			only   string // "code": the words are the script's own
			env    []string
		}{
			{action: "configtest"}, {action: "configtest", broken: true}, {action: "-t"}, {action: "-t -D DUMP_RUN_CFG"}, {action: "-M"},
			{action: "graceful", broken: true}, {action: "start", broken: true}, {action: "stop"},
			{action: "start", then: "up"}, {action: "start"}, {action: "-k start"}, {action: "graceful"}, {action: "restart", then: "up"},
			{action: "graceful", broken: true}, {action: "restart", broken: true},
			{action: "status"}, {action: "fullstatus"}, {action: "status", env: []string{"APACHE_ENVVARS=/dev/null", "APACHE_LYNX=false"}, only: "code"},
			{action: "fullstatus", env: []string{"APACHE_ENVVARS=/dev/null", "APACHE_LYNX=false"}, only: "code"},
			{action: "graceful-stop", then: "down"}, {action: "graceful-stop"}, {action: "-k start", then: "up"}, {action: "-k stop", then: "down"}, {action: "stop"},
			{action: "frob", only: "code"}, {action: "start now", only: "code"}, {action: "startssl", only: "code"}, {action: "help", only: "code"}, {action: "", only: "code"},
		} {
			conf := good
			if s.broken {
				conf += "Bogus on\n"
			}
			if err := os.WriteFile(filepath.Join(site.Dir, "conf/httpd.conf"), []byte(conf), 0o644); err != nil {
				t.Fatal(err)
			}
			pid := strings.TrimSpace(readFile(pidFile))
			stdout, stderr, code := call(s.env, strings.Fields(s.action)...)
			switch s.then {
			case "up":
				eventually(t, "it serves after "+s.action, func() bool {
					resp, err := httpdtest.Get(site.Ports[0], "/")
					return err == nil && resp.Status == 200 && len(strings.TrimSpace(readFile(pidFile))) > 0
				})
			case "down":
				eventually(t, "the pid file is gone after "+s.action, func() bool { _, err := os.Stat(pidFile); return err != nil })
			}
			got := fmt.Sprintf("exit code %d", code)
			if s.only == "" {
				text := mutexTypes.ReplaceAllString(stdout+stderr, "")
				text = strings.ReplaceAll(text, strings.Repeat(startsAnyway, 2), startsAnyway)
				if pid != "" {
					text = strings.ReplaceAll(text, "pid "+pid, "pid PID")
				}
				if s.action == "-M" {
					text = ""
				}
				got += "\n" + httpdtest.NewNormaliser(site).Text(text)
			}
			steps = append(steps, step{fmt.Sprintf("%s (broken: %v)", s.action, s.broken), got})
		}
		return steps
	}
	ours := filepath.Join(tempDir(t), "apachectl")
	if err := os.WriteFile(ours, []byte(readFile(filepath.Join(root(t), "conf/apachectl"))), 0o755); err != nil {
		t.Fatal(err)
	}
	want, got := walk(oracle, debianCtl), walk(server, ours)
	for i := range want {
		if *show {
			t.Logf("%s: %s", want[i].action, want[i].got)
		}
		if got[i] != want[i] {
			t.Errorf("%s: got %s\nApache: %s", want[i].action, got[i].got, want[i].got)
		}
	}
}
