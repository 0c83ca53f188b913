package errlog

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// request is a Context for tests.
type request struct {
	noRequest, remote bool
	headers, env      map[string]string
	keepalives        int
	conn, req         LogID
}

func (r *request) RequestID() *LogID {
	if r.noRequest {
		return nil
	}
	return &r.req
}
func (r *request) ConnectionID() *LogID       { return &r.conn }
func (r *request) ClientAddr() netip.AddrPort { return netip.MustParseAddrPort("127.0.0.1:37908") }
func (r *request) PeerAddr() netip.AddrPort   { return netip.MustParseAddrPort("[::1]:58619") }
func (r *request) LocalAddr() netip.AddrPort {
	return netip.MustParseAddrPort("[::ffff:127.0.0.1]:18101")
}
func (r *request) Remote() bool       { return r.remote }
func (r *request) ServerName() string { return "h.example" }
func (r *request) Header(n string) (string, bool) {
	v, ok := r.headers[n]
	return v, ok
}
func (r *request) Env(n string) (string, bool)  { v, ok := r.env[n]; return v, ok }
func (r *request) Note(n string) (string, bool) { return "", false }
func (r *request) Keepalives() int              { return r.keepalives }

var at = time.Date(2026, 11, 24, 2, 11, 41, 673198_000, time.UTC)

// normal replaces what differs from run to run.
func normal(s string) string {
	s = regexp.MustCompile(`tid \d+`).ReplaceAllString(s, "tid TID")
	return strings.ReplaceAll(s, strconv.Itoa(os.Getpid()), "PID")
}

func line(t *testing.T, c Config, e Entry) string {
	t.Helper()
	var b bytes.Buffer
	c.Target = To(&b)
	if e.Time.IsZero() {
		e.Time = at
	}
	New(c).Log(&e)
	return normal(b.String())
}

func TestDefaultShape(t *testing.T) {
	referer := map[string]string{"Referer": "http://x/\xc3\xa9\"\\\tq"}
	for _, c := range []struct {
		name string
		e    Entry
		want string
	}{
		{"server", Entry{Level: Notice, Module: MPMEvent, Code: "AH00489", Message: "Apache/2.4.71 configured -- resuming normal operations"},
			"[Tue Nov 24 02:11:41.673198 2026] [mpm_event:notice] [pid PID:tid TID] AH00489: Apache/2.4.71 configured -- resuming normal operations\n"},
		{"client", Entry{Level: Error, Module: AuthzCore, Code: "AH01630", Message: "client denied by server configuration: /srv/deny", Context: &request{headers: referer}},
			"[Tue Nov 24 02:11:41.673198 2026] [authz_core:error] [pid PID:tid TID] [client 127.0.0.1:37908] AH01630: client denied by server configuration: /srv/deny, referer: http://x/\\xc3\\xa9\"\\\\\\tq\n"},
		{"connection", Entry{Level: Error, Module: Core, Message: "m", Context: &request{noRequest: true, headers: referer}},
			"[Tue Nov 24 02:11:41.673198 2026] [core:error] [pid PID:tid TID] [client ::1:58619] m\n"},
		{"daemon", Entry{Level: Error, Module: WSGI, Script: "/srv/app.wsgi", Message: "a\nb\x00\x7f", Context: &request{remote: true}},
			"[Tue Nov 24 02:11:41.673198 2026] [wsgi:error] [pid PID:tid TID] [remote 127.0.0.1:37908] [script /srv/app.wsgi] a\\nb\\x00\\x7f\n"},
		{"errno", Entry{Level: Error, Module: LogConfig, Status: &fs.PathError{Op: "open", Path: "x", Err: syscall.EISDIR}, Code: "AH00649", Message: "could not open transfer log file /x."},
			"[Tue Nov 24 02:11:41.673198 2026] [log_config:error] [pid PID:tid TID] (21)Is a directory: AH00649: could not open transfer log file /x.\n"},
		{"startup", Entry{Level: Emerg, Startup: true, Status: syscall.ENOENT, Code: "AH02291", Message: "Cannot access directory '/nope/' for main error log"},
			"(2)No such file or directory: AH02291: Cannot access directory '/nope/' for main error log\n"},
		{"debug", Entry{Level: Debug, Module: AuthzCore, Source: "mod_authz_core.c", Line: 815, Code: "AH01626", Message: "denied", Context: &request{}},
			"[Tue Nov 24 02:11:41.673198 2026] [authz_core:debug] [pid PID:tid TID] mod_authz_core.c(815): [client 127.0.0.1:37908] AH01626: denied\n"},
		{"timeout", Entry{Level: Info, Module: Core, Status: os.ErrDeadlineExceeded, Message: "m"},
			"[Tue Nov 24 02:11:41.673198 2026] [core:info] [pid PID:tid TID] (70007)The timeout specified has expired: m\n"},
		{"eof", Entry{Level: Info, Module: Core, Status: io.EOF, Message: "m"},
			"[Tue Nov 24 02:11:41.673198 2026] [core:info] [pid PID:tid TID] (70014)End of file found: m\n"},
		{"other", Entry{Level: Info, Module: Core, Status: errors.New("x\ny"), Message: "m"},
			"[Tue Nov 24 02:11:41.673198 2026] [core:info] [pid PID:tid TID] x\\ny: m\n"},
	} {
		if got := line(t, Config{}, c.e); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

// The documented default format and the built-in shape are one.
func TestDefaultFormat(t *testing.T) {
	f, err := ParseFormat(Main, `[%{u}t] [%-m:%l] [pid %P:tid %T] %7F: %E: [client\ %a] %M% ,\ referer\ %{Referer}i`)
	if err != nil {
		t.Fatal(err)
	}
	e := Entry{Level: Error, Module: AuthzCore, Code: "AH01630", Message: "m", Status: syscall.EACCES,
		Source: "x.c", Line: 1, Context: &request{headers: map[string]string{"Referer": "r"}}}
	want := "[Tue Nov 24 02:11:41.673198 2026] [authz_core:error] [pid PID:tid TID] (13)Permission denied: [client 127.0.0.1:37908] AH01630: m, referer r\n"
	if got := line(t, Config{Format: f}, e); got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// Every expectation is what Apache 2.4.71 wrote for the same format.
func TestItems(t *testing.T) {
	ctx := func() *request {
		return &request{headers: map[string]string{"Foo": "bar baz"}, keepalives: 1}
	}
	for _, c := range []struct{ format, server, request string }{
		{"[%t] %M", "[Tue Nov 24 02:11:41 2026] m", "[Tue Nov 24 02:11:41 2026] m"},
		{"[%{m}t] [%{cu}t] [%{c}t] [%{cuz}t] [%{cz}t] [%{cm}t] [%{z}t] %M",
			"[Tue Nov 24 02:11:41.673 2026] [2026-11-24 02:11:41.673198] [2026-11-24 02:11:41] [2026-11-24 02:11:41.673198 +0000] [2026-11-24 02:11:41 +0000] [2026-11-24 02:11:41.673] [Tue Nov 24 02:11:41 2026 +0000] m",
			""},
		{"[%{%Y-%m-%d %H}t] [%{u%Y}t] [%{%-Y}t] %M", "[2026-11-24 02] [u2026] [2026] m", ""},
		{"F[%7F] E[%E] e[%{X}e] e-[%-{X}e] a[%a] end %M", " e-[-] end m", " e-[-] a[127.0.0.1:37908] end m"},
		{"ca[%{c}a] A[%A] k[%k] v[%v] V[%V] %M", " v[canon.example] m", "ca[::1:58619] A[127.0.0.1:18101] k[1] v[canon.example] V[h.example] m"},
		{"%M% ,\\ referer\\ %{Referer}i x%%y i[%{Foo}i] q%4{Foo}iq end", "m x%y end", "m x%y i[bar baz] end"},
		{"%{Foo}i %M", " m", "bar baz m"},
		{"a\\nb\\qc %M\\", "a\nbqc m\\", ""},
		{"x% y% % %M", "xym", ""},
	} {
		f, err := ParseFormat(Main, c.format)
		if err != nil {
			t.Errorf("%q: %v", c.format, err)
			continue
		}
		conf := Config{Name: "canon.example", Format: f}
		e := Entry{Level: Error, Module: Core, Message: "m"}
		if got := strings.TrimSuffix(line(t, conf, e), "\n"); got != c.server {
			t.Errorf("%q:\n got %q\nwant %q", c.format, got, c.server)
		}
		if c.request == "" {
			continue
		}
		e.Context = ctx()
		if got := strings.TrimSuffix(line(t, conf, e), "\n"); got != c.request {
			t.Errorf("%q:\n got %q\nwant %q", c.format, got, c.request)
		}
	}
}

func TestFormatErrors(t *testing.T) {
	for _, c := range []struct {
		kind         Kind
		format, want string
	}{
		{Main, "[%t] %Z %M", "Unrecognized error log format directive %Z"},
		{Main, "[%t] %M %{abc", "Ran off end of error log format parsing args to some directive"},
		{Main, "%M %", "Ran off end of error log format parsing args to some directive"},
		{Main, "[%t]", "main ErrorLogFormat must contain message format string '%M'"},
		{PerRequest, "%M", "%M cannot be used in once-per-request or once-per-connection formats"},
	} {
		if _, err := ParseFormat(c.kind, c.format); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %q", c.format, err, c.want)
		}
	}
	if _, err := ParseKind("foo"); err == nil || err.Error() != "ErrorLogFormat type must be one of request, connection" {
		t.Error(err)
	}
}

func TestOncePerConnectionAndRequest(t *testing.T) {
	parse := func(k Kind, s string) *Format {
		f, err := ParseFormat(k, s)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	var b bytes.Buffer
	l := New(Config{Name: "v", Target: To(&b), Format: parse(Main, "%M C:%{C}L"),
		Connection: []*Format{parse(PerConnection, "CONN %a L=%L c=%{c}L C=%{C}L k=%k i=%{Foo}i")},
		Request: []*Format{parse(PerRequest, "REQ [%l] [%-m] [%-E] L=%L c=%{c}L C=%{C}L UA:%+{User-Agent}i"),
			parse(PerRequest, "REQ2 no:%+{Nope}i")}})
	r := &request{headers: map[string]string{"User-Agent": "ua"}}
	if r.req.String() != "" {
		t.Error("a log ID before the first line")
	}
	e := Entry{Time: at, Level: Error, Message: "one", Status: syscall.EIO, Context: r}
	l.Log(&e)
	e.Message = "two"
	l.Log(&e)
	if len(r.req.String()) != 11 || len(r.conn.String()) != 11 {
		t.Errorf("log IDs %q %q", r.req.String(), r.conn.String())
	}
	got := strings.NewReplacer(r.req.String(), "RID", r.conn.String(), "CID").Replace(b.String())
	want := "CONN ::1:58619 c=CID C=CID k=0\nREQ [-] [-] L=RID c=CID UA:ua\none\ntwo\n"
	if got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func TestLogLevel(t *testing.T) {
	all := func(string) bool { return true }
	parse := func(s string) (l Levels) {
		t.Helper()
		for _, a := range strings.Fields(s) {
			if err := l.Parse(a, all); err != nil {
				t.Fatalf("%s: %v", a, err)
			}
		}
		return l
	}
	main := parse("warn ssl:info core_module:debug mod_wsgi.c:trace2 http_core.c:INFO event.c:crit")
	for m, want := range map[Module]Level{SSL: Info, Core: Debug, WSGI: Trace2, HTTP: Info, MPMEvent: Crit, Alias: Warn} {
		if got := main.Of(m); got != want {
			t.Errorf("%s: %s, want %s", m, got, want)
		}
	}
	for _, c := range []struct {
		base, add string
		ssl, core Level
	}{
		{"info ssl:debug", "", Debug, Info},
		{"info ssl:debug", "warn", Warn, Warn},
		{"info ssl:debug", "core:trace1", Debug, Trace1},
		{"info ssl:debug", "ssl:error", Error, Info},
		{"", "ssl:error", Error, Warn},
		{"ssl:debug info", "", Info, Info},
	} {
		got := MergeLevels(parse(c.base), parse(c.add))
		if got.Of(SSL) != c.ssl || got.Of(Core) != c.core {
			t.Errorf("%q + %q: ssl %s core %s", c.base, c.add, got.Of(SSL), got.Of(Core))
		}
	}
	for arg, want := range map[string]string{
		"foo":      "Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8",
		"foo:info": "Cannot find module foo",
		"core:bar": "core:bar: Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8",
		"core:":    "Module specifier 'core' must be followed by a log level keyword",
		":info":    "Cannot find module ",
		"lua:info": "Cannot find module lua",
	} {
		var l Levels
		if err := l.Parse(arg, func(id string) bool { return id != "lua_module" }); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", arg, err, want)
		}
	}
}

func TestEnabled(t *testing.T) {
	file, sys := New(Config{Target: To(io.Discard)}), New(Config{Target: ToSyslog(&Syslog{})})
	dir := &Levels{}
	dir.Set(Error)
	other := &Levels{}
	other.module[SSL] = uint8(Debug) + 1
	verbose := New(Config{Target: To(io.Discard), Levels: &Levels{all: uint8(Info) + 1}})
	for _, c := range []struct {
		l    *Logger
		v    *Levels
		lv   Level
		want bool
	}{
		{file, nil, Warn, true}, {file, nil, Notice, true}, {file, nil, Info, false},
		{file, dir, Warn, false}, {file, dir, Error, true}, {file, dir, Notice, true},
		{verbose, other, Info, true}, {verbose, other, Debug, false}, {verbose, dir, Info, false},
		{sys, nil, Notice, false}, {sys, nil, Warn, true},
	} {
		if got := c.l.Enabled(c.v, Core, c.lv); got != c.want {
			t.Errorf("%s: %v", c.lv, got)
		}
	}
}

func TestModules(t *testing.T) {
	seen := map[string]Module{}
	for m := Core; m < moduleCount; m++ {
		for _, n := range []string{m.String(), m.File(), m.ID()} {
			if n == "" || n == ".c" || n == "_module" {
				t.Errorf("module %d has no name", m)
			}
			if o, ok := seen[n]; ok {
				t.Errorf("%s is %d and %d", n, o, m)
			}
			seen[n] = m
			if got, ok := FindModule(n); !ok || got != m {
				t.Errorf("FindModule(%s) = %d", n, got)
			}
		}
	}
	if m, ok := FindModule("event"); ok {
		t.Errorf("event is %s", m)
	}
}

func TestLongLine(t *testing.T) {
	got := line(t, Config{}, Entry{Level: Error, Message: strings.Repeat("x", 2*MaxLine)})
	if len(got) < MaxLine-8 || len(got) > MaxLine+8 || !strings.HasSuffix(got, "x\n") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestSyslog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	listen := func() *net.UnixConn {
		os.Remove(path)
		c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	read := func(c *net.UnixConn) string {
		b := make([]byte, 2048)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return normal(string(b[:n]))
	}
	s, err := NewSyslog("syslog:LOCAL1:mytag", "httpd-wsgi")
	if err != nil {
		t.Fatal(err)
	}
	s.path = path
	l := New(Config{Target: ToSyslog(s)})
	c := listen()
	l.Log(&Entry{Time: at, Level: Trace3, Module: Core, Message: "m"})
	if got, want := read(c), "<143>Nov 24 02:11:41 mytag[PID]: [core:trace3] [pid PID:tid TID] m"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c.Close()
	c = listen() // the system's log was restarted
	defer c.Close()
	l.Log(&Entry{Time: at, Level: Crit, Module: Core, Message: "m"})
	if got := read(c); !strings.HasPrefix(got, "<138>") {
		t.Errorf("got %q", got)
	}
	for spec, want := range map[string]string{"syslog": "23 prog", "syslog:": "23 prog", "SYSLOG::t": "23 t", "syslog:user": "1 prog", "syslog:local:": "16 prog"} {
		s, err := NewSyslog(spec, "prog")
		if err != nil || strconv.Itoa(s.facility)+" "+s.tag != want {
			t.Errorf("%s: %v %v, want %s", spec, s, err, want)
		}
	}
	want := "(20024)The given path is misformatted or contained invalid characters: AH10036: prog: could not open syslog error log foo."
	if _, err := NewSyslog("syslog:foo", "prog"); err == nil || err.Error() != want {
		t.Error(err)
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"[%{u}t] [%-m:%l] [pid %P:tid %T] %7F: %E: [client\\ %a] %M% ,\\ referer\\ %{Referer}i", "%", "% % %M", "%+-9{x}L%M", "\\", "%{%", "%{%Q}t%M"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for kind := Main; kind <= PerRequest; kind++ {
			c, err := ParseFormat(kind, s)
			if err != nil {
				continue
			}
			l := New(Config{Target: To(io.Discard), Format: c})
			ev := event{Entry: &Entry{Time: at, Level: Error, Message: "m\n"}, log: l, kind: kind, level: Error, conn: &request{}}
			ev.request = ev.conn
			c.appendTo(nil, &ev)
		}
	})
}

func BenchmarkDisabled(b *testing.B) {
	l := New(Config{Target: To(io.Discard)})
	b.ReportAllocs()
	for b.Loop() {
		if l.Enabled(nil, Core, Debug) {
			b.Fatal()
		}
	}
}

func BenchmarkLine(b *testing.B) {
	l := New(Config{Target: To(io.Discard)})
	r := &request{headers: map[string]string{"Referer": "http://x/"}}
	b.ReportAllocs()
	for b.Loop() {
		l.Log(&Entry{Time: at, Level: Error, Module: AuthzCore, Code: "AH01630", Message: "client denied by server configuration: /srv/deny", Context: r})
	}
}
