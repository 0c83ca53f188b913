package refdoc

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/all"
	"httpd-wsgi/directives/modmpm"
)

var write = flag.Bool("write", false, "write docs/directives.md rather than compare it")

const file = "../../docs/directives.md"

// TestDocument holds docs/directives.md against the tables; "make docs" writes it.
func TestDocument(t *testing.T) {
	r := all.Link(nil).Registry
	modmpm.Add(r)
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(b.String(), "\n") {
		if len(line) > width {
			t.Errorf("line %d is %d characters wide: %s", i+1, len(line), line)
		}
	}
	if *write {
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(old, b.Bytes()) {
		t.Error("docs/directives.md is not what the tables say: make docs")
	}
}

func TestWrite(t *testing.T) {
	type conf struct{}
	nothing := func(*directives.Cmd, *conf, string) error { return nil }
	r := directives.NewRegistry()
	for _, m := range []struct {
		id, file string
		own      directives.Directive[conf]
	}{
		{"mpm_a_module", "a.c", directives.Take1("OnlyA", directives.RsrcConf, nil, nothing, "h").Not(directives.GlobalOnly)},
		{"mpm_b_module", "b.c", directives.Known[conf]("OnlyB", directives.RsrcConf, directives.NoEffect, "nothing to do")},
	} {
		directives.Add(r, directives.Module[conf, directives.None]{ID: m.id, File: m.file, Group: "MPM", Server: directives.Table[conf]{
			directives.Take1("Shared", directives.RsrcConf, nil, nothing, "h").Differs("in a way"), m.own,
		}})
	}
	directives.Add(r, directives.Module[directives.None, conf]{ID: "c_module", File: "mod_c.c", Static: true, Dir: directives.Table[conf]{
		directives.Take1("<Box", directives.OrAll, nil, nothing, "h"),
		directives.Known[conf]("Bad", directives.OrAuthCfg|directives.OrLimit, directives.Refused, "do <If> or [a*]"),
		directives.Take1("Placed", directives.OrFileInfo, nil, nothing, "h").Not(directives.NotInLocation | directives.NotInHtaccess),
	}})
	directives.Add(r, directives.Module[directives.None, directives.None]{ID: "d_module", File: "mod_d.c"})
	r.Absent(directives.AbsentModule{ID: "gone_module", File: "mod_gone.c", Advice: "do without", Directives: []directives.AbsentDirective{
		{Name: "GoneTwo", Scope: directives.RsrcConf}, {Name: "GoneIndex", Scope: directives.OrIndexes}, {Name: "GoneOne", Scope: directives.RsrcConf}}})
	r.Absent(directives.AbsentModule{ID: "far_module", File: "mod_far.c", Advice: "go there", Partial: true,
		Directives: []directives.AbsentDirective{{Name: "<Far"}}})
	r.Retire(directives.Retired{Name: "LockA", Of: "Apache up to 1.3", Policy: directives.NoEffect, Why: "no locks"})
	r.Retire(directives.Retired{Name: "LockB", Of: "Apache up to 1.3", Policy: directives.NoEffect, Why: "no locks"})
	r.Retire(directives.Retired{Name: "Bind", Of: "Apache up to 1.3", Policy: directives.Refused, Why: "write Listen"})
	var b strings.Builder
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		"| of the 4 modules that are here                        | 6      |\n",
		"| ... as in Apache                                      | 3      |\n",
		"| ... with a difference                                 | 1      |\n",
		"| of the 1 modules of Apache that are not here: refused | 3      |\n",
		"| of other releases: accepted without effect            | 2      |\n",
		`
### a.c, b.c

` + "`mpm_a_module`, `mpm_b_module`" + `

| Directive     | Where         | Override | Here      |
|---------------|---------------|----------|-----------|
| ` + "`OnlyA` (a.c) | server        |          | yes       |" + `
| ` + "`OnlyB` (b.c) | server, vhost |          | no effect |" + `
| ` + "`Shared`      | server, vhost |          | differs   |" + `

- ` + "`OnlyB` has no effect: nothing to do." + `
- ` + "`Shared` differs: in a way." + `

### mod_c.c

` + "`c_module`, always loaded" + `

| Directive | Where                                 | Override          | Here    |
|-----------|---------------------------------------|-------------------|---------|
| ` + "`Bad`     | section, .htaccess                    | AuthConfig, Limit | refused |" + `
| ` + "`<Box>`   | server, vhost, section, .htaccess     | any               | yes     |" + `
| ` + "`Placed`  | server, vhost, section (not Location) | FileInfo          | yes     |" + `

- ` + "`Bad` is refused: do \\<If> or \\[a\\*]." + `

### mod_d.c

` + "`d_module`" + `

It has no directives.
`,
		"\n### mod_gone.c\n\n`gone_module`. Instead: do without.\n\n- server, vhost: `GoneOne`, `GoneTwo`\n- server, vhost, section, .htaccess (Indexes): `GoneIndex`\n",
		"\n### mod_far.c\n\n`far_module`. Instead: go there.\n\n- `<Far>`\n",
		"\n- `LockA`, `LockB` (Apache up to 1.3): no locks.\n",
		"\n- `Bind` (Apache up to 1.3): write Listen.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("word ", 40) + "end"
	for _, line := range strings.Split(wrap("- "+long, "  "), "\n") {
		if len(line) > width || strings.HasSuffix(line, " ") {
			t.Errorf("%q", line)
		}
	}
	if got := strings.Join(strings.Fields(wrap(long, "")), " "); got != long {
		t.Errorf("words are lost: %q", got)
	}
	if one := strings.Repeat("x", 2*width); wrap(one, "  ") != one {
		t.Error("a long word is broken")
	}
}
