package directives

import (
	"sort"
	"strings"
)

// ModuleInfo names a linked module.
type ModuleInfo struct {
	ID, File string
	Static   bool
	// Group is Module.Group.
	Group string
	// PerDir tells that the module has a per-directory configuration.
	PerDir bool
	// Index is the module's place in the list, from 0.
	Index int

	check func(*Plan) error
}

// Entry is one directive of one module, without its configuration's type: what
// the dumps and the documentation read.
type Entry struct {
	Name   string
	Module *ModuleInfo
	Scope  Scope
	Not    Not
	Help   string
	Shape  Shape
	Policy Policy
	// Why is, by the entry's class: how it differs, why it has no effect, what to do instead; "" for Supported.
	Why     string
	Section bool

	server, dir func(*Cmd, any) error
	serverSlot  int
	dirSlot     int
	defaults    bool   // Both.Defaults
	next        *Entry // the same name in another module of the group
}

// Describe is Scope.Describe, with what httpd -L remarks of a module without per-directory configuration.
func (e *Entry) Describe() string {
	text := e.Scope.Describe()
	if e.Module.PerDir || e.Scope&sectionScope == 0 {
		return text
	}
	where, htaccess, found := strings.Cut(text, " and in .htaccess")
	if where += " [no per-dir config]"; found {
		where += " and in .htaccess" + htaccess
	}
	return where
}

// Registry holds the linked modules' tables. It is built once from an explicit
// list and read-only afterwards; there is no global one.
type Registry struct {
	modules   []*ModuleInfo
	server    kind // of the modules' per-server configurations
	dir       kind // of their per-directory ones
	entries   []*Entry
	byName    map[string]*Entry
	providers map[providerKey]provider
	// The known that is not linked: modules with their directives by name, and retired directives.
	absent      []*AbsentModule
	absences    map[string]*absence
	retired     map[string]*retirement
	retirements []*retirement
}

type providerKey struct{ group, name string }

type provider struct {
	module string
	value  any
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{byName: map[string]*Entry{}, providers: map[providerKey]provider{}, absences: map[string]*absence{}, retired: map[string]*retirement{}}
}

// Provide registers what module provides to others under group and name
// (ap_register_provider). Only loaded modules' providers are found.
func (r *Registry) Provide(module, group, name string, value any) {
	r.providers[providerKey{group, name}] = provider{module, value}
}

// Modules lists the linked modules in order.
func (r *Registry) Modules() []*ModuleInfo { return r.modules }

// Entries lists all directives in table order.
func (r *Registry) Entries() []*Entry { return r.entries }

// Lookup finds a directive by name, in any case; a section's name has its "<".
// Of a name that the modules of a Group share it is the first one's.
func (r *Registry) Lookup(name string) *Entry {
	// It is asked for every line; no directive's name is longer than the buffer.
	var buf [64]byte
	if len(name) > len(buf) {
		return nil
	}
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	return r.byName[string(buf[:len(name)])]
}

// Providers lists the names registered under group, sorted.
func (r *Registry) Providers(group string) []string {
	var out []string
	for k := range r.providers {
		if k.group == group {
			out = append(out, k.name)
		}
	}
	sort.Strings(out)
	return out
}

func (d Directive[C]) erase(s Slot[C]) *Entry {
	e := &Entry{Name: d.Name, Scope: d.Scope, Not: d.not, Help: d.Help, Shape: d.Shape, Policy: d.policy, Why: d.why,
		Section: strings.HasPrefix(d.Name, "<"), serverSlot: -1, dirSlot: s.i}
	if d.set != nil {
		e.dir = func(c *Cmd, conf any) error { return d.set(c, conf.(*C)) }
	}
	return e
}

// add files e, which a table of the given kind holds. The two halves of a Both
// directive meet here. A name that two modules claim is a programming error.
func (r *Registry) add(m *ModuleInfo, e *Entry, server bool) {
	e.Module = m
	if server {
		e.server, e.serverSlot, e.dir, e.dirSlot = e.dir, e.dirSlot, nil, -1
	}
	key := strings.ToLower(e.Name)
	old := r.byName[key]
	for old != nil && old.Module != m && old.next != nil {
		old = old.next
	}
	switch {
	case old == nil:
		r.byName[key] = e
		r.entries = append(r.entries, e)
	case old.Module == m && !server && old.dirSlot < 0:
		old.dir, old.dirSlot = e.dir, e.dirSlot
		old.Scope |= e.Scope
	case old.Module != m && m.Group != "" && old.Module.Group == m.Group:
		old.next = e
		r.entries = append(r.entries, e)
	default:
		panic("directives: " + e.Name + " is in " + old.Module.File + " and again in " + m.File)
	}
}
