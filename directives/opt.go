package directives

// Opt is a value that remembers whether a directive set it. The zero Opt is
// unset; no in-band marker (-1, "") stands for "unset" anywhere.
type Opt[T any] struct {
	V   T
	Set bool
}

// Some returns a set Opt.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, Set: true} }

// Get returns the value, or def where none was set.
func (o Opt[T]) Get(def T) T {
	if o.Set {
		return o.V
	}
	return def
}

// Or returns o, or base where o is unset: the merge rule of most directives.
func (o Opt[T]) Or(base Opt[T]) Opt[T] {
	if o.Set {
		return o
	}
	return base
}
