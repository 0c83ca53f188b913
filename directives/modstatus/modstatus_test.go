package modstatus

import (
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/scoreboard"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// The wanted numbers are those that APR 1.7 writes.
func TestGeneral(t *testing.T) {
	for _, tt := range []struct {
		x      float64
		digits int
		want   string
	}{
		{0, 6, "0"}, {.5, 6, ".5"}, {1, 6, "1"}, {-2.5, 6, "-2.5"}, {292.5714, 6, "292.571"}, {.0333, 6, ".0333"}, {1.0 / 3, 3, ".333"},
		{99999.96, 6, "1.e+5"}, {123456, 6, "123456"}, {1234567, 6, "1234570"}, {100, 3, "100"}, {2048, 3, "2050"}, {.00012, 6, ".00012"},
		{.0000012, 6, "1.2e-6"}, {1e12, 6, "1.e+12"}, {1.5e12, 6, "1.5e+12"}, {.0009999999, 6, ".001"},
	} {
		if got := general(tt.x, tt.digits); got != tt.want {
			t.Errorf("%v, %d digits: %s, want %s", tt.x, tt.digits, got, tt.want)
		}
	}
}

func TestTexts(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{bytesText(0), "0 B"}, {bytesText(5119), "5119 B"}, {bytesText(5120), "5.0 kB"}, {bytesText(524287), "512.0 kB"}, {bytesText(524288), "0.5 MB"},
		{bytesText(1 << 29), "0.5 GB"}, {kBytesText(1023), "1023 kB"}, {kBytesText(1024), "1.0 MB"}, {kBytesText(1 << 20), "1.0 GB"},
		{timeText(0), ""}, {timeText(1), " 1 second"}, {timeText(3600), " 1 hour"}, {timeText(2*86400 + 2*3600 + 62), " 2 days 2 hours 1 minute 2 seconds"},
		{timestamp(time.Date(2001, 2, 3, 4, 5, 6, 0, time.Local))[:30], "Saturday, 03-Feb-2001 04:05:06"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func TestProcessTimes(t *testing.T) {
	// Enough for a tick to count.
	for start := time.Now(); processTimes(os.Getpid()).all() == 0 && time.Since(start) < 20*time.Second; {
	}
	if got := processTimes(os.Getpid()); got.user+got.system == 0 {
		t.Errorf("%+v", got)
	}
	if got := processTimes(-1); got != (times{}) {
		t.Errorf("no process: %+v", got)
	}
}

// fixture is a page over a board of two children with three workers each, and a third slot that is not in use.
func fixture(t *testing.T, query string) (*module, *server.Request) {
	t.Helper()
	root := t.TempDir()
	file := filepath.Join(root, "httpd.conf")
	if err := os.WriteFile(file, []byte("ServerRoot "+root+"\nServerName status.invalid:80\nServerSignature On\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := server.Link([]server.Module{Module()})
	tree, err := (&apacheconf.Loader{ServerRoot: root}).Load(file)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := l.Registry.Compile(tree, l.Registry.NewLoaded(true), nil)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := vhost.Build(plan, l.Core)
	if err != nil {
		t.Fatal(err)
	}
	log := errlog.New(errlog.Config{Name: "status.invalid", Levels: &hosts.Main.Core.LogLevel, Target: errlog.To(io.Discard)})
	site := server.NewSite(l, plan, hosts, []*errlog.Logger{log})
	board, err := scoreboard.Create(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { board.Close() })
	r := &server.Request{Site: site, Server: hosts.Main, Conf: hosts.Main.Root.Conf, Conn: &server.Conn{Local: netip.MustParseAddrPort("192.0.2.1:80")}, Args: query}
	return &module{child: &server.Child{Site: site, Board: board, MPM: "event", Threads: 3, Processes: 2, Built: "today"}}, r
}

// fill has the first child do something, and the second one end.
func fill(b *scoreboard.Board) {
	began := time.Now().Add(-10 * time.Second)
	b.Generation().Store(1)
	b.Restarted().Store(began.Add(-90 * time.Second).UnixMicro())
	for i, gen := range []int32{1, 0} {
		c := b.Process(i)
		c.PID.Store(int32(1<<22 + 1 + i)) // above any process's
		c.Generation.Store(gen)
		c.SetState(scoreboard.Serving)
		for j := range 3 {
			b.Worker(i, j).SetStatus(scoreboard.Ready)
		}
	}
	b.Process(0).Connections.Store(4)
	b.Process(0).KeepAlive.Store(2)
	b.Process(0).Queued.Store(1)
	b.Process(1).SetState(scoreboard.Quiescing)
	w := b.Worker(0, 1)
	w.SetStatus(scoreboard.BusyWrite)
	for _, request := range []string{"GET /a HTTP/1.1", "GET /<\x01> HTTP/1.1"} {
		w.Begin(began, "192.0.2.7", "a.invalid:80", "http/1.1", request)
		w.End(began.Add(1500*time.Millisecond), 2000)
	}
	b.Worker(1, 0).SetStatus(scoreboard.Graceful)
}

func TestTake(t *testing.T) {
	m, r := fixture(t, "")
	fill(m.child.Board)
	p := &page{r: r, child: m.child, extended: true}
	p.take()
	if p.busy != 1 || p.ready != 2 || p.graceful != 0 {
		t.Errorf("busy %d, ready %d, graceful %d", p.busy, p.ready, p.graceful)
	}
	// 2 kB and 1952 bytes
	if p.accesses != 2 || p.kBytes != 3 || p.duration != 3000000 || p.uptime != 100 || p.generation != 1 {
		t.Errorf("accesses %d, kBytes %d, duration %d, uptime %d", p.accesses, p.kBytes, p.duration, p.uptime)
	}
	if s := p.sums(); s.processes != 2 || s.stopping != 1 || s.connections != 4 || s.keepAlive != 2 || s.queued != 1 || s.busy != 1 || s.idle != 2 {
		t.Errorf("%+v", s)
	}
}

func TestAuto(t *testing.T) {
	m, r := fixture(t, "auto")
	fill(m.child.Board)
	p := &page{r: r, child: m.child, extended: true}
	p.take()
	p.now, p.restarted, p.load, p.cpu = time.Unix(0, 0), time.Unix(0, 0), [3]float64{.25, 1, 2}, times{150, 25, 0, 1}
	p.writeAuto()
	want := "status.invalid\nServerVersion: " + r.Site.Banner + "\nServerMPM: event\nServer Built: today\nCurrentTime: T\nRestartTime: T\n" +
		"ParentServerConfigGeneration: 2\nParentServerMPMGeneration: 1\nServerUptimeSeconds: 100\nServerUptime: 1 minute 40 seconds\n" +
		"Load1: 0.25\nLoad5: 1.00\nLoad15: 2.00\nTotal Accesses: 2\nTotal kBytes: 3\nTotal Duration: 3000\n" +
		"CPUUser: 1.5\nCPUSystem: .25\nCPUChildrenUser: 0\nCPUChildrenSystem: .01\nCPULoad: 1.76\nUptime: 100\n" +
		"ReqPerSec: .02\nBytesPerSec: 30.72\nBytesPerReq: 1536\nDurationPerReq: 1500\nBusyWorkers: 1\nGracefulWorkers: 0\nIdleWorkers: 2\n" +
		"Processes: 2\nStopping: 1\nConnsTotal: 4\nConnsAsyncWaitIO: 1\nConnsAsyncWriting: 0\nConnsAsyncKeepAlive: 2\nConnsAsyncClosing: 0\n" +
		"Scoreboard: _W_G__\n"
	if got := strings.ReplaceAll(string(p.b), timestamp(time.Unix(0, 0)), "T"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestHTML(t *testing.T) {
	m, r := fixture(t, "")
	fill(m.child.Board)
	write := func(set func(*page)) string {
		p := &page{r: r, child: m.child, extended: true}
		set(p)
		p.take()
		p.cpu = times{150, 25, 0, 1}
		p.writeHTML()
		return string(p.b)
	}
	row := "<tr><td><b>0-1</b></td><td>4194305</td><td>3/2/2</td><td><b>W</b>\n</td><td>0.00</td><td>8</td><td>1500</td><td>3000</td>" +
		"<td>3.9</td><td>0.00</td><td>0.00\n</td><td>192.0.2.7</td><td>http/1.1</td><td nowrap>a.invalid:80</td><td nowrap>GET /&lt;\\x01&gt; HTTP/1.1</td></tr>\n\n" +
		"<tr><td><b>1-0</b></td>"
	for _, tt := range []struct {
		set   func(*page)
		want  []string
		never string
	}{
		{func(*page) {}, []string{"<h1>Apache Server Status for status.invalid (via 192.0.2.1)</h1>", row, "<pre>_W_G__</pre>",
			"<dt>Total accesses: 2 - Total Traffic: 3 kB - Total Duration: 3000</dt>\n<dt>CPU Usage: u1.5 s.25 cu0 cs.01 - 1.76% CPU load</dt>\n" +
				"<dt>.02 requests/sec - 30 B/second - 1536 B/request - 1500 ms/request</dt>\n",
			"<tr><td>1</td><td>4194306</td><td>yes (old gen)</td><td>0</td><td>no</td><td>0</td>",
			"<tr><td>Sum</td><td>2</td><td>1</td><td>4</td><td>&nbsp;</td><td>1</td><td>0</td><td>2</td>", "<hr />\n<address>"}, "PID Key"},
		{func(p *page) { p.noTable = true }, []string{"<h2>Server Details</h2>\n\n<b>Server 0-1</b> (4194305): 3|2|2 [<b>Write</b>] u0 s0 cu0 cs0\n 8 1500 3000(4000 B|4000 B|4000 B)\n" +
			" <i>192.0.2.7 {GET /&lt;\\x01&gt; HTTP/1.1}</i> <i>(http/1.1)</i> <b>[a.invalid:80]</b><br />\n\n<b>Server 1-0</b>"}, "<th>VHost</th>"},
		{func(p *page) { p.extended = false }, []string{"PID Key: <br />\n<pre>\n   4194305 in state: _ ,   4194305 in state: W ,   4194305 in state: _ \n   4194306 in state: G ,", "ExtendedStatus On"}, "Total accesses"},
	} {
		got := write(tt.set)
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in\n%s", want, got)
			}
		}
		if strings.Contains(got, tt.never) {
			t.Errorf("%q is in\n%s", tt.never, got)
		}
	}
}

// What the query asks for; only the head is made.
func TestQuery(t *testing.T) {
	for _, tt := range []struct{ query, contentType, refresh string }{
		{"", "text/html; charset=ISO-8859-1", ""}, {"auto", "text/plain; charset=ISO-8859-1", ""}, {"refresh", "text/html; charset=ISO-8859-1", "10"},
		{"refresh=5&auto", "text/plain; charset=ISO-8859-1", "5"}, {"refresh=-3", "text/html; charset=ISO-8859-1", "10"}, {"xrefresh=7x", "text/html; charset=ISO-8859-1", "7"},
	} {
		m, r := fixture(t, tt.query)
		r.Target.Handler = handlerName
		r.Line.HeaderOnly = true
		if s := m.handle(r); s != server.OK || r.Reply.ContentType != tt.contentType || r.Reply.Header.Get("Refresh") != tt.refresh {
			t.Errorf("%q: %d %s %q", tt.query, s, r.Reply.ContentType, r.Reply.Header.Get("Refresh"))
		}
	}
	m, r := fixture(t, "")
	if s := m.handle(r); s != server.Declined {
		t.Errorf("another handler's: %d", s)
	}
	r.Target.Handler, m.child.Board = handlerType, nil
	if s := m.handle(r); s != 500 {
		t.Errorf("without a scoreboard: %d", s)
	}
}
