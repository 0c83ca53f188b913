package vhost

import (
	"sort"
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
	literal map[string][]indexed
	globs   []indexed
}

type indexed struct {
	section *directives.Section
	order   int
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
	d.All = append(d.All, sections...)
	sort.SliceStable(d.All, func(i, j int) bool {
		a, b := d.All[i], d.All[j]
		if (a.Regexp == nil) != (b.Regexp == nil) {
			return a.Regexp == nil
		}
		return components(a.Name) < components(b.Name)
	})
	for i, s := range d.All {
		if s.Regexp != nil {
			d.Regexps = append(d.Regexps, s)
			continue
		}
		n := components(s.Name)
		for len(d.levels) <= n {
			d.levels = append(d.levels, level{})
		}
		l := &d.levels[n]
		if s.Glob {
			l.globs = append(l.globs, indexed{s, i})
			continue
		}
		if l.literal == nil {
			l.literal = map[string][]indexed{}
		}
		l.literal[s.Name] = append(l.literal[s.Name], indexed{s, i})
	}
	return d
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
	lits := l.literal[dir]
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
