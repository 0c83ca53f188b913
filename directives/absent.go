package directives

import (
	"fmt"
	"strings"
)

// AbsentModule is a module of Apache's, or a well-known one of others, that
// httpd-wsgi does not have. LoadModule accepts it with a notice, <IfModule> is
// false for it, its directives are refused.
type AbsentModule struct {
	// ID is LoadModule's name ("dav_module"), File the source file's ("mod_dav.c").
	ID, File string
	// Advice says what to do instead, as a clause without capital and full stop.
	Advice string
	// Directives are those that the module defines.
	Directives []AbsentDirective
	// Partial tells that the module has, or may have, directives that are not listed.
	Partial bool
}

// AbsentDirective is a directive of an absent module; a section's name has its
// "<". Scope is 0 where it is not known.
type AbsentDirective struct {
	Name  string
	Scope Scope
}

// absence is one directive of an absent module.
type absence struct {
	module    *AbsentModule
	directive AbsentDirective
}

// Absent names a module that is known and not linked. Of a directive that two
// of them define it is the first one's.
func (r *Registry) Absent(m AbsentModule) {
	r.absent = append(r.absent, &m)
	for _, d := range m.Directives {
		if key := strings.ToLower(d.Name); r.absences[key] == nil {
			r.absences[key] = &absence{&m, d}
		}
	}
}

// AbsentModules lists the modules that are known and not linked, in the order
// in which they were named. The caller must not change what it gets.
func (r *Registry) AbsentModules() []AbsentModule {
	out := make([]AbsentModule, len(r.absent))
	for i, m := range r.absent {
		out[i] = *m
	}
	return out
}

// AbsentModule finds a module that is known and not linked, by LoadModule's name.
func (r *Registry) AbsentModule(id string) (*AbsentModule, bool) {
	for _, m := range r.absent {
		if m.ID == id {
			return m, true
		}
	}
	return nil, false
}

// AbsentDirective finds the absent module that defines a directive, by its name
// in any case; a section's has its "<". The caller must not change the module.
func (r *Registry) AbsentDirective(name string) (module *AbsentModule, ok bool) {
	a := r.absences[strings.ToLower(name)]
	if a == nil {
		return nil, false
	}
	return a.module, true
}

// Advice is what stands in parentheses after Apache's sentence for a command
// that no loaded module has: which module defines it and whether there is one
// of that name to load, what a directive of older releases became, or the known
// name that is spelled nearly so. It is "" where there is nothing to say.
func (r *Registry) Advice(name string) string {
	if e := r.Lookup(name); e != nil {
		m := e.Module
		if m.Group != "" {
			return fmt.Sprintf("a directive of %s, while another %s is loaded: change to \"LoadModule %s modules/mod_%s.so\" or leave the line out",
				m.File, m.Group, m.ID, strings.TrimSuffix(m.ID, "_module"))
		}
		return fmt.Sprintf("a directive of %s, which is built in and not loaded: add \"LoadModule %s modules/%s.so\"", m.File, m.ID, strings.TrimSuffix(m.File, ".c"))
	}
	if e := r.retired[strings.ToLower(name)]; e != nil {
		return fmt.Sprintf("a directive of %s: %s", e.Of, e.Why)
	}
	if m, ok := r.AbsentDirective(name); ok {
		text := fmt.Sprintf("a directive of %s, which httpd-wsgi does not have", m.File)
		if m.Advice != "" {
			text += ": " + m.Advice
		}
		return text
	}
	if near := r.near(name); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}
