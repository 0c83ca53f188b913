package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/vhost"
)

// traceConf collects the words of "Header always add X-T word", which stands
// for any directive of a module: the order in which sections are merged shows
// in the order of the words.
type traceConf struct{ Words []string }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.b.String()
	l.b.Reset()
	return s
}

// walkSite is a site with the trace module, and no connections.
type walkSite struct {
	*Site
	root  string
	trace directives.Slot[traceConf]
	log   lockedBuffer
}

func newWalkSite(t testing.TB, root, conf string) *walkSite {
	t.Helper()
	s := &walkSite{root: root}
	file := filepath.Join(t.TempDir(), "httpd.conf")
	text := "ServerRoot " + root + "\nServerName x\nDocumentRoot " + root + "/htdocs\nLogLevel info\n" + conf
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	words := directives.Append(func(c *traceConf) *[]string { return &c.Words })
	module := directives.Module[directives.None, traceConf]{ID: "headers_module", File: "mod_headers.c",
		Dir: directives.Table[traceConf]{directives.Argv("Header", directives.OrFileInfo, words,
			func(_ *directives.Cmd, c *traceConf, w []string) error {
				c.Words = append(c.Words, w[len(w)-1])
				return nil
			}, "a word")}}
	linked := Link([]Module{Bind(module, func(_ *directives.Registry, slots directives.Slots[directives.None, traceConf]) {
		s.trace = slots.Dir
	}, nil)})
	tree, err := (&apacheconf.Loader{ServerRoot: root}).Load(file)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := linked.Registry.Compile(tree, linked.Registry.NewLoaded(true), nil)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := vhost.Build(plan, linked.Core)
	if err != nil {
		t.Fatal(err)
	}
	logger := errlog.New(errlog.Config{Name: "x", Levels: &hosts.Main.Core.LogLevel, Target: errlog.To(&s.log)})
	s.Site = NewSite(linked, plan, hosts, []*errlog.Logger{logger})
	return s
}

func (s *walkSite) request(uri string) *Request {
	r := &Request{Site: s.Site, Server: s.VHosts.Main, Conn: &Conn{}, URI: uri, Received: time.Now()}
	r.Line.Method, r.Line.Text, r.Line.Target = "GET", "GET "+uri+" HTTP/1.1", uri
	r.restart()
	return r
}

// walk does what process does between the URI and the header parser, and says
// how the default handler would answer.
func (s *walkSite) walk(r *Request) Status {
	steps := []func() Status{r.cleanURI, r.locationWalk, r.ifWalk, func() Status { return CoreTranslate(r) },
		func() Status { r.restart(); return OK }, r.directoryWalk, r.fileWalk, r.locationWalk, r.ifWalk}
	for _, step := range steps {
		if status := step(); status != OK {
			return status
		}
	}
	if i := r.Target.Info; i == nil || i.IsDir() || r.Target.PathInfo != "" {
		return 404
	}
	return 200
}

func (s *walkSite) words(r *Request) string {
	w := s.trace.Of(r.Conf).Words
	if len(w) == 0 {
		return "-"
	}
	return strings.Join(w, ",")
}

// plant makes the files that testdata/walk.txt describes, one a line: f name
// (a file), d name, l name target (a link), h name text (with \n).
func plant(t testing.TB, root, tree string) {
	t.Helper()
	for line := range strings.Lines(tree) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name, text, _ := strings.Cut(rest, " ")
		name = filepath.Join(root, "htdocs", name)
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil {
			switch kind {
			case "d":
				err = os.MkdirAll(name, 0o755)
			case "l":
				err = os.Symlink(text, name)
			default:
				err = os.WriteFile(name, []byte(strings.ReplaceAll(text, `\n`, "\n")+"\n"), 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

var (
	codePattern     = regexp.MustCompile(`AH\d+`)
	htaccessPattern = regexp.MustCompile(`(?m)\] (/\S*/\.htaccess: .*)$`)
)

// TestWalk compares the walks with what Apache 2.4.71 did with the same files,
// configurations and requests: status, the order of merged sections, file name
// and path info, variables, numbers of log lines, and messages about .htaccess.
func TestWalk(t *testing.T) {
	data, err := os.ReadFile("testdata/walk.txt")
	if err != nil {
		t.Fatal(err)
	}
	tree, rest, _ := strings.Cut(strings.TrimPrefix(string(data), "-- tree --\n"), "-- conf --\n")
	root := t.TempDir()
	plant(t, root, tree)
	n, scripts := 0, 0
	for i, c := range strings.Split(rest, "-- conf --\n") {
		conf, answers, _ := strings.Cut(c, "-- answers --\n")
		s := newWalkSite(t, root, strings.ReplaceAll(conf, "R/", root+"/"))
		var want []string
		for line := range strings.Lines(answers) {
			if strings.HasPrefix(line, "\t") {
				want[len(want)-1] += line
			} else {
				want = append(want, line)
			}
		}
		for range 2 { // the second time out of the trie and the cache
			for _, w := range want {
				uri, _, _ := strings.Cut(w, " ")
				r, got := s.answer(uri, "")
				if got != w {
					t.Errorf("configuration %d\n got %swant %s", i, got, w)
				}
				n++
				if r.Target.PathInfo == "" || r.Target.Info == nil {
					continue
				}
				scripts++
				if _, got := s.answer(uri, r.Target.Filename); got != w {
					t.Errorf("configuration %d, with the file told\n got %swant %s", i, got, w)
				}
			}
		}
	}
	if n < 150 || scripts < 4 {
		t.Errorf("only %d requests, %d of them for scripts", n, scripts)
	}
}

// answer is the line for a request; script is its Target.Script.
func (s *walkSite) answer(uri, script string) (*Request, string) {
	r := s.request(uri)
	r.Target.Script = script
	status := s.walk(r)
	env := func(name string) string { v, _ := r.Env.Get(name); return v }
	log := s.log.take()
	var codes []string
	for _, code := range codePattern.FindAllString(log, -1) {
		if !slices.Contains([]string{"AH00128", "AH00129", "AH00130"}, code) {
			codes = append(codes, code)
		}
	}
	if codes == nil {
		codes = []string{"-"}
	}
	out := fmt.Sprintf("%s %d %s %s|%s|%s|%s %s\n", uri, status, s.words(r), strings.Replace(r.Target.Filename, s.root, "R", 1), r.Target.PathInfo,
		env("MATCH_EXT"), env("MATCH_WHAT"), strings.Join(codes, ","))
	for _, m := range htaccessPattern.FindAllStringSubmatch(log, -1) {
		if !strings.Contains(m[1], "AH0") {
			out += "\t" + strings.ReplaceAll(m[1], s.root, "R") + "\n"
		}
	}
	return r, out
}

// TestLongPath: a path that no file can have is refused before it is asked for.
func TestLongPath(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f f.txt\n")
	s := newWalkSite(t, root, "")
	for _, c := range []struct {
		uri, code string
		status    Status
	}{
		{"/" + strings.Repeat("x", 300), "AH00036", 403},
		{"/f.txt/" + strings.Repeat("x", 300), "", 404},
		{strings.Repeat("/"+strings.Repeat("x", 200), 22), "AH00127", 403},
	} {
		if got := s.walk(s.request(c.uri)); got != c.status {
			t.Errorf("%.20s...: %d, want %d", c.uri, got, c.status)
		}
		if got := codePattern.FindString(s.log.take()); got != c.code {
			t.Errorf("%.20s...: %q, want %q", c.uri, got, c.code)
		}
	}
}

// TestWalkDenied needs a user that permissions bind.
func TestWalkDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may search every directory")
	}
	root := t.TempDir()
	plant(t, root, "f d/e/f.txt\n")
	s := newWalkSite(t, root, "")
	if err := os.Chmod(filepath.Join(root, "htdocs/d"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(root, "htdocs/d"), 0o755) })
	if got := s.walk(s.request("/d/e/f.txt")); got != 403 || codePattern.FindString(s.log.take()) != "AH00035" {
		t.Errorf("status %d", got)
	}
}

// TestMatchLimit: a section whose pattern gives up must not be passed over.
func TestMatchLimit(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f f.txt\n")
	s := newWalkSite(t, root, "<LocationMatch \"^/(a+)+$\">\nHeader always add X-T secret\n</LocationMatch>\n")
	if got := s.walk(s.request("/" + strings.Repeat("a", 40) + "!")); got != 500 {
		t.Errorf("status %d, want 500", got)
	}
}

func FuzzCleanName(f *testing.F) {
	for _, n := range []string{"/", "/a", "/a/", "/a//b", "/a/./b", "/a/../b", "/a/.", "/..", "/.hid", "/a..b/", "//", "/a/.b/..c/..."} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !strings.HasPrefix(name, "/") {
			return
		}
		got := cleanName(name)
		want := filepath.Clean(name)
		if want != "/" && (strings.HasSuffix(name, "/") || strings.HasSuffix(name, "/.") || strings.HasSuffix(name, "/..")) {
			want += "/"
		}
		if got != want {
			t.Errorf("%q gives %q, want %q", name, got, want)
		}
	})
}
