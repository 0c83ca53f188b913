package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/vhost"
)

// testServer is a Site that listens, with a handler of the test's in front of core's.
type testServer struct {
	t    testing.TB
	site *Site
	addr string
	root string

	mu       sync.Mutex
	log      bytes.Buffer
	finished []string // a line for each request logged
	wake     chan struct{}
}

func (s *testServer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *testServer) logText() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// serve makes a server of a configuration. handler answers what it does not decline.
func serve(t testing.TB, conf string, handler Hook, hooks ...func(*HookSet)) *testServer {
	t.Helper()
	return serveModules(t, conf, handler, nil, hooks...)
}

// serveModules is serve with more modules.
func serveModules(t testing.TB, conf string, handler Hook, modules []Module, hooks ...func(*HookSet)) *testServer {
	t.Helper()
	s := &testServer{t: t, root: t.TempDir(), wake: make(chan struct{}, 1)}
	for _, dir := range []string{"logs", "htdocs"} {
		if err := os.Mkdir(filepath.Join(s.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(s.root, "httpd.conf")
	conf = "ServerRoot " + s.root + "\nServerName main.invalid\nDocumentRoot " + s.root + "/htdocs\n" + conf
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	module := Bind(directives.Module[directives.None, directives.None]{ID: "test_module", File: "mod_test.c"}, nil,
		func(h *HookSet, _ directives.Slots[directives.None, directives.None]) {
			h.AccessCheckerEx.Add("test", Middle, func(*Request) Status { return OK })
			h.Handler.Add("test", First, handler)
			h.LogTransaction.Add("test", Middle, func(r *Request) Status {
				last := r.Last()
				state := "-"
				if r.Conn.Aborted() {
					state = "X"
				} else if r.Conn.KeepAlive() {
					state = "+"
				}
				s.mu.Lock()
				s.finished = append(s.finished, fmt.Sprintf("%q %d %d %s", r.Line.Text, last.Reply.Status, last.Reply.Sent, state))
				s.mu.Unlock()
				select {
				case s.wake <- struct{}{}:
				default:
				}
				return OK
			})
			for _, f := range hooks {
				f(h)
			}
		})
	linked := Link(append(modules, module))
	tree, err := (&apacheconf.Loader{ServerRoot: s.root}).Load(file)
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
	var logs []*errlog.Logger
	for _, v := range hosts.Servers {
		logs = append(logs, errlog.New(errlog.Config{Name: v.Name, Levels: &v.Core.LogLevel, Target: errlog.To(s)}))
	}
	s.site = NewSite(linked, plan, hosts, logs)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.site.ServeConn(NewTransport(c, false)) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return s
}

func (s *testServer) file(name, content string) {
	if err := os.WriteFile(filepath.Join(s.root, "htdocs", name), []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *testServer) dial() net.Conn {
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	s.t.Cleanup(func() { c.Close() })
	return c
}

var volatile = regexp.MustCompile(`(?m)^(Date|Server|Last-Modified|ETag): .*\r\n`)

// exchange sends raw bytes, ends its side, and returns all that comes, without volatile fields and CRs.
func (s *testServer) exchange(raw string) string {
	s.t.Helper()
	c := s.dial()
	go func() {
		io.WriteString(c, raw)
		c.(*net.TCPConn).CloseWrite()
	}()
	out, err := io.ReadAll(c)
	if err != nil && len(out) == 0 {
		s.t.Logf("%q: %v", raw, err)
	}
	out = volatile.ReplaceAll(out, nil)
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

// logged waits for the lines of n requests.
func (s *testServer) logged(n int) []string {
	s.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		lines := s.finished
		s.mu.Unlock()
		if len(lines) >= n {
			return lines
		}
		select {
		case <-s.wake:
		case <-timeout:
			s.t.Fatalf("%d requests logged, want %d: %q", len(lines), n, lines)
		}
	}
}

const host = "Host: localhost\r\n"

// answers are handlers by path, for the tests of the response.
var answers = map[string]Hook{
	"/one": func(r *Request) Status {
		r.Reply.ContentType = "text/plain"
		r.WriteString("hello")
		return OK
	},
	"/flush": func(r *Request) Status {
		r.Reply.ContentType = "text/plain"
		r.WriteString("hello")
		r.Flush()
		r.WriteString("world")
		return OK
	},
	"/length": func(r *Request) Status {
		r.SetContentLength(5)
		r.WriteString("hello")
		r.Flush()
		return OK
	},
	"/short": func(r *Request) Status {
		r.SetContentLength(50)
		r.WriteString("hello")
		return OK
	},
	"/long": func(r *Request) Status {
		r.SetContentLength(3)
		r.WriteString("hello")
		return OK
	},
	"/long-late": func(r *Request) Status {
		r.SetContentLength(6)
		r.WriteString("hello")
		r.Flush()
		r.WriteString("world")
		return OK
	},
	"/empty": func(r *Request) Status { return OK },
	"/204":   func(r *Request) Status { r.Reply.Status = 204; r.WriteString("hello"); return OK },
	"/304":   func(r *Request) Status { r.Reply.Status = 304; r.SetContentLength(5); return OK },
	"/line": func(r *Request) Status {
		r.Reply.Status, r.Reply.Line = 404, "404 Not Here"
		r.WriteString("no")
		return OK
	},
	"/fields": func(r *Request) Status {
		r.Reply.Header.Add("X-A", "1")
		r.Reply.ErrHeader.Add("X-Err", "2")
		r.Reply.Header.Add("Vary", "a, b")
		r.Reply.Header.Add("Vary", "B,c")
		r.Reply.Header.Add("Date", "never")
		r.Reply.ContentType, r.Reply.ContentEncoding, r.Reply.Languages = "text/html", "x", []string{"de", "en"}
		r.Reply.Header.Add("Content-Type", "a/b")
		return OK
	},
	"/close": func(r *Request) Status { r.Reply.Header.Add("Connection", "close"); r.WriteString("x"); return OK },
	"/bad-field": func(r *Request) Status {
		r.Reply.Header.Add("X-A", "a\r\nSet-Cookie: b")
		r.WriteString("secret")
		return OK
	},
	"/bad-name": func(r *Request) Status {
		r.Reply.Header.Add("X A", "a")
		if _, err := r.Write(make([]byte, 20000)); err == nil {
			panic("written after the error page")
		}
		return OK
	},
	"/big": func(r *Request) Status {
		r.Write(bytes.Repeat([]byte("x"), 20000))
		r.WriteString("end")
		return OK
	},
	"/pieces": func(r *Request) Status {
		for range 3000 {
			r.WriteString("0123456789")
		}
		return OK
	},
	"/cut": func(r *Request) Status {
		r.WriteString("part")
		r.Flush()
		r.WriteString("more")
		r.CutShort()
		return Done
	},
	"/panic": func(r *Request) Status {
		r.WriteString("part")
		var m map[string]int
		m["x"] = 1
		return OK
	},
	"/panic-late": func(r *Request) Status { r.WriteString("part"); r.Flush(); panic("late") },
	"/403":        func(r *Request) Status { return 403 },
	"/read": func(r *Request) Status {
		var body []byte
		buf := make([]byte, 3)
		for {
			n, err := r.ReadBody(buf)
			body = append(body, buf[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				return BodyStatus(err)
			}
		}
		fmt.Fprintf(&writer{r}, "%s %d %s", body, r.ContentLength(), r.Trailers().Get("X-T"))
		return OK
	},
}

type writer struct{ r *Request }

func (w *writer) Write(p []byte) (int, error) { return w.r.Write(p) }

func answer(r *Request) Status {
	if h := answers[r.URI]; h != nil {
		return h(r)
	}
	return Declined
}

func TestResponses(t *testing.T) {
	s := serve(t, "KeepAliveTimeout 200ms\nTimeout 2\n", answer)
	s.file("a.txt", "hello\n")
	close := "Connection: close\r\n"
	for _, tt := range []struct{ raw, want string }{
		{"GET /one HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nContent-Length: 5\nContent-Type: text/plain\n\nhello"},
		{"GET /flush HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Type: text/plain\n\n5\nhello\n5\nworld\n0\n\n"},
		{"GET /flush HTTP/1.1\r\n" + host + "Connection: keep-alive\r\n", "HTTP/1.1 200 OK\nKeep-Alive: timeout=0, max=100\nConnection: Keep-Alive\nTransfer-Encoding: chunked\nContent-Type: text/plain\n\n5\nhello\n5\nworld\n0\n\n"},
		{"GET /flush HTTP/1.1\r\n" + host + close, "HTTP/1.1 200 OK\nConnection: close\nTransfer-Encoding: chunked\nContent-Type: text/plain\n\n5\nhello\n5\nworld\n0\n\n"},
		{"GET /flush HTTP/1.0\r\n", "HTTP/1.1 200 OK\nConnection: close\nContent-Type: text/plain\n\nhelloworld"},
		{"GET /flush HTTP/1.0\r\nConnection: Keep-Alive\r\n", "HTTP/1.1 200 OK\nConnection: close\nContent-Type: text/plain\n\nhelloworld"},
		{"GET /one HTTP/1.0\r\nConnection: Keep-Alive\r\n", "HTTP/1.1 200 OK\nContent-Length: 5\nKeep-Alive: timeout=0, max=100\nConnection: Keep-Alive\nContent-Type: text/plain\n\nhello"},
		{"GET /one\r\n", "hello"},
		{"GET /length HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"},
		{"GET /long HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nContent-Length: 3\n\nhel"},
		{"GET /long-late HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nContent-Length: 6\n\nhellow"},
		{"GET /short HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nContent-Length: 50\n\nhello"},
		{"GET /empty HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
		{"GET /204 HTTP/1.1\r\n" + host, "HTTP/1.1 204 No Content\n\n"},
		{"GET /304 HTTP/1.1\r\n" + host, "HTTP/1.1 304 Not Modified\n\n"},
		{"GET /line HTTP/1.1\r\n" + host, "HTTP/1.1 404 Not Here\nContent-Length: 2\n\nno"},
		{"GET /close HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 1\n\nx"},
		{"GET /fields HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nX-Err: 2\nX-A: 1\nVary: a,b,c\nContent-Length: 0\nContent-Type: text/html\nContent-Encoding: x\nContent-Language: de,en\n\n"},
		{"HEAD /one HTTP/1.1\r\n" + host + close, "HTTP/1.1 200 OK\nContent-Length: 5\nConnection: close\nContent-Type: text/plain\n\n"},
		{"HEAD /flush HTTP/1.1\r\n" + host + close, "HTTP/1.1 200 OK\nConnection: close\nContent-Type: text/plain\n\n"},
		{"HEAD /empty HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\n\n"},
		{"HEAD /a.txt HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nAccept-Ranges: bytes\nContent-Length: 6\n\n"},
		{"GET /a.txt HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nAccept-Ranges: bytes\nContent-Length: 6\n\nhello\n"},
		{"GET /a.txt HTTP/1.1\r\n" + host + "Range: bytes=1-2\r\n", "HTTP/1.1 206 Partial Content\nAccept-Ranges: bytes\nContent-Length: 2\nContent-Range: bytes 1-2/6\n\nel"},
		{"OPTIONS * HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
		{"TRACE / HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Type: message/http\n\n25\nTRACE / HTTP/1.1\nHost: localhost\n\n\n0\n\n"},
		{"GET /cut HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4\npart\n4\nmore\n"},
		{"GET /panic-late HTTP/1.1\r\n" + host, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n4\npart\n"},
	} {
		if got := s.exchange(tt.raw + "\r\n"); got != tt.want {
			t.Errorf("%q:\n%s\nwant\n%s", tt.raw, got, tt.want)
		}
	}
}

// TestBodies compares what is too long to write down.
func TestBodies(t *testing.T) {
	s := serve(t, "", answer)
	content := strings.Repeat("0123456789abcdef", 1<<16)
	s.file("big.bin", content)
	s.file("small.bin", content[:5000])
	for path, want := range map[string]string{
		"/big": strings.Repeat("x", 20000) + "end", "/pieces": strings.Repeat("0123456789", 3000),
		"/big.bin": content, "/small.bin": content[:5000],
	} {
		for _, method := range []string{"GET", "HEAD"} {
			req, _ := http.NewRequest(method, "http://"+s.addr+path, nil)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if method == "HEAD" {
				want = ""
			}
			if err != nil || string(got) != want {
				t.Errorf("%s %s: %d bytes, %v, want %d", method, path, len(got), err, len(want))
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestErrorPages(t *testing.T) {
	s := serve(t, "Timeout 2\nErrorDocument 403 /one\nErrorDocument 414 \"too long\"\n", answer,
		func(h *HookSet) {
			h.InsertErrorFilter.Add("test", Middle, func(r *Request) { r.BeforeHead(func(r *Request) { r.Reply.ErrHeader.Set("X-Always", "a") }) })
		})
	for _, tt := range []struct {
		raw, status, body string
		kept              bool
	}{
		{"GET /missing HTTP/1.1\r\n" + host, "404 Not Found", "<p>The requested URL was not found on this server.</p>", true},
		{"GET /missing\r\n", "", "<p>The requested URL was not found on this server.</p>", false},
		{"GET /403 HTTP/1.1\r\n" + host, "403 Forbidden", "hello", true},
		{"GET / HTTP/1.1\r\n", "400 Bad Request", "<p>Your browser sent a request that this server could not understand.<br />\n</p>", false},
		{"GET /\x01 HTTP/1.1\r\n" + host, "400 Bad Request", "could not understand", false},
		{"GET / JUNK\r\n", "400 Bad Request", "could not understand", false},
		{"GET / HTTP/1.1\r\nHost: a..b\r\n", "400 Bad Request", "could not understand", false},
		{"GET / HTTP/1.1\r\n" + host + "X: " + strings.Repeat("a", 9000) + "\r\n", "400 Bad Request", "Size of a request header field exceeds server limit.</p>", false},
		{"GET /" + strings.Repeat("a", 9000) + " HTTP/1.1\r\n" + host, "414 Request-URI Too Long", "too long", false},
		{"GET /bad-field HTTP/1.1\r\n" + host, "500 Internal Server Error", "internal error", false},
		{"GET /bad-name HTTP/1.1\r\n" + host, "500 Internal Server Error", "internal error", false},
		{"GET /panic HTTP/1.1\r\n" + host, "500 Internal Server Error", "internal error", false},
		{"GET /one HTTP/1.1\r\n" + host + "Expect: magic\r\n", "417 Expectation Failed", "    Expect: magic\n", true},
	} {
		got := s.exchange(tt.raw + "\r\n")
		status, _, _ := strings.Cut(got, "\n")
		if tt.status == "" {
			status = ""
		}
		if strings.TrimPrefix(status, "HTTP/1.1 ") != tt.status || !strings.Contains(got, tt.body) || strings.Contains(got, "secret") || strings.Contains(got, "part") ||
			tt.status != "" && strings.Contains(got, "Connection: close") == tt.kept || tt.status != "" && tt.body != "hello" && !strings.Contains(got, "X-Always: a\n") {
			t.Errorf("%.80q:\n%s", tt.raw, got)
		}
	}
	if n := len(s.logged(13)); n != 13 {
		t.Errorf("%d requests logged of 13", n)
	}
	log := s.logText()
	for _, want := range []string{"AH02430: Response header 'X-A' value of", "AH02429: Response header name 'X A'", "assignment to entry in nil map (httpd-wsgi/server."} {
		if !strings.Contains(log, want) {
			t.Errorf("log lacks %q:\n%s", want, log)
		}
	}
	if strings.Contains(log, "goroutine ") {
		t.Errorf("a stack trace in the log:\n%s", log)
	}
}

func TestMaxKeepAliveRequests(t *testing.T) {
	s := serve(t, "MaxKeepAliveRequests 3\n", answer)
	got := s.exchange(strings.Repeat("GET /one HTTP/1.1\r\n"+host+"Connection: keep-alive\r\n\r\n", 6))
	for _, want := range []string{"max=3\n", "max=2\n", "max=1\n"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q not once", want)
		}
	}
	// As in Apache, the last of the connection is one more than the number.
	if n := strings.Count(got, "HTTP/1.1 200"); n != 4 || strings.Count(got, "Connection: close") != 1 {
		t.Errorf("%d responses:\n%s", n, got)
	}
}

func TestPipelineAfterBodies(t *testing.T) {
	s := serve(t, "", answer)
	body := strings.Repeat("x", 100000)
	got := s.exchange("POST /one HTTP/1.1\r\n" + host + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body +
		"POST /one HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n" +
		"POST /read HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: t\r\n\r\n" +
		"POST /read HTTP/1.1\r\n" + host + "Content-Length: 7\r\n\r\n1234567" +
		"GET /one HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n" + "GET /one HTTP/1.1\r\n" + host + "\r\n")
	if n := strings.Count(got, "HTTP/1.1 200 OK"); n != 5 || !strings.Contains(got, "\n\nhello -1 t") || !strings.Contains(got, "\n\n1234567 7 ") {
		t.Errorf("%d responses:\n%s", n, got)
	}
}

func TestBodyFaults(t *testing.T) {
	s := serve(t, "Timeout 2\nLimitRequestBody 10\nLogLevel info\n", answer)
	for _, tt := range []struct {
		raw, want string
		cut       bool // the client ends here
	}{
		{"POST /read HTTP/1.1\r\n" + host + "Content-Length: 11\r\n\r\n12345678901", "413", false},
		{"POST /read HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n", "413", false},
		{"POST /read HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400", false},
		{"POST /read HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\n12345", "400", true},
		// What nobody reads is judged after the response.
		{"POST /one HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "200", false},
		{"POST /one HTTP/1.1\r\n" + host + "Content-Length: 11\r\n\r\n12345678901", "200", false},
	} {
		next := "GET /one HTTP/1.1\r\n" + host + "\r\n"
		if tt.cut {
			next = ""
		}
		got := s.exchange(tt.raw + next)
		if strings.Count(got, "HTTP/1.1 ") != 1 || !strings.HasPrefix(got, "HTTP/1.1 "+tt.want) {
			t.Errorf("%q:\n%s\nwant %s alone", tt.raw, got, tt.want)
		}
	}
	for _, code := range []string{"AH01588", "AH01591", "AH01590"} {
		if !strings.Contains(s.logText(), code) {
			t.Errorf("log lacks %s:\n%s", code, s.logText())
		}
	}
}

func TestExpectContinue(t *testing.T) {
	s := serve(t, "Timeout 2\n", answer)
	head := "POST /%s HTTP/1.1\r\n" + host + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
	t.Run("read", func(t *testing.T) {
		c := s.dial()
		fmt.Fprintf(c, head, "read")
		r := bufio.NewReader(c)
		if line, err := r.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("%q %v", line, err)
		}
		r.ReadString('\n')
		io.WriteString(c, "hello")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != "hello 5 " || resp.Close {
			t.Errorf("%q, close %v", body, resp.Close)
		}
		c.Close()
	})
	t.Run("unread", func(t *testing.T) {
		// The client may or may not send the body now: the connection can't be used again.
		c := s.dial()
		fmt.Fprintf(c, head, "one")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != 200 || !resp.Close {
			t.Errorf("%v %v", resp, err)
		}
		c.Close()
	})
	t.Run("body at once", func(t *testing.T) {
		got := s.exchange(fmt.Sprintf(head, "read") + "hello" + "GET /one HTTP/1.1\r\n" + host + "\r\n")
		if strings.Contains(got, "100 Continue") || strings.Count(got, "HTTP/1.1 200") != 2 {
			t.Errorf("%s", got)
		}
	})
}

func TestReadAhead(t *testing.T) {
	s := serve(t, "Timeout 2\nLimitRequestBody 100\n", func(r *Request) Status {
		p := make([]byte, 64)
		n, end := r.ReadAhead(p[:max(0, min(64, r.ContentLength()))])
		rest, err := io.ReadAll(&body{r})
		fmt.Fprintf(&writer{r}, "%s %v %s %v", p[:n], end, rest, err)
		return OK
	})
	post := func(fields string) string { return "POST / HTTP/1.1\r\n" + host + fields + "\r\n" }
	for _, tt := range []struct{ now, later, want string }{
		{post("Content-Length: 5\r\n") + "hello", "", "hello true  <nil>"},
		{post("Content-Length: 11\r\n") + "hello", " world", "hello false  world <nil>"},
		{post("Content-Length: 5\r\n"), "hello", " false hello <nil>"},
		{post("Content-Length: 5\r\nExpect: 100-continue\r\n") + "hello", "", "hello true  <nil>"},
		{post("Content-Length: 70\r\n") + strings.Repeat("x", 70), "", strings.Repeat("x", 64) + " false xxxxxx <nil>"},
		{post("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n", "", " false hello <nil>"},
		{"GET / HTTP/1.1\r\n" + host + "\r\n", "", " true  <nil>"},
	} {
		c := s.dial()
		io.WriteString(c, tt.now)
		if tt.later != "" {
			// The body goes on only once ReadAhead has given up waiting for it.
			time.AfterFunc(20*arriving, func() { io.WriteString(c, tt.later) })
		}
		r := bufio.NewReader(c)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%q: %v", tt.now, err)
		}
		if got, _ := io.ReadAll(resp.Body); string(got) != tt.want || resp.Close {
			t.Errorf("%q: %q, close %v, want %q", tt.now, got, resp.Close, tt.want)
		}
		c.Close()
	}
	if got := s.exchange(post("Content-Length: 200\r\n") + strings.Repeat("x", 200)); !strings.Contains(got, " false  AH01588") {
		t.Errorf("over the limit: %s", got)
	}
}

// body reads a request's.
type body struct{ r *Request }

func (b *body) Read(p []byte) (int, error) { return b.r.ReadBody(p) }

func TestTimeouts(t *testing.T) {
	s := serve(t, "Timeout 1\nKeepAliveTimeout 100ms\n", answer)
	for _, tt := range []struct{ raw, want string }{
		{"", ""}, {"GET", ""}, {"GET / HTTP/1.1\r\nHost: x", "408 Request Timeout"},
		{"POST /read HTTP/1.1\r\n" + host + "Content-Length: 10\r\n\r\n123", "408 Request Timeout"},
		{"GET /one HTTP/1.1\r\n" + host + "\r\n", "200 OK"},
		{"GET /one HTTP/1.1\r\n" + host + "\r\nGET /one HT", "200 OK"},
	} {
		c := s.dial()
		io.WriteString(c, tt.raw)
		out, err := io.ReadAll(c)
		status, _, _ := strings.Cut(string(out), "\r\n")
		if err != nil || strings.TrimPrefix(status, "HTTP/1.1 ") != tt.want || strings.Count(string(out), "HTTP/1.1 ") > 1 {
			t.Errorf("%q: %q %v", tt.raw, out, err)
		}
		c.Close()
	}
	lines := s.logged(6)
	want := []string{`"" 408 0 -`, `"" 408 0 -`, `"GET / HTTP/1.1" 408 `, `"POST /read HTTP/1.1" 408 `, `"GET /one HTTP/1.1" 200 5 +`, `"GET /one HTTP/1.1" 200 5 +`}
	for i, w := range want {
		if !strings.HasPrefix(lines[i], w) {
			t.Errorf("line %d: %s, want %s", i, lines[i], w)
		}
	}
}

// TestClientGone sends responses that nobody reads.
func TestClientGone(t *testing.T) {
	gone := make(chan error, 1)
	s := serve(t, "Timeout 2\n", func(r *Request) Status {
		for {
			if _, err := r.Write(make([]byte, 64<<10)); err != nil {
				gone <- err
				return Done
			}
		}
	})
	c := s.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\n"+host+"\r\n")
	io.ReadFull(c, make([]byte, 1000))
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
	if err := <-gone; !errors.Is(err, errAborted) {
		t.Errorf("write to a client that is gone: %v", err)
	}
	if line := s.logged(1)[0]; !strings.HasSuffix(line, " X") {
		t.Errorf("logged %s", line)
	}
}

// TestStall serves a client that takes the response slower than the time-out, but takes it.
func TestSlowClient(t *testing.T) {
	size := 40 << 20
	s := serve(t, "Timeout 1\n", func(r *Request) Status {
		r.SetContentLength(int64(size))
		r.Write(make([]byte, size))
		return OK
	})
	c := s.dial()
	io.WriteString(c, "GET / HTTP/1.1\r\n"+host+"Connection: close\r\n\r\n")
	got, buf := 0, make([]byte, 1<<20)
	pause := time.NewTicker(40 * time.Millisecond)
	defer pause.Stop()
	for {
		<-pause.C
		n, err := io.ReadFull(c, buf)
		got += n
		if err != nil {
			break
		}
	}
	if got < size {
		t.Errorf("%d bytes of %d", got, size)
	}
}

func TestSendFileFD(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 1<<14)
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	errs := make(chan error, 10)
	s := serve(t, "", func(r *Request) Status {
		var off, n int64
		fmt.Sscanf(r.Args, "%d,%d", &off, &n)
		r.WriteString("<")
		err := r.SendFileFD(int(f.Fd()), off, n)
		errs <- err
		if err != nil {
			r.CutShort()
			return Done
		}
		r.WriteString(">")
		return OK
	})
	for _, tt := range []struct {
		off, n int
		short  bool
	}{{0, 0, false}, {5, 10, false}, {1, 8000, false}, {0, 9000, false}, {100, 200000, false}, {1 << 18, 10, true}, {1<<18 - 5, 10, true}, {1<<18 - 5, 100000, true}} {
		resp, err := http.Get(fmt.Sprintf("http://%s/?%d,%d", s.addr, tt.off, tt.n))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		sent := <-errs
		if tt.short {
			if err == nil || !errors.Is(sent, io.ErrUnexpectedEOF) {
				t.Errorf("%d,%d: %d bytes, client %v, handler %v", tt.off, tt.n, len(got), err, sent)
			}
		} else if err != nil || sent != nil || string(got) != "<"+content[tt.off:tt.off+tt.n]+">" {
			t.Errorf("%d,%d: %d bytes, client %v, handler %v", tt.off, tt.n, len(got), err, sent)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestBytesIO(t *testing.T) {
	counts := make(chan string, 10)
	s := serve(t, "", answer, func(h *HookSet) {
		h.LogTransaction.Add("test", Last, func(r *Request) Status {
			in, out := r.BytesIO()
			counts <- fmt.Sprintf("%s %d %d %v", r.URI, in, out, r.FirstByte().Before(r.Received))
			return OK
		})
	})
	first, second := "POST /read HTTP/1.1\r\n"+host+"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "GET /flush HTTP/1.1\r\n"+host+"Connection: close\r\n\r\n"
	c := s.dial()
	io.WriteString(c, first+second)
	out, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.LastIndex(out, []byte("HTTP/1.1 200"))
	for _, want := range []string{fmt.Sprintf("/read %d %d false", len(first), cut), fmt.Sprintf("/flush %d %d false", len(second), len(out)-cut)} {
		if got := <-counts; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

type upper struct{ began, ended bool }

func (u *upper) Begin(r *Request) bool {
	u.began = true
	r.Reply.Header.Unset("Content-Length")
	r.Reply.Header.Set("X-Upper", "1")
	return r.URI != "/one"
}
func (u *upper) Write(p []byte, next BodyWriter) error {
	_, err := next.Write(bytes.ToUpper(p))
	return err
}
func (u *upper) Flush(next BodyWriter) error { return next.Flush() }
func (u *upper) End(next BodyWriter) error {
	u.ended = true
	_, err := next.Write([]byte("."))
	return err
}

func TestFilters(t *testing.T) {
	s := serve(t, "", answer, func(h *HookSet) {
		h.InsertFilter.Add("test", Middle, func(r *Request) { r.AddOutputFilter(&upper{}, FilterContentSet) })
	})
	s.file("a.txt", "hello\n")
	for raw, want := range map[string]string{
		"GET /flush HTTP/1.1":   "HTTP/1.1 200 OK\nX-Upper: 1\nTransfer-Encoding: chunked\nContent-Type: text/plain\n\n5\nHELLO\n6\nWORLD.\n0\n\n",
		"GET /one HTTP/1.1":     "HTTP/1.1 200 OK\nX-Upper: 1\nContent-Length: 5\nContent-Type: text/plain\n\nhello",
		"GET /a.txt HTTP/1.1":   "HTTP/1.1 200 OK\nAccept-Ranges: bytes\nX-Upper: 1\nContent-Length: 7\n\nHELLO\n.",
		"GET /missing HTTP/1.1": "HTTP/1.1 404 Not Found\nContent-Length: 236\nContent-Type: text/html; charset=iso-8859-1\n\n",
	} {
		if got := s.exchange(raw + "\r\n" + host + "\r\n"); !strings.HasPrefix(got, want) || strings.HasSuffix(want, ".") && got != want {
			t.Errorf("%s:\n%s\nwant\n%s", raw, got, want)
		}
	}
}

// TestCorpus sends the raw requests of package http1 to the whole server: what Apache refuses, it refuses.
func TestCorpus(t *testing.T) {
	s := serve(t, "Timeout 3\n", func(r *Request) Status {
		if s := r.DiscardBody(); s != OK {
			return s
		}
		r.WriteString("x")
		return OK
	})
	files, _ := filepath.Glob("../internal/http1/testdata/*/*.http")
	if len(files) < 300 {
		t.Fatalf("%d files", len(files))
	}
	status := regexp.MustCompile(`(?m)^x?HTTP/1\.1 (\d+) `)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(file, "http") + "want")
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(strings.TrimPrefix(string(want), "strict:"), "\n")
		line = strings.TrimSpace(line)
		switch base := filepath.Base(file); {
		case base == "line-limit-no-end.http":
			line = "414" // Apache waits for the end of the line
		case base == "proto-10-keepalive.http":
			line = "200 200" // Apache's program has no length
		case strings.HasPrefix(line, "100 "):
			line = line[4:] // the body is on the way
		}
		got := s.exchange(string(raw))
		var all []string
		for _, m := range status.FindAllStringSubmatch(got, -1) {
			all = append(all, m[1])
		}
		if got == "x" {
			all = []string{"0.9"}
		}
		if answer := strings.Join(all, " "); answer != line {
			t.Errorf("%s: answered %q, Apache %q\n%.300s", file, answer, line, got)
		}
	}
}
