package all

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// fuzzServer is a compiled server with every module, for .htaccess files to be laid over.
func fuzzServer(t testing.TB) (*server.Linked, *directives.Plan) {
	t.Helper()
	linked := Link(nil)
	tree, err := fuzzLoader(linked, "ServerName x\nDefine V value\n<Macro M $x>\nHeader set X $x\n</Macro>\n").Load("main.conf")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := linked.Registry.Compile(tree, linked.Registry.NewLoaded(true), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vhost.Build(plan, linked.Core); err != nil {
		t.Fatal(err)
	}
	return linked, plan
}

// fuzzLoader reads text, and text again for every file that it includes, some times.
func fuzzLoader(linked *server.Linked, text string) *apacheconf.Loader {
	loaded := linked.Registry.NewLoaded(true)
	left := 20
	return &apacheconf.Loader{ServerRoot: "/nonexistent", HasModule: loaded.Has, HasDirective: loaded.HasDirective, HasSection: loaded.HasSection,
		ReadFile: func(string) ([]byte, error) {
			if left--; left < 0 {
				return nil, errors.New("enough")
			}
			return []byte(text), nil
		}}
}

// fuzzSeeds are the files of that name, or with that end, of the differential cases.
func fuzzSeeds(f *testing.F, name string) {
	paths, err := filepath.Glob("../../integration/testdata/diff/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no cases: %v", err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split("\n"+string(data), "\n-- ") {
			if head, text, ok := strings.Cut(part, " --\n"); ok && strings.HasSuffix(head, name) && len(text) < 4000 {
				f.Add(text)
			}
		}
	}
}

// fuzzSkip tells of text that would have the file system read at length, or other users' files.
func fuzzSkip(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, "include") && strings.ContainsAny(lower, "*?[$@%") || strings.Contains(lower, "/dev/") ||
		strings.Contains(lower, "/proc") || strings.Contains(lower, "/sys") || len(text) > 20_000
}

func checkMessage(t *testing.T, err error) {
	t.Helper()
	var e *apacheconf.Error
	if err != nil && (!errors.As(err, &e) || e.Msg == "" || strings.ContainsAny(e.Format("x"), "\x00")) {
		t.Fatalf("error %#v", err)
	}
}

// FuzzHtaccess: whatever a .htaccess file holds, with whatever may be overridden, all linked modules together
// make a section of it that merges with the server's, or an error in Apache's frame.
func FuzzHtaccess(f *testing.F) {
	linked, plan := fuzzServer(f)
	fuzzSeeds(f, ".htaccess")
	for _, e := range linked.Registry.Entries() {
		if e.Scope&(directives.OrAll|directives.AccessConf) != 0 && !e.Section {
			f.Add(e.Name + "\n" + e.Name + " a b\n")
			f.Add("<Files x>\n" + e.Name + " \"x %{y}z\" On env=!a\n</Files>\n")
		}
	}
	root := plan.Main.Defaults
	f.Fuzz(func(t *testing.T, text string) {
		if fuzzSkip(text) {
			t.Skip()
		}
		for _, h := range []directives.Htaccess{
			{Override: directives.OrAll, Options: ^uint32(0)},
			{Override: directives.OrFileInfo | directives.OrLimit, Options: 1, Nonfatal: directives.Nonfatal{Override: true, Unknown: true}},
			{List: map[string]bool{"header": true, "<files": true, "rewriterule": true}},
		} {
			h.Dir, h.Server = "/nonexistent/dir/", plan.Main
			tree, err := fuzzLoader(linked, text).LoadHtaccess(plan.Tree, "/nonexistent/dir/.htaccess", []byte(text))
			checkMessage(t, err)
			if err != nil {
				return
			}
			section, _, err := linked.Registry.CompileHtaccess(plan, tree, h)
			checkMessage(t, err)
			if err == nil {
				linked.Registry.Merge(root, section.Conf)
			}
		}
	})
}

// FuzzConfig: whatever the server's own configuration holds, all linked modules together make a plan of it, or an
// error in Apache's frame.
func FuzzConfig(f *testing.F) {
	linked := Link(nil)
	fuzzSeeds(f, "httpd.conf")
	for _, e := range linked.Registry.Entries() {
		if e.Section {
			f.Add("<" + strings.TrimPrefix(e.Name, "<") + " a>\nBogus\n</" + strings.Trim(e.Name, "<>") + ">\n")
		} else {
			f.Add(e.Name + " a b=c \"d e\"\n")
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if fuzzSkip(text) {
			t.Skip()
		}
		linked := Link(nil)
		tree, err := fuzzLoader(linked, text).Load("main.conf")
		checkMessage(t, err)
		if err != nil {
			return
		}
		_, err = linked.Registry.Compile(tree, linked.Registry.NewLoaded(true), nil)
		checkMessage(t, err)
	})
}
