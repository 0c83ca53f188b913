package modcore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// compiled is a configuration compiled with core's modules alone.
type compiled struct {
	*directives.Plan
	Slots
	dir string
}

// compile writes text to x.conf in a new ServerRoot, where htdocs is, and
// compiles it as the server does at start.
func compile(t testing.TB, text string) (*compiled, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "htdocs"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "x.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r := directives.NewRegistry()
	slots := Add(r)
	loaded := r.NewLoaded(true)
	l := apacheconf.Loader{ServerRoot: dir, HasModule: loaded.Has, HasDirective: loaded.HasDirective, HasSection: loaded.HasSection}
	tree, err := l.Load(file)
	if err != nil {
		return nil, err
	}
	plan, err := r.CompileWith(directives.Options{Program: "apache2"}, tree, loaded)
	return &compiled{plan, slots, dir}, err
}

// message is what a compile error says, without its frame; "" for nil. Paths
// below the ServerRoot begin with R.
func message(c *compiled, err error) string {
	var out []string
	if err != nil {
		msg := err.Error()
		if i := strings.IndexByte(msg, '\n'); i >= 0 && strings.HasPrefix(msg, "AH00526") {
			msg = msg[i+1:]
		}
		out = append(out, msg)
	}
	if c != nil && c.Plan != nil {
		for _, n := range c.Notices {
			if n.Warn {
				out = append(out, strings.ReplaceAll(n.Text, c.dir, "R"))
			}
		}
	}
	return strings.Join(out, "\n")
}

// parse reads a configuration without compiling it.
func parse(t testing.TB, text string) *apacheconf.Tree {
	t.Helper()
	l := apacheconf.Loader{ServerRoot: "/", ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}
	tree, err := l.Load("/x.conf")
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
