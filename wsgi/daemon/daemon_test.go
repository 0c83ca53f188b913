package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"httpd-wsgi/wsgi"
)

// runner is a Python that is none.
type runner func(call *wsgi.Call) wsgi.Result

func (f runner) Run(call *wsgi.Call) wsgi.Result { return f(call) }

// start serves r on a new socket; the listener is closed at the end.
func start(t *testing.T, r runner) (*Server, *Client, *net.UnixListener) {
	return startServer(t, &Server{Runner: r})
}

func startServer(t *testing.T, s *Server) (*Server, *Client, *net.UnixListener) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l := listen(t, path)
	go s.Serve(l)
	c := NewClient(Options{Group: "g", Socket: path, Processes: 1, Connect: time.Second, Timeout: 10 * time.Second})
	t.Cleanup(func() { c.Close(); l.Close() })
	return s, c, l
}

func listen(t *testing.T, path string) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	return l
}

// client is the HTTP side: what it was told, and the body it gives.
type client struct {
	body io.Reader
	head wsgi.Response
	got  bytes.Buffer
	fail error // of Write
}

func (c *client) ReadBody(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return c.body.Read(p)
}

func (c *client) Respond(r *wsgi.Response) error {
	c.head = *r
	c.head.Line = append([]byte(nil), r.Line...)
	c.head.Headers = nil
	for _, h := range r.Headers {
		c.head.Headers = append(c.head.Headers, wsgi.Header{Name: bytes.Clone(h.Name), Value: bytes.Clone(h.Value)})
	}
	c.got.Write(r.Body)
	return c.fail
}

func (c *client) Write(p []byte) error { c.got.Write(p); return c.fail }

func (c *client) SendFile(fd int, offset, n int64) error {
	_, err := io.Copy(&c.got, io.NewSectionReader(fdReader(fd), offset, n))
	return err
}

type fdReader int

func (fd fdReader) ReadAt(p []byte, off int64) (int, error) {
	f, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", int(fd)))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, off)
}

func call(x wsgi.Exchange, body string) *wsgi.Call {
	f := &wsgi.Form{}
	f.Reset(0)
	f.Set(wsgi.RequestMethod, "POST")
	f.SetNamed("X", "y")
	return &wsgi.Call{Script: wsgi.Script{Path: "/a.wsgi", Callable: "application", Group: "g|/x", Reload: wsgi.ReloadProcess, Mtime: 7},
		Form: f, Exchange: x, BodyEnd: body == ""}
}

var meta = Meta{Server: 3, Client: netip.MustParseAddrPort("192.0.2.1:5")}

func ok(r wsgi.Result) wsgi.Result { r.Outcome = wsgi.OK; r.Responded = true; return r }

func respond(x wsgi.Exchange, body string, last bool) error {
	return x.Respond(&wsgi.Response{Line: []byte("201 Made"), Status: 201, ContentLength: int64(len(body)), Last: last, Body: []byte(body),
		Headers: []wsgi.Header{{Name: []byte("A"), Value: []byte("1")}, {Name: []byte("A"), Value: []byte("2")}}})
}

func TestRequestArrivesWhole(t *testing.T) {
	scripts, exchanges, environs := make(chan wsgi.Script, 1), make(chan *Exchange, 1), make(chan map[string]string, 1)
	_, c, _ := start(t, func(call *wsgi.Call) wsgi.Result {
		env := map[string]string{}
		if _, _, err := wsgi.ParseForm(call.Raw, func(k wsgi.Key, name, value []byte) {
			if k == wsgi.RequestMethod {
				name = []byte("REQUEST_METHOD")
			}
			env[string(name)] = string(value)
		}); err != nil {
			t.Error(err)
		}
		scripts <- call.Script
		exchanges <- call.Exchange.(*Exchange)
		environs <- env
		respond(call.Exchange, "hello", true)
		return ok(wsgi.Result{Status: 201, Sent: 5, Short: true})
	})
	out := &client{}
	want := call(out, "").Script
	res, err := c.Run(call(out, ""), meta)
	if err != nil {
		t.Fatal(err)
	}
	seen, x, env := <-scripts, <-exchanges, <-environs
	if seen != want || x.Meta != meta || x.Script != "/a.wsgi" {
		t.Errorf("script %+v, meta %+v", seen, x.Meta)
	}
	if env["REQUEST_METHOD"] != "POST" || env["X"] != "y" {
		t.Errorf("environ %v", env)
	}
	if res.Outcome != wsgi.OK || !res.Responded || !res.Short || res.Sent != 5 || res.Status != 201 {
		t.Errorf("result %+v", res)
	}
	h := out.head
	if string(h.Line) != "201 Made" || h.Status != 201 || h.ContentLength != 5 || !h.Last || len(h.Headers) != 2 ||
		string(h.Headers[1].Value) != "2" || out.got.String() != "hello" {
		t.Errorf("response %+v %q", h, out.got.String())
	}
}

func TestBodyIsPulled(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 20000)
	_, c, _ := start(t, func(call *wsgi.Call) wsgi.Result {
		x := call.Exchange
		if _, err := x.ReadBody(nil); err != nil {
			t.Error(err)
		}
		var got bytes.Buffer
		p := make([]byte, 1000)
		for {
			n, err := x.ReadBody(p)
			got.Write(p[:n])
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Error(err)
				break
			}
		}
		respond(x, "", false)
		for b := got.Bytes(); len(b) > 0; {
			n := min(len(b), 30000)
			if err := x.Write(b[:n]); err != nil {
				t.Error(err)
			}
			b = b[n:]
		}
		return ok(wsgi.Result{})
	})
	out := &client{body: bytes.NewReader(big)}
	if _, err := c.Run(call(out, "x"), meta); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.got.Bytes(), big) {
		t.Errorf("%d of %d bytes came back", out.got.Len(), len(big))
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("it was torn") }

func TestBodyErrorReachesTheApplication(t *testing.T) {
	told := make(chan error, 1)
	_, c, _ := start(t, func(call *wsgi.Call) wsgi.Result {
		_, err := call.Exchange.ReadBody(make([]byte, 10))
		told <- err
		respond(call.Exchange, "", true)
		return ok(wsgi.Result{})
	})
	if _, err := c.Run(call(&client{body: failing{}}, "x"), meta); err != nil {
		t.Fatal(err)
	}
	if got := <-told; got == nil || got.Error() != "it was torn" {
		t.Errorf("error %v", got)
	}
}

func TestFileTravelsAsDescriptor(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	os.WriteFile(name, []byte("0123456789"), 0o600)
	_, c, _ := start(t, func(call *wsgi.Call) wsgi.Result {
		f, err := os.Open(name)
		if err != nil {
			t.Error(err)
		}
		defer f.Close()
		respond(call.Exchange, "", false)
		if err := call.Exchange.SendFile(int(f.Fd()), 3, 5); err != nil {
			t.Error(err)
		}
		return ok(wsgi.Result{})
	})
	out := &client{}
	if _, err := c.Run(call(out, ""), meta); err != nil {
		t.Fatal(err)
	}
	if out.got.String() != "34567" {
		t.Errorf("got %q", out.got.String())
	}
}

func TestConnectionsAreReused(t *testing.T) {
	s, c, _ := start(t, func(call *wsgi.Call) wsgi.Result {
		respond(call.Exchange, "x", true)
		return ok(wsgi.Result{})
	})
	for range 50 {
		if _, err := c.Run(call(&client{}, ""), meta); err != nil {
			t.Fatal(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) != 1 {
		t.Errorf("%d connections for 50 requests in turn", len(s.conns))
	}
}

// A server that drains turns requests away unbegun; they go to its successor
// on the same socket, none is lost and none runs twice.
func TestDrainLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	var ran atomic.Int64
	run := func(call *wsgi.Call) wsgi.Result {
		ran.Add(1)
		respond(call.Exchange, "x", true)
		return ok(wsgi.Result{})
	}
	first := listen(t, path)
	f, err := first.File() // the master's descriptor
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := NewClient(Options{Group: "g", Socket: path, Processes: 20, Connect: 5 * time.Second})
	defer c.Close()
	stop := make(chan struct{})
	var sent atomic.Int64
	var wg sync.WaitGroup
	serve := func() (*Server, net.Listener) {
		l, err := net.FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		s := &Server{Runner: runner(run)}
		go s.Serve(l.(*net.UnixListener))
		return s, l
	}
	first.Close()
	s, l := serve()
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				sent.Add(1)
				if _, err := c.Run(call(&client{}, ""), meta); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	for range 20 {
		before := ran.Load()
		for ran.Load() < before+20 {
			time.Sleep(time.Millisecond)
		}
		next, nl := serve()
		l.Close()
		if !s.Drain(5 * time.Second) {
			t.Error("requests were still under way")
		}
		s, l = next, nl
	}
	close(stop)
	wg.Wait()
	l.Close()
	if ran.Load() != sent.Load() {
		t.Errorf("%d requests sent, %d ran", sent.Load(), ran.Load())
	}
}

func TestDeathIsAnError(t *testing.T) {
	_, c, _ := start(t, func(call *wsgi.Call) wsgi.Result {
		call.Exchange.(*Exchange).c.s.conn.Close()
		return wsgi.Result{}
	})
	_, err := c.Run(call(&client{}, ""), meta)
	if err == nil || err.Status != 502 || err.Code != "WSGI0146" {
		t.Errorf("error %+v", err)
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	_, c, _ := start(t, func(call *wsgi.Call) wsgi.Result { <-release; return wsgi.Result{} })
	defer close(release)
	c.o.Timeout = 50 * time.Millisecond
	_, err := c.Run(call(&client{}, ""), meta)
	if err == nil || err.Status != 504 || err.Code != "WSGI0145" {
		t.Errorf("error %+v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	c := NewClient(Options{Group: "g", Socket: filepath.Join(t.TempDir(), "none"), Processes: 1, Connect: time.Second})
	_, err := c.Run(call(&client{}, ""), meta)
	if err == nil || err.Status != 503 || err.Code != "WSGI0117" {
		t.Errorf("error %+v", err)
	}
}

func TestClientLeaves(t *testing.T) {
	failed := make(chan error, 1)
	_, c, _ := start(t, func(call *wsgi.Call) wsgi.Result {
		respond(call.Exchange, "", false)
		for {
			if err := call.Exchange.Write(make([]byte, 1<<16)); err != nil {
				failed <- err
				return wsgi.Result{Outcome: wsgi.ClientGone}
			}
		}
	})
	res, err := c.Run(call(&client{fail: wsgi.ErrClientGone}, ""), meta)
	if err != nil || res.Outcome != wsgi.ClientGone {
		t.Errorf("result %+v %v", res, err)
	}
	if got := <-failed; !errors.Is(got, wsgi.ErrClientGone) {
		t.Errorf("the application was told %v", got)
	}
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name   string
		limits *Limits
		slow   bool
		want   string
	}{
		{"requests", &Limits{MaximumRequests: 3}, false, "maximum_requests"},
		{"age", &Limits{RestartInterval: time.Millisecond}, false, "restart_interval"},
		{"memory", &Limits{RSS: 1000, Resident: func() int64 { return 1001 }}, false, "restart_rss"},
		{"idle", &Limits{Inactivity: time.Millisecond}, false, "inactivity_timeout"},
		{"slow", &Limits{Request: time.Millisecond, Threads: 1}, true, "request_timeout"},
	} {
		t.Run(test.name, func(t *testing.T) {
			release := make(chan struct{})
			if !test.slow {
				close(release)
			}
			reasons := make(chan string, 1)
			s, c, _ := startServer(t, &Server{
				Runner: runner(func(call *wsgi.Call) wsgi.Result {
					<-release
					respond(call.Exchange, "x", true)
					return ok(wsgi.Result{})
				}),
				Limits:  test.limits,
				Restart: func(reason, _ string) { reasons <- reason },
			})
			go s.Limits.Watch(s)
			var wg sync.WaitGroup
			for range 3 {
				wg.Add(1)
				go func() { defer wg.Done(); c.Run(call(&client{}, ""), meta) }()
			}
			if got := <-reasons; got != test.want {
				t.Errorf("reason %q", got)
			}
			if test.slow {
				close(release)
			}
			wg.Wait()
			s.Limits.Stop()
		})
	}
}

func FuzzMessage(f *testing.F) {
	m := message{script: wsgi.Script{Path: "/a", Callable: "application", Group: "g"}, meta: meta, queued: time.Unix(1, 2), form: []byte("form")}
	f.Add(m.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMessage(b)
		if err != nil {
			return
		}
		again, err := parseMessage(m.append(nil))
		if err != nil || again.script != m.script || again.meta != m.meta || !bytes.Equal(again.form, m.form) {
			t.Errorf("%+v became %+v (%v)", m, again, err)
		}
	})
}

func FuzzResponse(f *testing.F) {
	f.Add(appendResponse(nil, &wsgi.Response{Line: []byte("200 OK"), Status: 200, Headers: []wsgi.Header{{Name: []byte("a"), Value: []byte("b")}}, Body: []byte("x")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r wsgi.Response
		if parseResponse(b, &r) != nil {
			return
		}
		var again wsgi.Response
		if err := parseResponse(appendResponse(nil, &r), &again); err != nil || again.Status != r.Status || len(again.Headers) != len(r.Headers) {
			t.Errorf("%+v became %+v (%v)", r, again, err)
		}
	})
}
