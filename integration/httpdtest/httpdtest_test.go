package httpdtest

import (
	"bufio"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseArchive(t *testing.T) {
	const text = "comment\nlines\n-- a --\none\n-- not a file\n-- dir/b c --\ntwo\n"
	a := ParseArchive(text)
	want := []ArchiveFile{{"a", "one\n-- not a file\n"}, {"dir/b c", "two\n"}}
	if a.Comment != "comment\nlines\n" || !slices.Equal(a.Files, want) {
		t.Errorf("got %q %q", a.Comment, a.Files)
	}
	if a.String() != text {
		t.Errorf("does not print back: %q", a.String())
	}
}

func TestParseSteps(t *testing.T) {
	steps, err := ParseSteps(`# a comment
GET /a?b => 200
X: y
!user joe:pw

POST /c HTTP/1.0 => 201
!body "x\ny"
!same
!differ header ETag: not the same

PUT /d
!fill 10
!chunked 3 4

RAW two at once => 400 200
!raw "GET / HTTP/1.1\r\n"
!raw "\r\n"
!eof
`)
	if err != nil {
		t.Fatal(err)
	}
	heads := []string{
		"GET /a?b HTTP/1.1\r\nHost: localhost:@HERE@\r\nX: y\r\nAuthorization: Basic am9lOnB3\r\n\r\n",
		"POST /c HTTP/1.0\r\nContent-Length: 3\r\n\r\n",
		"PUT /d HTTP/1.1\r\nHost: localhost:@HERE@\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
	}
	bodies := []string{"", "x\ny", "3\r\n000\r\n4\r\n0000\r\n3\r\n 00\r\n0\r\n\r\n", ""}
	for i, s := range steps {
		if string(s.Head) != heads[i] || string(s.Body) != bodies[i] {
			t.Errorf("step %d: %q %q", i, s.Head, s.Body)
		}
	}
	if s := steps[1]; !s.Same || !slices.Equal(s.Want, []int{201}) || s.Line != 6 || s.Differ[0] != (Difference{"header", "ETag", "not the same"}) {
		t.Errorf("step 1: %+v", s)
	}
	if s := steps[2]; s.Wanted {
		t.Errorf("step 2 has a status: %+v", s)
	}
	if s := steps[3]; !s.EOF || !slices.Equal(s.Methods, []string{"GET", "GET"}) {
		t.Errorf("step 3: %+v", s)
	}
	for _, bad := range []string{"GET /a b c", "GET /a => x", "GET /a\nno colon", "GET /a\n!nosuch", "GET /a\n!body text", "GET /a\n!differ x: y"} {
		if _, err := ParseSteps(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// conversation connects a Conn to a peer that sends text and closes.
func conversation(t *testing.T, text string) *Conn {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { client.Close() })
	go func() {
		io.WriteString(server, text)
		server.Close()
	}()
	return &Conn{client, bufio.NewReader(client)}
}

func TestReceive(t *testing.T) {
	for _, c := range []struct {
		name, text, method string
		status             int
		body, framing      string
		broken             bool
		rest               string
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcX", "GET", 200, "abc", "length", false, `sends "X"`},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "GET", 200, "abc", "chunked", false, "closed"},
		{"close", "HTTP/1.0 200 OK\r\n\r\nabc", "GET", 200, "abc", "close", false, "closed"},
		{"head", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD", 200, "", "none", false, "closed"},
		{"304", "HTTP/1.1 304 Not Modified\r\n\r\n", "GET", 304, "", "none", false, "closed"},
		{"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "POST", 200, "", "length", false, "closed"},
		{"short", "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc", "GET", 200, "abc", "length", true, "closed"},
		{"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "GET", 200, "abc", "chunked", true, "closed"},
		{"0.9", "just a body", "GET", 0, "just a body", "close", false, "closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := conversation(t, c.text)
			r, err := conn.Receive(c.method)
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != c.status || string(r.Body) != c.body || r.Framing != c.framing || (r.Broken != "") != c.broken {
				t.Errorf("got %+v", r)
			}
			if got := conn.Ends(Patience); got != c.rest {
				t.Errorf("then the connection %s, want %s", got, c.rest)
			}
		})
	}
	if _, err := conversation(t, "").Receive("GET"); err != io.EOF {
		t.Errorf("nothing at all: %v", err)
	}
}

func TestEndsOpen(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	if got := (&Conn{client, bufio.NewReader(client)}).Ends(time.Millisecond); got != "open" {
		t.Errorf("got %s", got)
	}
}

func TestNormaliser(t *testing.T) {
	n := NewNormaliser(&Site{Dir: "/tmp/x/apache", Ports: []int{20001, 20002, 20003}})
	for _, c := range []struct{ in, want string }{
		{"/tmp/x/apache/htdocs at localhost:20001, not 120001", "@W@/htdocs at localhost:@PORT@, not 120001"},
		{"20002 20003", "@PORT2@ @PORT3@"},
		{"Apache/2.4.71 (Debian) mod_wsgi/4.9.4 Python/3.11 Server at x", "SERVER Server at x"},
		{"httpd-wsgi/1.0 Server at x", "SERVER Server at x"},
		{"<object at 0x7f00aa>", "<object at 0xADDRESS>"},
	} {
		if got := n.Text(c.in); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	log := `[Tue Nov 24 13:28:11.1 2026] [core:notice] [pid 1:tid 1] AH00094: Command line
[Tue Nov 24 13:28:11.1 2026] [authz_core:error] [pid 1:tid 2] [client 127.0.0.1:5] AH01630: client denied by server configuration: /tmp/x/apache/a
[Tue Nov 24 13:28:11.1 2026] [wsgi:error] [pid 1:tid 2] [client 127.0.0.1:5] mod_wsgi (pid=1): Exception occurred
[Tue Nov 24 13:28:11.1 2026] [wsgi:error] [pid 1:tid 2] [client 127.0.0.1:5] [script /tmp/x/apache/a.wsgi] printed
`
	want := []string{"[authz_core:error] [client 127.0.0.1] AH01630: client denied by server configuration: @W@/a", "[wsgi:error] [client 127.0.0.1] printed"}
	if got := n.ErrorLines(log); !slices.Equal(got, want) {
		t.Errorf("error log: %q", got)
	}
}

// TestCompareFindsDifferences makes sure that each thing that Compare looks at can fail.
func TestCompareFindsDifferences(t *testing.T) {
	c, err := ParseCase("x", "-- requests --\nGET / => 200\n")
	if err != nil {
		t.Fatal(err)
	}
	site := &Site{Dir: "/w", Ports: []int{20001, 20002, 20003}}
	observation := func(change func(*Observation, *Response)) *Observation {
		r := &Response{Proto: "HTTP/1.1", Status: 200, Reason: "OK", Header: []Field{{"Content-Length", "4"}, {"ETag", "x"}}, Body: []byte("body"), Framing: "length"}
		o := &Observation{Site: site, Steps: []StepResult{{Responses: []*Response{r}}}}
		change(o, r)
		return o
	}
	same := func(*Observation, *Response) {}
	if p := c.Compare(observation(same), observation(same)).Problems; len(p) > 0 {
		t.Errorf("equal observations: %q", p)
	}
	for name, change := range map[string]func(*Observation, *Response){
		"status":     func(_ *Observation, r *Response) { r.Status = 404 },
		"reason":     func(_ *Observation, r *Response) { r.Reason = "Fine" },
		"header":     func(_ *Observation, r *Response) { r.Header[1].Value = "y" },
		"no header":  func(_ *Observation, r *Response) { r.Header = r.Header[:1] },
		"body":       func(_ *Observation, r *Response) { r.Body = []byte("bod!") },
		"framing":    func(_ *Observation, r *Response) { r.Framing = "chunked" },
		"broken":     func(_ *Observation, r *Response) { r.Broken = "cut" },
		"interim":    func(_ *Observation, r *Response) { r.Interim = []int{100} },
		"end":        func(o *Observation, _ *Response) { o.Steps[0].End = "closed" },
		"none":       func(o *Observation, _ *Response) { o.Steps[0].Responses = nil },
		"error":      func(o *Observation, _ *Response) { o.Steps[0].Err = io.ErrUnexpectedEOF },
		"error log":  func(o *Observation, _ *Response) { o.ErrorLog = "[t] [core:error] [pid 1] [client 1.2.3.4:5] AH1: x\n" },
		"access log": func(o *Observation, _ *Response) { o.AccessLog = "GET / 200\n" },
		"refused":    func(o *Observation, _ *Response) { o.Refused = "no" },
	} {
		if p := c.Compare(observation(same), observation(change)).Problems; len(p) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestSentIsMasked(t *testing.T) {
	got := withoutSent([]string{`127.0.0.1 - - [TIME] "GET /app HTTP/1.1" 200 203 "-" "x"`, `127.0.0.1 "GET / HTTP/1.1" 404 7 "-"`, "none"})
	want := []string{`127.0.0.1 - - [TIME] "GET /app HTTP/1.1" 200 SIZE "-" "x"`, `127.0.0.1 "GET / HTTP/1.1" 404 SIZE "-"`, "none"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestProcesses(t *testing.T) {
	list := Processes(os.Getpid())
	if len(list) == 0 || list[0].Pid != os.Getpid() || !list[0].Alive() {
		t.Fatalf("own process: %+v", list)
	}
	if gone := (Process{Pid: list[0].Pid, Start: list[0].Start + 1}); gone.Alive() {
		t.Error("another start time is the same process")
	}
	if n := PSS(os.Getpid()); n < 1<<20 {
		t.Errorf("PSS is %d bytes", n)
	}
	before := CPUTime(os.Getpid())
	for deadline := time.Now().Add(Patience); CPUTime(os.Getpid()) < before+50*time.Millisecond; {
		if time.Now().After(deadline) {
			t.Fatal("CPU time does not grow")
		}
		strings.Repeat("x", 1<<16)
	}
}
