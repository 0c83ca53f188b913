package directives

import (
	"fmt"

	"httpd-wsgi/apacheconf"
)

// Loaded is the set of modules that a configuration has: the static ones and
// those that LoadModule names. One that loads none has all.
type Loaded struct {
	reg     *Registry
	on      map[string]bool // by ID
	order   []*ModuleInfo   // LoadModule's, in order
	absent  map[string]bool // known modules that are not linked
	mention bool
	groups  map[string]string // by Group: the ID of its module
	clash   string            // the Group of which LoadModule named two
}

// NewLoaded returns the set with the static modules only, or with all.
func (r *Registry) NewLoaded(all bool) *Loaded {
	l := &Loaded{reg: r, on: map[string]bool{}, absent: map[string]bool{}, groups: map[string]string{}}
	for _, m := range r.modules {
		switch {
		case m.Group != "":
			if l.groups[m.Group] == "" {
				l.groups[m.Group] = m.ID
				l.on[m.ID] = true
			}
		case m.Static || all:
			l.on[m.ID] = true
		}
	}
	return l
}

// Load is LoadModule: it turns a linked module on. It reports whether a line
// before did, and an error for a name that no Apache module has. A static
// module may be named too: other builds of Apache have it in a file of its own.
// For a known module that is not linked, notice says so.
func (l *Loaded) Load(id, path string) (already bool, notice string, err error) {
	l.mention = true
	for _, m := range l.reg.modules {
		if m.ID == id {
			already = l.Named(id)
			if m.Group != "" {
				l.join(m, already)
			}
			if !already {
				l.on[id] = true
				l.order = append(l.order, m)
			}
			return already, "", nil
		}
	}
	if m, ok := l.reg.AbsentModule(id); ok {
		l.absent[id] = true
		notice = fmt.Sprintf("module %s is not part of httpd-wsgi: its directives are refused and <IfModule> is false for it", id)
		if m.Advice != "" {
			notice += "; " + m.Advice
		}
		return false, notice, nil
	}
	return false, "", fmt.Errorf("Cannot load %s into server: module %s is not part of httpd-wsgi, and no Apache module of that name is known", path, id)
}

// join makes m the module of its group, in place of the one that stood in.
func (l *Loaded) join(m *ModuleInfo, again bool) {
	old := l.groups[m.Group]
	if !again && l.Named(old) {
		l.clash = m.Group
	}
	if old != m.ID {
		delete(l.on, old)
	}
	l.groups[m.Group] = m.ID
}

// Check is the error of a configuration whose LoadModule lines name two modules of a Group; program begins messages.
func (l *Loaded) Check(program string) error {
	if l.clash == "" {
		return nil
	}
	return &apacheconf.Error{Phase: apacheconf.PhaseCheck,
		Msg: fmt.Sprintf("AH00534: %s: Configuration error: More than one %s loaded.", program, l.clash)}
}

// Named tells whether LoadModule named the module: it is "(shared)" in httpd -M.
func (l *Loaded) Named(id string) bool {
	for _, m := range l.order {
		if m.ID == id {
			return true
		}
	}
	return false
}

// Any tells whether LoadModule was used at all.
func (l *Loaded) Any() bool { return l.mention }

// Has tells whether a module is loaded, by identifier or source file name, as
// <IfModule> asks.
func (l *Loaded) Has(name string) bool {
	for _, m := range l.reg.modules {
		if (m.ID == name || m.File == name) && l.on[m.ID] {
			return true
		}
	}
	return false
}

func (l *Loaded) module(id string) bool { return l.on[id] }

// entry finds a directive among the loaded modules; nil if there is none.
func (l *Loaded) entry(name string) *Entry {
	e := l.reg.Lookup(name)
	for e != nil && !l.on[e.Module.ID] {
		e = e.next
	}
	return e
}

// Modules lists the loaded modules in the order of the registry.
func (l *Loaded) Modules() []*ModuleInfo {
	var out []*ModuleInfo
	for _, m := range l.reg.modules {
		if l.on[m.ID] {
			out = append(out, m)
		}
	}
	return out
}

// HasDirective and HasSection answer <IfDirective> and <IfSection>.
func (l *Loaded) HasDirective(name string) bool {
	e := l.entry(name)
	return e != nil && !e.Section
}

// HasSection tells whether a loaded module has the container, named without its brackets: with them Apache knows none.
func (l *Loaded) HasSection(name string) bool {
	return l.entry("<"+name) != nil
}
