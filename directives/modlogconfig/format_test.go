package modlogconfig

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// compile parses a format with the module's own directives.
func compile(t testing.TB, text string) *Format {
	t.Helper()
	f, err := parseFormat(text, own())
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return f
}

func own() lookup {
	b := builtin(apr.NewCLFTimeCache(time.UTC))
	return func(name string) (directive, bool) { d, ok := b[name]; return d, ok }
}

// at is when the test request came in.
var at = time.Date(2026, 11, 24, 13, 27, 46, 4_447_123, time.UTC)

// request is "GET /index.html?x=1&y="2" with the header fields that Apache was
// sent when the expectations below were recorded.
func request() *server.Request {
	r := &server.Request{
		Conn: &server.Conn{Remote: netip.MustParseAddrPort("[::ffff:127.0.0.1]:41568"),
			Local: netip.MustParseAddrPort("127.0.0.1:18104")},
		Server:   &vhost.Server{Name: "canon.example"},
		Client:   netip.MustParseAddrPort("127.0.0.1:41568"),
		Received: at,
		URI:      "/index.html", Args: `x=1&y="2`, HasArgs: true,
	}
	r.Line = server.RequestLine{Text: `GET /index.html?x=1&y="2 HTTP/1.1`, Method: "GET", Target: `/index.html?x=1&y="2`,
		Proto: 1001, Protocol: "HTTP/1.1", Hostname: "h.example", HostPort: 99}
	r.Target.Filename = "/srv/htdocs/index.html"
	for _, f := range [][2]string{{"Host", "H.example:99"}, {"X-H", "a\"b\\c\xc3\xa9"}, {"x-h", "second"}, {"X-Empty", ""},
		{"Cookie", `one=1; two = t w ;th ree=3; four="q;z"; one=dup`}, {"Cookie", "five=5"}} {
		r.In.Add(f[0], f[1])
	}
	r.Env.Set("E", `e"v`)
	r.Env.Set("EMPTY", "")
	r.Reply.Status, r.Reply.Sent, r.Reply.ContentType = 200, 6, "text/html; charset=utf-8"
	for _, f := range [][2]string{{"Set-Cookie", "a=1; path=/"}, {"Set-Cookie", "b=2"}, {"X-Q", "q\"\\z\xc3"}, {"X-Empty", ""}, {"X-M", "1"}, {"X-M", "2"}, {"X-Err", "n"}} {
		r.Reply.Header.Add(f[0], f[1])
	}
	r.Reply.ErrHeader.Add("X-Err", "e")
	return r
}

func render(f *Format, r *server.Request) string {
	l := &line{original: r, last: r, end: r.Received.Add(1351 * time.Microsecond)}
	for l.last.Next != nil {
		l.last = l.last.Next
	}
	return string(f.appendTo(nil, l))
}

// Expectations are Apache 2.4.71's lines for the same requests and formats.
func TestGolden(t *testing.T) {
	for _, c := range []struct{ format, want string }{
		{"a=%a ca=%{c}a A=%A B=%B b=%b", "a=127.0.0.1 ca=127.0.0.1 A=127.0.0.1 B=6 b=6"},
		{"C1=%{one}C C2=%{TWO}C C3=%{th ree}C C4=%{four}C C5=%{none}C C=%C", `C1=1 C2=t w C3=3 C4=\"q C5=- C=-`},
		{"e=%{E}e e=%{EMPTY}e n=%{NONE}e f=%f H=%H i=%{x-h}i i0=%{Nope}i ie=%{X-Empty}i",
			`e=e\"v e= n=- f=/srv/htdocs/index.html H=HTTP/1.1 i=a\"b\\c\xc3\xa9, second i0=- ie=`},
		{"k=%k l=%l m=%m n=%{x}n o=%{set-cookie}o ct=%{content-TYPE}o xq=%{X-Q}o xe=%{X-Empty}o",
			`k=0 l=- m=GET n=- o=a=1; path=/, b=2 ct=text/html xq=q\"\\z\xc3 xe=`},
		{"M=%{X-M}o E=%{X-Err}o no=%{Nope}o", "M=1 E=e no=-"},
		{"p=%{local}p %{bad}p r=%{remote}p q=%q r=%r R=%R s=%s >s=%>s <s=%<s u=%u U=%U v=%v",
			`p=18104 bad r=41568 q=?x=1&y=\"2 r=GET /index.html?x=1&y=\"2 HTTP/1.1 R=- s=200 >s=200 <s=200 u=- U=/index.html v=canon.example`},
		{"P=%{bad}P T=%{bad}T lit\\tt\\n-\\r\\q\"%%x 100%% %200s %!200s %200,403{Host}i %!200,403{Host}i %404,!200s %s%>s",
			"P=bad T=bad lit\tt\n-\r\\q\"%x 100% 200 - H.example:99 - - 200200"},
		{"tB=%{begin:%Y}t tE=%{end:%Y}t %{begin:}t|%{end:}t|%{begin}t|%{%d/%b/%Y:%H}t|%{msec_frac}t|%{usec_frac}t|%{begin:msec}t|%{end:usec_frac}t|%{foo}t|%{sec }t|%t|%{}t|%{sec}t",
			"tB=2026 tE=2026 [24/Nov/2026:13:27:46 +0000]|[24/Nov/2026:13:27:46 +0000]|[24/Nov/2026:13:27:46 +0000]|24/Nov/2026:13|004|004447|" +
				"1795526866004|005798|foo|sec |[24/Nov/2026:13:27:46 +0000]|[24/Nov/2026:13:27:46 +0000]|1795526866"},
		{"T=%T %{s}T %{ms}T %{us}T %{x}T D=%D", "T=0 0 1 1351 x D=1351"},
	} {
		if got := strings.TrimSuffix(render(compile(t, c.format), request()), "\n"); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.format, got, c.want)
		}
	}
}

// The two requests of an ErrorDocument: which one an item looks at.
func TestRedirected(t *testing.T) {
	first, last := request(), request()
	first.Next, last.Prev = last, first
	first.URI, first.Args, first.User, first.Target.Handler = "/sub/go", "q", "joe", "redirect-handler"
	last.URI, last.HasArgs, last.Target.Handler = "/status", false, "server-status"
	first.Reply.Status, last.Reply.Status = 403, 500
	first.Env.Set("BY", "first")
	last.Env.Set("BY", "last")
	for format, want := range map[string]string{
		"R=%R <R=%<R >R=%>R": "R=redirect-handler <R=redirect-handler >R=server-status",
		"%U %<U %>U":         "/sub/go /sub/go /status",
		"q=%q %<q":           "q= ?q",
		"%s %<s %>s":         "403 403 500",
		"u=%u %<u":           "u=- joe",
		"%{BY}e %<{BY}e":     "last first",
		// Conditions look at the final status.
		"%403s %500s %!500>s": "- 403 -",
	} {
		if got := strings.TrimSuffix(render(compile(t, format), first), "\n"); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

func TestOddRequests(t *testing.T) {
	r := request()
	r.Line = server.RequestLine{Text: "\x16\x03\x01", Method: "", Protocol: "HTTP/1.0", Proto: 1000}
	r.URI, r.Target.Filename, r.HasArgs, r.Reply.Sent, r.AuthType = "", "", false, 0, "Basic"
	if got, want := render(compile(t, "%r %m %U %f %q %b %B %u"), r), "\\x16\\x03\\x01 - - -  - 0 \"\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for target, want := range map[string]string{
		"http://u:pw@host/index.html?a": "GET http://u:XXXXXXXX@host/index.html?a HTTP/1.1\n",
		"http://u@host/a:b@c":           "GET http://u@host/a:b@c HTTP/1.1\n",
		"/http://u:pw@host/":            "GET /http://u:pw@host/ HTTP/1.1\n",
		"http://u:p@w@host":             "GET http://u:XXXXXXXX@host HTTP/1.1\n",
	} {
		r := request()
		r.Line.Target, r.Line.Text = target, "GET "+target+" HTTP/1.1"
		if got := render(compile(t, "%r"), r); got != want {
			t.Errorf("%s: got %q, want %q", target, got, want)
		}
	}
}

func TestCookie(t *testing.T) {
	for _, c := range []struct {
		header, name, want string
		ok                 bool
	}{
		{"a=1; b=2", "b", "2", true}, {"a=1; B=2", "b", "2", true}, {"One=;two;TWO=b=c ; four =4", "two", "b=c", true},
		{"One=;two;TWO=b=c ; four =4", "four", "4", true}, {"One=", "one", "", false}, {"ab=1", "b", "", false},
		{"a=\" x\t;b", "a", "\" x", true}, {"", "a", "", false}, {"=a=1", "a", "1", true}, {"a= ", "a", "", true},
	} {
		if got, ok := cookie(c.header, c.name); got != c.want || ok != c.ok {
			t.Errorf("%q %s: %q %v", c.header, c.name, got, ok)
		}
	}
}

func TestFormatErrors(t *testing.T) {
	for format, want := range map[string]string{
		"%z":   "Unrecognized LogFormat directive %z",
		"%^":   "Unrecognized LogFormat directive %^",
		"%^t":  "Unrecognized LogFormat directive %^",
		"%^ab": "Unrecognized LogFormat directive %^",
		"%{x":  "Ran off end of LogFormat parsing args to some directive",
		"%>":   "Ran off end of LogFormat parsing args to some directive",
		"%":    "Ran off end of LogFormat parsing args to some directive",
		"%I":   "Unrecognized LogFormat directive %I",
	} {
		if _, err := parseFormat(format, own()); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", format, err, want)
		}
	}
}

func TestResolve(t *testing.T) {
	clf := compile(t, DefaultFormat)
	nick := compile(t, "nick %U")
	main := &Conf{Formats: map[string]*Format{"nick": nick}, Default: compile(t, "nick"),
		Logs: []*Log{{Spec: "t"}, {Spec: "a", Format: compile(t, "nick")}, {Spec: "g", Global: true, Format: compile(t, "CLF")}, {Spec: "l", Format: compile(t, "late")}}}
	texts := func(c *Conf) string {
		c.resolve(clf)
		var s []string
		for _, w := range c.writes {
			s = append(s, w.log.Spec+"="+w.format.text)
		}
		return strings.Join(s, ";")
	}
	if got, want := texts(main), "t=nick %U;a=nick %U;g="+DefaultFormat+";l=late"; got != want {
		t.Errorf("main: %s, want %s", got, want)
	}
	// A host without logs writes the main server's, by its own nicknames.
	plain := merge(main, &Conf{Formats: map[string]*Format{"nick": compile(t, "own %U")}})
	if got, want := texts(plain), "t=own %U;a=own %U;g="+DefaultFormat+";l=late"; got != want {
		t.Errorf("plain: %s, want %s", got, want)
	}
	// One with logs writes those and the global ones.
	own := merge(main, &Conf{Logs: []*Log{{Spec: "v", Format: compile(t, "late")}}, Formats: map[string]*Format{"late": compile(t, "late %U")}})
	if got, want := texts(own), "v=late %U;g="+DefaultFormat; got != want {
		t.Errorf("own: %s, want %s", got, want)
	}
	if got := texts(&Conf{Logs: []*Log{{Spec: "x"}}}); got != "x="+DefaultFormat {
		t.Errorf("default: %s", got)
	}
}

func TestBuffered(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := func() int64 {
		i, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return i.Size()
	}
	o := output{file: f, buffered: true}
	o.write([]byte("one\n"))
	if size() != 0 {
		t.Error("written at once")
	}
	o.write([]byte(strings.Repeat("x", bufferSize-4)))
	if size() != 0 {
		t.Error("written before it is full")
	}
	o.write([]byte("two\n"))
	if size() != bufferSize {
		t.Errorf("%d bytes, want %d", size(), bufferSize)
	}
	o.write([]byte(strings.Repeat("y", bufferSize)))
	if size() != 2*bufferSize+4 {
		t.Errorf("%d bytes, want %d", size(), 2*bufferSize+4)
	}
	o.write([]byte("three\n"))
	o.flush()
	if size() != 2*bufferSize+10 {
		t.Errorf("%d bytes after flush", size())
	}
}

func TestCondition(t *testing.T) {
	r := request()
	for _, c := range []struct {
		l    *Log
		want bool
	}{
		{&Log{}, true}, {&Log{Env: "E"}, true}, {&Log{Env: "E", EnvUnset: true}, false}, {&Log{Env: "X"}, false},
		{&Log{Env: "X", EnvUnset: true}, true}, {&Log{Env: "EMPTY"}, true},
	} {
		if got := c.l.wants(r); got != c.want {
			t.Errorf("%s, unset %v: %v", c.l.Env, c.l.EnvUnset, got)
		}
	}
}

// combined is the usual format, but for %h, which needs a server with a configuration.
const combined = `%a %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`

func TestNoAllocation(t *testing.T) {
	null, err := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	m, r := newModule(), request()
	c := &Conf{Logs: []*Log{{Format: compile(t, combined+" %D %{ms}T %{%d/%b/%Y}t")}}}
	c.Logs[0].out.file = null
	c.resolve(m.clf)
	m.lines.log(c, r)
	if n := testing.AllocsPerRun(200, func() { m.lines.log(c, r) }); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{DefaultFormat, combined, "%400,501{User-agent}i %!200,304,302{Referer}i", "%", "%{", "%^ti%^FB", "%{begin:%", "\\\\n%%%>s", "%{us}T%{c}a%{%9999Y}t"} {
		f.Add(s)
	}
	find := own()
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseFormat(s, find)
		if err != nil {
			return
		}
		for i := range c.items {
			if it := &c.items[i]; it.fn == nil && it.literal == "" {
				t.Errorf("%q: an empty item", s)
			}
		}
	})
}

func BenchmarkCombined(b *testing.B) {
	null, err := os.OpenFile("/dev/null", os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	m, r := newModule(), request()
	c := &Conf{Logs: []*Log{{Format: compile(b, combined)}}}
	c.Logs[0].out.file = null
	c.resolve(m.clf)
	b.ReportAllocs()
	for b.Loop() {
		m.lines.log(c, r)
	}
}

func BenchmarkCombinedFormatOnly(b *testing.B) {
	f, r := compile(b, combined), request()
	l := &line{original: r, last: r}
	b.ReportAllocs()
	for b.Loop() {
		l.buf = f.appendTo(l.buf[:0], l)
	}
}
