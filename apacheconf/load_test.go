package apacheconf

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

// loadCase is one txtar file of testdata/load: main.conf and what it includes, the flags of the comment's
// "flags:" line (-D -C -c, one argument a word, quoted), and the outcome in the file "want".
type loadCase struct {
	path    string
	comment string
	flags   []string
	files   []txtarFile
	want    string
}

type txtarFile struct{ name, data string }

func readCase(t testing.TB, path string) *loadCase {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &loadCase{path: path}
	data := &c.comment
	for _, line := range strings.SplitAfter(string(b), "\n") {
		if name, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(name, " --\n") {
			name = strings.TrimSuffix(name, " --\n")
			if name == "want" {
				data = &c.want
				continue
			}
			c.files = append(c.files, txtarFile{name: name})
			data = &c.files[len(c.files)-1].data
			continue
		}
		*data += line
	}
	for _, line := range strings.Split(c.comment, "\n") {
		if flags, ok := strings.CutPrefix(line, "flags: "); ok {
			c.flags = Words(flags)
		}
	}
	return c
}

// write puts the files below dir. "name -> target" makes a link, a name that ends in a slash a directory.
func (c *loadCase) write(t testing.TB, dir string) {
	t.Helper()
	for _, f := range c.files {
		name, target, link := strings.Cut(f.name, " -> ")
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil && link {
			err = os.Symlink(target, path)
		} else if err == nil {
			// A line that ends in \EOF has no line end; $ROOT is the directory.
			data := strings.ReplaceAll(strings.ReplaceAll(f.data, "\\EOF\n", ""), "$ROOT", dir)
			err = os.WriteFile(path, []byte(data), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// loader makes a Loader with the modules and directives of the reference server, see differential_test.go.
func (c *loadCase) loader(root string) *Loader {
	l := newTestLoader(root)
	for i := 0; i+1 < len(c.flags); i += 2 {
		switch c.flags[i] {
		case "-D":
			l.Defines = append(l.Defines, Define{Name: c.flags[i+1]})
		case "-C":
			l.PreLines = append(l.PreLines, c.flags[i+1])
		case "-c":
			l.PostLines = append(l.PostLines, c.flags[i+1])
		}
	}
	return l
}

// newTestLoader knows a few modules as static.
func newTestLoader(root string) *Loader {
	modules := map[string]bool{}
	for _, m := range []string{"core", "so", "version", "http", "mpm_event", "authz_core", "dir", "macro", "alias", "env", "info"} {
		modules[m+"_module"] = true
		modules["mod_"+m+".c"] = true
	}
	directives := map[string]bool{}
	for _, d := range []string{"servername", "directoryindex", "<directory", "<virtualhost", "<files", "<location", "options", "setenv"} {
		directives[d] = true
	}
	return &Loader{
		ServerRoot:   root,
		Env:          func(name string) (string, bool) { return "from the environment", name == "TESTVAR" },
		HasModule:    func(name string) bool { return modules[name] },
		HasDirective: func(name string) bool { return directives[toLower(name)] },
		HasSection:   func(name string) bool { return directives["<"+toLower(name)] },
		SectionName: func(name string) string {
			for _, s := range []string{"Directory", "VirtualHost", "Files", "Location"} {
				if equalFold(s, name) {
					return s
				}
			}
			return ""
		},
		LoadModule: func(name, path string, _ Pos) error {
			if !strings.HasPrefix(path, "/usr/lib/apache2/modules/") {
				return fmt.Errorf("Cannot load %s into server: %[1]s: cannot open shared object file: No such file or directory", path)
			}
			modules[name] = true
			return nil
		},
	}
}

// describe writes a load's outcome in full.
func describe(t *Tree, err error) string {
	var b strings.Builder
	for _, w := range t.Warnings {
		fmt.Fprintf(&b, "%s:%s: %s\n", w.Module, w.Level, w.Error())
	}
	if err != nil {
		b.WriteString(err.(*Error).Format("httpd-wsgi") + "\n")
		return b.String()
	}
	file := ""
	var items func(list []*Item, indent string)
	at := func(p Pos) string {
		if p.File != file {
			file = p.File
			fmt.Fprintf(&b, "# %s\n", file)
		}
		return fmt.Sprintf("%3d", p.Line)
	}
	items = func(list []*Item, indent string) {
		for _, it := range list {
			switch {
			case !it.Section:
				fmt.Fprintf(&b, "%s %s[%s] [%s]\n", at(it.Pos), indent, it.Name, it.Args)
			default:
				unclosed := ""
				if it.Unclosed {
					unclosed = " unclosed"
				}
				fmt.Fprintf(&b, "%s %s<[%s] [%s]%s\n", at(it.Pos), indent, it.Name, it.Args, unclosed)
				items(it.Items, indent+"  ")
				if it.EndPos.IsZero() {
					fmt.Fprintf(&b, "    %sno end\n", indent)
				} else {
					fmt.Fprintf(&b, "%s %s</[%s]\n", at(it.EndPos), indent, it.Name)
				}
			}
		}
	}
	items(t.Items, "")
	for _, in := range t.Included {
		fmt.Fprintf(&b, "read: %*s(%d) %s\n", 2*in.Depth, "", in.Line, in.File)
	}
	for _, d := range t.Defines {
		fmt.Fprintf(&b, "define: [%s]=[%s] %v\n", d.Name, d.Value, d.HasValue)
	}
	return b.String()
}

func loadCases(t testing.TB) []*loadCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var cases []*loadCase
	for _, p := range paths {
		cases = append(cases, readCase(t, p))
	}
	return cases
}

func TestLoad(t *testing.T) {
	for _, c := range loadCases(t) {
		t.Run(strings.TrimSuffix(filepath.Base(c.path), ".txtar"), func(t *testing.T) {
			root := t.TempDir()
			c.write(t, root)
			got := strings.ReplaceAll(describe(c.loader(root).Load("main.conf")), root, "$ROOT")
			if *update {
				b, err := os.ReadFile(c.path)
				if err != nil {
					t.Fatal(err)
				}
				head, _, _ := strings.Cut(string(b), "-- want --\n")
				if err := os.WriteFile(c.path, []byte(head+"-- want --\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != c.want {
				t.Errorf("%s:\n%s\nwant:\n%s", c.comment, got, c.want)
			}
		})
	}
}
