package check

import (
	"fmt"
	"slices"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// block is a container with a condition on what is not here, as it was met.
type block struct {
	cond apacheconf.Conditional
	// missing says what is, advice what to do about it.
	missing, advice string
	// loaded tells that LoadModule had named the module; elsewhere that Apache decides otherwise: it was loaded, or
	// the configuration loads no modules at all, and Apache's may be built in.
	loaded, elsewhere bool
}

// condition keeps the containers that a module or directive which is not here decides.
func (r *Reader) condition(c *apacheconf.Conditional) {
	if c.Holds != c.Not {
		return // what it names is here
	}
	b := block{cond: *c}
	switch c.Tag {
	case "<IfModule":
		if r.linked(c.Name) {
			return // here, but this configuration does not load it
		}
		b.missing = "module " + c.Name + " is not part of httpd-wsgi"
		id := c.Name
		if m := r.absent(c.Name); m != nil {
			id, b.advice = m.ID, m.Advice
		}
		b.loaded = r.loaded[id]
	case "<IfDirective", "<IfSection":
		name := c.Name
		if c.Tag == "<IfSection" {
			name = "<" + strings.Trim(name, "<>")
		}
		m, ok := r.registry.AbsentDirective(name)
		if !ok {
			return
		}
		b.missing, b.advice = "directive "+c.Name+" is not part of httpd-wsgi", m.Advice
		b.loaded = r.loaded[m.ID]
	default:
		return
	}
	r.blocks = append(r.blocks, b)
}

// linked tells whether httpd-wsgi has the module, by either of its names.
func (r *Reader) linked(name string) bool {
	for _, m := range r.registry.Modules() {
		if m.ID == name || m.File == name {
			return true
		}
	}
	return false
}

func (r *Reader) absent(name string) *directives.AbsentModule {
	for _, m := range r.registry.AbsentModules() {
		if m.ID == name || m.File == name {
			return &m
		}
	}
	return nil
}

// decide settles the blocks when all has been read.
func (r *Reader) decide() {
	for i := range r.blocks {
		r.blocks[i].elsewhere = r.blocks[i].loaded || len(r.loaded) == 0
	}
}

// passedOver are the report's blocks. They are those that were not read; one
// that is read here and not by Apache is an audit's.
func (r *Reader) passedOver() []Block {
	out := []Block{}
	for i := range r.blocks {
		b := &r.blocks[i]
		if b.cond.Holds {
			continue
		}
		x := Block{Class: notRead, Condition: b.cond.String(), Place: placeOf(b.cond.Pos), EndLine: b.cond.End.Line, Lines: len(b.cond.Lines),
			Message: "not read: " + b.missing, Advice: b.advice}
		for _, it := range b.cond.Lines {
			if name := it.Tag(); guards(name) && !slices.Contains(x.Guards, name) {
				x.Guards = append(x.Guards, name)
			}
		}
		switch {
		case !b.elsewhere:
			x.Class, x.Message = asInApache, "not read, nor by Apache, where no LoadModule line names the module: "+b.missing
		case len(x.Guards) > 0:
			x.Class = refused
			if x.Advice == "" {
				x.Advice = "write what the block is to do in directives that httpd-wsgi has, and remove it"
			}
		}
		out = append(out, x)
	}
	return out
}

// guards tells whether a directive makes a site or guards one, so that it must
// not vanish with the block that it stands in.
func guards(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "order", "allow", "deny", "satisfy", "<virtualhost", "<limit", "<limitexcept", "allowmethods", "allowoverride":
		return true
	}
	for _, prefix := range [...]string{"ssl", "require", "<require", "auth", "<auth", "limit", "sec", "remoteip"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// elseBranches finds what is read here because a module is absent, and is passed over by Apache, which has it.
func elseBranches(s *Site) []Finding {
	var out []Finding
	for i := range s.blocks {
		if b := &s.blocks[i]; b.cond.Holds && b.elsewhere {
			out = append(out, Finding{Severity: warning, Place: placeOf(b.cond.Pos),
				Message: fmt.Sprintf("%s is read here and passed over by Apache: %s.", b.cond.String(), b.missing),
				Advice:  "See that what stands in it is meant for httpd-wsgi, and that it does without the other branch."})
		}
	}
	return out
}
