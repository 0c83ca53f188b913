package modallowmethods

import (
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[directives.None, Dir] { return tables })
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables)
	directivetest.Listing(t, r, "testdata/L.txt")
}

// section is a container for lines that stand only in sections.
var section = directives.Module[directives.None, directives.None]{ID: "section_module", File: "mod_section.c",
	Server: directives.Table[directives.None]{
		directives.Container("<Section", directives.RsrcConf, nil, func(c *directives.Cmd, _ *directives.None, _ string) error {
			return c.OpenSection(&directives.Section{Kind: directives.KindLocation, Name: "/"})
		}, "a section")}}

func TestAllowMethods(t *testing.T) {
	get, post := directives.MethodSet(0).With(directives.MGet), directives.MethodSet(0).With(directives.MPost)
	for _, test := range []struct {
		lines []string
		want  directives.MethodSet
		err   string
	}{
		{[]string{"GET"}, get, ""},
		{[]string{"HEAD"}, get, ""},
		{[]string{"GET", "POST"}, get | post, ""},
		{[]string{"GET POST"}, get | post, ""},
		{[]string{"GET", "Reset"}, 0, ""},
		{[]string{""}, 0, "AllowMethods: No method or 'reset' keyword given"},
		{[]string{"get"}, 0, "AllowMethods: Invalid Method 'get'"},
		{[]string{"GET reset"}, 0, "AllowMethods: Invalid Method 'reset'"},
		{[]string{"+GET"}, 0, "AllowMethods: Invalid Method '+GET'"},
	} {
		r := directives.NewRegistry()
		slots := directives.Add(r, tables)
		directives.Add(r, section)
		box := &apacheconf.Item{Name: "Section", Section: true}
		for _, args := range test.lines {
			box.Items = append(box.Items, &apacheconf.Item{Name: "AllowMethods", Args: args})
		}
		plan, err := r.Compile(&apacheconf.Tree{Items: []*apacheconf.Item{box}}, r.NewLoaded(true), nil)
		if test.err != "" {
			if err == nil || err.(*apacheconf.Error).Msg != test.err {
				t.Errorf("%q: %v, want %s", test.lines, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", test.lines, err)
			continue
		}
		d := slots.Dir.In(plan.Main.Locations[0].Conf)
		if !d.Allowed.Set || d.Allowed.V != test.want {
			t.Errorf("%q: %+v", test.lines, d)
		}
	}
}
