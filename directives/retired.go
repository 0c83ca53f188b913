package directives

import "strings"

// Retired is a directive that Apache 1.3, 2.0 or 2.2 had, or has on another
// operating system, and that 2.4 calls an invalid command.
type Retired struct {
	Name string
	// File is the source file that defines it.
	File string
	// Of tells whose it is: "Apache up to 2.2".
	Of string
	// Scope is where it could stand.
	Scope Scope
	// Policy is NoEffect for what is accepted because nothing is lost without it, else Refused.
	Policy Policy
	// Why says what holds instead, or what to write instead.
	Why string
}

// retirement is a retired directive with the entry that the compiler takes for it.
type retirement struct {
	Retired
	entry *Entry
}

// Retire names a directive of other releases. It belongs to no module: -L and
// <IfDirective> do not know it, as in Apache 2.4.
func (r *Registry) Retire(d Retired) {
	key := strings.ToLower(d.Name)
	if r.byName[key] != nil || r.retired[key] != nil {
		panic("directives: " + d.Name + " is retired and in a table as well, or retired twice")
	}
	r.retired[key] = &retirement{d, &Entry{Name: d.Name, Module: &ModuleInfo{File: d.File}, Scope: d.Scope, Help: d.Why,
		Policy: d.Policy, Why: d.Why, Section: strings.HasPrefix(d.Name, "<"), serverSlot: -1, dirSlot: -1}}
	r.retirements = append(r.retirements, r.retired[key])
}

// RetiredDirectives lists the directives of other releases in the order in
// which they were named.
func (r *Registry) RetiredDirectives() []Retired {
	out := make([]Retired, len(r.retirements))
	for i, d := range r.retirements {
		out[i] = d.Retired
	}
	return out
}

// RetiredDirective finds a directive of other releases by its name, in any case.
func (r *Registry) RetiredDirective(name string) (Retired, bool) {
	if d := r.retired[strings.ToLower(name)]; d != nil {
		return d.Retired, true
	}
	return Retired{}, false
}

// entry is what the compiler takes for a line: a loaded module's directive, else a
// retired one that is accepted; nil if there is none.
func (c *compiler) entry(name string) *Entry {
	if e := c.loaded.entry(name); e != nil {
		return e
	}
	if d := c.reg.retired[strings.ToLower(name)]; d != nil && d.Policy == NoEffect && c.reg.byName[strings.ToLower(name)] == nil {
		return d.entry
	}
	return nil
}
