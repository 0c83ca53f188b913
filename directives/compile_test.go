package directives

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"httpd-wsgi/apacheconf"
)

type srvConf struct {
	Name  Opt[string]
	Lines []string
	Alias []string
}

type dirConf struct {
	On    Opt[bool]
	Words []string
	Alias []string
}

// testModule has a directive of every shape. Each setter notes what it was given.
func testModule() Module[srvConf, dirConf] {
	lines := Append(func(c *srvConf) *[]string { return &c.Lines })
	words := Append(func(c *dirConf) *[]string { return &c.Words })
	note := func(c *srvConf, w ...string) error {
		c.Lines = append(c.Lines, strings.Join(w, "|"))
		return nil
	}
	alias := func(c *Cmd, at *[]string, a, b string) error { *at = append(*at, a+"="+b); return nil }
	return Module[srvConf, dirConf]{ID: "test_module", File: "mod_test.c", Static: true,
		Server: Table[srvConf]{
			RawArgs("Raw", RsrcConf, lines, func(_ *Cmd, c *srvConf, s string) error { return note(c, s) }, "raw"),
			NoArgs("NoArgs", RsrcConf, lines, func(_ *Cmd, c *srvConf) error { return note(c, "none") }, "none"),
			Take1("One", RsrcConf, lines, func(_ *Cmd, c *srvConf, a string) error { return note(c, a) }, "a word"),
			Take2("Two", RsrcConf, lines, func(_ *Cmd, c *srvConf, a, b string) error { return note(c, a, b) }, "two words"),
			Take12("OneTwo", RsrcConf, lines, func(_ *Cmd, c *srvConf, a, b string) error { return note(c, a, b) }, "one or two words"),
			Take3("Three", RsrcConf, lines, func(_ *Cmd, c *srvConf, w []string) error { return note(c, w...) }, "three words"),
			Take13("OneThree", RsrcConf, lines, func(_ *Cmd, c *srvConf, w []string) error { return note(c, w...) }, "one or three words"),
			Take23("TwoThree", RsrcConf, lines, func(_ *Cmd, c *srvConf, w []string) error { return note(c, w...) }, "two or three words"),
			Take123("OneTwoThree", RsrcConf, lines, func(_ *Cmd, c *srvConf, w []string) error { return note(c, w...) }, "one to three words"),
			Argv("Argv", RsrcConf, lines, func(_ *Cmd, c *srvConf, w []string) error { return note(c, w...) }, "words"),
			Iterate("Each", RsrcConf, lines, func(_ *Cmd, c *srvConf, w string) error { return note(c, w) }, "words"),
			Iterate2("Pairs", RsrcConf, lines, func(_ *Cmd, c *srvConf, a, b string) error { return note(c, a, b) }, "a word and more"),
			Take1("Name", RsrcConf, Local(func(c *srvConf) *Opt[string] { return &c.Name }), func(_ *Cmd, c *srvConf, a string) error {
				c.Name = Some(a)
				return nil
			}, "a name"),
			Take1("Global", RsrcConf, lines, func(_ *Cmd, c *srvConf, a string) error { return note(c, a) }, "a word").Not(GlobalOnly),
			Container("<Host", RsrcConf, nil, func(c *Cmd, _ *srvConf, args string) error { return c.OpenVirtualHost([]string{args}) }, "a host"),
			Container("<Dir", RsrcConf, nil, func(c *Cmd, _ *srvConf, args string) error {
				return c.OpenSection(&Section{Kind: KindDirectory, Name: args})
			}, "a directory"),
			Known[srvConf]("Nothing", RsrcConf, NoEffect, "there is nothing to do"),
			Known[srvConf]("Danger", RsrcConf, Refused, "use something else"),
		},
		Dir: Table[dirConf]{
			Flag("Switch", OrFileInfo, func(c *dirConf) *Opt[bool] { return &c.On }, "on or off"),
			Iterate("Word", OrFileInfo, words, func(_ *Cmd, c *dirConf, w string) error { c.Words = append(c.Words, w); return nil }, "words"),
			Take1("Secret", OrAuthCfg, words, func(_ *Cmd, c *dirConf, w string) error { c.Words = append(c.Words, w); return nil }, "a word"),
			Container("<Method", OrAuthCfg|OrLimit, nil, func(c *Cmd, _ *dirConf, args string) error {
				return c.WalkLimited(MethodSet(0).With(c.Plan().Methods.Register(args)))
			}, "a method"),
			Container("<File", OrAll, nil, func(c *Cmd, _ *dirConf, args string) error {
				if err := c.Check(NotInLimit); err != nil {
					return err
				}
				return c.OpenSection(&Section{Kind: KindFiles, Name: args})
			}, "a file"),
		},
		Both: []Both[srvConf, dirConf]{{
			Server: Take2("Alias", RsrcConf, Prepend(func(c *srvConf) *[]string { return &c.Alias }),
				func(cmd *Cmd, c *srvConf, a, b string) error { return alias(cmd, &c.Alias, a, b) }, "a pair"),
			Dir: Take2("Alias", AccessConf, Prepend(func(c *dirConf) *[]string { return &c.Alias }),
				func(cmd *Cmd, c *dirConf, a, b string) error { return alias(cmd, &c.Alias, a, b) }, "a pair"),
		}},
	}
}

// tree reads a configuration with the loader.
func tree(t testing.TB, text string) *apacheconf.Tree {
	t.Helper()
	l := apacheconf.Loader{ServerRoot: "/", ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}
	tr, err := l.Load("/f")
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func compileTest(t testing.TB, text string) (*Plan, Slots[srvConf, dirConf], error) {
	t.Helper()
	r := NewRegistry()
	slots := Add(r, testModule())
	p, err := r.Compile(tree(t, text), r.NewLoaded(true), nil)
	return p, slots, err
}

func TestShapes(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`Raw  a "b c" `, `a "b c"`}, {`Raw`, ``}, {`NoArgs`, `none`}, {`NoArgs x`, `!NoArgs takes no arguments`},
		{`One a`, `a`}, {`One "a b"`, `a b`}, {`One`, `!One takes one argument, a word`}, {`One a b`, `!One takes one argument, a word`},
		{`One ""`, `!One takes one argument, a word`},
		{`Two a b`, `a|b`}, {`Two a ""`, `!Two takes two arguments, two words`}, {`Two a`, `!Two takes two arguments, two words`},
		{`OneTwo a`, `a|`}, {`OneTwo a b`, `a|b`}, {`OneTwo a ""`, `a|`}, {`OneTwo`, `!OneTwo takes 1-2 arguments, one or two words`},
		{`OneTwo a b c`, `!OneTwo takes 1-2 arguments, one or two words`},
		{`Three a b c`, `a|b|c`}, {`Three a b`, `!Three takes three arguments, three words`},
		{`OneThree a`, `a`}, {`OneThree a b c`, `a|b|c`}, {`OneThree a b`, `!OneThree takes one or three arguments, one or three words`},
		{`TwoThree a b`, `a|b`}, {`TwoThree a b c`, `a|b|c`}, {`TwoThree a`, `!TwoThree takes two or three arguments, two or three words`},
		{`OneTwoThree a`, `a`}, {`OneTwoThree a b c`, `a|b|c`}, {`OneTwoThree`, `!OneTwoThree takes one, two or three arguments, one to three words`},
		{`Argv`, ``}, {`Argv a 'b c' d`, `a|b c|d`},
		{`Each a b`, `a;b`}, {`Each`, `!Each requires at least one argument, words`},
		{`Pairs a b c`, `a|b;a|c`}, {`Pairs a`, `!Pairs requires at least two arguments, a word and more`},
		{`one a`, `a`}, // names compare without case
	} {
		p, slots, err := compileTest(t, c.line+"\n")
		got := ""
		if err != nil {
			_, got, _ = strings.Cut(err.Error(), "\n")
			got = "!" + got
		} else {
			got = strings.Join(slots.Server.Of(p.Main.Conf).Lines, ";")
		}
		if got != c.want {
			t.Errorf("%s gives %q, want %q", c.line, got, c.want)
		}
	}
}

func TestContexts(t *testing.T) {
	for _, c := range []struct{ conf, want string }{
		{"Foo x", "Invalid command 'Foo', perhaps misspelled or defined by a module not included in the server configuration"},
		{"<Foo x>\n</Foo>", "Invalid command '<Foo', perhaps misspelled or defined by a module not included in the server configuration"},
		{"Secret x", "Secret not allowed here"},
		{"<Dir /a>\nSecret x\n</Dir>", ""},
		{"<Dir /a>\nOne x\n</Dir>", "One not allowed in <Dir> context"},
		{"<Host h>\nSecret x\n</Host>", "Secret not allowed in <Host> context"},
		{"<Host h>\nGlobal x\n</Host>", "Global cannot occur within <VirtualHost> section"},
		{"<Dir /a>\n<Dir /b>\n</Dir>\n</Dir>", "<Dir not allowed in <Dir> context"},
		{"<Dir /a>\n<Method GET>\n<File f>\n</File>\n</Method>\n</Dir>", "<File> cannot occur within <Limit> or <LimitExcept> section"},
		{"<Dir /a>\n<Method GET>\nSecret x\n</Method>\n</Dir>", ""},
		{"Danger x", "Danger is not supported by httpd-wsgi: use something else"},
		{"<Dir /a", "<Dir> directive missing closing '>'"},
		{"Switch maybe", "Switch must be On or Off"},
	} {
		if strings.HasSuffix(c.conf, "/a") {
			c.conf += "\n</Dir>"
		}
		_, _, err := compileTest(t, c.conf+"\n")
		got := ""
		if err != nil {
			_, got, _ = strings.Cut(err.Error(), "\n")
		}
		if got != c.want {
			t.Errorf("%q gives %q, want %q", c.conf, got, c.want)
		}
	}
}

func TestErrorPlace(t *testing.T) {
	_, _, err := compileTest(t, "One a\n<Dir /x>\nSecret \\\n a \\\n b\n</Dir>\n")
	if err == nil || err.Error() != "AH00526: Syntax error on line 5 of /f:\nSecret takes one argument, a word" {
		t.Errorf("got %v", err)
	}
	var e *apacheconf.Error
	if !errors.As(err, &e) || e.Phase != apacheconf.PhaseWalk {
		t.Error("the error is not of the walk")
	}
}

func TestMerges(t *testing.T) {
	p, slots, err := compileTest(t, `
One main
Name main.example
Alias /a main
Switch On
Word w0
<Dir /d>
Word w1
Alias /d dir
<File f>
Word w2
</File>
</Dir>
<Host h1>
</Host>
<Host h2>
One host
Name host.example
Alias /a host
Switch Off
Word w3
<Dir /e>
</Dir>
</Host>
`)
	if err != nil {
		t.Fatal(err)
	}
	show := func(s *Server) string {
		c, d := slots.Server.Of(s.Conf), slots.Dir.Of(s.Defaults)
		return fmt.Sprintln(c.Name.Get("-"), c.Lines, c.Alias, d.On.Get(false), d.Words, len(s.Dirs))
	}
	for i, want := range []string{
		"main.example [main] [/a=main] true [w0] 1",
		"- [main] [/a=main] true [w0] 1",
		"host.example [main host] [/a=host /a=main] false [w0 w3] 2",
	} {
		if got := strings.TrimSpace(show(p.Servers()[i])); got != want {
			t.Errorf("server %d: %s, want %s", i, got, want)
		}
	}
	dir := p.Main.Dirs[0]
	n := p.Registry.Merge(p.Main.Defaults, dir.Conf)
	n = p.Registry.Merge(n, dir.Files[0].Conf)
	if d := slots.Dir.Of(n); strings.Join(d.Words, " ") != "w0 w1 w2" || len(d.Alias) != 1 {
		t.Errorf("sections give %v", d)
	}
	if dir.Files[0].Parent != dir || dir.ID == dir.Files[0].ID || p.Sections != 3 {
		t.Error("sections are not filed")
	}
	if own, _ := p.VirtualHosts[0].Own(); slots.Server.In(own) != nil {
		t.Error("a server that sets nothing has a configuration of its own")
	}
}

func TestNotices(t *testing.T) {
	p, _, err := compileTest(t, "Nothing a b\nNothing c\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Notices) != 1 || p.Notices[0].Text != "Nothing has no effect here: there is nothing to do" || p.Notices[0].Warn {
		t.Errorf("notices %v", p.Notices)
	}
}

func TestHtaccess(t *testing.T) {
	r := NewRegistry()
	slots := Add(r, testModule())
	p, err := r.Compile(tree(t, "Word main\n"), r.NewLoaded(true), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		h    Htaccess
		want string
	}{
		{"Word a\n", Htaccess{Override: OrFileInfo}, "[a] 0"},
		{"Word a\n", Htaccess{Override: OrAuthCfg}, "Word not allowed here"},
		{"Word a\nSecret b\n", Htaccess{Override: OrAuthCfg, List: map[string]bool{"word": true}}, "[a b] 0"},
		{"Secret b\n", Htaccess{List: map[string]bool{"word": true}}, "Secret not allowed here"},
		{"Word a\nSecret b\n", Htaccess{Override: OrFileInfo, Nonfatal: Nonfatal{Override: true}}, "[a] 1"},
		{"Word a\nFoo b\n", Htaccess{Override: OrFileInfo, Nonfatal: Nonfatal{Unknown: true}}, "[a] 1"},
		{"Foo b\n", Htaccess{Override: OrAll, Nonfatal: Nonfatal{Override: true}}, "Invalid command 'Foo', perhaps misspelled or defined by a module not included in the server configuration"},
		{"One a\n", Htaccess{Override: OrAll}, "One not allowed here"},
		{"Alias /a b\n", Htaccess{Override: OrAll}, "Alias not allowed here"},
		{"<File f>\nWord b\n</File>\nWord a\n", Htaccess{Override: OrFileInfo}, "[a] 0"},
		{"<File f>\nSecret b\n</File>\n", Htaccess{Override: OrFileInfo}, "Secret not allowed in <File> context"},
	} {
		c.h.Dir, c.h.Server = "/d/", p.Main
		s, notices, err := r.CompileHtaccess(p, tree(t, c.text), c.h)
		got := ""
		if err != nil {
			_, got, _ = strings.Cut(err.Error(), "\n")
		} else {
			got = fmt.Sprint(slots.Dir.In(s.Conf).Words, len(notices))
		}
		if got != c.want {
			t.Errorf("%q with %+v gives %s, want %s", c.text, c.h, got, c.want)
		}
	}
	if len(p.Notices) != 0 || p.Sections != 0 {
		t.Error("the plan was changed")
	}
}

func group(id string) Module[srvConf, None] {
	return Module[srvConf, None]{ID: id, File: id + ".c", Group: "MPM", Server: Table[srvConf]{
		Take1("Shared", RsrcConf, Local(func(c *srvConf) *Opt[string] { return &c.Name }), func(_ *Cmd, c *srvConf, w string) error {
			c.Name = Some(id + " " + w)
			return nil
		}, "a word"),
	}}
}

// TestGroup holds that of a group's modules exactly one is loaded.
func TestGroup(t *testing.T) {
	for _, c := range []struct {
		load []string
		want string
	}{
		{nil, "a_module x"}, {[]string{"b_module"}, "b_module x"}, {[]string{"a_module"}, "a_module x"},
		{[]string{"b_module", "b_module"}, "b_module x"},
		{[]string{"b_module", "a_module"}, "AH00534: apache2: Configuration error: More than one MPM loaded."},
		{[]string{"a_module", "b_module"}, "AH00534: apache2: Configuration error: More than one MPM loaded."},
	} {
		r := NewRegistry()
		slots := map[string]Slot[srvConf]{"a_module": Add(r, group("a_module")).Server, "b_module": Add(r, group("b_module")).Server}
		l := r.NewLoaded(c.load == nil)
		on := 0
		for _, id := range c.load {
			if _, _, err := l.Load(id, "x.so"); err != nil {
				t.Fatal(err)
			}
		}
		var id string
		for _, m := range l.Modules() {
			id = m.ID
			on++
		}
		if on != 1 {
			t.Errorf("%v: %d modules are loaded", c.load, on)
		}
		p, err := r.CompileWith(Options{Program: "apache2"}, tree(t, "Shared x\n"), l)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = slots[id].Of(p.Main.Conf).Name.V
		}
		if got != c.want {
			t.Errorf("%v gives %q, want %q", c.load, got, c.want)
		}
	}
}

func TestLoaded(t *testing.T) {
	r := NewRegistry()
	Add(r, testModule())
	Add(r, Module[None, dirConf]{ID: "other_module", File: "mod_other.c", Dir: Table[dirConf]{
		Flag("Other", OrFileInfo, func(c *dirConf) *Opt[bool] { return &c.On }, "on or off"),
	}})
	r.Absent(AbsentModule{ID: "gone_module", File: "mod_gone.c", Advice: "do without", Partial: true})
	l := r.NewLoaded(false)
	if !l.Has("test_module") || !l.Has("mod_test.c") || l.Has("other_module") || l.HasDirective("Other") || !l.HasDirective("word") || !l.HasSection("Dir") || l.HasSection("Word") {
		t.Error("static modules only are not what is loaded")
	}
	if _, notice, err := l.Load("gone_module", "x.so"); err != nil || !strings.Contains(notice, "do without") {
		t.Errorf("absent: %q %v", notice, err)
	}
	if _, err := r.Compile(tree(t, "Gone x\n"), l, nil); err == nil || !strings.Contains(err.Error(), "gone_module") {
		t.Errorf("a directive of an absent module: %v", err)
	}
	if _, err := r.Compile(tree(t, "Other on\n"), l, nil); err == nil {
		t.Error("a directive of a module that is not loaded is taken")
	}
	if _, _, err := l.Load("nosuch_module", "x.so"); err == nil {
		t.Error("an unknown module is loaded")
	}
	if already, _, _ := l.Load("other_module", "x.so"); already || !l.Has("other_module") || !l.Named("other_module") || l.Named("test_module") {
		t.Error("LoadModule does not load")
	}
	if already, _, _ := l.Load("other_module", "x.so"); !already {
		t.Error("a second LoadModule does not say so")
	}
	if already, _, _ := l.Load("test_module", "x.so"); already || !l.Has("test_module") || !l.Named("test_module") {
		t.Error("a static module may be named in LoadModule, as where it is none")
	}
	if _, err := r.Compile(tree(t, "Other on\n"), l, nil); err != nil {
		t.Error(err)
	}
}

func TestDescribe(t *testing.T) {
	for s, want := range map[Scope]string{
		RsrcConf:              "\tAllowed in *.conf only outside <Directory>, <Files>, <Location>, or <If>",
		AccessConf:            "\tAllowed in *.conf only inside <Directory>, <Files>, <Location>, or <If>",
		AccessConf | RsrcConf: "\tAllowed in *.conf anywhere",
		OrAll:                 "\tAllowed in *.conf anywhere and in .htaccess\n\twhen AllowOverride isn't None",
		OrAuthCfg | OrLimit:   "\tAllowed in *.conf only inside <Directory>, <Files>, <Location>, or <If> and in .htaccess\n\twhen AllowOverride includes AuthConfig or Limit",
	} {
		if got := s.Describe(); got != want {
			t.Errorf("%b: %q, want %q", s, got, want)
		}
	}
}

func TestMethods(t *testing.T) {
	m := newMethods()
	if m.Number("HEAD") != MGet || m.Number("get") != MInvalid || m.Number("MERGE") != MMerge {
		t.Error("known methods")
	}
	for i := range 100 {
		n := m.Register(fmt.Sprint("M", i))
		if n != MInvalid && m.Number(fmt.Sprint("M", i)) != n {
			t.Error("a registered method is not found")
		}
		if n > 62 || n == MMerge {
			t.Fatal("number", n)
		}
	}
	if m.Register("M99") != MInvalid || m.Number("M99") != MInvalid {
		t.Error("there is room for 100 methods")
	}
	if s := MethodSet(0).With(MPost); !s.Has(MPost) || s.Has(MGet) || !AllMethods.Has(62) {
		t.Error("sets")
	}
}

func TestDuplicate(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two modules may share a directive")
		}
	}()
	r := NewRegistry()
	Add(r, testModule())
	Add(r, Module[srvConf, None]{ID: "x_module", File: "mod_x.c", Server: Table[srvConf]{testModule().Server[0]}})
}
