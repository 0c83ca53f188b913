package server

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
)

// bracket is a filter that puts what it gets between its name's letters.
type bracket struct{ name string }

func (b bracket) Begin(r *Request) bool {
	r.Reply.Header.Unset("Content-Length")
	return true
}

func (b bracket) Write(p []byte, next BodyWriter) error {
	_, err := fmt.Fprintf(next, "%s(%s)", b.name, p)
	return err
}

func (b bracket) Flush(next BodyWriter) error { return next.Flush() }

func (b bracket) End(next BodyWriter) error {
	_, err := io.WriteString(next, b.name+".")
	return err
}

// filterModule has the filters A and B of the same order, C of a later one, and UP that changes request bodies.
func filterModule() Module {
	none := directives.Module[directives.None, directives.None]{ID: "filters_module", File: "mod_filters.c"}
	return Bind(none, func(r *directives.Registry, _ directives.Slots[directives.None, directives.None]) {
		for name, order := range map[string]FilterOrder{"A": FilterResource, "B": FilterResource, "C": FilterContentSet} {
			r.Provide(none.ID, modcore.OutputFilterGroup, strings.ToLower(name),
				&NamedFilter{Name: name, Order: order, New: func(*Request) OutputFilter { return bracket{name} }})
		}
		r.Provide(none.ID, modcore.InputFilterGroup, "up", &NamedInputFilter{Name: "UP", New: func(r *Request, body io.Reader) io.Reader { return shouting{r, body} }})
	}, nil)
}

// shouting is an input filter; it cannot make sense of "!".
type shouting struct {
	r    *Request
	body io.Reader
}

func (u shouting) Read(p []byte) (int, error) {
	n, err := u.body.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	if bytes.IndexByte(p[:n], '!') >= 0 {
		return 0, u.r.BodyFault(422)
	}
	return n, err
}

func TestNamedFilters(t *testing.T) {
	add := func(names ...string) func(*HookSet) {
		return func(h *HookSet) {
			h.InsertFilter.Add("late", Middle, func(r *Request) { r.AddOutputFilters(names) })
		}
	}
	for _, tt := range []struct {
		conf        string
		late        []string
		uri, status string
		body, log   string
	}{
		{"SetOutputFilter A", nil, "/one", "200", "A(hello)A.", ""},
		{"SetOutputFilter b;a", nil, "/one", "200", "A(B(hello))A(B.)A.", ""},
		{"SetOutputFilter c;a", []string{"B"}, "/one", "200", "C(B(A(hello)))C(B(A.))C(B.)C.", ""},
		{"SetOutputFilter A", []string{"BUFFER"}, "/one", "200", "A(hello)A.", "AH00082: an unknown filter was not added: BUFFER"},
		{"", []string{"includes"}, "/one", "500", "", "is not sent without the filter includes"},
		{"SetOutputFilter A", nil, "/length", "200", "A(hello)A.", ""},
	} {
		s := serveModules(t, tt.conf+"\n", answer, []Module{filterModule()}, add(tt.late...))
		got := s.exchange("GET " + tt.uri + " HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n")
		head, body, _ := strings.Cut(got, "\n\n")
		if strings.Contains(head, "Transfer-Encoding: chunked") {
			body = unchunk(body)
		}
		if !strings.HasPrefix(head, "HTTP/1.1 "+tt.status) || tt.body != "" && body != tt.body || !strings.Contains(s.logText(), tt.log) {
			t.Errorf("%s %v: %s\n%s\nlog: %s", tt.conf, tt.late, head, body, s.logText())
		}
	}
}

// unchunk takes a chunked body apart whose line ends are bare.
func unchunk(body string) string {
	var out strings.Builder
	for body != "" {
		size, rest, _ := strings.Cut(body, "\n")
		n := 0
		fmt.Sscanf(size, "%x", &n)
		if n == 0 {
			break
		}
		out.WriteString(rest[:n])
		body = rest[n+1:]
	}
	return out.String()
}

func TestInputFilter(t *testing.T) {
	s := serveModules(t, "SetInputFilter up\nKeepAliveTimeout 200ms\n", answer, []Module{filterModule()})
	for _, tt := range []struct{ body, status, want string }{{"some body", "200 OK", "SOME BODY 9 "}, {"some!", "422 Unprocessable Entity", ""}} {
		got := s.exchange(fmt.Sprintf("POST /read HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", host, len(tt.body), tt.body))
		if !strings.HasPrefix(got, "HTTP/1.1 "+tt.status) || !strings.HasSuffix(got, tt.want) || (tt.want == "") != strings.Contains(got, "Connection: close") {
			t.Errorf("%s: %s", tt.body, got)
		}
	}
}

// A directory's entries are looked up as requests of their own, and may stand for their directory.
func TestLookupEntry(t *testing.T) {
	var lookup Hook
	s := serve(t, "<Files x.*>\nForceType x/y\n</Files>\n", func(r *Request) Status { return lookup(r) })
	s.file("x.txt", "of the entry")
	if err := os.Mkdir(filepath.Join(s.root, "htdocs", "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		target    string
		name      string
		directory bool
		mode      EntryMode
		want      string
	}{
		{"/a?q=1", "x.txt", false, EntryPlain, "200 /x.txt htdocs/x.txt x/y  "},
		{"/a/info?q=1", "x.txt", false, EntryPlain, "200 /x.txt htdocs/x.txt x/y  "},
		{"/a/info?q=1", "x.txt", false, EntryMerged, "200 /x.txt/info htdocs/x.txt x/y /info q=1"},
		{"/a", "dir", true, EntryPlain, "200 /dir/ htdocs/dir/   "},
	} {
		var got string
		lookup = func(r *Request) Status {
			if r.Main != nil {
				return Declined
			}
			uri, info, _ := strings.Cut(r.URI[1:], "/")
			if info != "" {
				r.Target.PathInfo = "/" + info
			}
			r.Target.Filename = s.root + "/htdocs/" + uri
			n := r.LookupEntry(tt.name, tt.directory, tt.mode)
			got = fmt.Sprintf("%d %s %s %s %s %s", n.Reply.Status, n.URI, strings.TrimPrefix(n.Target.Filename, s.root+"/"), n.Reply.ContentType, n.Target.PathInfo, n.Args)
			if tt.mode == EntryPlain && !tt.directory {
				if s := n.RunSub(); s != OK {
					return s
				}
			}
			return OK
		}
		out := s.exchange("GET " + tt.target + " HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n")
		if got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.target, tt.name, got, tt.want)
		}
		if tt.mode == EntryPlain && !tt.directory && !strings.HasSuffix(out, "\n\nof the entry") {
			t.Errorf("%s %s: %s", tt.target, tt.name, out)
		}
	}
}

func TestUniqueVary(t *testing.T) {
	for _, tt := range []struct{ header, always, wantHeader, wantAlways []string }{
		{[]string{"A"}, nil, []string{"A"}, nil},
		{[]string{"A, b", "a,c"}, nil, []string{"A,b,c"}, nil},
		{[]string{"A"}, []string{"b, a"}, nil, []string{"b,a"}},
		{nil, []string{"b, a"}, nil, []string{"b,a"}},
		{nil, nil, nil, nil},
	} {
		var p Reply
		for _, v := range tt.header {
			p.Header.Add("Vary", v)
		}
		for _, v := range tt.always {
			p.ErrHeader.Add("Vary", v)
		}
		uniqueVary(&p)
		for _, c := range []struct {
			h    *Header
			want []string
		}{{&p.Header, tt.wantHeader}, {&p.ErrHeader, tt.wantAlways}} {
			var got []string
			for _, f := range c.h.F {
				got = append(got, f.Value)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%v and %v: %v, want %v", tt.header, tt.always, got, c.want)
			}
		}
	}
}
