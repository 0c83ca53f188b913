package server

import (
	"strings"

	"httpd-wsgi/internal/http1"
)

// Field is one header field as it was read or will be sent.
type Field = http1.Field

// Header is an ordered list of header fields with case-insensitive names, as
// Apache's header tables are: names keep the spelling they were given, and a
// name may occur more than once.
type Header struct{ F []Field }

// Get returns the first value of name, "" if there is none.
func (h *Header) Get(name string) string {
	for i := range h.F {
		if equalFold(h.F[i].Name, name) {
			return h.F[i].Value
		}
	}
	return ""
}

// Lookup is Get that tells absent from empty.
func (h *Header) Lookup(name string) (string, bool) {
	for i := range h.F {
		if equalFold(h.F[i].Name, name) {
			return h.F[i].Value, true
		}
	}
	return "", false
}

// Has tells whether name occurs.
func (h *Header) Has(name string) bool { _, ok := h.Lookup(name); return ok }

// Joined returns all values of name joined by ", ".
func (h *Header) Joined(name string) string {
	first, n := "", 0
	for i := range h.F {
		if equalFold(h.F[i].Name, name) {
			if n++; n == 1 {
				first = h.F[i].Value
			} else {
				first += ", " + h.F[i].Value
			}
		}
	}
	return first
}

// Set replaces the first occurrence of name, in its place, and removes the others (apr_table_set).
func (h *Header) Set(name, value string) {
	for i := range h.F {
		if equalFold(h.F[i].Name, name) {
			h.F[i] = Field{Name: name, Value: value}
			h.removeFrom(i+1, name)
			return
		}
	}
	h.F = append(h.F, Field{Name: name, Value: value})
}

// Add appends a field, whatever is there (apr_table_add).
func (h *Header) Add(name, value string) { h.F = append(h.F, Field{Name: name, Value: value}) }

// Merge appends value to the first field of that name after ", ", or adds one (apr_table_merge).
func (h *Header) Merge(name, value string) {
	for i := range h.F {
		if equalFold(h.F[i].Name, name) {
			h.F[i].Value += ", " + value
			return
		}
	}
	h.Add(name, value)
}

// Unset removes every field of that name.
func (h *Header) Unset(name string) { h.removeFrom(0, name) }

// Reset empties the header and keeps its memory.
func (h *Header) Reset() { clear(h.F); h.F = h.F[:0] }

// Overlay sets every name of other in h, other's fields first in name order of occurrence (apr_table_overlap with set semantics).
func (h *Header) Overlay(other *Header) {
	for i := range other.F {
		h.removeFrom(0, other.F[i].Name)
	}
	h.F = append(h.F, other.F...)
}

func (h *Header) removeFrom(i int, name string) {
	for k := i; k < len(h.F); k++ {
		if equalFold(h.F[k].Name, name) {
			out := h.F[:k]
			for _, f := range h.F[k+1:] {
				if !equalFold(f.Name, name) {
					out = append(out, f)
				}
			}
			h.F = out
			return
		}
	}
}

// equalFold compares header names: ASCII case only.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if a == b {
		return true
	}
	for i := 0; i < len(a); i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
			return false
		}
	}
	return true
}

// hasToken tells whether a comma-separated header value has a token, in any case.
func hasToken(value, token string) bool {
	for value != "" {
		var t string
		t, value, _ = strings.Cut(value, ",")
		if equalFold(strings.Trim(t, " \t"), token) {
			return true
		}
	}
	return false
}
