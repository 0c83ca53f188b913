package integration

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
	"httpd-wsgi/internal/testenv"
)

// A tree is a whole configuration in the shape that a distribution or a generator gives it, with what is sent to it.
type tree struct {
	name string
	// lay writes the tree and what it serves into the site, and says how to start a server with it.
	lay func(t *testing.T, site *httpdtest.Site, program httpdtest.Program) httpdtest.Options
	// requests and differences are as in the cases of testdata/diff.
	requests, differences string
}

// TestTrees serves configurations of whole systems with Apache and with the server under test, and compares as TestDifferential does.
func TestTrees(t *testing.T) {
	oracle, server := apache(t), target(t)
	for _, tree := range []tree{debian, rhel, source, express, expressShared} {
		t.Run(tree.name, func(t *testing.T) {
			t.Parallel()
			text := "-- requests --\n" + tree.requests
			if tree.differences != "" {
				text += "-- differences --\n" + tree.differences
			}
			c, err := httpdtest.ParseCase(tree.name, text)
			if err != nil {
				t.Fatal(err)
			}
			dir := tempDir(t)
			observe := func(program httpdtest.Program, sub string) *httpdtest.Observation {
				t.Helper()
				site, err := httpdtest.NewSite(filepath.Join(dir, sub))
				if err != nil {
					t.Fatal(err)
				}
				o, err := c.Serve(program, site, tree.lay(t, site, program))
				if err != nil {
					t.Fatalf("%s: %v", program.Path, err)
				}
				return o
			}
			a := observe(oracle, "apache")
			if *show {
				t.Log(c.Show(a))
			}
			b := observe(server, "target")
			report := c.Compare(a, b)
			for _, problem := range report.Problems {
				t.Error(problem)
			}
			for _, d := range report.Declared {
				t.Logf("declared difference: %s", d)
			}
		})
	}
}

const hello = `def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [('hello from %r %r in %r\n' % (environ['SCRIPT_NAME'], environ['PATH_INFO'], environ['mod_wsgi.process_group'])).encode()]
`

// put writes files given as name, content, name, content, ...
func put(t *testing.T, site *httpdtest.Site, files ...string) {
	t.Helper()
	for i := 0; i+1 < len(files); i += 2 {
		if err := site.Write(files[i], files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := site.Settle(); err != nil {
		t.Fatal(err)
	}
}

// copyTree copies from (symbolic links as they are) into the site, edit applied to each regular file.
func copyTree(t *testing.T, site *httpdtest.Site, from, to string, edit func(name, text string) string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, path)
		name := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(filepath.Join(site.Dir, name), 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, filepath.Join(site.Dir, name))
		default:
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return site.Write(name, edit(rel, string(text)))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func unchanged(_, text string) string { return text }

// debian is the tree of /etc/apache2 as the packages installed it, plus one site. Only the ports are edited, and the run and log
// directories moved by the variables that envvars sets.
var debian = tree{
	name: "debian",
	lay: func(t *testing.T, site *httpdtest.Site, program httpdtest.Program) httpdtest.Options {
		const etc = "/etc/apache2"
		if _, err := os.Stat(etc + "/apache2.conf"); err != nil {
			testenv.Missing(t, "no Debian Apache configuration here: %v", err)
		}
		port := site.Expand("@PORT@", 0)
		copyTree(t, site, etc, "etc/apache2", func(name, text string) string {
			switch {
			case name == "ports.conf":
				return regexp.MustCompile(`(?m)^(\s*Listen) 80$`).ReplaceAllString(text, "$1 127.0.0.1:"+port)
			case strings.HasPrefix(name, "sites-available/"):
				return strings.ReplaceAll(text, "*:80>", "*:"+port+">")
			}
			return text
		})
		for _, name := range []string{"wsgi.load", "wsgi.conf"} {
			link := filepath.Join(site.Dir, "etc/apache2/mods-enabled", name)
			if _, err := os.Lstat(link); err != nil {
				if err := os.Symlink("../mods-available/"+name, link); err != nil {
					t.Fatal(err)
				}
			}
		}
		put(t, site,
			"etc/apache2/sites-enabled/myapp.conf", `<VirtualHost *:@PORT@>
    ServerName myapp.example.com
    ServerAdmin webmaster@localhost
    DocumentRoot /var/www/html
    WSGIScriptAlias /app @W@/srv/app.wsgi
    <Directory @W@/srv>
        Require all granted
    </Directory>
    Alias /static @W@/static
    <Directory @W@/static>
        Require all granted
    </Directory>
    ErrorLog ${APACHE_LOG_DIR}/error_log
    CustomLog ${APACHE_LOG_DIR}/access_log combined
</VirtualHost>
`,
			"etc/apache2/conf-enabled/zz-servername.conf", "ServerName localhost\n",
			"srv/app.wsgi", hello, "static/a.css", "css\n", "static/page.html.de", "deutsch\n", "static/text.txt", strings.Repeat("some text\n", 400))
		return httpdtest.Options{Dir: site.Dir, Root: filepath.Join(site.Dir, "etc/apache2"), Conf: "apache2.conf", Env: envvars(t, site),
			Ports: site.Ports[:1]}
	},
	requests: `
GET /app => 200
Host: myapp.example.com

GET /app/x/y => 200
Host: myapp.example.com

GET /static/a.css => 200
Host: myapp.example.com

GET /static/text.txt => 200
Host: myapp.example.com

GET /static/.htaccess => 403
Host: myapp.example.com

GET /static/none => 404
Host: myapp.example.com

GET /static => 301
Host: myapp.example.com

TRACE / => 405
Host: myapp.example.com

GET /none => 404
Host: other.example.com
`,
	differences: "sent: Debian logs bytes with headers, and the name in Server: and below error pages is not Apache's\n",
}

// envvars is the environment that Debian's apache2ctl makes from envvars, with the run and log directories moved into the site.
func envvars(t *testing.T, site *httpdtest.Site) []string {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", ". "+filepath.Join(site.Dir, "etc/apache2/envvars")+" && env")
	cmd.Env = append(httpdtest.Environ(), "APACHE_CONFDIR=/etc/apache2")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Split(strings.TrimSpace(string(out)), "\n")
	run := filepath.Join(site.Dir, "run")
	return append(env, "APACHE_RUN_DIR="+run, "APACHE_LOCK_DIR="+run, "APACHE_PID_FILE="+run+"/apache2.pid", "APACHE_LOG_DIR="+filepath.Join(site.Dir, "logs"))
}

// modulesLink gives the site the directory modules/ that LoadModule lines of RHEL and of source releases name.
func modulesLink(t *testing.T, site *httpdtest.Site) {
	t.Helper()
	if err := os.Symlink(httpdtest.ModulesDirectory(), filepath.Join(site.Dir, "modules")); err != nil {
		t.Fatal(err)
	}
}

var loadModule = regexp.MustCompile(`(?m)^\s*LoadModule\s+(\S+)\s+(\S+)$`)

// loadable drops, for the oracle only, the LoadModule lines whose files this distribution does not have: it builds some modules into
// the program and leaves others out, and names mod_wsgi differently.
func loadable(program httpdtest.Program) func(name, text string) string {
	return func(_, text string) string {
		if !program.Apache {
			return text
		}
		text = strings.ReplaceAll(text, "mod_wsgi_python3.so", "mod_wsgi.so")
		return loadModule.ReplaceAllStringFunc(text, func(line string) string {
			m := loadModule.FindStringSubmatch(line)
			if _, err := os.Stat(filepath.Join(httpdtest.ModulesDirectory(), strings.Trim(filepath.Base(m[2]), `"'`))); err != nil {
				return "# not in this build: " + line
			}
			return line
		})
	}
}

var rhel = tree{
	name: "rhel",
	lay: func(t *testing.T, site *httpdtest.Site, program httpdtest.Program) httpdtest.Options {
		if os.Getuid() != 0 {
			t.Skip("its PidFile is the program's default, below /run")
		}
		copyTree(t, site, "testdata/rhel", ".", loadable(program))
		modulesLink(t, site)
		put(t, site, "conf/mime.types", httpdtest.MimeTypes, "www/wsgi-scripts/myapp.wsgi", hello, "www/html/page.html", "<p>page\n",
			"www/html/sub/index.html", "sub\n", "www/cgi-bin/.keep", "", "share/noindex/index.html", "<p>test page\n")
		return httpdtest.Options{Dir: site.Dir, Conf: "conf/httpd.conf", Ports: site.Ports[:1]}
	},
	requests: `
GET / => 403

GET /page.html => 200

GET /sub => 301

GET /sub/ => 200

GET /.htpasswd => 403

GET /myapp => 200

GET /myapp/x => 200

GET /myapp/admin => 403

GET /none => 404

HEAD /page.html => 200

GET /~root/ => 404
`,
}

var source = tree{
	name: "source",
	lay: func(t *testing.T, site *httpdtest.Site, program httpdtest.Program) httpdtest.Options {
		copyTree(t, site, "testdata/source", "conf", loadable(program))
		modulesLink(t, site)
		put(t, site, "conf/mime.types", httpdtest.MimeTypes, "htdocs/index.html", "<h1>It works!</h1>\n", "wsgi/app.wsgi", hello,
			"docs/dummy-host.example.com/index.html", "dummy\n", "docs/dummy-host2.example.com/a.gz", "x\n", "cgi-bin/.keep", "")
		return httpdtest.Options{Dir: site.Dir, Conf: "conf/httpd.conf", Ports: site.Ports[:1]}
	},
	requests: `
GET / => 200
Host: dummy-host.example.com

GET / => 200
Host: www.dummy-host.example.com

GET /app/x => 200
Host: dummy-host2.example.com

GET / => 403
Host: dummy-host2.example.com

GET /a.gz => 403
Host: dummy-host2.example.com

GET / => 200

GET /none => 404
Proxy: http://evil.example.com/
`,
}

// handlerScript stands for the one that mod_wsgi-express generates: it finds the application and offers it as handle_request.
const handlerScript = `import os
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    body = environ['wsgi.input'].read()
    keys = 'SCRIPT_NAME', 'PATH_INFO', 'SCRIPT_FILENAME', 'mod_wsgi.request_handler', 'mod_wsgi.handler_script', 'HTTP_AUTHORIZATION'
    return [('%s\n' % [environ.get(k) for k in keys]).encode(), body]
handle_request = application
def reload_required(resource):
    return False
`

// venv makes a virtual environment of the distribution's own Python.
func venv(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("/usr/bin/python3", "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

const expressRequests = `
GET / => 200

GET /path/info?q=1 => 200
Authorization: Bearer token

GET /static.txt => 200

POST /x => 200
!body "posted"

HEAD / => 200

POST /x => 413
Content-Length: 20000000
!differ framing: Apache leaves the length of this page to the end of the connection
!differ header Content-Length: see framing

GET /static.txt/below => 404

GET /.htaccess => 200
`

var express = tree{
	name: "express",
	lay: func(t *testing.T, site *httpdtest.Site, program httpdtest.Program) httpdtest.Options {
		text, err := os.ReadFile("testdata/express/httpd.conf")
		if err != nil {
			t.Fatal(err)
		}
		return layExpress(t, site, program, string(text))
	},
	requests: expressRequests,
}

// layExpress writes a configuration of mod_wsgi-express's kind with what surrounds it.
func layExpress(t *testing.T, site *httpdtest.Site, program httpdtest.Program, conf string) httpdtest.Options {
	t.Helper()
	if program.Apache {
		own := regexp.MustCompile(`(?m)^LoadModule wsgi_module .*$`)
		conf = own.ReplaceAllString(conf, "LoadModule wsgi_module @MODULES@/mod_wsgi.so")
	}
	venv(t, filepath.Join(site.Dir, "venv"))
	put(t, site, "httpd.conf", conf, "conf/mime.types", httpdtest.MimeTypes, "rewrite.conf", "# none\n", "handler.wsgi", handlerScript,
		"htdocs/static.txt", "static\n", "app/hello.py", "")
	flags := "-DEMBEDDED_MODE -DMOD_WSGI_IMPORT_HANDLER_SCRIPT -DMOD_WSGI_KEEP_ALIVE -DMOD_WSGI_WITH_PYTHON_PATH -DMOD_WSGI_DISABLE_RELOADING " +
		"-DMOD_WSGI_MPM_ENABLE_WORKER_MODULE -DMOD_WSGI_MPM_EXISTS_WORKER_MODULE -DMOD_WSGI_MPM_EXISTS_PREFORK_MODULE"
	user := httpdtest.WebUser()
	return httpdtest.Options{Dir: site.Dir, Conf: filepath.Join(site.Dir, "httpd.conf"), Args: strings.Fields(flags), Ports: site.Ports[:1],
		Env: append(httpdtest.Environ(), "MOD_WSGI_MODULES_DIRECTORY="+httpdtest.ModulesDirectory(), "MOD_WSGI_SERVER_ROOT="+site.Dir,
			"MOD_WSGI_LISTENER_HOST=localhost", fmt.Sprint("MOD_WSGI_HTTP_PORT=", site.Ports[0]), "MOD_WSGI_HTTPS_PORT=None",
			"MOD_WSGI_USER="+user, "MOD_WSGI_GROUP="+user, "MOD_WSGI_WORKING_DIRECTORY="+filepath.Join(site.Dir, "app"))}
}

// shared is a folder of real configurations and acceptance scripts that may lie beside the repository, or where HTTPD_WSGI_SHARED says.
func shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("HTTPD_WSGI_SHARED")
	if dir == "" {
		dir = filepath.Join(root(t), "..", "shared")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no folder of real configurations at %s: %v", dir, err)
	}
	return dir
}

// expressShared is a file that mod_wsgi-express generated, its neutral paths replaced by the site's.
var expressShared = tree{
	name: "express-generated",
	lay: func(t *testing.T, site *httpdtest.Site, program httpdtest.Program) httpdtest.Options {
		text, err := os.ReadFile(filepath.Join(shared(t), "reference/corpus/express/embedded.conf"))
		if err != nil {
			t.Skip(err)
		}
		return layExpress(t, site, program, strings.NewReplacer("/srv/express/embedded/error_log", "@W@/logs/error_log",
			"/srv/express/embedded", "@W@", "/srv/app/.venv", "@W@/venv", "/srv/app", "@W@/app", "18106", "@PORT@",
			"/etc/mime.types", "@W@/conf/mime.types").Replace(string(text)))
	},
	requests: expressRequests,
}
