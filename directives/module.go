package directives

// Table lists a module's directives for one configuration struct.
type Table[C any] []Directive[C]

// Both is one directive with two homes: at server scope it sets the module's
// per-server struct, inside a section the per-directory one (the habit of
// mod_alias and mod_wsgi).
type Both[S, D any] struct {
	Server Directive[S]
	Dir    Directive[D]
	// Defaults has a line at server scope set the per-directory struct outside sections too (mod_rewrite).
	Defaults bool
}

// Pair makes Both entries from two tables of the same directives in the same
// order, as one generic function gives them for two structs that embed the
// same settings.
func Pair[S, D any](server Table[S], dir Table[D]) []Both[S, D] {
	out := make([]Both[S, D], len(server))
	for i := range server {
		if server[i].Name != dir[i].Name {
			panic("directives: Pair: " + server[i].Name + " beside " + dir[i].Name)
		}
		out[i] = Both[S, D]{Server: server[i], Dir: dir[i]}
	}
	return out
}

// None is the struct of a module that has no configuration of a kind.
type None struct{}

// Module is one Apache module: its two names, its directives, its checks. S is
// its per-server configuration, D its per-directory one.
type Module[S, D any] struct {
	// ID is the name that LoadModule and <IfModule> use ("alias_module"), File the source name ("mod_alias.c").
	ID, File string
	// Static tells a module that is there without LoadModule (as in Debian's httpd -l).
	Static bool
	// Group names a set of modules of which a configuration has exactly one, and which may share names of
	// directives ("MPM"). The first linked one stands in where LoadModule names none.
	Group string
	// Server, Dir and Both are the directives by the struct that they set.
	Server Table[S]
	Dir    Table[D]
	Both   []Both[S, D]
	// MergeServer and MergeDir replace the merge that the tables' fields give. They must not change their arguments.
	MergeServer func(base, add *S) *S
	MergeDir    func(base, add *D) *D
	// Check runs after merging and before serving (post_config). An *apacheconf.Error is printed as it is.
	Check func(*Plan, Slots[S, D]) error
}

// Add registers m with r and returns its slots.
func Add[S, D any](r *Registry, m Module[S, D]) Slots[S, D] {
	st, dt := m.Server, m.Dir
	for _, b := range m.Both {
		st, dt = append(st, b.Server), append(dt, b.Dir)
	}
	_, none := any(*new(D)).(None)
	info := &ModuleInfo{ID: m.ID, File: m.File, Static: m.Static, Group: m.Group, PerDir: !none, Index: len(r.modules)}
	slots := Slots[S, D]{addSlot(&r.server, st, m.MergeServer), addSlot(&r.dir, dt, m.MergeDir)}
	r.modules = append(r.modules, info)
	for i := range st {
		r.add(info, st[i].erase(slots.Server), true)
	}
	for i := range dt {
		r.add(info, dt[i].erase(slots.Dir), false)
	}
	for _, b := range m.Both {
		for e := r.Lookup(b.Server.Name); e != nil; e = e.next {
			if e.Module == info {
				e.defaults = b.Defaults
			}
		}
	}
	if m.Check != nil {
		info.check = func(p *Plan) error { return m.Check(p, slots) }
	}
	return slots
}

// Merger is the merge function that a table's fields make: each field once.
func (t Table[C]) Merger() func(base, add *C) *C {
	var fields []*Field[C]
	seen := map[*Field[C]]bool{}
	for _, d := range t {
		for _, f := range d.fields {
			if !seen[f] {
				seen[f] = true
				fields = append(fields, f)
			}
		}
	}
	return func(base, add *C) *C {
		out := new(C)
		for _, f := range fields {
			f.merge(out, base, add)
		}
		return out
	}
}

func addSlot[C any](k *kind, t Table[C], merge func(base, add *C) *C) Slot[C] {
	always, fields := merge != nil, merge == nil
	if merge == nil {
		merge = t.Merger()
		for _, d := range t {
			for _, f := range d.fields {
				always = always || f.local
			}
		}
	}
	if len(k.slots) == maxSlots {
		panic("directives: more modules than a Vector numbers")
	}
	k.slots = append(k.slots, slot{
		always: always,
		fields: fields,
		zero:   func() any { return new(C) },
		merge:  func(b, a any) any { return merge(b.(*C), a.(*C)) },
		empty:  new(C),
	})
	return Slot[C]{len(k.slots) - 1}
}
