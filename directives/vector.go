package directives

// Vector holds one configuration per module (ap_conf_vector_t). A merged
// Vector has every module's; a section's own has only those it sets. Immutable
// after Compile, so it may be read from any goroutine without locks.
type Vector struct{ p []any }

// Slot is a module's typed index into a Vector. It is given to the module's
// hooks when they are bound; no package variable holds one.
type Slot[C any] struct{ i int }

// Of reads the module's configuration: one index, no map. The result is
// shared and must not be changed.
func (s Slot[C]) Of(v *Vector) *C { return v.p[s.i].(*C) }

// In is Of for a Vector that may lack the module: nil then.
func (s Slot[C]) In(v *Vector) *C {
	c, _ := v.p[s.i].(*C)
	return c
}

// Slots are a module's per-server and per-directory slots.
type Slots[S, D any] struct {
	Server Slot[S]
	Dir    Slot[D]
}

type slot struct {
	zero  func() any
	merge func(base, add any) any
	empty any
	// always tells that an empty configuration must be merged too: it may hide what is local to the base.
	always bool
}

func (r *Registry) newVector() *Vector { return &Vector{make([]any, len(r.slots))} }

// Merge lays add over base by each module's rules and returns a new Vector, or
// base itself where add sets nothing. It never changes its arguments; safe for
// concurrent use.
func (r *Registry) Merge(base, add *Vector) *Vector {
	var out *Vector
	for i, a := range add.p {
		if a == nil {
			continue
		}
		if out == nil {
			out = &Vector{append([]any(nil), base.p...)}
		}
		if b := base.p[i]; b == nil {
			out.p[i] = a
		} else {
			out.p[i] = r.slots[i].merge(b, a)
		}
	}
	if out == nil {
		return base
	}
	return out
}

// inner returns v, a virtual host's own, with the empty configurations that must be merged.
func (r *Registry) inner(v *Vector) *Vector {
	out := &Vector{append([]any(nil), v.p...)}
	for i := range out.p {
		if out.p[i] == nil && r.slots[i].always {
			out.p[i] = r.slots[i].empty
		}
	}
	return out
}

// complete returns v with the empty configuration in every slot that lacks one.
func (r *Registry) complete(v *Vector) *Vector {
	out := &Vector{append([]any(nil), v.p...)}
	for i := range out.p {
		if out.p[i] == nil {
			out.p[i] = r.slots[i].empty
		}
	}
	return out
}
