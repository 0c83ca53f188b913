package modheaders

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[directives.None, Dir] { return tables })
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables)
	directivetest.Listing(t, r, "testdata/L.txt")
}

// compile returns the main server's configuration and a request for it.
func compile(t *testing.T, text string) (*Dir, *server.Request, error) {
	t.Helper()
	root := t.TempDir()
	file := filepath.Join(root, "httpd.conf")
	if err := os.WriteFile(file, []byte("ServerRoot "+root+"\nServerName localhost\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	var slot directives.Slot[Dir]
	linked := server.Link([]server.Module{server.Bind(tables, nil, func(_ *server.HookSet, s directives.Slots[directives.None, Dir]) { slot = s.Dir })})
	tree, err := (&apacheconf.Loader{ServerRoot: root}).Load(file)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := linked.Registry.CompileWith(directives.Options{NoDocumentRootCheck: true}, tree, linked.Registry.NewLoaded(true))
	if err != nil {
		return nil, nil, err
	}
	hosts, err := vhost.Build(plan, linked.Core)
	if err != nil {
		t.Fatal(err)
	}
	site := server.NewSite(linked, plan, hosts, nil)
	r := &server.Request{Site: site, Server: hosts.Main, Conf: hosts.Main.Root.Conf, Conn: &server.Conn{}, Received: time.UnixMicro(1700000000123456)}
	r.Reply.Status = 200
	return slot.Of(r.Conf), r, nil
}

// The sentences are Apache 2.4.71's, but for what is refused here.
func TestMessages(t *testing.T) {
	const actions = "first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', 'echo', 'note', 'edit', or 'edit*'."
	const noEnv = "error: missing environment variable name. envclause should be in the form env=envar "
	for line, want := range map[string]string{
		"Header":                        actions,
		"Header set":                    "Header requires three arguments",
		"Header set X":                  "Header requires three arguments",
		"Header set X y":                "",
		"Header set X y z":              "Unknown parameter: z",
		"Header set X y env=":           noEnv,
		"Header set X y env=!":          noEnv,
		"Header set X y env=A b":        "Too many arguments to directive",
		"Header set X y env=A b c":      "Header has too many arguments",
		"Header foo X y":                actions,
		"Header always":                 actions,
		"Header always set X":           "Header requires three arguments",
		"Header onsuccess foo":          actions,
		"Header unset X":                "",
		"Header unset X env=A":          "",
		"Header unset X y":              "Unknown parameter: y",
		"Header unset X y z":            "header unset takes two arguments",
		"Header unset":                  "",
		"Header echo ^X":                "",
		"Header echo (":                 "Header echo regex could not be compiled",
		"Header echo ^X a b":            "Header echo takes two arguments",
		"Header edit X a":               "Header edit requires a match and a substitution",
		"Header edit X ( b":             "Header edit regex could not be compiled",
		"Header edit X a b early":       "",
		"Header edit X a b env=A c":     "Header has too many arguments",
		`Header set X "expr=%{FOO}"`:    "Can't parse value expression : Variable 'FOO' does not exist",
		`Header set X y "expr=true &&"`: "Can't parse envclause/expression: syntax error, unexpected $end",
		`Header set X "%q"`:             "Unrecognized header format %q",
		`Header set X "%"`:              "",
		`Header set X "%{A"`:            "Unrecognized header format %",
		`Header set X "%{A}"`:           "Unrecognized header format %",
		`Header set X "%{A}i"`:          "Header format %i is not supported by httpd-wsgi: leave it out",
		"Header note X":                 "Header requires three arguments",
		"RequestHeader note X y":        "RequestHeader does not support the 'note' action",
		"RequestHeader echo ^X":         "Header echo only valid on Header directives",
		"RequestHeader set":             "Header requires three arguments",
		"RequestHeader always set X":    actions,
		"RequestHeader set X y early":   "",
		"Header SET X y ENV=A":          "",
	} {
		_, _, err := compile(t, line+"\n")
		got := ""
		if err != nil {
			got = err.(*apacheconf.Error).Msg
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

// Each case is lines, the fields before, and those after.
func TestActions(t *testing.T) {
	for _, test := range []struct{ lines, before, after string }{
		{"set A 1", "", "A: 1"},
		{"set a 1", "A: x|B: y|A: z", "a: 1|B: y"},
		{"setifempty A 1", "A: x", "A: x"},
		{"setifempty A 1", "B: y", "B: y|A: 1"},
		{"append A 1", "A: x|A: y", "A: x, 1|A: y"},
		{"append A 1", "", "A: 1"},
		{"add A 1", "A: x", "A: x|A: 1"},
		{"unset A", "A: x|B: y|a: z", "B: y"},
		{"unset A:", "A: x", ""},
		{"merge A b", "A: a, b", "A: a, b"},
		{"merge A b", "A: a, bc", "A: a, bc, b"},
		{`merge A "\"x, y\""`, `A: "x, y"`, `A: "x, y"`},
		{"merge A y", `A: "x, y"`, `A: "x, y", y`},
		{"merge A b", "", "A: b"},
		{"edit A a b", "A: aaa", "A: baa"},
		{"edit* A a b", "A: aaa", "A: bbb"},
		{"edit* A ^a b", "A: aac", "A: bbc"},
		{`edit A "(.)(.)" "$2$1"`, "A: xyz|B: q", "B: q|A: yxz"},
		{`edit* A x* -`, "A: axxb", "A: -axxb"},
		{`edit A a "%{V}e\\$0"`, "A: a", "A: val$0"},
		{"edit A a b", "B: a", "B: a"},
		{"set A 1 env=V", "", "A: 1"},
		{"set A 1 env=!V", "", ""},
		{"set A 1 env=W", "", ""},
		{`set A 1 "expr=reqenv('V') == 'val'"`, "", "A: 1"},
		{`set A 1 "expr=false"`, "", ""},
		{"set A 1 early", "", ""},
		{`set A "%t %{V}e %{W}e %s %% a\tb\\c\d%"`, "", "A: t=1700000000123456 val (null) (null) % a\tb\\c\\d%"},
		{`set A "expr=%{tolower:ABC}"`, "", "A: abc"},
		{`set A ""`, "", "A: "},
		{"note A n\nset B %{n}e\nset C \"expr=%{note:n}\"", "A: noted", "A: noted|B: (null)|C: noted"},
		{"echo ^X", "", "X-In: in"},
	} {
		text := ""
		for _, l := range strings.Split(test.lines, "\n") {
			text += "Header " + l + "\n"
		}
		d, r, err := compile(t, text)
		if err != nil {
			t.Errorf("%s: %v", test.lines, err)
			continue
		}
		r.Env.Set("V", "val")
		r.In.Add("X-In", "in")
		r.In.Add("Y", "in")
		h := &r.Reply.Header
		for _, f := range strings.Split(test.before, "|") {
			if name, value, ok := strings.Cut(f, ": "); ok {
				h.Add(name, value)
			}
		}
		run(r, h, d.Out, false)
		var after []string
		for _, f := range h.F {
			after = append(after, f.Name+": "+f.Value)
		}
		if got := strings.Join(after, "|"); got != test.after {
			t.Errorf("%s on %s\n got %s\nwant %s", test.lines, test.before, got, test.after)
		}
	}
}

func TestContentType(t *testing.T) {
	for line, want := range map[string]string{
		"Header set Content-Type a/b":             "a/b",
		"Header unset content-type":               "",
		"Header edit Content-Type plain html":     "text/html",
		"Header append Content-Type x":            "text/plain",
		"RequestHeader set Content-Type a/b":      "text/plain",
		"RequestHeader unset Content-Type":        "text/plain",
		"RequestHeader edit Content-Type plain x": "text/plain",
	} {
		d, r, err := compile(t, line+"\n")
		if err != nil {
			t.Fatal(err)
		}
		r.Reply.ContentType = "text/plain"
		run(r, &r.In, d.In, false)
		run(r, &r.Reply.Header, d.Out, false)
		if r.Reply.ContentType != want {
			t.Errorf("%s: %q, want %q", line, r.Reply.ContentType, want)
		}
	}
}

func TestLoad(t *testing.T) {
	d, r, err := compile(t, `Header set A "%l|%D"`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	run(r, &r.Reply.Header, d.Out, false)
	load, duration, _ := strings.Cut(r.Reply.Header.Get("A"), "|")
	if !strings.HasPrefix(load, "l=") || strings.Count(load, "/") != 2 || strings.Count(load, ".") != 3 || !strings.HasPrefix(duration, "D=") {
		t.Errorf("%s", r.Reply.Header.Get("A"))
	}
}
