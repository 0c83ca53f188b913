package directives

import (
	"errors"
	"strings"
	"testing"
)

// known is a registry with something of each kind.
func known() *Registry {
	r := NewRegistry()
	take := func(name string) Directive[srvConf] {
		return Take1(name, RsrcConf, nil, func(*Cmd, *srvConf, string) error { return nil }, "help")
	}
	Add(r, Module[srvConf, None]{ID: "base_module", File: "base.c", Static: true, Server: Table[srvConf]{take("DocumentRoot"), take("Listen")}})
	Add(r, Module[srvConf, None]{ID: "extra_module", File: "mod_extra.c", Server: Table[srvConf]{take("ExtraThing")}})
	Add(r, Module[srvConf, None]{ID: "mpm_a_module", File: "a.c", Group: "MPM", Server: Table[srvConf]{take("Workers")}})
	Add(r, Module[srvConf, None]{ID: "mpm_b_module", File: "b.c", Group: "MPM", Server: Table[srvConf]{take("Workers"), take("SpareServers")}})
	r.Absent(AbsentModule{ID: "gone_module", File: "mod_gone.c", Advice: "do without", Directives: []AbsentDirective{
		{"GoneThing", RsrcConf}, {"<GoneBox", OrAll}, {"SharedThing", AccessConf}}})
	r.Absent(AbsentModule{ID: "bare_module", File: "mod_bare.c", Directives: []AbsentDirective{{"SharedThing", RsrcConf}, {"BareThing", RsrcConf}}})
	r.Absent(AbsentModule{ID: "wide_module", File: "mod_wide.c", Advice: "look elsewhere", Partial: true})
	r.Retire(Retired{Name: "LockThing", File: "base.c", Of: "Apache up to 2.2", Scope: RsrcConf, Policy: NoEffect, Why: "no locks"})
	r.Retire(Retired{Name: "BindThing", File: "base.c", Of: "Apache up to 1.3", Scope: RsrcConf, Policy: Refused, Why: "write Listen"})
	return r
}

func TestUnknownCommands(t *testing.T) {
	r := known()
	loaded := r.NewLoaded(false)
	if _, notice, err := loaded.Load("wide_module", "x.so"); err != nil || !strings.HasSuffix(notice, "; look elsewhere") {
		t.Errorf("LoadModule wide_module: %q %v", notice, err)
	}
	if _, notice, err := loaded.Load("bare_module", "x.so"); err != nil || strings.Contains(notice, ";") {
		t.Errorf("LoadModule bare_module: %q %v", notice, err)
	}
	for line, advice := range map[string]string{
		"extrathing x":          `a directive of mod_extra.c, which is built in and not loaded: add "LoadModule extra_module modules/mod_extra.so"`,
		"SpareServers 1":        `a directive of b.c, while another MPM is loaded: change to "LoadModule mpm_b_module modules/mod_mpm_b.so" or leave the line out`,
		"gonething x":           "a directive of mod_gone.c, which httpd-wsgi does not have: do without",
		"<GoneBox>\n</GoneBox>": "a directive of mod_gone.c, which httpd-wsgi does not have: do without",
		"BareThing x":           "a directive of mod_bare.c, which httpd-wsgi does not have",
		"BindThing x":           "a directive of Apache up to 1.3: write Listen",
		"DocumentRoots x":       "did you mean DocumentRoot?",
		"Lisetn x":              "did you mean Listen?",
		"Quite x":               "loaded, but not part of httpd-wsgi: wide_module",
	} {
		name := strings.TrimRight(strings.Fields(line)[0], ">")
		_, err := r.Compile(tree(t, line+"\n"), loaded, nil)
		want := "Invalid command '" + name + "', perhaps misspelled or defined by a module not included in the server configuration (" + advice + ")"
		if err == nil || !strings.HasSuffix(err.Error(), "\n"+want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
	if _, err := r.Compile(tree(t, "Quite x\n"), r.NewLoaded(false), nil); err == nil || !strings.HasSuffix(err.Error(), "configuration") {
		t.Errorf("with no such module loaded: %v", err)
	}
}

func TestRetired(t *testing.T) {
	r := known()
	Add(r, testModule())
	loaded := r.NewLoaded(true)
	var uses []Use
	p, err := r.CompileWith(Options{Each: func(u Use) { uses = append(uses, u) }}, tree(t, "LockThing a\nlockthing b c\n"), loaded)
	if err != nil || len(p.Notices) != 1 || p.Notices[0].Warn || p.Notices[0].Text != "LockThing has no effect here: no locks" {
		t.Errorf("%v %+v", err, p.Notices)
	}
	if len(uses) != 2 || uses[0].Entry == nil || uses[0].Entry.Class() != WithoutEffect || uses[0].Entry.Module.File != "base.c" {
		t.Errorf("what a report hears: %+v", uses)
	}
	if loaded.HasDirective("LockThing") || r.Lookup("LockThing") != nil {
		t.Error("<IfDirective> and -L know it")
	}
	if _, err := r.Compile(tree(t, "<Dir /x>\nLockThing a\n</Dir>\n"), loaded, nil); err == nil || !strings.HasSuffix(err.Error(), "LockThing not allowed in <Dir> context") {
		t.Errorf("in a section: %v", err)
	}
	if d, ok := r.RetiredDirective("lockTHING"); !ok || d.Of != "Apache up to 2.2" {
		t.Errorf("%+v", d)
	}
	if _, ok := r.RetiredDirective("Listen"); ok {
		t.Error("Listen is retired")
	}
	for _, d := range []Retired{{Name: "listen"}, {Name: "BINDthing"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is retired though it is known", d.Name)
				}
			}()
			r.Retire(d)
		}()
	}
}

func TestAbsentLookups(t *testing.T) {
	r := known()
	if m, ok := r.AbsentDirective("sharedthing"); !ok || m.ID != "gone_module" {
		t.Errorf("a directive of two modules: %+v", m)
	}
	if m, ok := r.AbsentDirective("<gonebox"); !ok || m.File != "mod_gone.c" {
		t.Errorf("a section: %+v", m)
	}
	if _, ok := r.AbsentDirective("GoneBox"); ok {
		t.Error("a section's name without its bracket is a directive")
	}
	if m, ok := r.AbsentModule("bare_module"); !ok || len(m.Directives) != 2 {
		t.Errorf("%+v", m)
	}
	if _, ok := r.AbsentModule("extra_module"); ok {
		t.Error("a linked module is absent")
	}
	if l := r.AbsentModules(); len(l) != 3 || l[0].ID != "gone_module" || l[2].ID != "wide_module" {
		t.Errorf("%+v", l)
	}
}

func TestNear(t *testing.T) {
	r := known()
	for name, want := range map[string]string{
		"listn":          "Listen",       // a letter too few
		"Listenn":        "Listen",       // too many
		"Lixten":         "Listen",       // another
		"Ilsten":         "Listen",       // two exchanged
		"Lxxten":         "",             // two others in a short name
		"DocumntRoots":   "DocumentRoot", // two in a long one
		"DocumntRotss":   "",             // three
		"Lock":           "",             // too short
		"<Gonebx":        "<GoneBox",
		"<Lisetn":        "", // a section is no directive
		"BareThingy":     "BareThing",
		"LockThin":       "LockThing",
		"ExtraThingExtr": "",
	} {
		if got := r.near(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b        string
		limit, want int
	}{{"", "", 3, 0}, {"abc", "abc", 3, 0}, {"abc", "acb", 3, 1}, {"abc", "abcd", 3, 1}, {"abc", "xyz", 3, 3}, {"abc", "xyz", 9, 3},
		{"kitten", "sitting", 9, 3}, {"a", "abcdef", 3, 3}} {
		if got := distance(c.a, c.b, c.limit); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a, c.limit); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

// TestCheckedNoEffect is a directive without effect whose arguments count all the same.
func TestCheckedNoEffect(t *testing.T) {
	r := NewRegistry()
	d := Take1("Stack", RsrcConf, nil, func(_ *Cmd, _ *srvConf, w string) error {
		if w == "bad" {
			return errors.New("Stack is bad")
		}
		return nil
	}, "a size").WithoutEffect("stacks grow")
	Add(r, Module[srvConf, None]{ID: "x_module", File: "mod_x.c", Static: true, Server: Table[srvConf]{d}})
	p, err := r.Compile(tree(t, "Stack 1\nStack 2\n"), r.NewLoaded(true), nil)
	if err != nil || len(p.Notices) != 1 || p.Notices[0].Text != "Stack has no effect here: stacks grow" {
		t.Errorf("%v %+v", err, p.Notices)
	}
	if r.Lookup("Stack").Class() != WithoutEffect {
		t.Error("class")
	}
	for line, want := range map[string]string{"Stack bad": "Stack is bad", "Stack": "Stack takes one argument, a size"} {
		if _, err := r.Compile(tree(t, line+"\n"), r.NewLoaded(true), nil); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}
