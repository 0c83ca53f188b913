package directives

import (
	"bytes"
	"slices"
)

// Vector holds one configuration per module (ap_conf_vector_t), of one kind: per-server or per-directory. A merged
// Vector has every module's and is dense, so that reading it is one index; a section's or server's own has only
// those it sets, and lists them. Immutable after Compile, so it may be read from any goroutine without locks.
type Vector struct {
	kind *kind
	p    []any
	// at are the slots of p in a Vector that is not dense; nil in one that is.
	at []uint8
}

// kind is what the Vectors of one kind have slots for.
type kind struct{ slots []slot }

// maxSlots is what Vector.at can number.
const maxSlots = 1 << 8

// get is slot i's configuration; nil if there is none.
func (v *Vector) get(i int) any {
	if v.at == nil && v.p != nil {
		return v.p[i]
	}
	if n := bytes.IndexByte(v.at, uint8(i)); n >= 0 {
		return v.p[n]
	}
	return nil
}

// own is get for a Vector that is being filled: what is not there yet is made.
func (v *Vector) own(i int) any {
	if n := bytes.IndexByte(v.at, uint8(i)); n >= 0 {
		return v.p[n]
	}
	if v.p == nil {
		v.p, v.at = make([]any, 0, 4), make([]uint8, 0, 8)
	}
	c := v.kind.slots[i].zero()
	v.p, v.at = append(v.p, c), append(v.at, uint8(i))
	return c
}

// Slot is a module's typed index into a Vector. It is given to the module's
// hooks when they are bound; no package variable holds one.
type Slot[C any] struct{ i int }

// Of reads the module's configuration of a merged Vector: one index, no map.
// The result is shared and must not be changed.
func (s Slot[C]) Of(v *Vector) *C { return v.p[s.i].(*C) }

// In is Of for any Vector, which may lack the module: nil then.
func (s Slot[C]) In(v *Vector) *C {
	c, _ := v.get(s.i).(*C)
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
	// fields tells that merge is the table's fields': an empty base leaves add as it is, each of them sees to that.
	fields bool
}

// lay is merge of base and add, which are not nil.
func (s *slot) lay(base, add any) any {
	if s.fields && base == s.empty {
		return add
	}
	return s.merge(base, add)
}

// newServerVector and newDirVector return an empty Vector to be filled.
func (r *Registry) newServerVector() *Vector { return &Vector{kind: &r.server} }
func (r *Registry) newDirVector() *Vector    { return &Vector{kind: &r.dir} }

// Merge lays add, a section's own Vector, over base, a merged one, by each module's rules and returns a new Vector, or
// base itself where add sets nothing. It never changes its arguments; safe for
// concurrent use.
func (r *Registry) Merge(base, add *Vector) *Vector { return base.with(base, add) }

// with is Merge, upon a copy of v: of what add does not set the result has v's.
func (v *Vector) with(base, add *Vector) *Vector {
	if len(add.at) == 0 {
		return v
	}
	out := &Vector{kind: v.kind, p: slices.Clone(v.p)}
	for n, i := range add.at {
		out.p[i] = add.p[n]
		if b := base.p[i]; b != nil {
			out.p[i] = v.kind.slots[i].lay(b, add.p[n])
		}
	}
	return out
}

// hollow is what a virtual host that sets nothing has of the main server's merged Vector: all of it, but where an
// empty configuration hides what is local to the base. All virtual hosts share it.
func (v *Vector) hollow() *Vector {
	out := &Vector{kind: v.kind, p: slices.Clone(v.p)}
	for i, s := range v.kind.slots {
		if s.always {
			out.p[i] = s.merge(v.p[i], s.empty)
		}
	}
	return out
}

// complete returns v as a merged Vector, with the empty configuration in every slot that lacks one.
func (v *Vector) complete() *Vector {
	out := &Vector{kind: v.kind, p: make([]any, len(v.kind.slots))}
	for i := range out.p {
		if out.p[i] = v.get(i); out.p[i] == nil {
			out.p[i] = v.kind.slots[i].empty
		}
	}
	return out
}
