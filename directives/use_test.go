package directives

import (
	"testing"

	"httpd-wsgi/apacheconf"
)

func TestEachHearsOfEveryLine(t *testing.T) {
	r := NewRegistry()
	type conf struct{ N Opt[string] }
	Add(r, Module[None, conf]{ID: "x_module", File: "mod_x.c", Static: true, Dir: Table[conf]{
		Take1("Good", serverScope, nil, func(_ *Cmd, c *conf, w string) error { c.N = Some(w); return nil }, "help"),
		Take1("Other", serverScope, nil, func(_ *Cmd, c *conf, w string) error { return nil }, "help").Differs("in a way"),
		Known[conf]("Idle", serverScope, NoEffect, "nothing to do"),
		Known[conf]("Bad", serverScope, Refused, "do something else"),
	}})
	tree := &apacheconf.Tree{Items: []*apacheconf.Item{
		{Name: "good", Args: "1"}, {Name: "Bad", Args: "1"}, {Name: "Good", Args: "1 2"}, {Name: "Nothing"}, {Name: "Idle"}, {Name: "Other", Args: "x"}}}
	type got struct {
		name  string
		class Class
		known bool
		err   string
	}
	var all []got
	p, err := r.CompileWith(Options{Each: func(u Use) {
		g := got{name: u.Item.Name, known: u.Entry != nil}
		if u.Entry != nil {
			g.class = u.Entry.Class()
		}
		if u.Err != nil {
			g.err = u.Err.Msg
		}
		all = append(all, g)
	}}, tree, r.NewLoaded(true))
	if p == nil || err == nil || err.(*apacheconf.Error).Msg != "Bad is not supported by httpd-wsgi: do something else" {
		t.Errorf("plan %v, error %v: want a plan and the first error", p, err)
	}
	want := []got{
		{"good", Supported, true, ""},
		{"Bad", NotSupported, true, "Bad is not supported by httpd-wsgi: do something else"},
		{"Good", Supported, true, "Good takes one argument, help"},
		{"Nothing", Supported, false, "Invalid command 'Nothing', perhaps misspelled or defined by a module not included in the server configuration"},
		{"Idle", WithoutEffect, true, ""},
		{"Other", Approximated, true, ""},
	}
	if len(all) != len(want) {
		t.Fatalf("heard of %d lines, want %d", len(all), len(want))
	}
	for i := range want {
		if all[i] != want[i] {
			t.Errorf("line %d: %+v, want %+v", i, all[i], want[i])
		}
	}
}
