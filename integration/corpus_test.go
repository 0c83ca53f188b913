package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

// corpusModules are what a fragment of an unknown system may count on: Debian's, as far as they go together.
var corpusModules = strings.Fields(`access_compat actions alias allowmethods asis auth_basic auth_digest auth_form authn_anon authn_core
authn_file authn_socache authz_core authz_groupfile authz_host authz_owner authz_user autoindex buffer cache cgid dav dav_fs deflate dir env
expires ext_filter filter headers http2 include info macro mime mime_magic negotiation proxy proxy_http proxy_uwsgi proxy_wstunnel remoteip
reqtimeout request rewrite session setenvif slotmem_shm socache_shmcb ssl status substitute unique_id userdir vhost_alias wsgi`)

// corpusHtaccess are the files that are made for a directory.
var corpusHtaccess = []string{"field/drupal-errordocument-arg-1724.conf"}

// corpusMain are whole configurations among the fragments, for Debian's tree.
var corpusMain = []string{"field/finalize-1243.apache2.conf.txt"}

var (
	corpusPath  = regexp.MustCompile(`(^|[\s"'=:|,])/(etc|home|opt|path|root|srv|usr|var|lib)/`)
	corpusUser  = regexp.MustCompile(`(\s)(user|group)=[^\s'"]+`)
	corpusOwner = regexp.MustCompile(`(?mi)^(\s*(?:User|Group)\s+)[\w-]+\s*$`)
	corpusWSGI  = regexp.MustCompile(`(?m)^(\s*LoadModule wsgi_module ).*$`)
	corpusDirs  = regexp.MustCompile(`(?mi)^\s*(?:DocumentRoot|ServerRoot|CoreDumpDirectory|DefaultRuntimeDir)\s+["']?([^"'\s]+)`)
	corpusFiles = regexp.MustCompile(`(?mi)^\s*(?:TypesConfig|MIMEMagicFile)\s+["']?([^"'\s]+)`)
	corpusLogs  = regexp.MustCompile(`(?mi)^\s*(?:ErrorLog|CustomLog|TransferLog|PidFile)\s+["']?([^"'\s]+)`)
	// corpusNewer are options that came after the mod_wsgi of distributions.
	corpusNewer    = regexp.MustCompile(`(?m)^\s+(?:interrupt-timeout|response-flush-delay)=\S+ \\\n`)
	corpusPEM      = regexp.MustCompile(`(?mi)^\s*SSLCertificate(?:Key)?File\s+["']?([^"'\s]+)`)
	corpusIncludes = regexp.MustCompile(`(?mi)^\s*Include\s+["']?([^"'\s]+)`)
)

// A corpus is a directory in which the files of the folder of real configurations are tried: their absolute paths lead below it, and what
// they name is there.
type corpus struct {
	dir     string // the folder
	program httpdtest.Program
	modules []string // those of the modules that fragments may count on which are loaded; nil for all
	site    *httpdtest.Site
	pem     string
}

// text reads a file of the folder for a program, its paths and users replaced, and makes what it needs to be there.
func (c *corpus) text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	text := c.below(string(b))
	text = corpusUser.ReplaceAllString(text, "$1$2="+httpdtest.WebUser())
	text = corpusOwner.ReplaceAllString(text, "${1}"+httpdtest.WebUser())
	if c.program.Apache {
		text = corpusWSGI.ReplaceAllString(loadable(c.program)("", text), "${1}"+httpdtest.ModulesDirectory()+"/mod_wsgi.so")
		text = corpusNewer.ReplaceAllString(text, "")
	}
	c.make(t, text)
	return text
}

// below leads the absolute paths of text into the site, but for those of modules.
func (c *corpus) below(text string) string {
	modules := httpdtest.ModulesDirectory()
	text = corpusPath.ReplaceAllString(text, "${1}"+c.site.Dir+"/root/$2/")
	return strings.ReplaceAll(text, c.site.Dir+"/root"+modules, modules)
}

// make makes the directories and files that text names and that must be there for "-t".
func (c *corpus) make(t *testing.T, text string) {
	t.Helper()
	each := func(pattern *regexp.Regexp, f func(path string) error) {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], c.site.Dir) {
				continue
			}
			if err := os.MkdirAll(filepath.Dir(m[1]), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := f(m[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(content string) func(string) error {
		return func(path string) error {
			if _, err := os.Stat(path); err == nil || strings.ContainsAny(path, "*[$") {
				return nil
			}
			return os.WriteFile(path, []byte(content), 0o644)
		}
	}
	each(corpusDirs, func(path string) error { return os.MkdirAll(path, 0o755) })
	each(corpusLogs, func(string) error { return nil })
	each(corpusFiles, write("# made for the test\n"))
	each(corpusIncludes, write("# made for the test\n"))
	each(corpusPEM, write(c.pem))
}

// selfSigned is a certificate with its key, for configurations that name one.
func selfSigned(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// A trial is how one file is tried: the arguments and what is added to the environment.
type trial struct {
	args, env []string
}

// layDebian copies Debian's tree, without its MPM.
func (c *corpus) layDebian(t *testing.T) {
	t.Helper()
	const root = "distro/debian12"
	err := filepath.WalkDir(filepath.Join(c.dir, root), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), "mpm_") && strings.HasSuffix(filepath.Dir(path), "mods-enabled") {
			return err
		}
		rel, _ := filepath.Rel(c.dir, path)
		inside, _ := filepath.Rel(root, rel)
		return c.site.Write(filepath.Join("debian", inside), c.text(t, rel))
	})
	if err != nil {
		t.Fatal(err)
	}
}

var dependsLine = regexp.MustCompile(`(?m)^# Depends: (.*)$`)

// debianModule lists Include lines for a module of Debian's with all that it depends on.
func (c *corpus) debianModule(name string) string {
	var lines string
	load := filepath.Join(c.dir, "distro/debian12/mods-available", name+".load")
	if text, err := os.ReadFile(load); err == nil {
		if m := dependsLine.FindSubmatch(text); m != nil {
			for _, other := range strings.Fields(string(m[1])) {
				lines += c.debianModule(other)
			}
		}
	}
	for _, suffix := range []string{".load", ".conf"} {
		lines += "IncludeOptional mods-available/" + name + suffix + "\n"
	}
	return lines
}

// debian tries a file in Debian's tree: as the main file, or included by it.
func (c *corpus) tryDebian(t *testing.T, name string, sub string) trial {
	main, mpm := c.text(t, "distro/debian12/apache2.conf"), c.debianModule("mpm_event")
	rel := strings.TrimPrefix(name, "distro/debian12/")
	switch base := strings.TrimSuffix(filepath.Base(rel), filepath.Ext(rel)); {
	case !strings.HasPrefix(name, "distro/"):
		main = c.text(t, name)
	case rel == "apache2.conf" || rel == "ports.conf": // includes it
	case strings.HasPrefix(base, "mpm_"):
		mpm = c.debianModule(base)
	case strings.HasPrefix(rel, "mods-"):
		main += c.debianModule(base)
	default:
		main += "Include " + rel + "\n"
	}
	file := sub + "/main.conf"
	if err := c.site.Write(file, mpm+main+"ServerName localhost\n"); err != nil {
		t.Fatal(err)
	}
	logs := filepath.Join(c.site.Dir, "logs")
	return trial{args: []string{"-d", filepath.Join(c.site.Dir, "debian"), "-f", filepath.Join(c.site.Dir, file)}, env: []string{"APACHE_RUN_USER=" + httpdtest.WebUser(), "APACHE_RUN_GROUP=" + httpdtest.WebUser(),
		"APACHE_PID_FILE=" + logs + "/pid", "APACHE_RUN_DIR=" + logs, "APACHE_LOCK_DIR=" + logs, "APACHE_LOG_DIR=" + logs}}
}

// centos tries a file in the tree of CentOS: of conf.d only it is there, of conf.modules.d all.
func (c *corpus) tryCentos(t *testing.T, name string, sub string) trial {
	root := "distro/centos7"
	err := filepath.WalkDir(filepath.Join(c.dir, root), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(c.dir, path)
		if strings.Contains(rel, "/conf.d/") && rel != name && !strings.HasSuffix(name, "/httpd.conf") {
			return nil
		}
		inside, _ := filepath.Rel(root, rel)
		return c.site.Write(filepath.Join(sub, inside), c.text(t, rel))
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(c.site.Dir, sub)
	for _, s := range []string{"logs", "run"} {
		if err := os.MkdirAll(filepath.Join(dir, s), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(httpdtest.ModulesDirectory(), filepath.Join(dir, "modules")); err != nil {
		t.Fatal(err)
	}
	conf, err := os.ReadFile(filepath.Join(dir, "conf/httpd.conf"))
	if err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile(`(?m)^ServerRoot .*$`).ReplaceAllString(string(conf), "ServerRoot "+dir)
	if err := os.WriteFile(filepath.Join(dir, "conf/httpd.conf"), []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	return trial{args: []string{"-d", dir, "-f", "conf/httpd.conf", "-C", "ServerName localhost"}, env: []string{"APACHE_LOG_DIR=" + filepath.Join(dir, "logs")}}
}

// express tries a file of mod_wsgi-express with the flags and the environment of its .env.
func (c *corpus) tryExpress(t *testing.T, name string, sub string) trial {
	b, err := os.ReadFile(filepath.Join(c.dir, strings.TrimSuffix(name, ".conf")+".env"))
	if err != nil {
		t.Fatal(err)
	}
	var try trial
	for line := range strings.Lines(c.below(string(b))) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch {
		case key == "HTTPD_ARGS":
			for _, flag := range strings.Fields(value) {
				if strings.HasPrefix(flag, "-D") {
					try.args = append(try.args, flag)
				}
			}
		case found && strings.HasPrefix(key, "MOD_WSGI_") && !strings.Contains(value, "$"):
			try.env = append(try.env, key+"="+value)
		}
	}
	try.env = append(try.env, "MOD_WSGI_USER="+httpdtest.WebUser(), "MOD_WSGI_GROUP="+httpdtest.WebUser())
	if err := c.site.Write(sub+"/httpd.conf", c.text(t, name)); err != nil {
		t.Fatal(err)
	}
	try.args = append([]string{"-f", filepath.Join(c.site.Dir, sub, "httpd.conf")}, try.args...)
	return try
}

// fragment tries a file that a configuration with all modules includes.
func (c *corpus) tryFragment(t *testing.T, name string, sub string) trial {
	file := filepath.Join(sub, filepath.Base(name))
	if err := c.site.Write(file, c.text(t, name)); err != nil {
		t.Fatal(err)
	}
	include := "Include \"@W@/" + file + "\"\n"
	if slices.Contains(corpusHtaccess, name) {
		include = "<Directory \"@W@/htdocs\">\n" + include + "</Directory>\n"
	}
	prelude := loadModule.ReplaceAllStringFunc(httpdtest.Prelude(append([]string{"mpm_event"}, corpusModules...)...), func(line string) string {
		id := strings.TrimSuffix(loadModule.FindStringSubmatch(line)[1], "_module")
		if c.modules == nil || slices.Contains(c.modules, id) {
			return line
		}
		return "# without " + line
	})
	main := prelude + "LogFormat \"%v:%p %h %l %u %t \\\"%r\\\" %>s %O\" vhost_combined\nLogFormat \"%h\" combined\n" + include
	if err := c.site.Write(sub+"/httpd.conf", main); err != nil {
		t.Fatal(err)
	}
	return trial{args: []string{"-d", c.site.Dir, "-f", filepath.Join(c.site.Dir, sub, "httpd.conf")}, env: []string{"APACHE_LOG_DIR=" + filepath.Join(c.site.Dir, "logs")}}
}

// lay prepares a file below the directory sub of the site.
func (c *corpus) lay(t *testing.T, name string, sub string) trial {
	switch {
	case strings.HasPrefix(name, "distro/debian12/"), slices.Contains(corpusMain, name):
		return c.tryDebian(t, name, sub)
	case strings.HasPrefix(name, "distro/centos7/"):
		return c.tryCentos(t, name, sub)
	case strings.HasPrefix(name, "express/"):
		return c.tryExpress(t, name, sub)
	}
	return c.tryFragment(t, name, sub)
}

// configuration tells whether a file of the folder is one.
func configuration(name string) bool {
	switch filepath.Base(name) {
	case "README", "README.md", "magic", "envvars":
		return false
	}
	return filepath.Ext(name) != ".env"
}

// documented tells whether a message names a reason that the documentation gives: a module or a directive that there is not.
var documented = regexp.MustCompile(`loaded, but not part of httpd-wsgi|which httpd-wsgi does not have|is not supported by httpd-wsgi`)

// corpusIntended are files of which the verdict differs from Apache's on purpose, with the reason.
var corpusIntended = map[string]string{
	"distro/debian12/mods-available/dav_lock.load": "its file needs another that it does not name; here a module that there is not is not loaded",
}

// TestCorpus holds what "-t" says of each file of the folder of real configurations against what Apache says, and against
// testdata/corpus.golden.
func TestCorpus(t *testing.T) {
	oracle, server := apache(t), target(t)
	dir := filepath.Join(shared(t), "reference/corpus")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real configurations: %v", err)
	}
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tries := []*corpus{{program: oracle}, {program: oracle, modules: faultModules}, {program: server}}
	top, certificate := tempDir(t), selfSigned(t)
	for i, c := range tries {
		site, err := httpdtest.NewSite(filepath.Join(top, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		put(t, site, "conf/mime.types", httpdtest.MimeTypes)
		c.dir, c.site, c.pem = dir, site, certificate
		c.layDebian(t)
	}
	lines := make([]string, len(names))
	t.Run("of", func(t *testing.T) {
		for i, name := range names {
			if !configuration(name) {
				lines[i] = name + ": not a configuration"
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				try := func(c *corpus) verdict {
					how := c.lay(t, name, filepath.Join("of", name))
					return runEnv(t, c.program, c.site, how.env, append(how.args, "-t")...)
				}
				want, got := try(tries[0]), try(tries[2])
				if got.code != want.code && !documented.MatchString(got.stderr) {
					// A module that is not there may be the reason.
					if less := try(tries[1]); less.code == got.code {
						want = less
					}
				}
				if *show {
					t.Logf("got %sApache: %s", got, want)
				}
				lines[i] = name + ": " + judge(t, name, want, got)
			})
		}
	})
	if t.Failed() {
		return
	}
	const golden = "testdata/corpus.golden"
	text := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("not as in %s (-update writes it):\n%s", golden, lineDiff(string(want), text))
	}
}

// judge says what became of a file, and fails where Apache says otherwise without a documented reason.
func judge(t *testing.T, name string, want, got verdict) string {
	t.Helper()
	reason := corpusIntended[name]
	switch {
	case got.code == 0 && want.code == 0:
		return "ok"
	case got.code == 0:
		if reason == "" {
			t.Errorf("accepted, but Apache says %s", want)
		}
		return "ok, Apache refuses: " + reason
	case want.code != 0 && says(refusal(got.stderr), refusal(want.stderr)):
		return "refused-as-apache: " + message(got.stderr)
	case documented.MatchString(got.stderr), reason != "":
		return strings.TrimSpace("refused: " + message(got.stderr) + " " + reason)
	}
	t.Errorf("got %sApache: %s", got, want)
	return ""
}

var warningLine = regexp.MustCompile(`(?m)^\[TIME\] .*\n`)

// refusal is a message without the warnings before it.
func refusal(stderr string) string { return warningLine.ReplaceAllString(stderr, "") }

// message is a refusal on one line.
func message(stderr string) string {
	return strings.ReplaceAll(strings.TrimSpace(refusal(stderr)), "\n", " ")
}

// lineDiff lists the lines that only one of two texts has.
func lineDiff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out strings.Builder
	for _, line := range a {
		if !slices.Contains(b, line) {
			fmt.Fprintf(&out, "- %s\n", line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			fmt.Fprintf(&out, "+ %s\n", line)
		}
	}
	return out.String()
}
