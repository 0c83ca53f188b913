package vhost

import (
	"slices"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

// Dirs are a server's <Directory> sections, indexed for a walk down a path
// (ap_core_reorder_directories): first by the number of path components, in
// the order of the files within each, then regular expressions, sorted by the
// number of slashes in the pattern likewise.
type Dirs struct {
	levels []level
	// Regexps are those of <DirectoryMatch> and <Directory ~>, in order.
	Regexps []*directives.Section
	// All are all sections in the order they are merged.
	All []*directives.Section
}

// level holds the sections with one number of components, the root having 0
// and "/a/" 2 (slashes are counted, as Apache does).
type level struct {
	// literal are those without wildcards; byName has them by name where they are more than linearLiterals.
	literal []indexed
	byName  map[string][]indexed
	globs   []indexed
}

// linearLiterals is the number of sections up to which a level is searched in order: most servers have a few, and
// a map for each level of each of thousands of servers is what would cost.
const linearLiterals = 8

type indexed struct {
	section *directives.Section
	order   int
}

// named finds the sections of a directory, in order.
func (l *level) named(dir string) []indexed {
	if l.byName != nil {
		return l.byName[dir]
	}
	for i := range l.literal {
		if l.literal[i].section.Name == dir {
			n := i + 1
			for n < len(l.literal) && l.literal[n].section.Name == dir {
				n++
			}
			return l.literal[i:n]
		}
	}
	return nil
}

// components is ap_count_dirs: the number of slashes; 0 for the root.
func components(name string) int {
	if name == "/" {
		return 0
	}
	return strings.Count(name, "/")
}

func newDirs(sections []*directives.Section) Dirs {
	var d Dirs
	if len(sections) == 0 {
		return d
	}
	d.All = slices.Clone(sections)
	slices.SortStableFunc(d.All, func(a, b *directives.Section) int {
		switch {
		case a.Regexp == nil && b.Regexp != nil:
			return -1
		case a.Regexp != nil && b.Regexp == nil:
			return 1
		}
		return components(a.Name) - components(b.Name)
	})
	literals := len(d.All)
	for literals > 0 && d.All[literals-1].Regexp != nil {
		literals--
	}
	d.Regexps = d.All[literals:]
	if literals == 0 {
		return d
	}
	d.levels = make([]level, components(d.All[literals-1].Name)+1)
	for i, s := range d.All[:literals] {
		l := &d.levels[components(s.Name)]
		if s.Glob {
			l.globs = append(l.globs, indexed{s, i})
		} else {
			l.literal = append(l.literal, indexed{s, i})
		}
	}
	for i := range d.levels {
		d.levels[i].index()
	}
	return d
}

// index makes literal ready for named: the sections of one name stand together, in order.
func (l *level) index() {
	if len(l.literal) > linearLiterals {
		l.byName = map[string][]indexed{}
		for _, x := range l.literal {
			l.byName[x.section.Name] = append(l.byName[x.section.Name], x)
		}
		l.literal = nil
		return
	}
	if len(l.literal) > 1 {
		slices.SortStableFunc(l.literal, func(a, b indexed) int { return strings.Compare(a.section.Name, b.section.Name) })
	}
}

// Depth is the number of components beyond which no section but a regular
// expression applies.
func (d *Dirs) Depth() int { return len(d.levels) - 1 }

// Step lays the sections for one directory over n: dir is its path with the
// final slash, depth its number of components (0 for the root).
func (d *Dirs) Step(n *Node, dir string, depth int) *Node {
	if depth >= len(d.levels) {
		return n
	}
	l := &d.levels[depth]
	lits := l.named(dir)
	if len(l.globs) == 0 {
		for i := range lits {
			n = n.Step(lits[i].section)
		}
		return n
	}
	for i := range l.globs {
		g := &l.globs[i]
		if !apr.Fnmatch(g.section.Name, dir, apr.FnmPathname) {
			continue
		}
		for len(lits) > 0 && lits[0].order < g.order {
			n = n.Step(lits[0].section)
			lits = lits[1:]
		}
		n = n.Step(g.section)
	}
	for i := range lits {
		n = n.Step(lits[i].section)
	}
	return n
}
