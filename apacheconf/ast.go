package apacheconf

import "strings"

// File is the syntax tree of one configuration file.
type File struct {
	Name  string
	Nodes []Node
}

// Node is a part of a File: *Directive, *Section, *Comment, *Blank, or *StrayEnd at the top level.
type Node interface {
	// Position is the place of the node's first byte that is not white space (of a Blank: of its first byte).
	Position() Pos
	// EndLine is the node's last physical line, for a Section that of its closing tag.
	EndLine() int
}

// Text is a logical line as written. The four parts put together are the line's bytes, continuations included.
type Text struct {
	// Indent is the white space (and empty continued lines) before the first word.
	Indent string
	// Word is the first word: "ServerName", "<Directory", "</Directory>". A continuation may be inside.
	Word string
	// Rest is all that follows, with the white space before it.
	Rest string
	// EOL is "\n", or empty at the end of a file that has no final newline.
	EOL string
}

// lines is how many line ends are inside the line, from the first word on.
func (t *Text) lines() int {
	return strings.Count(t.Word, "\n") + strings.Count(t.Rest, "\n")
}

// Args gives the logical text after the first word: continuations joined, outer white space cut. Variables and
// quotes are as written.
func (t *Text) Args() string { return logical(t.Rest) }

// Directive is one directive with its arguments.
type Directive struct {
	Pos Pos
	Text
}

// Name is the directive's name as Apache takes it from the line before it replaces variables.
func (d *Directive) Name() string { return logical(d.Word) }

// Position implements Node.
func (d *Directive) Position() Pos { return d.Pos }

// EndLine implements Node.
func (d *Directive) EndLine() int { return d.Pos.Line + d.lines() }

// Section is a container with its contents. As Apache closes the innermost open section with any closing tag and
// complains if the names differ, Close may bear another name.
type Section struct {
	Pos Pos
	Text
	Nodes []Node
	// Close is nil if the file ends before the section does.
	Close *SectionEnd
}

// Name is the section's name without bracket: "Directory".
func (s *Section) Name() string {
	return strings.TrimSuffix(strings.TrimPrefix(logical(s.Word), "<"), ">")
}

// Args gives the logical text between the name and the last '>'.
func (s *Section) Args() string {
	a := s.Text.Args()
	if i := strings.LastIndexByte(a, '>'); i >= 0 {
		a = trimRight(a[:i])
	}
	return a
}

// Position implements Node.
func (s *Section) Position() Pos { return s.Pos }

// EndLine implements Node.
func (s *Section) EndLine() int {
	if s.Close != nil {
		return s.Close.Pos.Line + s.Close.lines()
	}
	if n := len(s.Nodes); n > 0 {
		return s.Nodes[n-1].EndLine()
	}
	return s.Pos.Line + s.lines()
}

// SectionEnd is a closing tag.
type SectionEnd struct {
	Pos Pos
	Text
}

// Name is the name in the closing tag: "Directory".
func (e *SectionEnd) Name() string {
	return strings.TrimSuffix(strings.TrimPrefix(logical(e.Word), "</"), ">")
}

// StrayEnd is a closing tag where no section is open.
type StrayEnd struct{ SectionEnd }

// Position implements Node.
func (e *StrayEnd) Position() Pos { return e.Pos }

// EndLine implements Node.
func (e *StrayEnd) EndLine() int { return e.Pos.Line + e.lines() }

// Comment is a line whose first byte that is not white space is '#'. A backslash at its end continues it.
type Comment struct {
	Pos Pos
	// Text begins with the '#'.
	Indent, Text, EOL string
}

// Position implements Node.
func (c *Comment) Position() Pos { return c.Pos }

// EndLine implements Node.
func (c *Comment) EndLine() int { return c.Pos.Line + strings.Count(c.Text, "\n") }

// Blank is a line of white space only. Apache takes a line that begins with a NUL as blank, too.
type Blank struct {
	Pos       Pos
	Text, EOL string
}

// Position implements Node.
func (b *Blank) Position() Pos { return b.Pos }

// EndLine implements Node.
func (b *Blank) EndLine() int { return b.Pos.Line + strings.Count(b.Text, "\n") }

// logical joins the continuations in a part of a line and cuts outer white space.
func logical(raw string) string {
	if strings.IndexByte(raw, '\n') < 0 {
		return cutNUL(trim(raw))
	}
	r := lineReader{src: &source{text: raw}, max: len(raw) + 1}
	line, _ := r.next()
	return line
}

// Walk calls f for each node of f's tree in order, depth first. If f returns false for a section, its contents
// are left out.
func Walk(nodes []Node, f func(Node) bool) {
	for _, n := range nodes {
		if f(n) {
			if s, ok := n.(*Section); ok {
				Walk(s.Nodes, f)
			}
		}
	}
}
