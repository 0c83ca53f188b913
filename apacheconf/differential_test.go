package apacheconf

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"httpd-wsgi/internal/testenv"
)

// The differential tests ask Apache itself. They run where it is installed.
const (
	apachePath  = "/usr/sbin/apache2"
	apacheMods  = "/usr/lib/apache2/modules/"
	logPrefixRE = `^\[[^]]*\] \[([a-z_]+):([a-z]+)\] \[pid [^]]*\] `
)

var logPrefix = regexp.MustCompile(logPrefixRE)

// apacheModules are loaded for the reference run by -C, in this order.
var apacheModules = []string{"mpm_event", "authz_core", "dir", "macro", "alias", "env", "info"}

type apache struct {
	root  string
	names map[string]string // directives it knows by lower-case name, sections with bracket
}

func newApache(t testing.TB) *apache {
	t.Helper()
	if _, err := os.Stat(apachePath); err != nil {
		testenv.Missing(t, "no %s to compare with", apachePath)
	}
	a := &apache{root: t.TempDir(), names: map[string]string{}}
	if err := os.Mkdir(filepath.Join(a.root, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.root, "empty.conf"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(a.run(t, "empty.conf", nil, "-L"), "\n") {
		if line != "" && line[0] != '\t' {
			name, _, _ := strings.Cut(line, " ")
			a.names[toLower(name)] = name
		}
	}
	if a.names["<virtualhost"] == "" || a.names["use"] == "" {
		t.Fatalf("apache2 -L lists %d directives only", len(a.names))
	}
	return a
}

// base are the -C lines that make the reference run what newTestLoader describes.
func (a *apache) base() []string {
	var lines []string
	for _, m := range apacheModules {
		lines = append(lines, "LoadModule "+m+"_module "+apacheMods+"mod_"+m+".so")
	}
	return append(lines, "ServerName localhost", "DefaultRuntimeDir "+a.root)
}

func (a *apache) run(t testing.TB, conf string, flags []string, mode ...string) string {
	t.Helper()
	args := []string{"-d", a.root, "-f", conf}
	for _, line := range a.base() {
		args = append(args, "-C", line)
	}
	args = append(append(args, flags...), mode...)
	cmd := exec.Command(apachePath, args...)
	cmd.Dir = a.root
	cmd.Env = append(os.Environ(), "TESTVAR=from the environment")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		if _, ok := err.(*exec.ExitError); !ok {
			t.Fatal(err)
		}
	}
	return out.String()
}

// report is an outcome in the words of apache2 -t: warnings, the error, the files read; for a configuration
// without an error also its tree and definitions.
type report struct {
	warnings []string
	message  string
	included []string
	tree     string
	defines  []string
}

func (a *apache) report(t testing.TB, conf string, flags []string) report {
	t.Helper()
	out := a.run(t, conf, flags, "-t", "-D", "DUMP_INCLUDES")
	r := parseOutput(out)
	if r.message == "" {
		out = a.run(t, conf, flags, "-t", "-D", "DUMP_CONFIG", "-D", "DUMP_RUN_CFG")
		for _, line := range strings.SplitAfter(out, "\n") {
			if d, ok := strings.CutPrefix(line, "Define: "); ok && !strings.HasPrefix(d, "DUMP_") {
				r.defines = append(r.defines, strings.TrimSuffix(d, "\n"))
			}
		}
		r.tree, _, _ = strings.Cut(out, "ServerRoot: ")
		// The dump begins after the log lines.
		if i := strings.Index(r.tree, "# In file:"); i >= 0 {
			r.tree = r.tree[i:]
		}
	}
	return r
}

func parseOutput(out string) report {
	var r report
	for _, line := range strings.Split(out, "\n") {
		switch {
		case line == "" || line == "Included configuration files:" || line == "Syntax OK":
		case strings.HasPrefix(line, "  "):
			r.included = append(r.included, line)
		case logPrefix.MatchString(line):
			m := logPrefix.FindStringSubmatch(line)
			r.warnings = append(r.warnings, m[1]+":"+m[2]+": "+line[len(m[0]):])
		default:
			if r.message != "" {
				r.message += "\n"
			}
			r.message += strings.TrimPrefix(line, "apache2: ")
		}
	}
	return r
}

// ours is the report of our own load, with the walk that only knows which directives exist.
func (a *apache) ours(t testing.TB, l *Loader, conf string) report {
	t.Helper()
	pre := l.PreLines
	l.PreLines = append(a.base(), pre...)
	l.SectionName = func(name string) string { return strings.TrimPrefix(a.names["<"+toLower(name)], "<") }
	tree, err := l.Load(conf)
	var r report
	for _, w := range tree.Warnings {
		r.warnings = append(r.warnings, w.Module+":"+w.Level+": "+strings.TrimPrefix(w.Format(""), ": "))
	}
	for _, in := range tree.Included {
		line := "*"
		if in.Line > 0 {
			line = itoa(in.Line)
		}
		r.included = append(r.included, strings.Repeat("  ", in.Depth+1)+"("+line+") "+in.File)
	}
	if err != nil {
		r.message = strings.TrimPrefix(err.(*Error).Format("apache2"), "apache2: ")
		return r
	}
	if e := a.walk(tree.Items); e != nil {
		r.message = e.Format("")
		return r
	}
	var b strings.Builder
	file := ""
	a.dumpConfig(&b, tree.Items, "", &file)
	r.tree = b.String()
	for _, d := range tree.Defines {
		if d.HasValue {
			d.Name += "=" + d.Value
		}
		r.defines = append(r.defines, d.Name)
	}
	return r
}

func (a *apache) walk(items []*Item) *Error {
	for _, it := range items {
		name := it.Name
		if it.Section {
			name = "<" + name
		}
		if a.names[toLower(name)] == "" {
			return &Error{Pos: it.Pos, Phase: PhaseWalk, Msg: "Invalid command '" + name +
				"', perhaps misspelled or defined by a module not included in the server configuration"}
		}
		if it.Unclosed {
			return &Error{Pos: it.Pos, Phase: PhaseWalk, Msg: name + "> directive missing closing '>'"}
		}
		if e := a.walk(it.Items); e != nil {
			return e
		}
	}
	return nil
}

// dumpConfig writes the tree as mod_info's DUMP_CONFIG does.
func (a *apache) dumpConfig(b *strings.Builder, items []*Item, indent string, file *string) {
	at := func(it *Item) {
		if it.Pos.File != *file {
			*file = it.Pos.File
			fmt.Fprintf(b, "# In file: %s\n", *file)
		}
	}
	for _, it := range items {
		at(it)
		fmt.Fprintf(b, "%s#%4d:\n", indent, it.Pos.Line)
		if it.Section {
			name := strings.TrimPrefix(a.names["<"+toLower(it.Name)], "<")
			fmt.Fprintf(b, "%s<%s %s>\n", indent, name, it.Args)
			if len(it.Items) > 0 {
				a.dumpConfig(b, it.Items, indent+"  ", file)
				at(it)
				fmt.Fprintf(b, "%s</%s>\n", indent, name)
			}
		} else {
			fmt.Fprintf(b, "%s%s %s\n", indent, a.names[toLower(it.Name)], it.Args)
		}
	}
}

// sectionTail is what an opening tag's line has around its last '>', which our tree does not keep.
var sectionTail = regexp.MustCompile(`(?m)^( *<[^/\n][^\n]*?)[ \t\f\v\r]*>[^>\n]*$`)

// compare tells how Apache's report differs from ours, in a few lines, or nothing.
func compare(theirs, ours report) string {
	var b strings.Builder
	differ := func(what, theirs, ours string) {
		if theirs == ours {
			return
		}
		// Leave out the lines before the first that differs.
		for {
			x, xs, ok := strings.Cut(theirs, "\n")
			y, ys, ok2 := strings.Cut(ours, "\n")
			if x != y || !ok || !ok2 {
				break
			}
			theirs, ours = xs, ys
		}
		fmt.Fprintf(&b, "%s:\napache %s\nours   %s\n", what, theirs, ours)
	}
	differ("warnings", strings.Join(theirs.warnings, "\n"), strings.Join(ours.warnings, "\n"))
	differ("files read", strings.Join(theirs.included, "\n"), strings.Join(ours.included, "\n"))
	if n := len(theirs.message); n > 8000 && len(ours.message) >= n && strings.HasPrefix(ours.message, theirs.message[:8000]) {
		// Apache's log line has no more room.
		ours.message = theirs.message
	}
	differ("message", theirs.message, ours.message)
	if theirs.message == "" && ours.message == "" {
		cut := func(s string) string {
			return strings.ReplaceAll(sectionTail.ReplaceAllString(s, "$1>"), " >", ">")
		}
		differ("tree", cut(theirs.tree), cut(ours.tree))
		differ("defines", strings.Join(theirs.defines, "\n"), strings.Join(ours.defines, "\n"))
	}
	return b.String()
}

// walkError matches an error of a directive's execution, which is not for this package to find.
func walkError(r report) bool {
	return strings.HasPrefix(r.message, "AH00526") && !strings.Contains(r.message, "Invalid command ") &&
		!strings.Contains(r.message, "missing closing '>'")
}

func TestDifferential(t *testing.T) {
	a := newApache(t)
	for _, c := range loadCases(t) {
		t.Run(strings.TrimSuffix(filepath.Base(c.path), ".txtar"), func(t *testing.T) {
			b := *a
			b.root = t.TempDir()
			c.write(t, b.root)
			if err := os.MkdirAll(filepath.Join(b.root, "logs"), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Chdir(b.root)
			theirs := b.report(t, "main.conf", c.flags)
			ours := b.ours(t, c.loader(b.root), "main.conf")
			if walkError(theirs) {
				t.Fatalf("the case stops in the walk: %s", theirs.message)
			}
			if d := compare(theirs, ours); d != "" {
				t.Error(d)
			}
		})
	}
}

// fragments make up random configurations. %d is a small number.
var fragments = []string{
	"DirectoryIndex a%d", "DirectoryIndex \"a b\" c\\", "DirectoryIndex a \\\\", "DirectoryIndex ${A%d}", "directoryindex 'x\" y",
	"  DirectoryIndex\tb%d  ", "# comment \\", "# ${A%d}", "", " \\", "\\", "\\\\", "Bogus", "${A%d} x", "${B} x%d",
	"<Directory /d%d>", "</Directory>", "<Files f%d> x", "</Files> x", "</files >", "<VirtualHost *:80>", "</VirtualHost>",
	"<IfModule mod_so.c>", "<IfModule !so_module>", "<IfModule nope>", "</IfModule>", "</ifmodule>", "</IfModule> x", "<IfModule a",
	"<IfDefine A%d>", "<IfDefine !A%d>", "</IfDefine>", "<IfVersion >= 2.%d>", "</IfVersion>", "<IfFile i%d.conf>", "</IfFile>",
	"Define A%d DirectoryIndex", "Define A%d \"x \\\"y\"", "define a%d", "UnDefine A%d", "Define B \"DirectoryIndex  \"", "Define B <Directory",
	"Define A", "Include i%d.conf", "Include i*.conf", "IncludeOptional nope*", "Include d", "Include nope",
	"<Macro M%d $a @b>", "<Macro M%d>", "</Macro>", "DirectoryIndex $a @b", "<$a x>", "</$a>", "Use M%d", "Use M%d Files \"a \\\" b\"", "use m%d Bogus x", "UndefMacro M%d",
	"\"DirectoryIndex\" x", "DirectoryIndex> x", "\"<Directory\" /q>", "DirectoryIndex a\\\r", "DirectoryIndex b\r", "DirectoryIndex a\x00b \\",
	"<Directory \"/a>b\">", "<>", "</>", "<Directory>", "<Directory", "DirectoryIndex a}${b",
}

func randomConfig(r *rand.Rand) string {
	var b strings.Builder
	var open []string
	for range 1 + r.IntN(12) {
		f := fragments[r.IntN(len(fragments))]
		// Close properly, half of the time: otherwise few configurations get far.
		if len(open) > 0 && r.IntN(3) == 0 {
			f, open = open[len(open)-1], open[:len(open)-1]
		} else if strings.HasPrefix(f, "</") && r.IntN(4) > 0 || strings.HasSuffix(f, "x") && r.IntN(3) > 0 {
			continue
		} else if name, _, ok := strings.Cut(f, " "); ok && strings.HasPrefix(f, "<") {
			open = append(open, "</"+name[1:]+">")
		}
		f = strings.ReplaceAll(f, "%d", itoa(r.IntN(3)))
		b.WriteString(f + "\n")
	}
	for len(open) > 0 && r.IntN(6) > 0 {
		b.WriteString(open[len(open)-1] + "\n")
		open = open[:len(open)-1]
	}
	text := b.String()
	if r.IntN(4) == 0 {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

// TestDifferentialRandom compares on random configurations, HTTPD_WSGI_RANDOM of them.
func TestDifferentialRandom(t *testing.T) {
	a := newApache(t)
	t.Chdir(a.root)
	n := 40
	if s := os.Getenv("HTTPD_WSGI_RANDOM"); s != "" {
		fmt.Sscan(s, &n)
	}
	seed := uint64(1)
	if s := os.Getenv("HTTPD_WSGI_SEED"); s != "" {
		fmt.Sscan(s, &seed)
	}
	if err := os.Mkdir("d", 0o755); err != nil {
		t.Fatal(err)
	}
	fine, compared := 0, 0
	for i := range n {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		files := map[string]string{"main.conf": randomConfig(r)}
		for _, name := range []string{"i0.conf", "i1.conf", "d/x", "d/y"} {
			files[name] = strings.ReplaceAll(randomConfig(r), "Include", "#Include")
		}
		for name, text := range files {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		theirs := a.report(t, "main.conf", nil)
		if walkError(theirs) {
			continue
		}
		compared++
		if theirs.message == "" {
			fine++
		}
		if d := compare(theirs, a.ours(t, newTestLoader(a.root), "main.conf")); d != "" {
			t.Errorf("random configuration %d:\n%s", i, d)
			for name, text := range files {
				t.Logf("%s: %q", name, text)
			}
		}
	}
	t.Logf("%d compared, %d of them without error", compared, fine)
	if compared < n/2 {
		t.Errorf("only %d of %d could be compared", compared, n)
	}
}
