package server

// Table is an ordered set of names with one value each: a request's
// environment (subprocess_env) and its notes. Names compare without case, as
// in apr_table. It is small and searched in order.
type Table struct{ kv []Field }

// Get returns the value of name and whether it is there.
func (t *Table) Get(name string) (string, bool) {
	for i := range t.kv {
		if equalFold(t.kv[i].Name, name) {
			return t.kv[i].Value, true
		}
	}
	return "", false
}

// Set adds or replaces.
func (t *Table) Set(name, value string) {
	for i := range t.kv {
		if equalFold(t.kv[i].Name, name) {
			t.kv[i] = Field{Name: name, Value: value}
			return
		}
	}
	t.kv = append(t.kv, Field{Name: name, Value: value})
}

// Unset removes name.
func (t *Table) Unset(name string) {
	for i := range t.kv {
		if equalFold(t.kv[i].Name, name) {
			t.kv = append(t.kv[:i], t.kv[i+1:]...)
			return
		}
	}
}

// All returns the pairs in the order they were first set; the slice is the table's own.
func (t *Table) All() []Field { return t.kv }

// Len is the number of names.
func (t *Table) Len() int { return len(t.kv) }

// Reset empties the table and keeps its memory.
func (t *Table) Reset() { clear(t.kv); t.kv = t.kv[:0] }
