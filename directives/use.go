package directives

import "httpd-wsgi/apacheconf"

// Class says what becomes of a directive here: the four kinds of a migration
// report and of the directive reference.
type Class uint8

const (
	// Supported directives do what Apache's manual says.
	Supported Class = iota
	// Approximated directives do, with a difference that Entry.Why tells.
	Approximated
	// WithoutEffect directives are accepted; Entry.Why says why nothing is lost.
	WithoutEffect
	// NotSupported directives end the start; Entry.Why says what to do instead.
	NotSupported
)

// Class is the entry's class.
func (e *Entry) Class() Class {
	switch {
	case e.Policy == Refused:
		return NotSupported
	case e.Policy == NoEffect:
		return WithoutEffect
	case e.Why != "":
		return Approximated
	}
	return Supported
}

// Use is one line of a configuration and what became of it.
type Use struct {
	// Item is the line; nil for an error that no single line made (a check of the whole).
	Item *apacheconf.Item
	// Entry is the directive; nil when no loaded module has one of that name.
	Entry *Entry
	// Server is the server in which the line stands, Section the innermost section around it; nil outside.
	Server  *Server
	Section *Section
	// Err is why the line was refused; nil when it was carried out.
	Err *apacheconf.Error
}
