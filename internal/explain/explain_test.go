package explain

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/all"
	"httpd-wsgi/integration/httpdtest"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

var update = flag.Bool("update", false, "write what is explained into testdata")

// explainer makes an Explainer of the files of a case: httpd.conf and what it serves, below dir, for which they say @W@.
func explainer(t testing.TB, dir string, files []httpdtest.ArchiveFile) *Explainer {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if target, ok := strings.CutPrefix(f.Data, "-> "); ok { // a symbolic link
			os.MkdirAll(filepath.Dir(path), 0o755)
			if err := os.Symlink(strings.TrimSpace(target), path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(f.Data, "@W@", dir)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, httpdtest.FileTime, httpdtest.FileTime); err != nil {
			t.Fatal(err)
		}
	}
	linked := all.Link(nil)
	loaded := linked.Registry.NewLoaded(true)
	loader := apacheconf.Loader{ServerRoot: dir, HasModule: loaded.Has, HasDirective: loaded.HasDirective, HasSection: loaded.HasSection}
	tree, err := loader.Load(filepath.Join(dir, "httpd.conf"))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := linked.Registry.Compile(tree, loaded, directives.NewFiles())
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := vhost.BuildWith(plan, linked.Core, &vhost.Names{Local: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	var logs []*errlog.Logger
	for _, s := range hosts.Servers {
		logs = append(logs, errlog.New(errlog.Config{Name: s.Name, Levels: &s.Core.LogLevel, Target: errlog.To(io.Discard)}))
	}
	site := server.NewSite(linked, plan, hosts, logs)
	if e := site.Hooks.Prepare(plan); e != nil {
		t.Fatal(e.Message)
	}
	if err := site.Hooks.InitChild(&server.Child{Site: site, Threads: 1, Processes: 1, MPM: "event", Dry: true}); err != nil {
		t.Fatal(err)
	}
	return New(site, Config{Tree: tree})
}

// spaces are those that align columns; how many there are depends on the directory's name.
var spaces = regexp.MustCompile(`(\S) {2,}`)

// TestText compares the text of explanations with what is written in the cases: of each request, a JSON object a line in "requests".
func TestText(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) < 4 {
		t.Fatalf("cases are missing: %v %v", paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			archive := httpdtest.ParseArchive(string(text))
			var files []httpdtest.ArchiveFile
			var requests, want *httpdtest.ArchiveFile
			for i := range archive.Files {
				switch f := &archive.Files[i]; f.Name {
				case "requests":
					requests = f
				case "want":
					want = f
				default:
					files = append(files, *f)
				}
			}
			dir := t.TempDir()
			e := explainer(t, dir, files)
			var got strings.Builder
			dec := json.NewDecoder(strings.NewReader(requests.Data))
			for dec.More() {
				var q Request
				if err := dec.Decode(&q); err != nil {
					t.Fatal(err)
				}
				r, err := e.Explain(&q)
				if err != nil {
					fmt.Fprintf(&got, "error: %v\n", err)
				} else if err := (Text{Root: dir}).Write(&got, r); err != nil {
					t.Fatal(err)
				}
				got.WriteString("==========\n")
			}
			answer := spaces.ReplaceAllString(strings.ReplaceAll(got.String(), dir, "@W@"), "$1  ")
			if *update {
				want.Data = answer
				if err := os.WriteFile(path, []byte(archive.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			compare(t, answer, want.Data)
		})
	}
}

// compare shows the first line that differs.
func compare(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			have := "nothing"
			if i < len(w) {
				have = w[i]
			}
			t.Fatalf("line %d:\n got %s\nwant %s\nall of it:\n%s", i+1, g[i], have, got)
		}
	}
	if len(w) > len(g) {
		t.Fatalf("ends before %q", w[len(g)])
	}
}

// TestColumns holds that places stand in one column, but beside a long text, and that colours are for terminals.
func TestColumns(t *testing.T) {
	r := &Report{Request: "GET http://a/", From: "192.0.2.1", To: "127.0.0.1:80", Outcome: "200 OK", Status: 200, Steps: []Step{{
		Sections: []Section{
			{Line: Line{Text: "<Directory />", File: "/r/x.conf", Line: 1}, Lines: []Line{{Text: "Require all denied", File: "/r/x.conf", Line: 2}}},
			{Line: Line{Text: "<Directory " + strings.Repeat("x", textWidth) + ">", File: "/other/y.conf", Line: 3}},
		}}}}
	var plain, colored strings.Builder
	Text{Root: "/r"}.Write(&plain, r)
	Text{Root: "/r", Color: true}.Write(&colored, r)
	want := `sections    <Directory />         x.conf:1
              Require all denied  x.conf:2
            <Directory ` + strings.Repeat("x", textWidth) + `>  /other/y.conf:3
`
	if !strings.Contains(plain.String(), want) {
		t.Errorf("got\n%s", plain.String())
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(colored.String(), "\x1b[1;32m200 OK\x1b[0m") {
		t.Errorf("colours: %q", colored.String())
	}
	bare := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(colored.String(), "")
	if bare != plain.String() {
		t.Errorf("colours change the text:\n%s", bare)
	}
}

func TestRequestForms(t *testing.T) {
	for _, c := range []struct {
		q    Request
		head string // or the error
		host string
		port uint16
	}{
		{Request{URL: "http://Www.Example.com"}, "GET / HTTP/1.1\r\nHost: Www.Example.com\r\n\r\n", "www.example.com", 80},
		{Request{URL: "https://a:8443/x?y#z"}, "GET /x?y HTTP/1.1\r\nHost: a:8443\r\n\r\n", "a", 8443},
		{Request{URL: "http://a?q"}, "GET /?q HTTP/1.1\r\nHost: a\r\n\r\n", "a", 80},
		{Request{URL: "http://a/é b%20c"}, "GET /%C3%A9%20b%20c HTTP/1.1\r\nHost: a\r\n\r\n", "a", 80},
		{Request{URL: "http://u:p@a/"}, "GET / HTTP/1.1\r\nAuthorization: Basic dTpw\r\nHost: a\r\n\r\n", "a", 80},
		{Request{URL: "http://[::1]:81/"}, "GET / HTTP/1.1\r\nHost: [::1]:81\r\n\r\n", "::1", 81},
		{Request{URL: "http://a/", Method: "POST", Headers: []string{"host: b:82", "X: y"}}, "POST / HTTP/1.1\r\nhost: b:82\r\nX: y\r\n\r\n", "b", 82},
		{Request{URL: "/x"}, "is not a URL", "", 0},
		{Request{URL: "ftp://a/"}, "http or https", "", 0},
		{Request{URL: "http:///x"}, "names no host", "", 0},
		{Request{URL: "http://a:port/"}, "not a port", "", 0},
		{Request{URL: "http://a/", Headers: []string{"X"}}, "Name: value", "", 0},
		{Request{URL: "http://a/", Headers: []string{"X: y\r\nZ: w"}}, "Name: value", "", 0},
		{Request{URL: "http://a/", Method: "A B"}, "not a method", "", 0},
		{Request{URL: "http://a/", From: "somewhere"}, "not an IP", "", 0},
		{Request{Raw: "GET / HTTP/1.0\r\nX: ÿ\r\n\r\n"}, "GET / HTTP/1.0\r\nX: \xff\r\n\r\n", "", 80},
		{Request{Raw: "GET /\u0100"}, "not a byte", "", 0},
	} {
		got, err := c.q.parse()
		if err != nil {
			if !strings.Contains(err.Error(), c.head) {
				t.Errorf("%+v: %v", c.q, err)
			}
			continue
		}
		if got.head != c.head || got.host != c.host || got.port != c.port {
			t.Errorf("%+v: %q, host %s, port %d", c.q, got.head, got.host, got.port)
		}
	}
}

// TestAddresses holds where a client is taken to come in.
func TestAddresses(t *testing.T) {
	e := explainer(t, t.TempDir(), []httpdtest.ArchiveFile{{Name: "httpd.conf", Data: `ServerName m
DocumentRoot "@W@"
TypesConfig httpd.conf
<VirtualHost 10.0.0.1:80>
ServerName one
</VirtualHost>
<VirtualHost 10.0.0.2:80 10.0.0.3:80>
ServerName two
</VirtualHost>
`}})
	e.listen = []Listen{{Port: 80}, {Host: "10.0.0.9", Port: 81}}
	for _, c := range []struct{ url, to, local, server, note string }{
		{"http://one/", "", "10.0.0.1:80", "one", "by the <VirtualHost> with that name"},
		{"http://two/", "", "10.0.0.2:80", "two", "the first of 2 addresses"},
		{"http://two/", "10.0.0.1", "10.0.0.1:80", "one", ""},
		{"http://10.0.0.3/", "", "10.0.0.3:80", "two", ""},
		{"http://other/", "", "127.0.0.1:80", "m", ""},
		{"http://other:81/", "", "10.0.0.9:81", "m", "by Listen"},
		{"http://other:82/", "", "127.0.0.1:82", "m", "nothing listens on 127.0.0.1:82"},
	} {
		r, err := e.Explain(&Request{URL: c.url, To: c.to})
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(r.Notes, "\n")
		if r.To != c.local || r.Server.Name != c.server || !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
			t.Errorf("%s to %q: at %s, server %s, notes %q", c.url, c.to, r.To, r.Server.Name, notes)
		}
	}
}

// TestBody explains a request that announces a body nobody has given.
func TestBody(t *testing.T) {
	e := explainer(t, t.TempDir(), []httpdtest.ArchiveFile{{Name: "httpd.conf", Data: "ServerName m\nDocumentRoot \"@W@\"\nTypesConfig f\nLimitRequestBody 100000\n"}, {Name: "f", Data: "x"}})
	for headers, want := range map[string]int{"Content-Length: 100000": 200, "Content-Length: 100001": 413, "Transfer-Encoding: chunked": 200, "Content-Length: x": 400} {
		start := time.Now()
		r, err := e.Explain(&Request{URL: "http://m/f", Method: "POST", Headers: []string{headers}})
		if err != nil || r.Status != want {
			t.Errorf("%s: %d, %v, want %d", headers, r.Status, err, want)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s took %v", headers, d)
		}
	}
}
