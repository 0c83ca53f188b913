package directives

// Field is one mergeable field of a configuration struct C: where it lives and
// how the value of an inner container (add) meets that of the outer one
// (base). Directives that share storage (Alias, AliasMatch, ScriptAlias) name
// the same *Field, and merging visits each field once.
type Field[C any] struct {
	merge func(dst, base, add *C)
	local bool
}

// Override is the rule "the nearest setting wins".
func Override[C, T any](at func(*C) *Opt[T]) *Field[C] {
	return &Field[C]{merge: func(dst, base, add *C) { *at(dst) = at(add).Or(*at(base)) }}
}

// Append is the rule "the outer container's items, then the inner one's".
func Append[C, T any](at func(*C) *[]T) *Field[C] {
	return &Field[C]{merge: func(dst, base, add *C) { *at(dst) = concat(*at(base), *at(add)) }}
}

// Prepend is the rule "the inner container's items, then the outer one's".
func Prepend[C, T any](at func(*C) *[]T) *Field[C] {
	return &Field[C]{merge: func(dst, base, add *C) { *at(dst) = concat(*at(add), *at(base)) }}
}

// Replace is the rule "the inner container's list, if it has one, replaces the
// outer one's as a whole".
func Replace[C, T any](at func(*C) *[]T) *Field[C] {
	return &Field[C]{merge: func(dst, base, add *C) {
		if *at(add) != nil {
			*at(dst) = *at(add)
		} else {
			*at(dst) = *at(base)
		}
	}}
}

// MergeBy is a rule of the module's own. f must not change its arguments, and
// must hold f(zero, x) = x and f(x, zero) = x.
func MergeBy[C, T any](at func(*C) *T, f func(base, add T) T) *Field[C] {
	return &Field[C]{merge: func(dst, base, add *C) { *at(dst) = f(*at(base), *at(add)) }}
}

// Local is the rule "never inherited": only the container's own value counts.
func Local[C, T any](at func(*C) *T) *Field[C] {
	return &Field[C]{merge: func(dst, _, add *C) { *at(dst) = *at(add) }, local: true}
}

func concat[T any](x, y []T) []T {
	switch {
	case len(x) == 0:
		return y
	case len(y) == 0:
		return x
	}
	return append(append(make([]T, 0, len(x)+len(y)), x...), y...)
}
