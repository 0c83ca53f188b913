package modmime

import (
	"io/fs"
	"testing"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
	"httpd-wsgi/server"
)

type file struct{ dir bool }

func (f file) Name() string       { return "x" }
func (f file) Size() int64        { return 0 }
func (f file) Mode() fs.FileMode  { return 0 }
func (f file) ModTime() time.Time { return time.Time{} }
func (f file) IsDir() bool        { return f.dir }
func (f file) Sys() any           { return nil }

func TestFindType(t *testing.T) {
	types := parseTypes("# comment\ntext/html html HTM\n\ntext/plain txt\napplication/x-tar tar\n")
	some := directives.Some[string]
	d := merge(&Dir{}, &Dir{Extensions: map[string]Info{
		"gz":   {Encoding: some("x-gzip")},
		"en":   {Language: some("en")},
		"de":   {Language: some("de")},
		"utf8": {Charset: some("utf-8")},
		"cgi":  {Handler: some("cgi-script")},
		"foo":  {Type: some("text/foo")},
	}})
	for _, test := range []struct{ name, typ, encoding, languages, handler string }{
		{"/a/index.html", "text/html", "", "", ""},
		{"/a/index.HTM", "text/html", "", "", ""},
		{"/a/index.html.en.de", "text/html", "", "en de", ""},
		{"/a/x.tar.gz", "application/x-tar", "x-gzip", "", ""},
		{"/a/x.gz.gz", "", "x-gzip, x-gzip", "", ""},
		{"/a/x.html.utf8", "text/html; charset=utf-8", "", "", ""},
		{"/a/x.cgi.txt", "text/plain", "", "", "cgi-script"},
		{"/a/html", "", "", "", ""},
		{"/a/.html", "", "", "", ""},
		{"/a/..html.txt", "text/plain", "", "", ""},
		{"/a.html/x", "", "", "", ""},
		{"/a/x.html.", "text/html", "", "", ""},
		{"/a/x.foo", "text/foo", "", "", ""},
		{"/a/", "", "", "", ""},
	} {
		r := &server.Request{Target: server.Target{Filename: test.name, Info: file{}}}
		(&finder{}).findType(r, types, d)
		languages := ""
		for i, l := range r.Reply.Languages {
			if i > 0 {
				languages += " "
			}
			languages += l
		}
		if r.Reply.ContentType != test.typ || r.Reply.ContentEncoding != test.encoding || languages != test.languages || r.Target.Handler != test.handler {
			t.Errorf("%s: %q %q %q %q", test.name, r.Reply.ContentType, r.Reply.ContentEncoding, languages, r.Target.Handler)
		}
	}
	r := &server.Request{Target: server.Target{Filename: "/d", Info: file{dir: true}}}
	(&finder{}).findType(r, types, d)
	if r.Reply.ContentType != "httpd/unix-directory" {
		t.Errorf("a directory is %q", r.Reply.ContentType)
	}
}

func TestRemove(t *testing.T) {
	lines := func(text string) *Dir {
		_, d, msg := directivetest.Lines(tables, text)
		if msg != "" {
			t.Fatal(msg)
		}
		return d
	}
	outer := lines("AddHandler h .x\nAddType t/t .x")
	for text, want := range map[string]Info{
		"RemoveHandler .x":                    {Type: directives.Some("t/t"), Handler: directives.Some("")},
		"AddHandler n .x\nRemoveHandler x":    {Type: directives.Some("t/t"), Handler: directives.Some("")},
		"RemoveHandler .x\nAddHandler n .X":   {Type: directives.Some("t/t"), Handler: directives.Some("")},
		"RemoveHandler .y\nAddType n/n .x":    {Type: directives.Some("n/n"), Handler: directives.Some("h")},
		"RemoveType .x\nAddLanguage de .x":    {Type: directives.Some(""), Handler: directives.Some("h"), Language: directives.Some("de")},
		"RemoveEncoding .x\nRemoveCharset .x": {Type: directives.Some("t/t"), Handler: directives.Some("h"), Encoding: directives.Some(""), Charset: directives.Some("")},
	} {
		if got := merge(outer, lines(text)).Extensions["x"]; got != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
	if outer.Extensions["x"].Handler.V != "h" {
		t.Error("the outer container was changed")
	}
}

// The values are what Apache 2.4.71 sends.
func TestCompose(t *testing.T) {
	for in, want := range map[string][2]string{
		"text/html":                              {"text/html", "text/html; charset=x"},
		"text/html;Charset=a; level=1":           {"text/html; charset=a; level=1", "text/html; charset=x; level=1"},
		"text/html;charset=a; level=1;charset=b": {"text/html; charset=a; level=1; charset=b", "text/html; charset=x; level=1"},
		"multipart/mixed; boundary=\"b c\"":      {"multipart/mixed; boundary=\"b c\"", "multipart/mixed; boundary=\"b c\"; charset=x"},
		"text/html ; x = y":                      {"text/html; x=y", "text/html; x=y; charset=x"},
		"text/html;novalue":                      {"text/html", "text/html; charset=x"},
		"text/html;":                             {"text/html;", "text/html;"},
	} {
		if got := [2]string{compose(in, ""), compose(in, "x")}; got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
