package bind

import (
	"strings"

	"httpd-wsgi/apacheconf"
)

// indent is the indentation for what is put before index of the section, or of the file if s is nil: that of the next or else the
// last line there, or one step beyond the section's.
func (d *Document) indent(s *apacheconf.Section, index int) string {
	nodes := d.file.Nodes
	if s != nil {
		nodes = s.Nodes
	}
	for i := max(index, 0); i < len(nodes); i++ {
		if in, ok := indentOf(nodes[i]); ok {
			return in
		}
	}
	for i := min(index, len(nodes)) - 1; i >= 0; i-- {
		if in, ok := indentOf(nodes[i]); ok {
			return in
		}
	}
	if s == nil {
		return ""
	}
	in, _ := indentOf(s)
	return in + d.step()
}

// indentOf is a node's indentation on the line of its first word; a blank line has none.
func indentOf(n apacheconf.Node) (string, bool) {
	var in string
	switch n := n.(type) {
	case *apacheconf.Directive:
		in = n.Indent
	case *apacheconf.Section:
		in = n.Indent
	case *apacheconf.Comment:
		in = n.Indent
	default:
		return "", false
	}
	return in[strings.LastIndexByte(in, '\n')+1:], true
}

// step is how far the file's first section with something in it is indented beyond its tag.
func (d *Document) step() string {
	step := "    "
	found := false
	apacheconf.Walk(d.file.Nodes, func(n apacheconf.Node) bool {
		s, ok := n.(*apacheconf.Section)
		if !ok || found {
			return !found
		}
		outer, _ := indentOf(s)
		for _, c := range s.Nodes {
			if in, ok := indentOf(c); ok {
				if rest, ok := strings.CutPrefix(in, outer); ok {
					step, found = rest, true
				}
				break
			}
		}
		return !found
	})
	return step
}
