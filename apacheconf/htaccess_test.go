package apacheconf

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLoadHtaccess(t *testing.T) {
	root := t.TempDir()
	main := "Define V Header\n<Macro M $x>\nHeader set X $x\n</Macro>\n"
	if err := os.WriteFile(filepath.Join(root, "main.conf"), []byte(main), 0o644); err != nil {
		t.Fatal(err)
	}
	l := newTestLoader(root)
	server, err := l.Load("main.conf")
	if err != nil {
		t.Fatal(err)
	}
	onlyHeader := func(l *Loader) { l.Allow = func(name string) bool { return name == "header" } }
	onlyIfModule := func(l *Loader) { l.Allow = func(name string) bool { return name == "<ifmodule" } }
	nonfatal := func(l *Loader) { l.Nonfatal = true }
	// What is wanted is what Apache 2.4.71 made of the same files.
	for _, c := range []struct {
		text string
		set  func(*Loader)
		want string // items, warnings or the error
	}{
		{"Header set X ok\n", nil, "[Header set X ok]"},
		{"${V} set X var${NOPE}\n", nil, "[Header set X var${NOPE}] AH00111: Config variable ${NOPE} is not defined"},
		{"<IfDefine V>\nHeader a\n</IfDefine>\n<IfModule mod_so.c>\nHeader b\n</IfModule>\n<IfFile main.conf>\nHeader c\n</IfFile>", nil, "[Header a] [Header b] [Header c]"},
		{"Use M used\n", nil, "[Header set X used]"},
		{"<Macro N>\nHeader x\n</Macro>\nUse N\n", nil, "[Header x]"},
		{"Use N\n", nil, "macro 'n' undefined"},
		{"UndefMacro M\nUse M x\n", nil, "macro 'm' undefined"},
		{"<Macro M $x>\nHeader own $x\n</Macro>\nUse M x\n", nil, `[Header own x] AH02802: macro 'm' multiply defined: defined on line 2 of "$ROOT/main.conf", redefined on line 1 of "/d/.htaccess"`},
		{"Use M again\n", nil, "[Header set X again]"},
		{"Define A b\n", nil, "Define not allowed here"},
		{"Define\n", nil, "Define not allowed here"},
		{"UnDefine A\n", nil, "UnDefine not allowed here"},
		{"include /etc/hosts\n", nil, "Include not allowed here"},
		{"IncludeOptional /etc/hosts\n", nil, "IncludeOptional not allowed here"},
		{"ServerRoot /tmp\n", nil, "ServerRoot not allowed here"},
		{"LoadModule a b\n", nil, "LoadModule not allowed here"},
		{"LoadFile a\n", nil, "LoadFile not allowed here"},
		{"DefaultRuntimeDir /tmp\n", nil, "DefaultRuntimeDir not allowed here"},
		{"<IfModule nope>\n", nil, "Expected </IfModule> before end of configuration"},
		{"\n<Files x>\n", nil, "/d/.htaccess:2: <Files> was not closed."},
		{"</Files>\n", nil, "</Files> without matching <Files> section"},
		{"\nHeader " + strings.Repeat("a", maxHtaccessLine-8) + "\n", nil, "[Header " + strings.Repeat("a", maxHtaccessLine-8) + "]"},
		{"\nHeader " + strings.Repeat("a", maxHtaccessLine-7) + "\n", nil, "Error reading /d/.htaccess at line 2: Line too long"},
		{"<IfModule mod_so.c>\n" + strings.Repeat("#", maxHtaccessLine) + "\n</IfModule>\n", nil, "Error reading /d/.htaccess at line 2: Line too long"},
		{"<IfModule nope>\n" + strings.Repeat("#", maxHtaccessLine) + "\n</IfModule>\n", nil, "Error reading /d/.htaccess at line 2: Line too long"},
		{"Header a\\\n" + strings.Repeat("a\\\n", maxHtaccessLine/3) + "\n", nil, "[Header a" + strings.Repeat("a", maxHtaccessLine/3) + "]"},
		{"Header a\n", onlyHeader, "[Header a]"},
		{"<IfModule nope>\n</IfModule>\n", onlyHeader, "<IfModule not allowed here"},
		{"Use M a\n", onlyHeader, "Use not allowed here"},
		{"<IfModule so_module>\nHeader a\n</IfModule>\n", onlyIfModule, "[Header a]"},
		{"Include /etc/hosts\nHeader a\n", nonfatal, "[Header a] AH02295: Include in .htaccess forbidden by AllowOverride"},
		{"<Macro A $x>\nHeader $x $x $x $x\n</Macro>\n<Macro B>\n" + strings.Repeat("Use A "+strings.Repeat("b", 1000)+"\n", 100) +
			"</Macro>\nUse B\nUse B\nUse B\n", nil, "the macros used so far amount to too much text; do they use each other over and over?"},
	} {
		l := newTestLoader(root)
		if c.set != nil {
			c.set(l)
		}
		tree, err := l.LoadHtaccess(server, "/d/.htaccess", []byte(c.text))
		var got []string
		if err != nil {
			got = []string{err.(*Error).Msg}
		} else {
			for _, it := range tree.Items {
				got = append(got, "["+it.Name+" "+it.Args+"]")
			}
			for _, w := range tree.Warnings {
				got = append(got, w.Msg)
			}
		}
		if g := strings.ReplaceAll(strings.Join(got, " "), root, "$ROOT"); g != c.want && !(err != nil && strings.HasSuffix(g, ": "+c.want)) {
			t.Errorf("%.80q: %.200q, want %.200q", c.text, g, c.want)
		}
	}
}

// A Loader and the server's tree serve requests at the same time. The race detector looks on.
func TestLoadHtaccessParallel(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "main.conf"), []byte("Define V 1\n<Macro M $x>\na $x\n</Macro>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := newTestLoader(root)
	server, err := l.Load("main.conf")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				tree, err := l.LoadHtaccess(server, "/d/.htaccess", []byte("Use M ${V}\n<Macro N>\nb\n</Macro>\nUse N\nUndefMacro M\n"))
				if err != nil || len(tree.Items) != 2 || tree.Items[0].Args != "1" {
					t.Errorf("%s", describe(tree, err))
				}
			}
		})
	}
	wg.Wait()
}
