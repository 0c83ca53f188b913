package check

import (
	"fmt"
	"sort"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// Reader hears of a configuration while it is read and compiled. One Reader is
// for one pass of reading.
type Reader struct {
	registry *directives.Registry
	loaded   map[string]bool   // LoadModule's names so far, known or not
	groups   map[string]string // by Group: the module that LoadModule named
	onRead   []Line
	modules  []Module
	refused  []Line // LoadModule lines
	blocks   []block
	uses     []directives.Use
	byItem   map[*apacheconf.Item]directives.Use
}

// NewReader returns a Reader of a configuration for the modules of a registry.
func NewReader(r *directives.Registry) *Reader {
	return &Reader{registry: r, loaded: map[string]bool{}, groups: map[string]string{}, byItem: map[*apacheconf.Item]directives.Use{}}
}

// Listen adds the Reader to a loader. A LoadModule line that the loader refuses
// becomes a line of the report and does not end the reading.
func (r *Reader) Listen(l *apacheconf.Loader) {
	load := l.LoadModule
	l.LoadModule = func(id, path string, pos apacheconf.Pos) error {
		r.loaded[id] = true
		if other := r.clash(id); other != "" {
			r.refuse(pos, fmt.Sprintf("LoadModule %s: More than one MPM loaded: %s is, too", id, other), "keep the one that is meant")
			return nil
		}
		if m, ok := r.registry.AbsentModule(id); ok {
			r.modules = append(r.modules, Module{id, placeOf(pos), "not part of httpd-wsgi: its directives are refused and <IfModule> is false for it", m.Advice})
		}
		if load == nil {
			return nil
		}
		if err := load(id, path, pos); err != nil {
			r.refuse(pos, err.Error(), "see what uses it, and remove the line")
		}
		return nil
	}
	l.OnRead = func(tag string, pos apacheconf.Pos) {
		line := Line{Class: supported, Directive: tag, Module: "core.c", Place: placeOf(pos)}
		if e := r.registry.Lookup(tag); e != nil {
			line.Module = e.Module.File
		}
		r.onRead = append(r.onRead, line)
	}
	l.Condition = func(c apacheconf.Conditional) { r.condition(&c) }
}

// refuse files a LoadModule line that can't be.
func (r *Reader) refuse(pos apacheconf.Pos, message, advice string) {
	r.refused = append(r.refused, Line{Class: refused, Directive: "LoadModule", Module: "mod_so.c", Place: placeOf(pos), Message: message, Advice: advice})
}

// clash is the module of the same Group that was loaded before, "" if there is none.
func (r *Reader) clash(id string) string {
	for _, m := range r.registry.Modules() {
		if m.ID == id && m.Group != "" {
			if old := r.groups[m.Group]; old != "" && old != id {
				return old
			}
			r.groups[m.Group] = id
		}
	}
	return ""
}

// Each is for directives.Options.Each.
func (r *Reader) Each(u directives.Use) {
	if u.Item == nil && (strings.Contains(u.Err.Msg, "AH02291") || strings.Contains(u.Err.Msg, "AH02297")) {
		return // the first log without a directory; the audit names all
	}
	r.uses = append(r.uses, u)
	if u.Item != nil {
		r.byItem[u.Item] = u
	}
}

// lines makes the report's lines, in the order of the files that were read.
func (r *Reader) lines(tree *apacheconf.Tree) []Line {
	out := append([]Line{}, r.onRead...)
	for i := range r.refused {
		out = replaceLine(out, r.refused[i])
	}
	out = r.walk(out, tree.Items, nil)
	for _, u := range r.uses {
		if u.Item == nil {
			out = append(out, Line{Class: refused, Place: placeOf(u.Err.Pos), Message: strings.TrimSuffix(u.Err.Msg, "\nAH00014: Configuration check failed")})
		}
	}
	files := map[string]int{}
	for _, in := range tree.Included {
		if _, ok := files[in.File]; !ok {
			files[in.File] = len(files)
		}
	}
	for i := range out {
		if _, ok := files[out[i].File]; !ok {
			files[out[i].File] = len(files)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		if a.File != b.File {
			return files[a.File] < files[b.File]
		}
		return a.Line < b.Line
	})
	return out
}

// replaceLine puts l in the place of the line that the same directive has there.
func replaceLine(lines []Line, l Line) []Line {
	for i := range lines {
		if lines[i].Place == l.Place && lines[i].Directive == l.Directive {
			lines[i] = l
			return lines
		}
	}
	return append(lines, l)
}

// walk adds the lines of items. outer is the line around them that was not
// carried out, so that nobody heard of what is in it.
func (r *Reader) walk(out []Line, items []*apacheconf.Item, outer *Line) []Line {
	for _, it := range items {
		u, heard := r.byItem[it]
		var l Line
		switch {
		case heard:
			l = r.line(u)
		case outer != nil:
			l = Line{Class: outer.Class, Directive: it.Tag(), Place: placeOf(it.Pos), Message: "stands in " + outer.Directive + ">", Within: outer.Directive}
			l.Module = r.moduleOf(it.Tag())
		default:
			continue
		}
		out = append(out, l)
		if len(it.Items) > 0 {
			in := &l
			if l.Class == supported || l.Class == approximated {
				in = nil
			}
			if outer != nil {
				in = outer
			}
			out = r.walk(out, it.Items, in)
		}
	}
	return out
}

// moduleOf is the source file of the module that has a directive, loaded or not, here or not.
func (r *Reader) moduleOf(tag string) string {
	if e := r.registry.Lookup(tag); e != nil {
		return e.Module.File
	}
	if m, ok := r.registry.AbsentDirective(tag); ok {
		return m.File
	}
	return ""
}

// line is the report's line of a use.
func (r *Reader) line(u directives.Use) Line {
	l := Line{Class: supported, Directive: u.Item.Tag(), Place: placeOf(u.Item.Pos)}
	advice := ""
	if e := u.Entry; e != nil {
		l.Directive, l.Module = e.Name, e.Module.File
		switch e.Class() {
		case directives.Approximated:
			l.Class, l.Message = approximated, e.Why
		case directives.WithoutEffect:
			l.Class, l.Message = withoutEffect, e.Why
		case directives.NotSupported:
			advice = e.Why
		}
	} else {
		advice = r.registry.Advice(l.Directive)
		l.Module = r.moduleOf(l.Directive)
	}
	if u.Entry == nil && u.Err == nil {
		l.Class, l.Message = withoutEffect, "unknown, and AllowOverride Nonfatal lets it be"
	}
	if u.Err != nil {
		l.Class, l.Advice = refused, advice
		l.Message = u.Err.Msg
		if advice != "" { // the message ends in it
			l.Message = strings.TrimSuffix(strings.TrimSuffix(l.Message, " ("+advice+")"), ": "+advice)
		}
	}
	return l
}
