package moddeflate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// fixture is the module with a configuration, and a server to make requests of.
type fixture struct {
	plan *directives.Plan
	site *server.Site
	main *vhost.Server
}

func setUp(t testing.TB, lines ...string) *fixture {
	t.Helper()
	tree := &apacheconf.Tree{}
	for _, line := range lines {
		name, args, _ := strings.Cut(line, " ")
		tree.Items = append(tree.Items, &apacheconf.Item{Name: name, Args: args})
	}
	f := new(fixture)
	l := server.Link([]server.Module{Module()})
	var err error
	if f.plan, err = l.Registry.Compile(tree, l.Registry.NewLoaded(true), nil); err != nil {
		t.Fatal(err)
	}
	hosts, err := vhost.Build(f.plan, l.Core)
	if err != nil {
		t.Fatal(err)
	}
	f.main = hosts.Main
	log := errlog.New(errlog.Config{Name: "localhost", Levels: &f.main.Core.LogLevel, Target: errlog.To(io.Discard)})
	f.site = server.NewSite(l, f.plan, hosts, []*errlog.Logger{log})
	return f
}

// request is one for the fixture's server.
func (f *fixture) request(headers ...string) *server.Request {
	r := &server.Request{Conn: &server.Conn{}, Site: f.site, Server: f.main, Conf: f.main.Root.Conf}
	r.Reply.Status, r.Reply.ContentType = 200, "text/plain"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.In.Add(name, value)
	}
	return r
}

func (f *fixture) filter(t testing.TB, name string, r *server.Request) server.OutputFilter {
	t.Helper()
	n, ok := server.FindOutputFilter(f.plan, name)
	if !ok {
		t.Fatalf("no filter %s", name)
	}
	return n.New(r)
}

// sink is the end of a filter: what was written, with "|" at each flush.
type sink struct {
	bytes.Buffer
	flushes []int
	length  int64
	writes  int
}

func (s *sink) Write(p []byte) (int, error) { s.writes++; return s.Buffer.Write(p) }
func (s *sink) Flush() error                { s.flushes = append(s.flushes, s.Len()); return nil }
func (s *sink) SetLength(n int64)           { s.length = n }

func gunzip(t testing.TB, b []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{"gzip": true, "GZIP": true, "deflate, gzip": true, "deflate;q=0.5;x=y, gzip;q=0.5": true, "gzip;q=0": false,
		"gzip;q=0.0": false, "gzip;q=0.000": false, "gzip;q=0.001": true, "x-gzip": false, "*": false, "": false, "deflate": false, "gzip ; q=0": false, "gzip;q=1, deflate": true, "gzip, deflate;q=0": true} {
		if got := acceptsGzip(header); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

// Which responses are left alone, and which say that they depend on Accept-Encoding.
func TestBegin(t *testing.T) {
	f := setUp(t)
	for _, tt := range []struct {
		what  string
		set   func(*server.Request)
		begin bool
		vary  bool
	}{
		{"plain", func(r *server.Request) {}, true, false},
		{"no header", func(r *server.Request) { r.In.Reset() }, false, true},
		{"not accepted", func(r *server.Request) { r.In.Set("Accept-Encoding", "br") }, false, true},
		{"forced", func(r *server.Request) { r.In.Reset(); r.Env.Set("force-gzip", "1") }, true, false},
		{"small", func(r *server.Request) { r.Reply.Header.Set("Content-Length", "68") }, false, false},
		{"not small", func(r *server.Request) { r.Reply.Header.Set("Content-Length", "69") }, true, false},
		{"304", func(r *server.Request) { r.Reply.Status = 304 }, false, false},
		{"204", func(r *server.Request) { r.Reply.Status = 204 }, false, false},
		{"404", func(r *server.Request) { r.Reply.Status = 404 }, true, false},
		{"no-gzip", func(r *server.Request) { r.Env.Set("no-gzip", "") }, false, false},
		{"only html", func(r *server.Request) { r.Env.Set("gzip-only-text/html", "1") }, false, false},
		{"html", func(r *server.Request) { r.Env.Set("gzip-only-text/html", "1"); r.Reply.ContentType = "text/html;x" }, true, false},
		{"range", func(r *server.Request) { r.Reply.Header.Set("Content-Range", "x") }, false, false},
		{"encoded", func(r *server.Request) { r.Reply.ContentEncoding = "x-gzip" }, false, false},
		{"encoded too", func(r *server.Request) { r.Reply.ErrHeader.Set("Content-Encoding", "identity, br") }, false, false},
		{"identity", func(r *server.Request) { r.Reply.Header.Set("Content-Encoding", "identity, 7bit") }, true, false},
	} {
		r := f.request("Accept-Encoding: gzip")
		tt.set(r)
		if got := f.filter(t, "deflate", r).Begin(r); got != tt.begin || r.Reply.Header.Has("Vary") != tt.vary {
			t.Errorf("%s: %v, header %v", tt.what, got, r.Reply.Header.F)
		}
	}
}

func TestDeflate(t *testing.T) {
	noise := make([]byte, 300<<10)
	rand.New(rand.NewSource(1)).Read(noise)
	for _, conf := range [][]string{nil, {"DeflateCompressionLevel 1", "DeflateBufferSize 1000"}, {"DeflateCompressionLevel 9"}, {"DeflateWindowSize 9"}} {
		f := setUp(t, conf...)
		for _, size := range []int{69, 1000, 9000, 100 << 10, len(noise)} {
			for _, piece := range []int{1 << 20, 7000, 50} {
				r := f.request("Accept-Encoding: gzip")
				r.Reply.Header.Set("ETag", `"x"`)
				r.Reply.Header.Set("Content-Length", fmt.Sprint(size))
				d, s := f.filter(t, "DEFLATE", r), new(sink)
				if !d.Begin(r) {
					t.Fatal("does not begin")
				}
				for p := noise[:size]; len(p) > 0; p = p[min(piece, len(p)):] {
					if err := d.Write(p[:min(piece, len(p))], s); err != nil {
						t.Fatal(err)
					}
				}
				if err := d.End(s); err != nil {
					t.Fatal(err)
				}
				if gunzip(t, s.Bytes()) != string(noise[:size]) {
					t.Errorf("%v %d %d: another body comes out", conf, size, piece)
				}
				h := &r.Reply.Header
				if h.Get("Content-Encoding") != "gzip" || h.Get("Vary") != "Accept-Encoding" || h.Get("ETag") != `"x-gzip"` || h.Has("Content-Length") {
					t.Errorf("%v %d: %v", conf, size, h.F)
				}
				if size < 900 && s.length != int64(s.Len()) {
					t.Errorf("%v %d: length %d of %d", conf, size, s.length, s.Len())
				}
			}
		}
	}
}

// A body that ends small goes as it is, and leaves the head alone.
func TestSmall(t *testing.T) {
	f := setUp(t)
	r := f.request("Accept-Encoding: gzip")
	d, s := f.filter(t, "DEFLATE", r), new(sink)
	d.Begin(r)
	d.Write([]byte(strings.Repeat("x", 60)), s)
	d.Write([]byte("12345678"), s)
	if s.Len() != 0 {
		t.Error("passed on too early")
	}
	d.End(s)
	if s.String() != strings.Repeat("x", 60)+"12345678" || len(r.Reply.Header.F) != 0 {
		t.Errorf("%q %v", s.String(), r.Reply.Header.F)
	}
}

// After a flush the client can unpack all that was written.
func TestFlush(t *testing.T) {
	f := setUp(t, "DeflateFilterNote ratio", "DeflateFilterNote input in", "DeflateFilterNote Output out")
	r := f.request("Accept-Encoding: gzip")
	d, s := f.filter(t, "DEFLATE", r), new(sink)
	d.Begin(r)
	text := ""
	for i := range 5 {
		line := fmt.Sprintf("line %d\n", i)
		text += line
		d.Write([]byte(line), s)
		d.Flush(s)
		z, err := gzip.NewReader(bytes.NewReader(s.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(text))
		if _, err := io.ReadFull(z, got); err != nil || string(got) != text {
			t.Fatalf("%d: %q %v", i, got, err)
		}
	}
	d.End(s)
	if gunzip(t, s.Bytes()) != text || len(s.flushes) != 5 || s.length != 0 {
		t.Errorf("%d flushes, length %d", len(s.flushes), s.length)
	}
	in, _ := r.Notes.Get("in")
	out, _ := r.Notes.Get("out")
	if ratio, _ := r.Notes.Get("ratio"); in != fmt.Sprint(len(text)) || out != fmt.Sprint(s.Len()-18) || ratio == "" {
		t.Errorf("notes %s %s %s", in, out, ratio)
	}
}

// Two of them in a row: the second one sees that there is nothing left to do.
func TestTwice(t *testing.T) {
	f := setUp(t)
	r := f.request("Accept-Encoding: gzip")
	first, second, s := f.filter(t, "DEFLATE", r), f.filter(t, "DEFLATE", r), new(sink)
	if !first.Begin(r) || !second.Begin(r) {
		t.Fatal("they do not begin")
	}
	between := &linkWriter{second, s}
	text := strings.Repeat("hello ", 100)
	first.Write([]byte(text), between)
	first.Flush(between)
	first.End(between)
	second.End(s)
	if gunzip(t, s.Bytes()) != text || r.Reply.Header.Joined("Content-Encoding") != "gzip" {
		t.Errorf("%v", r.Reply.Header.F)
	}
}

type linkWriter struct {
	f    server.OutputFilter
	next server.BodyWriter
}

func (l *linkWriter) Write(p []byte) (int, error) { return len(p), l.f.Write(p, l.next) }
func (l *linkWriter) Flush() error                { return l.f.Flush(l.next) }

func TestETag(t *testing.T) {
	for _, tt := range []struct {
		tag  string
		rule etagRule
		want string
	}{{`"a"`, etagAddSuffix, `"a-gzip"`}, {`W/"a"`, etagAddSuffix, `W/"a-gzip"`}, {`""`, etagAddSuffix, `""`}, {"bare", etagAddSuffix, "bare"}, {`"a"`, etagNoChange, `"a"`}, {`"a"`, etagRemove, ""}} {
		var h server.Header
		h.Set("ETag", tt.tag)
		alterETag(&h, "gzip", tt.rule)
		if got := h.Get("ETag"); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

func pack(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

func TestInflate(t *testing.T) {
	f := setUp(t)
	// Not so easy to pack that it looks like an attack.
	noise := make([]byte, 1000)
	rand.New(rand.NewSource(1)).Read(noise)
	digits := fmt.Sprintf("%x", noise)
	for _, size := range []int{0, len(digits), 100 << 10} {
		text := strings.Repeat(digits, size/len(digits))
		packed := pack(text)
		for _, piece := range []int{1, 100, 1 << 20} {
			r := f.request()
			r.Reply.Header.Set("Content-Encoding", "br, gzip")
			r.Reply.Header.Set("Content-Length", "7")
			r.Reply.Header.Set("ETag", `"x"`)
			x, s := f.filter(t, "INFLATE", r), new(sink)
			if !x.Begin(r) {
				t.Fatal("does not begin")
			}
			for p := packed; len(p) > 0; p = p[min(piece, len(p)):] {
				if err := x.Write(bytes.Clone(p[:min(piece, len(p))]), s); err != nil {
					t.Fatal(err)
				}
			}
			if err := x.End(s); err != nil {
				t.Fatal(err)
			}
			if s.String() != text || r.Reply.Header.Get("Content-Encoding") != "br" || r.Reply.Header.Has("Content-Length") || r.Reply.Header.Get("ETag") != `"x-gunzip"` {
				t.Errorf("%d %d: %d bytes, %v", size, piece, s.Len(), r.Reply.Header.F)
			}
		}
	}
}

func TestWithoutGzip(t *testing.T) {
	for list, want := range map[string]string{"gzip": "+", "x-gzip": "+", "br, gzip": "+br", "gzip, br": "-", "gzip, identity": "+", "gzip,": "+", "": "-", "identity": "-", "a, b , GZIP , identity": "+a, b "} {
		rest, ok := withoutGzip(list)
		got := "-"
		if ok {
			got = "+" + rest
		}
		if got != want {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}

func TestRatio(t *testing.T) {
	b := ratioBound{limit: 10, burst: 2}
	for i, want := range []bool{true, true, true, false} {
		out := int64(1000)
		if i == 0 {
			out = 50
		}
		if got := b.allows(10, out); got != want {
			t.Errorf("%d: %v", i, got)
		}
	}
	if b.allows(10, 20); b.hits != 0 {
		t.Error("an allowed ratio does not start over")
	}
}

// The sentences are Apache 2.4.71's.
func TestErrors(t *testing.T) {
	for line, want := range map[string]string{
		"DeflateFilterNote foo bar":                          "Unknown note type foo",
		"DeflateWindowSize 16":                               "DeflateWindowSize must be between 1 and 15",
		"DeflateBufferSize 0":                                "DeflateBufferSize should be positive",
		"DeflateMemLevel 10":                                 "DeflateMemLevel must be between 1 and 9",
		"DeflateCompressionLevel x":                          "Compression Level must be between 1 and 9",
		"DeflateInflateLimitRequestBody -1":                  "DeflateInflateLimitRequestBody requires a non-negative integer.",
		"DeflateInflateLimitRequestBody 9999999999999999999": "DeflateInflateLimitRequestBody is not parsable.",
		"DeflateInflateRatioLimit 0":                         "DeflateInflateRatioLimit must be positive",
		"DeflateInflateRatioBurst 0":                         "DeflateInflateRatioBurst must be positive",
		"DeflateAlterEtag x":                                 "DeflateAlterETAG accepts only 'NoChange', 'AddSuffix', and 'Remove'",
	} {
		name, args, _ := strings.Cut(line, " ")
		l := server.Link([]server.Module{Module()})
		_, err := l.Registry.Compile(&apacheconf.Tree{Items: []*apacheconf.Item{{Name: name, Args: args}}}, l.Registry.NewLoaded(true), nil)
		var e *apacheconf.Error
		if !errors.As(err, &e) || e.Msg != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}

// A virtual host that has any of the settings has them all.
func TestMerge(t *testing.T) {
	tree := &apacheconf.Tree{Items: []*apacheconf.Item{{Name: "DeflateCompressionLevel", Args: "3"}, {Name: "DeflateFilterNote", Args: "r"}, {Name: "DeflateInflateRatioLimit", Args: "7"},
		{Name: "VirtualHost", Args: "*:80", Section: true, Items: []*apacheconf.Item{{Name: "DeflateAlterEtag", Args: "Remove"}}},
		{Name: "VirtualHost", Args: "*:81", Section: true}}}
	var slots directives.Slots[Server, Dir]
	l := server.Link([]server.Module{server.Bind(tables, func(_ *directives.Registry, s directives.Slots[Server, Dir]) { slots = s }, nil)})
	p, err := l.Registry.Compile(tree, l.Registry.NewLoaded(true), nil)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := vhost.Build(p, l.Core)
	if err != nil {
		t.Fatal(err)
	}
	if s := slots.Server.Of(hosts.Servers[1].Conf); s.Level.Set || s.RatioNote != "" || s.etag.V != etagRemove {
		t.Errorf("%+v", s)
	}
	if s := slots.Server.Of(hosts.Servers[2].Conf); s.Level.V != 3 || s.RatioNote != "r" {
		t.Errorf("%+v", s)
	}
	if d := slots.Dir.Of(hosts.Servers[2].Root.Conf); d.RatioLimit.V != 7 {
		t.Errorf("%+v", d)
	}
	if _, ok := p.Provider(modcore.InputFilterGroup, "deflate"); ok {
		t.Error("a filter without provide")
	}
}

func BenchmarkDeflate(b *testing.B) {
	f := setUp(b)
	text := []byte(strings.Repeat("The quick brown fox jumps over the lazy dog. ", 64<<10/45))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	s := new(sink)
	r := f.request("Accept-Encoding: gzip")
	for b.Loop() {
		r.Reply.Header.Reset()
		s.Reset()
		d := f.filter(b, "DEFLATE", r)
		d.Begin(r)
		d.Write(text, s)
		d.End(s)
	}
}
