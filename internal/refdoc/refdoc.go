// Package refdoc writes the reference of directives, docs/directives.md, from
// the tables by which configurations are compiled.
package refdoc

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"httpd-wsgi/directives"
)

// Write writes the whole reference as Markdown: the directives of each linked
// module, those of modules that are absent, and those of other releases.
func Write(w io.Writer, r *directives.Registry) error {
	p := &page{}
	p.text(head)
	p.summary(r)
	p.text(legend)
	p.text("## Modules that are here")
	for _, g := range groups(r) {
		p.group(g)
	}
	p.text("## Modules of Apache that are not here")
	p.text("`LoadModule` accepts them with a notice, `<IfModule>` is false for them, their directives end the start.")
	p.absent(r, false)
	p.text("## Modules of others that are not here")
	p.text("They are treated as those of Apache. The lists of their directives may not be whole.")
	p.absent(r, true)
	p.text("## Directives of other releases")
	p.retired(r)
	_, err := io.WriteString(w, p.b.String())
	return err
}

const head = `# Directives

<!-- made by "make docs" from the tables in directives/; do not edit -->

` + "Every directive of Apache httpd 2.4 and mod_wsgi is known here by name, and so are those of older releases and of other modules " +
	"that configurations still carry. What a directive does is in Apache's and mod_wsgi's manuals; this page tells whether it does " +
	"that here. `httpd-wsgi -L` prints the directives of the modules that a configuration loads, in Apache's form."

const legend = `The words of the tables:

` + "- **Where**: *server* is outside of all sections, in the main server; *vhost* is in a `<VirtualHost>`; *section* is in " +
	"`<Directory>`, `<Location>`, `<Files>` or `<If>`; *.htaccess* is in such a file where `AllowOverride` allows the class.\n" +
	"- **Override**: the classes of `AllowOverride` of which one must be allowed; *any* is each of them.\n" +
	"- **Here**: *yes* is as in Apache; *differs* is with the difference told below the table; *no effect* is accepted, with a " +
	"notice at `LogLevel info`, because nothing is lost; *refused* ends the start with the reason."

// page collects the text.
type page struct{ b strings.Builder }

// text adds text after an empty line; lines wider than the page are wrapped.
func (p *page) text(s string) {
	if p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		indent := ""
		if strings.HasPrefix(line, "- ") {
			indent = "  "
		}
		p.b.WriteString(wrap(line, indent))
		p.b.WriteByte('\n')
	}
}

// width is how wide the page is, but for tables.
const width = 130

// wrap breaks a line between words; the lines after the first are indented.
func wrap(line, indent string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(line, " ") {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// table adds a table; every cell of a column has the column's width.
func (p *page) table(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	p.b.WriteByte('\n')
	line := func(row []string, pad string) {
		for i, cell := range row {
			p.b.WriteString("|" + pad + cell + strings.Repeat(pad[:1], widths[i]-len(cell)) + pad)
		}
		p.b.WriteString("|\n")
	}
	for i, row := range rows {
		line(row, " ")
		if i == 0 {
			line(make([]string, len(row)), "-")
		}
	}
}

// item adds a point of a list; the first of a list has an empty line before it.
func (p *page) item(first bool, s string) {
	if first {
		p.b.WriteByte('\n')
	}
	p.b.WriteString(wrap("- "+s, "  ") + "\n")
}

// summary counts. A name that several modules share counts once.
func (p *page) summary(r *directives.Registry) {
	here := [4]map[string]bool{{}, {}, {}, {}}
	for _, e := range r.Entries() {
		here[e.Class()][e.Name] = true
	}
	var absent [2]map[string]bool
	var modules [2]int
	for i := range absent {
		absent[i] = map[string]bool{}
	}
	for _, m := range r.AbsentModules() {
		i := 0
		if m.Partial {
			i = 1
		}
		modules[i]++
		for _, d := range m.Directives {
			absent[i][d.Name] = true
		}
	}
	retired := map[directives.Policy]int{}
	for _, d := range r.RetiredDirectives() {
		retired[d.Policy]++
	}
	linked := len(r.Modules())
	all := 0
	for _, h := range here {
		all += len(h)
	}
	count := func(what string, n int) []string { return []string{what, fmt.Sprint(n)} }
	p.table([][]string{
		{"Directives", "Number"},
		count(fmt.Sprintf("of the %d modules that are here", linked), all),
		count("... as in Apache", len(here[directives.Supported])),
		count("... with a difference", len(here[directives.Approximated])),
		count("... accepted without effect", len(here[directives.WithoutEffect])),
		count("... refused", len(here[directives.NotSupported])),
		count(fmt.Sprintf("of the %d modules of Apache that are not here: refused", modules[0]), len(absent[0])),
		count(fmt.Sprintf("of %d modules of others: refused", modules[1]), len(absent[1])),
		count("of other releases: accepted without effect", retired[directives.NoEffect]),
		count("of other releases: refused", retired[directives.Refused]),
	})
}

// group are modules that stand together: one, or those of a Group.
type group struct {
	modules []*directives.ModuleInfo
	rows    []*row
}

// row is a directive of one or more modules of a group.
type row struct {
	*directives.Entry
	files []string
}

func groups(r *directives.Registry) []*group {
	var out []*group
	byModule := map[*directives.ModuleInfo]*group{}
	byGroup := map[string]*group{}
	for _, m := range r.Modules() {
		g := byGroup[m.Group]
		if m.Group == "" || g == nil {
			g = &group{}
			out = append(out, g)
		}
		if m.Group != "" {
			byGroup[m.Group] = g
		}
		g.modules = append(g.modules, m)
		byModule[m] = g
	}
	for _, e := range r.Entries() {
		g := byModule[e.Module]
		i := slices.IndexFunc(g.rows, func(have *row) bool { return have.Name == e.Name })
		if i < 0 {
			i = len(g.rows)
			g.rows = append(g.rows, &row{Entry: e})
		}
		g.rows[i].files = append(g.rows[i].files, e.Module.File)
	}
	for _, g := range out {
		sort.SliceStable(g.rows, func(i, j int) bool { return sortKey(g.rows[i].Name) < sortKey(g.rows[j].Name) })
	}
	return out
}

func sortKey(name string) string { return strings.ToLower(strings.TrimPrefix(name, "<")) }

// group adds a heading, the table and what is to be told of some of its rows.
func (p *page) group(g *group) {
	var files, ids []string
	for _, m := range g.modules {
		files = append(files, m.File)
		id := "`" + m.ID + "`"
		if m.Static {
			id += ", always loaded"
		}
		ids = append(ids, id)
	}
	p.text("### " + strings.Join(files, ", "))
	p.text(strings.Join(ids, ", "))
	if len(g.rows) == 0 {
		p.text("It has no directives.")
		return
	}
	rows := [][]string{{"Directive", "Where", "Override", "Here"}}
	for _, d := range g.rows {
		name := Name(d.Name)
		if len(d.files) < len(g.modules) {
			name += " (" + strings.Join(d.files, ", ") + ")"
		}
		rows = append(rows, []string{name, Where(d.Scope, d.Not), Override(d.Scope), classes[d.Class()]})
	}
	p.table(rows)
	first := true
	for _, d := range g.rows {
		if d.Why == "" {
			continue
		}
		p.item(first, Name(d.Name)+" "+verbs[d.Class()]+": "+plain(d.Why)+".")
		first = false
	}
}

var classes = [...]string{"yes", "differs", "no effect", "refused"}

var verbs = [...]string{"", "differs", "has no effect", "is refused"}

// plain keeps Markdown from taking parts of a message for its own.
var plain = strings.NewReplacer("<", `\<`, "*", `\*`, "[", `\[`).Replace

// Name is a directive's name in the text, a section's with both its brackets.
func Name(name string) string {
	if strings.HasPrefix(name, "<") {
		name += ">"
	}
	return "`" + name + "`"
}

// Where tells in which contexts a directive of that scope may stand, but for
// the containers of not.
func Where(s directives.Scope, not directives.Not) string {
	var out []string
	if s&(directives.RsrcConf|directives.OrOptions|directives.OrFileInfo|directives.OrIndexes) != 0 {
		out = append(out, "server")
		if not&directives.NotInVirtualHost == 0 {
			out = append(out, "vhost")
		}
	}
	if inside := not & directives.NotInDirLocFile; s&(directives.AccessConf|directives.OrAll) != 0 && inside != directives.NotInDirLocFile {
		section := "section"
		for _, c := range []struct {
			not  directives.Not
			name string
		}{{directives.NotInDirectory, "Directory"}, {directives.NotInLocation, "Location"}, {directives.NotInFiles, "Files"}} {
			if inside&c.not != 0 {
				section += " (not " + c.name + ")"
			}
		}
		out = append(out, section)
	}
	if s&directives.OrAll != 0 && not&directives.NotInHtaccess == 0 {
		out = append(out, ".htaccess")
	}
	return strings.Join(out, ", ")
}

// Override names the classes of AllowOverride of a scope.
func Override(s directives.Scope) string {
	if s&directives.OrAll == directives.OrAll {
		return "any"
	}
	var out []string
	for _, c := range []struct {
		bit  directives.Scope
		name string
	}{{directives.OrAuthCfg, "AuthConfig"}, {directives.OrFileInfo, "FileInfo"}, {directives.OrIndexes, "Indexes"},
		{directives.OrLimit, "Limit"}, {directives.OrOptions, "Options"}} {
		if s&c.bit != 0 {
			out = append(out, c.name)
		}
	}
	return strings.Join(out, ", ")
}

// absent adds the modules that are absent, of others or of Apache.
func (p *page) absent(r *directives.Registry, others bool) {
	modules := slices.DeleteFunc(r.AbsentModules(), func(m directives.AbsentModule) bool { return m.Partial != others })
	sort.SliceStable(modules, func(i, j int) bool { return modules[i].File < modules[j].File })
	for _, m := range modules {
		p.text("### " + m.File)
		p.text("`" + m.ID + "`. Instead: " + plain(m.Advice) + ".")
		byPlace := map[string][]string{}
		var places []string
		for _, d := range m.Directives {
			place := ""
			if d.Scope != 0 {
				place = Where(d.Scope, 0)
				if o := Override(d.Scope); o != "" {
					place += " (" + o + ")"
				}
				place += ": "
			}
			if byPlace[place] == nil {
				places = append(places, place)
			}
			byPlace[place] = append(byPlace[place], Name(d.Name))
		}
		for i, place := range places {
			names := byPlace[place]
			sort.Slice(names, func(i, j int) bool { return sortKey(names[i][1:]) < sortKey(names[j][1:]) })
			p.item(i == 0, place+strings.Join(names, ", "))
		}
	}
}

// retired adds the directives of other releases: those that are accepted, then those that are refused.
func (p *page) retired(r *directives.Registry) {
	for _, part := range []struct {
		policy directives.Policy
		text   string
	}{
		{directives.NoEffect, "Apache 2.4 calls these invalid commands. They are accepted, with a notice at `LogLevel info`, because nothing is lost:"},
		{directives.Refused, "These end the start, as in Apache 2.4, with what to write instead:"},
	} {
		p.text(part.text)
		type key struct{ of, why string }
		names := map[key][]string{}
		var keys []key
		for _, d := range r.RetiredDirectives() {
			if d.Policy != part.policy {
				continue
			}
			k := key{d.Of, d.Why}
			if names[k] == nil {
				keys = append(keys, k)
			}
			names[k] = append(names[k], Name(d.Name))
		}
		for i, k := range keys {
			p.item(i == 0, strings.Join(names[k], ", ")+" ("+k.of+"): "+plain(k.why)+".")
		}
	}
}
