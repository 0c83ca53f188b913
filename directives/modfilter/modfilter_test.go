package modfilter

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/server"
)

// compiled compiles lines; those that begin with a space stand in a <Location> inside.
func compiled(lines string) (outer, inner *Dir, err error) {
	tree := &apacheconf.Tree{}
	location := &apacheconf.Item{Name: "Location", Args: "/x", Section: true}
	for line := range strings.SplitSeq(lines, "\n") {
		name, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		it := &apacheconf.Item{Name: name, Args: args}
		if strings.HasPrefix(line, " ") {
			location.Items = append(location.Items, it)
		} else if name != "" {
			tree.Items = append(tree.Items, it)
		}
	}
	tree.Items = append(tree.Items, location)
	var slots directives.Slots[directives.None, Dir]
	l := server.Link([]server.Module{server.Bind(tables, func(r *directives.Registry, s directives.Slots[directives.None, Dir]) {
		slots = s
		for _, name := range []string{"DEFLATE", "UPPER"} {
			r.Provide(tables.ID, modcore.OutputFilterGroup, strings.ToLower(name), &server.NamedFilter{Name: name, Order: server.FilterContentSet,
				New: func(*server.Request) server.OutputFilter { return named(name) }})
		}
	}, nil)})
	p, err := l.Registry.Compile(tree, l.Registry.NewLoaded(true), nil)
	if err != nil {
		var e *apacheconf.Error
		if errors.As(err, &e) {
			err = errors.New(e.Msg)
		}
		return nil, nil, err
	}
	inside := l.Registry.Merge(p.Main.Defaults, p.Main.Locations[0].Conf)
	return slots.Dir.Of(p.Main.Defaults), slots.Dir.Of(inside), nil
}

// named is a filter that only has a name.
type named string

func (named) Begin(*server.Request) bool            { return true }
func (named) Write([]byte, server.BodyWriter) error { return nil }
func (named) Flush(server.BodyWriter) error         { return nil }
func (named) End(server.BodyWriter) error           { return nil }

// chain shows what is inserted: names, and "?" for what is not there.
func chain(d *Dir) string {
	var out []string
	for _, in := range d.inserted {
		if in.filter == nil {
			out = append(out, in.name+"?")
		} else {
			out = append(out, fmt.Sprintf("%s:%d", in.name, in.filter.order))
		}
	}
	return strings.Join(out, " ")
}

func TestChain(t *testing.T) {
	for _, tt := range []struct{ lines, outer, inner string }{
		{"AddOutputFilterByType DEFLATE text/html", "BYTYPE:DEFLATE:10", "BYTYPE:DEFLATE:10"},
		{"AddOutputFilterByType DEFLATE;UPPER text/html\nAddOutputFilterByType DEFLATE text/css", "BYTYPE:DEFLATE:10 BYTYPE:UPPER:10", "BYTYPE:DEFLATE:10 BYTYPE:UPPER:10"},
		{"AddOutputFilterByType DEFLATE text/html\n AddOutputFilterByType DEFLATE text/css", "BYTYPE:DEFLATE:10", "BYTYPE:DEFLATE:10 BYTYPE:DEFLATE:10"},
		{"FilterDeclare a content_set\nFilterDeclare b\nFilterChain a +b @c", "c? a:20 b:10", "c? a:20 b:10"},
		{"FilterDeclare a\nFilterChain a b a\nFilterChain -A", "b?", "b?"},
		{"FilterDeclare a\nFilterChain a\n FilterChain !", "a:10", ""},
		{"FilterDeclare a\nFilterChain a\n FilterDeclare b protocol\n FilterChain =b c", "a:10", "b:30 c?"},
		{"FilterDeclare a\nFilterChain a\n FilterDeclare a network\n FilterChain x", "a:10", "a:60 x?"},
		{"FilterChain a ! b", "b?", "b?"},
	} {
		outer, inner, err := compiled(tt.lines)
		if err != nil {
			t.Errorf("%q: %v", tt.lines, err)
			continue
		}
		if got := chain(outer); got != tt.outer {
			t.Errorf("%q: %s, want %s", tt.lines, got, tt.outer)
		}
		if got := chain(inner); got != tt.inner {
			t.Errorf("%q, inside: %s, want %s", tt.lines, got, tt.inner)
		}
	}
}

// The sentences are Apache 2.4.71's.
func TestErrors(t *testing.T) {
	for lines, want := range map[string]string{
		"AddOutputFilterByType DEFLATE":                                     "AddOutputFilterByType requires at least two arguments",
		"AddOutputFilterByType NOSUCH text/html":                            "Unknown filter provider NOSUCH",
		"AddOutputFilterByType ;DEFLATE text/html":                          "",
		"FilterProvider x NOSUCH true":                                      "Unknown filter provider NOSUCH",
		"FilterTrace x 1":                                                   "Undeclared smart filter x",
		"FilterDeclare x\nFilterTrace x 1":                                  "",
		"FilterProtocol x change=yes":                                       "FilterProtocol: No such filter",
		"FilterDeclare x\nFilterProtocol x DEFLATE change=yes":              "FilterProtocol: No such provider for this filter",
		"FilterProvider x DEFLATE true\nFilterProtocol x deflate change=no": "",
	} {
		_, _, err := compiled(lines)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q:\n got %s\nwant %s", lines, got, want)
		}
	}
}

func TestHarness(t *testing.T) {
	d, _, err := compiled(`FilterDeclare x
FilterProvider x DEFLATE "%{CONTENT_TYPE} =~ /html/"
FilterProvider x UPPER "resp('X-Up') == 'yes'"
FilterProtocol x UPPER change=yes;cache=no;byteranges=no
AddOutputFilterByType DEFLATE text/css text/plain
FilterChain x`)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		filter, contentType, up string
		status                  int
		env                     bool
		want                    string
		header                  string
	}{
		{"x", "text/html; charset=utf-8", "", 200, false, "DEFLATE", "ETag Last-Modified"},
		{"x", "text/html", "yes", 200, false, "UPPER", "X-Up Cache-Control Accept-Ranges"},
		{"x", "text/plain", "", 200, false, "", "ETag Last-Modified"},
		{"x", "text/html", "", 404, false, "", "ETag Last-Modified"},
		{"x", "text/html", "", 404, true, "DEFLATE", "ETag Last-Modified"},
		{"BYTYPE:DEFLATE", "text/css", "", 200, false, "DEFLATE", "ETag Last-Modified"},
		{"BYTYPE:DEFLATE", "text/plain;x", "", 200, false, "DEFLATE", "ETag Last-Modified"},
		{"BYTYPE:DEFLATE", "text/plaintext", "", 200, false, "", "ETag Last-Modified"},
		{"BYTYPE:DEFLATE", "Text/Plain", "", 200, false, "", "ETag Last-Modified"},
		{"BYTYPE:DEFLATE", "", "", 200, false, "", "ETag Last-Modified"},
	} {
		r := &server.Request{Reply: server.Reply{Status: tt.status, ContentType: tt.contentType}}
		r.Reply.Header.Add("ETag", `"x"`)
		r.Reply.Header.Add("Last-Modified", "then")
		if tt.up != "" {
			r.Reply.Header.Add("X-Up", tt.up)
		}
		if tt.env {
			r.Env.Set("filter-errordocs", "")
		}
		h := &harness{smart: d.filters[tt.filter]}
		got := ""
		if h.Begin(r) {
			got = string(h.OutputFilter.(named))
		}
		var names []string
		for _, f := range r.Reply.Header.F {
			names = append(names, f.Name)
		}
		if header := strings.Join(names, " "); got != tt.want || header != tt.header {
			t.Errorf("%+v: %s, header %s", tt, got, header)
		}
	}
}
