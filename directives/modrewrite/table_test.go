package modrewrite

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// site is a configuration with core and mod_rewrite, and no connections.
type site struct {
	*server.Site
	m    *module
	plan *directives.Plan
	root string
	log  bytes.Buffer
}

// newSite compiles text in a ServerRoot of its own, which "@ROOT@" stands for; files are written there first.
func newSite(t testing.TB, text string, files ...string) (*site, error) {
	t.Helper()
	s := &site{root: t.TempDir()}
	write := func(name, text string) string {
		file := filepath.Join(s.root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write("htdocs/index.html", "index")
	for i := 0; i < len(files); i += 2 {
		write(files[i], files[i+1])
	}
	file := write("httpd.conf", "ServerRoot "+s.root+"\nServerName localhost\nDocumentRoot "+s.root+"/htdocs\n"+
		strings.ReplaceAll(text, "@ROOT@", s.root))
	linked := server.Link([]server.Module{server.Bind(tables(), nil, func(h *server.HookSet, slots directives.Slots[Server, Dir]) {
		s.m = &module{conf: slots, note: server.NewNote[state](h)}
	})})
	tree, err := (&apacheconf.Loader{ServerRoot: s.root}).Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if s.plan, err = linked.Registry.Compile(tree, linked.Registry.NewLoaded(true), nil); err != nil {
		return nil, err
	}
	hosts, err := vhost.Build(s.plan, linked.Core)
	if err != nil {
		t.Fatal(err)
	}
	logger := errlog.New(errlog.Config{Name: "localhost", Levels: &hosts.Main.Core.LogLevel, Target: errlog.To(&s.log)})
	logs := make([]*errlog.Logger, len(hosts.Servers))
	for i := range logs {
		logs[i] = logger
	}
	s.Site = server.NewSite(linked, s.plan, hosts, logs)
	return s, nil
}

func mustSite(t testing.TB, text string, files ...string) *site {
	t.Helper()
	s, err := newSite(t, text, files...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// request is one for a decoded path and query, in the state of the translate phase.
func (s *site) request(target string) *server.Request {
	r := &server.Request{Site: s.Site, Server: s.VHosts.Main, Conn: &server.Conn{}, Received: time.Unix(1700000000, 0)}
	r.URI, r.Args, r.HasArgs = strings.Cut(target, "?")
	r.Line = server.RequestLine{Text: "GET " + target + " HTTP/1.1", Method: "GET", Target: target, Protocol: "HTTP/1.1", Proto: 1001, Hostname: "localhost"}
	r.Node, r.Conf = r.Server.Root, r.Server.Root.Conf
	r.Reply.Status = 200
	return r
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables())
	directivetest.Listing(t, r, "testdata/L.txt")
}

// The sentences are Apache 2.4.71's, but for what is refused here.
func TestMessages(t *testing.T) {
	for line, want := range map[string]string{
		"RewriteEngine maybe":                          "RewriteEngine must be On or Off",
		"RewriteOptions":                               "RewriteOptions requires at least one argument, List of option strings to set",
		"RewriteOptions foo":                           "RewriteOptions: unknown option 'foo'",
		"RewriteOptions LongURLOptimization":           "RewriteOptions: unknown option 'LongURLOptimization'",
		"RewriteOptions inherit MaxRedirects=10":       "",
		"RewriteBase /x":                               "RewriteBase: only valid in per-directory config files",
		"<Directory /x>\nRewriteBase x\n</Directory>":  "RewriteBase: argument is not a valid URL",
		"<Directory /x>\nRewriteBase /x\n</Directory>": "",
		"RewriteCond":                                  "RewriteCond: bad argument line ''",
		"RewriteCond a":                                "RewriteCond: bad argument line 'a'",
		"RewriteCond a b c":                            "RewriteCond: bad flag delimiters",
		"RewriteCond a b [XX]":                         "RewriteCond: unknown flag 'XX'",
		"RewriteCond a (":                              "RewriteCond: cannot compile regular expression '('",
		"RewriteCond a -f [NC]":                        "",
		`RewriteCond expr "%{FOO"`:                     `RewriteCond: cannot compile expression "%{FOO" syntax error, unexpected T_ERROR, expecting T_VAR_END or ':': Unterminated string or variable`,
		"RewriteRule":                                  "RewriteRule: bad argument line ''",
		"RewriteRule a":                                "RewriteRule: bad argument line 'a'",
		"RewriteRule a b c":                            "RewriteRule: bad flag delimiters",
		"RewriteRule a b [R":                           "RewriteRule: bad flag delimiters",
		"RewriteRule a b [L, R=301]":                   "RewriteRule: bad flag delimiters",
		`RewriteRule a b "[L, R=301]"`:                 "",
		"RewriteRule a b [XX=1]":                       "RewriteRule: unknown flag 'XX'",
		"RewriteRule a b []":                           "RewriteRule: unknown flag ''",
		"RewriteRule a b [L,]":                         "RewriteRule: unknown flag ''",
		"RewriteRule a b [QSX]":                        "RewriteRule: unknown flag 'QSX'",
		"RewriteRule a b [R=999]":                      "RewriteRule: invalid HTTP response code '999' for flag 'R'",
		"RewriteRule a b [R=99]":                       "RewriteRule: invalid HTTP response code '99' for flag 'R'",
		"RewriteRule a b [BNE]":                        "RewriteRule: flag 'BNE' wants a list of characters (i.e. [BNE=...])",
		"RewriteRule a b [DX]":                         "",
		"RewriteRule a b [L] trailing stuff":           "",
		`RewriteRule a "b [L]`:                         "",
		"RewriteRule a b [unsafeallow3f,unc,unsafeprefixstat,bctls,bnp,qsl,nosubreq,END]": "",
		"RewriteRule ( b":                                        "RewriteRule: cannot compile regular expression '('",
		"RewriteRule a b [P]":                                    "RewriteRule: flag 'P' is not supported by httpd-wsgi: there is no proxy; redirect with [R] or keep the proxy in front",
		"RewriteMap a":                                           "RewriteMap takes two or three arguments, a mapname and a filename and options",
		"RewriteMap a b":                                         "RewriteMap: file for map a not found:@ROOT@/b",
		"RewriteMap a TXT:b":                                     "RewriteMap: file for map a not found:@ROOT@/b",
		"RewriteMap a httpd.conf":                                "",
		"RewriteMap a rnd:httpd.conf":                            "",
		"RewriteMap a int:foo":                                   "RewriteMap: internal map not found:foo",
		"RewriteMap a INT:tolower":                               "",
		"RewriteMap a dbd:select":                                "RewriteMap types dbd and fastdbd require mod_dbd!",
		"RewriteMap a fastdbd:select":                            "RewriteMap types dbd and fastdbd require mod_dbd!",
		"RewriteMap a dbmx":                                      "RewriteMap: bad map:dbmx",
		"RewriteMap a dbm=sdbm:httpd.conf":                       "RewriteMap: type dbm is not supported by httpd-wsgi: write httpd.conf out as a text file and use txt:",
		"RewriteMap a prg:/bin/cat":                              "RewriteMap: type prg is not supported by httpd-wsgi: use a text file (txt:) that /bin/cat writes",
		"<Directory /x>\nRewriteMap a int:tolower\n</Directory>": "RewriteMap not allowed in <Directory> context",
	} {
		s, err := newSite(t, line+"\n")
		got := ""
		if err != nil {
			got = err.(*apacheconf.Error).Msg
		}
		if s != nil {
			want = strings.ReplaceAll(want, "@ROOT@", s.root)
		}
		if i := strings.Index(want, "@ROOT@"); i >= 0 {
			want, got = want[:i], got[:min(i, len(got))]
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	s := mustSite(t, "RewriteOptions MaxRedirects=1\nRewriteCond a -f [NC]\nRewriteCond a -eq1 [NC]\nRewriteCond a =b [NC]\n")
	var got []string
	for _, n := range s.plan.Notices {
		got = append(got, strings.ReplaceAll(n.Text, s.root, "@ROOT@"))
	}
	want := []string{
		"AH00664: RewriteOptions: MaxRedirects option has been removed in favor of the global LimitInternalRecursion directive and will be ignored.",
		"AH00665: RewriteCond: NoCase option for non-regex pattern '-f' is not supported and will be ignored. (@ROOT@/httpd.conf:5)",
		"AH00665: RewriteCond: NoCase option for non-regex pattern '1' is not supported and will be ignored. (@ROOT@/httpd.conf:6)",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMergeDir(t *testing.T) {
	rules := func(names string) []*Rule {
		var out []*Rule
		for _, n := range strings.Fields(names) {
			out = append(out, &Rule{output: n})
		}
		return out
	}
	dir := func(names string, o Options) *Dir {
		d := &Dir{Directory: "/" + names + "/", walked: true}
		d.Rules = rules(names)
		if o != 0 {
			d.Options = directives.Some(o)
		}
		return d
	}
	for _, test := range []struct {
		base, add Options
		want      string
	}{
		{0, 0, "add"},
		{0, Inherit, "add base"},
		{Inherit, 0, "add base"},
		{Inherit, MergeBase, "add"},
		{0, InheritBefore, "base add"},
		{InheritDown, 0, "add base"},
		{InheritDown, MergeBase, "add base"},
		{InheritDown, IgnoreInherit, "add"},
		{InheritDownBefore, 0, "base add"},
		{InheritDownBefore, IgnoreInherit, "add"},
		{0, Inherit | IgnoreInherit, "add base"},
	} {
		base, add := dir("base", test.base), dir("add", test.add)
		base.Base = directives.Some("/base")
		out := mergeDir(base, add)
		var got []string
		for _, r := range out.Rules {
			got = append(got, r.output)
		}
		if s := strings.Join(got, " "); s != test.want || out.Directory != "/add/" {
			t.Errorf("%b over %b: %s in %s, want %s", test.add, test.base, s, out.Directory, test.want)
		}
		if out.Base.Set != (test.add&MergeBase != 0) {
			t.Errorf("%b over %b: base %v", test.add, test.base, out.Base)
		}
		if len(base.Rules) != 1 || len(add.Rules) != 1 {
			t.Error("merging changed its arguments")
		}
	}
	// Options outside sections make only the sections of later walks inherit.
	top := &Dir{ServerOptions: directives.Some(Inherit)}
	d := mergeDir(mergeDir(top, dir("base", 0)), dir("add", 0))
	if len(d.Rules) != 1 {
		t.Errorf("a directory inherits %d rules by an option of the server", len(d.Rules)-1)
	}
	later := dir("files", 0)
	later.walked = false
	if d = mergeDir(d, later); len(d.Rules) != 2 {
		t.Errorf("a section after the directories has %d rules, want 2", len(d.Rules))
	}
	if d.options() != Inherit {
		t.Errorf("options %b", d.options())
	}
}

func TestMergeServer(t *testing.T) {
	one, two := &Map{random: true}, &Map{}
	base := &Server{Maps: map[string]*Map{"a": one, "b": one}}
	add := &Server{Maps: map[string]*Map{"a": two}}
	for _, test := range []struct {
		o    Options
		a, b *Map
	}{{0, two, nil}, {Inherit, two, one}, {InheritBefore, one, one}} {
		add.Options = directives.Some(test.o)
		m := mergeServer(base, add).Maps
		if m["a"] != test.a || m["b"] != test.b {
			t.Errorf("%b: %v", test.o, m)
		}
	}
	if len(add.Maps) != 1 || len(base.Maps) != 2 {
		t.Error("merging changed its arguments")
	}
}

// A virtual host has rules, or the main server's by inheritance, only if a line of this module stands in it.
func TestVirtualHostWithout(t *testing.T) {
	s := mustSite(t, `RewriteEngine On
RewriteOptions InheritDown
RewriteRule ^/x /y
<VirtualHost *:80>
ServerName a
</VirtualHost>
<VirtualHost *:80>
ServerName b
<Location /z>
RewriteEngine On
</Location>
</VirtualHost>
`)
	for i, want := range []server.Status{server.OK, server.Declined, server.OK} {
		r := s.request("/x")
		r.Server = s.VHosts.Servers[i]
		r.Node, r.Conf = r.Server.Root, r.Server.Root.Conf
		if got := s.m.translate(r); got != want {
			t.Errorf("server %d: %d, want %d", i, got, want)
		}
	}
}
