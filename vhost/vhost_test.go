package vhost

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/directives/modmpm"
)

// build makes a site of a configuration with core's modules. The resolver is
// asked nothing: names knows what is needed.
func build(t testing.TB, text string, names *Names) *Site {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "x.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := directives.NewRegistry()
	core := modcore.Add(r)
	modmpm.Add(r)
	loaded := r.NewLoaded(true)
	l := apacheconf.Loader{ServerRoot: dir, HasModule: loaded.Has}
	tree, err := l.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := r.Compile(tree, loaded, nil)
	if err != nil {
		t.Fatal(err)
	}
	if names == nil {
		names = &Names{}
	}
	if names.Local == "" {
		names.Local = "host.example"
	}
	s, err := BuildWith(plan, core, names)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDescribe compares Describe with what Apache 2.4.71 -S printed.
func TestDescribe(t *testing.T) {
	data, err := os.ReadFile("testdata/dumps.txt")
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(data), "-- conf --\n")[1:]
	for i, c := range cases {
		conf, want, _ := strings.Cut(c, "-- dump --\n")
		s := build(t, conf, &Names{Addrs: map[netip.Addr]string{netip.MustParseAddr("127.0.0.1"): "localhost"}})
		var b strings.Builder
		s.Describe(&b)
		got := strings.ReplaceAll(b.String(), filepath.Dir(s.Plan.Tree.Included[0].File), "R")
		if got != want {
			t.Errorf("%d: got\n%s\nwant\n%s", i, got, want)
		}
	}
	if len(cases) < 4 {
		t.Error("cases are missing")
	}
}

// TestLookup compares lookups with the servers that Apache 2.4.71 chose.
func TestLookup(t *testing.T) {
	data, err := os.ReadFile("testdata/lookup.txt")
	if err != nil {
		t.Fatal(err)
	}
	conf, answers, _ := strings.Cut(string(data), "-- answers --\n")
	ports := strings.NewReplacer("PORT1", "8001", "PORT2", "8002")
	s := build(t, ports.Replace(conf), nil)
	n := 0
	for line := range strings.Lines(ports.Replace(answers)) {
		f := strings.Fields(line)
		n++
		var got *Server
		if f[0] == "path" {
			h := s.ByAddr(netip.MustParseAddrPort("127.0.0.1:8001"))
			if got = h.ByPath(f[1]); got == nil {
				got = h.Default
			}
		} else {
			h := s.ByAddr(netip.MustParseAddrPort(f[0] + ":" + f[1]))
			// What the server makes of Host before it asks.
			name, _, _ := strings.Cut(strings.ToLower(f[2]), ":")
			name = strings.TrimSuffix(strings.TrimSuffix(name, "."), "-")
			got = h.Host(name)
		}
		if want := f[len(f)-1]; fmt.Sprint(got.Index) != want {
			t.Errorf("%s: server %d (%s)", strings.TrimSpace(line), got.Index, got.Name)
		}
	}
	if n < 150 {
		t.Errorf("only %d lookups", n)
	}
}

func TestMapped(t *testing.T) {
	s := build(t, "ServerName m\n<VirtualHost 127.0.0.1:80>\nServerName v\n</VirtualHost>\n", nil)
	if got := s.ByAddr(netip.MustParseAddrPort("[::ffff:127.0.0.1]:80")).Default.Name; got != "v" {
		t.Errorf("a mapped address leads to %s", got)
	}
}

func TestStrict(t *testing.T) {
	s := build(t, "ServerName m\n<VirtualHost *:80>\nServerName v\nServerAlias w *.x\n</VirtualHost>\n", nil)
	h := s.ByAddr(netip.MustParseAddrPort("10.0.0.1:80"))
	for name, want := range map[string]bool{"v": true, "w": true, "a.x": true, "m": false, "": false} {
		if _, ok := h.Match(name); ok != want {
			t.Errorf("Match(%q) = %v", name, ok)
		}
	}
}

func TestIdentity(t *testing.T) {
	names := &Names{
		Hosts: map[string][]netip.Addr{"known.example": {netip.MustParseAddr("10.0.0.9")}, "unknown.example": nil},
		Addrs: map[netip.Addr]string{netip.MustParseAddr("10.0.0.9"): "reverse.example", netip.MustParseAddr("10.0.0.8"): ""},
		Local: "10.0.0.7", Doubt: true,
	}
	s := build(t, `
<VirtualHost *:80>
</VirtualHost>
<VirtualHost known.example:81>
</VirtualHost>
<VirtualHost 10.0.0.8:82>
</VirtualHost>
<VirtualHost unknown.example:83>
</VirtualHost>
<VirtualHost *:84>
ServerName https://Name.example:443
</VirtualHost>
<VirtualHost *:85>
ServerName plain.example
</VirtualHost>
`, names)
	want := []string{"10.0.0.7 0 ", "10.0.0.7 80 ", "reverse.example 81 ", "bogus_host_without_reverse_dns 82 ",
		"bogus_host_without_forward_dns 0 ", "Name.example 443 https", "plain.example 0 "}
	for i, v := range s.Servers {
		if got := fmt.Sprint(v.Name, " ", v.Port, " ", v.Scheme); got != want[i] {
			t.Errorf("server %d is %q, want %q", i, got, want[i])
		}
	}
	var codes []string
	for _, n := range s.Notices {
		for _, w := range strings.Fields(n.Text) {
			if strings.HasPrefix(w, "AH") {
				codes = append(codes, w)
			}
		}
	}
	if got := strings.Join(codes, " "); got != "AH00558: AH00547: AH00549:" {
		t.Errorf("notices %s", got)
	}
}

// TestDirsOrder holds the order of <Directory> sections: by components, then by
// the file's order, wildcards among the others, regular expressions last and
// sorted by their slashes.
func TestDirsOrder(t *testing.T) {
	s := build(t, `ServerName x
<DirectoryMatch "/a/.">
</DirectoryMatch>
<Directory /a/b/c>
</Directory>
<Directory ~ "b">
</Directory>
<Directory /a/*>
</Directory>
<Directory "*">
</Directory>
<Directory /a/b>
</Directory>
<Directory />
</Directory>
<Directory /*/b>
</Directory>
<Directory /a>
</Directory>
`, nil)
	var all []string
	for _, d := range s.Main.Dirs.All {
		all = append(all, d.Name)
	}
	cwd, _ := os.Getwd()
	star := cwd + "/*/"
	for i, n := range all {
		if n == star {
			all[i] = "CWD/*/"
		}
	}
	got := strings.Join(all, " ")
	want := "/ /a/ /a/*/ /a/b/ /*/b/ /a/b/c/ CWD/*/ b /a/."
	if strings.ReplaceAll(got, "CWD/*/ ", "") != strings.ReplaceAll(want, "CWD/*/ ", "") {
		t.Errorf("order is %s, want %s", got, want)
	}
	// What a walk to /a/b/c lays over the root, in order.
	n := s.Main.Root
	var steps []*Node
	for depth, dir := range []string{"/", "/", "/a/", "/a/b/", "/a/b/c/"} {
		if m := s.Main.Dirs.Step(n, dir, depth); m != n {
			n = m
			steps = append(steps, n)
		}
	}
	wantNode := s.Main.Root
	for _, name := range []string{"/", "/a/", "/a/*/", "/a/b/", "/*/b/", "/a/b/c/"} {
		for _, d := range s.Main.Dirs.All {
			if d.Name == name {
				wantNode = wantNode.Step(d)
			}
		}
	}
	if n != wantNode {
		t.Error("the walk does not take the sections in order")
	}
	if len(steps) != 4 {
		t.Errorf("%d steps", len(steps))
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		section, path string
		glob, want    bool
	}{
		{"/a", "/a", false, true}, {"/a", "/a/b", false, true}, {"/a", "/ab", false, false}, {"/a/", "/a", false, false},
		{"/a/", "/a/b", false, true}, {"/", "/x", false, true}, {"", "/x", false, true}, {"/a*", "/abc", true, true},
		{"/a*", "/abc/d", true, false}, {"/*/b", "/x/b", true, true}, {"a", "/a", false, false},
	} {
		if got := MatchesURL(&directives.Section{Name: c.section, Glob: c.glob}, c.path); got != c.want {
			t.Errorf("<Location %q> on %q: %v", c.section, c.path, got)
		}
	}
}

// TestTrie walks the same and different ways from many goroutines: the same
// sections must lead to the same node, and merged values must be right.
func TestTrie(t *testing.T) {
	var conf strings.Builder
	conf.WriteString("ServerName x\nTimeout 5\n")
	const sections = 12 // more than a list holds
	for i := range sections {
		fmt.Fprintf(&conf, "<Location /%d>\nLimitRequestBody %d\n</Location>\n", i, i+1)
	}
	s := build(t, conf.String(), nil)
	locs := s.Main.Locations
	nodes := make([][]*Node, 8)
	var wg sync.WaitGroup
	for g := range nodes {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range sections {
				for k := range sections {
					j := (k + g) % sections
					n := s.Main.Root.Step(locs[i]).Step(locs[j])
					if got := s.Core.Dir.Of(n.Conf).LimitRequestBody.V; got != int64(j+1) {
						t.Errorf("limit %d after section %d", got, j)
					}
				}
				nodes[g] = append(nodes[g], s.Main.Root.Step(locs[i]))
			}
		}()
	}
	wg.Wait()
	for g := range nodes {
		for i := range nodes[g] {
			if nodes[g][i] != nodes[0][i] {
				t.Fatal("two nodes for the same sections")
			}
		}
	}
	if v := s.Core.Dir.Of(s.Main.Root.Conf).LimitRequestBody; v.Set {
		t.Error("the root was changed")
	}
}

// TestTrieCap walks more combinations than are kept: results stay right.
func TestTrieCap(t *testing.T) {
	var conf strings.Builder
	conf.WriteString("ServerName x\n")
	for i := range 100 {
		fmt.Fprintf(&conf, "<Location /%d>\nLimitRequestBody %d\n</Location>\n", i, i+1)
	}
	s := build(t, conf.String(), nil)
	locs := s.Main.Locations
	for _, a := range locs {
		for _, b := range locs {
			n := s.Main.Root.Step(a).Step(b)
			if got := s.Core.Dir.Of(n.Conf).LimitRequestBody.V; fmt.Sprintf("/%d", got-1) != b.Name {
				t.Fatalf("limit %d after %s", got, b.Name)
			}
		}
	}
	if s.Main.Root.trie.nodes > maxNodes {
		t.Errorf("%d nodes kept", s.Main.Root.trie.nodes)
	}
}

func BenchmarkStep4(b *testing.B) {
	s := build(b, "ServerName x\n<Location /a>\nOptions +Indexes\n</Location>\n", nil)
	n := s.Main.Root
	loc := s.Main.Locations[0]
	b.ReportAllocs()
	for b.Loop() {
		n.Step(loc).Step(loc).Step(loc).Step(loc)
	}
}

func benchmarkNames(b *testing.B, n int) {
	var conf strings.Builder
	conf.WriteString("ServerName x\n")
	for i := range n {
		fmt.Fprintf(&conf, "<VirtualHost *:80>\nServerName host%d.example\nServerAlias www.host%d.example *.w%d.example\n</VirtualHost>\n", i, i, i)
	}
	s := build(b, conf.String(), nil)
	local := netip.MustParseAddrPort("192.0.2.1:80")
	names := []string{"host0.example", fmt.Sprintf("www.host%d.example", n-1), fmt.Sprintf("a.b.w%d.example", n/2), "nosuch.example"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.ByAddr(local).Host(names[i&3])
	}
}

func BenchmarkNames10(b *testing.B)    { benchmarkNames(b, 10) }
func BenchmarkNames10000(b *testing.B) { benchmarkNames(b, 10000) }

func TestDescribeRun(t *testing.T) {
	s := build(t, "ServerName x\nDefine V 1\nDefine W\nUser #12345\nErrorLog |prog\n", nil)
	var b strings.Builder
	s.DescribeRun(&b, Defaults{DocumentRoot: "htdocs", ErrorLog: "logs/error_log", PidFile: "logs/httpd.pid", RuntimeDir: "/run/x", User: "#-1", Group: "#-1"})
	want := `ServerRoot: "R"
Main DocumentRoot: "R/htdocs"
Main ErrorLog: "|prog"
Mutex default: dir="/run/x/" mechanism=default 
PidFile: "R/logs/httpd.pid"
Define: V=1
Define: W
User: name="#12345" id=12345
Group: name="#-1" id=4294967295
`
	if got := strings.ReplaceAll(b.String(), s.Plan.ServerRoot, "R"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func BenchmarkBuild1000(b *testing.B) {
	var conf strings.Builder
	conf.WriteString("ServerName x\n<Directory />\nOptions None\n</Directory>\n")
	for i := range 1000 {
		fmt.Fprintf(&conf, "<VirtualHost *:80>\nServerName host%d.example\nServerAlias www.host%d.example\n<Directory /srv/%d>\nAllowOverride All\n</Directory>\n</VirtualHost>\n", i, i, i)
	}
	s := build(b, conf.String(), nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Build(s.Plan, s.Core); err != nil {
			b.Fatal(err)
		}
	}
}
