package explain

import (
	"os"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// Line is a line of the configuration.
type Line struct {
	// Text is the directive with its arguments, or a section's opening tag.
	Text string `json:"text"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Depth counts the containers around the line within its section (<Limit>, <RequireAll>).
	Depth int `json:"depth,omitempty"`
}

// lines finds the lines of a configuration by where they stand.
type lines map[apacheconf.Pos]*apacheconf.Item

func (l lines) add(items []*apacheconf.Item) {
	for _, it := range items {
		l[it.Pos] = it
		l.add(it.Items)
	}
}

// at is the line at a place; one that is not known has no text.
func (l lines) at(pos apacheconf.Pos) Line {
	out := Line{File: pos.File, Line: pos.Line}
	if it := l[pos]; it != nil {
		out.Text = text(it)
	}
	return out
}

func text(it *apacheconf.Item) string {
	s := it.Name
	if it.Args != "" {
		s += " " + it.Args
	}
	if it.Section {
		s = "<" + s + ">"
	}
	return s
}

// sectionNames are the containers that are sections of their own, not lines of the one around them.
var sectionNames = map[string]bool{"directory": true, "directorymatch": true, "location": true, "locationmatch": true, "files": true,
	"filesmatch": true, "if": true, "elseif": true, "else": true, "virtualhost": true}

// within lists the lines of a section's items.
func within(items []*apacheconf.Item, depth int) []Line {
	var out []Line
	for _, it := range items {
		if it.Section && sectionNames[strings.ToLower(it.Name)] {
			continue
		}
		out = append(out, Line{Text: text(it), File: it.Pos.File, Line: it.Pos.Line, Depth: depth})
		if it.Section {
			out = append(out, within(it.Items, depth+1)...)
		}
	}
	return out
}

// last is the last line of a directive among items, outside their sections.
func last(items []*apacheconf.Item, name string, fits func(args string) bool) *apacheconf.Item {
	var found *apacheconf.Item
	for _, it := range items {
		if !it.Section && strings.EqualFold(it.Name, name) && (fits == nil || fits(it.Args)) {
			found = it
		}
	}
	return found
}

// ofServer is the line of a directive that a server has, its own or the main server's.
func (e *Explainer) ofServer(s *directives.Server, name string, fits func(args string) bool) *Line {
	for _, items := range [][]*apacheconf.Item{e.itemsOf(s), e.tree.Items} {
		if it := last(items, name, fits); it != nil {
			l := e.lines.at(it.Pos)
			return &l
		}
	}
	return nil
}

// itemsOf are the lines of a server's own.
func (e *Explainer) itemsOf(s *directives.Server) []*apacheconf.Item {
	if !s.Virtual {
		return e.tree.Items
	}
	if it := e.lines[s.Pos]; it != nil {
		return it.Items
	}
	return nil
}

// Section is a part of the configuration that applies to the request.
type Section struct {
	// Line is the section's opening tag, or a .htaccess file's path.
	Line
	// Lines are what it says.
	Lines []Line `json:"lines,omitempty"`
}

// section shows a section with its lines. read finds the lines of .htaccess files.
func (e *Explainer) section(r *server.Request, s *directives.Section, read lines) Section {
	if s.Kind == directives.KindHtaccess {
		file, items := e.htaccess(r, s.Name)
		read.add(items)
		return Section{Line: Line{Text: file, File: file}, Lines: within(items, 0)}
	}
	known := e.lines
	if known[s.Pos] == nil {
		known = read
	}
	out := Section{Line: known.at(s.Pos)}
	if it := known[s.Pos]; it != nil {
		out.Lines = within(it.Items, 0)
	}
	return out
}

// htaccess reads the .htaccess file of a directory for its lines.
func (e *Explainer) htaccess(r *server.Request, dir string) (string, []*apacheconf.Item) {
	names := []string{".htaccess"}
	if n := r.Server.Core.AccessFileName; n.Set {
		names = n.V
	}
	loaded := e.site.Plan.Loaded
	for _, name := range names {
		file := dir + strings.TrimPrefix(name, "/")
		src, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		loader := apacheconf.Loader{HasModule: loaded.Has, HasDirective: loaded.HasDirective, HasSection: loaded.HasSection}
		tree, _ := loader.LoadHtaccess(e.tree, file, src) // faults are the walk's to tell
		return file, tree.Items
	}
	return dir + names[0], nil
}
