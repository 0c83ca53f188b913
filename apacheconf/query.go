package apacheconf

// Find gives the directives and sections of that name in the trees below nodes, in order of the text. As Apache
// does, it takes capitals and small letters for the same; a section is named without bracket.
func Find(nodes []Node, name string) []Node {
	var found []Node
	Walk(nodes, func(n Node) bool {
		switch n := n.(type) {
		case *Directive:
			if equalFold(n.Name(), name) {
				found = append(found, n)
			}
		case *Section:
			if equalFold(n.Name(), name) {
				found = append(found, n)
			}
		}
		return true
	})
	return found
}

// Parent finds n in the tree: the section that it is in, nil at the top level, and its index there.
func (f *File) Parent(n Node) (s *Section, index int, ok bool) {
	return parent(nil, f.Nodes, n)
}

func parent(s *Section, nodes []Node, n Node) (*Section, int, bool) {
	for i, m := range nodes {
		if m == n {
			return s, i, true
		}
		if inner, ok := m.(*Section); ok {
			if s, i, ok := parent(inner, inner.Nodes, n); ok {
				return s, i, true
			}
		}
	}
	return nil, 0, false
}

// Words splits the directive's arguments as Words does. Apache splits after it has replaced variables, which are
// as written here.
func (d *Directive) Words() []string { return Words(d.Args()) }

// Words splits the section's arguments as Words does, variables as written.
func (s *Section) Words() []string { return Words(s.Args()) }

// LastLine is the last physical line of the opening tag: where a Tree's Item of this section is.
func (s *Section) LastLine() int { return s.Pos.Line + s.lines() }

// wordSpan is where an argument is in a line's Rest as written, quotes included.
type wordSpan struct {
	span
	// quote is the quote it begins with, 0 for none.
	quote byte
}

// wordSpans finds the arguments in the Rest of a line; those of a section end before its last '>'. There are as many as Words
// gives.
func wordSpans(rest string, section bool) []wordSpan {
	s, at := flatten(rest)
	if section {
		for i := len(s) - 1; i >= 0; i-- {
			if s[i] == '>' {
				s = s[:i]
				break
			}
		}
	}
	s = trimRight(s)
	var spans []wordSpan
	for i := len(s) - len(trimLeft(s)); i < len(s); {
		_, left := GetWordConf(s[i:])
		next := len(s) - len(left)
		w := wordSpan{span: span{at[i], at[i+len(trimRight(s[i:next]))-1] + 1}}
		if s[i] == '"' || s[i] == '\'' {
			w.quote = s[i]
		}
		spans = append(spans, w)
		i = next
	}
	return spans
}

// flatten gives the logical text of a part of a line, with white space, and where each of its bytes is in raw.
func flatten(raw string) (string, []int) {
	_, conts := scanLine(raw, nil)
	text, at := make([]byte, 0, len(raw)), make([]int, 0, len(raw))
	for i := 0; i < len(raw) && raw[i] != 0; {
		if len(conts) > 0 && conts[0].from == i {
			i, conts = conts[0].to, conts[1:]
			continue
		}
		text, at = append(text, raw[i]), append(at, i)
		i++
	}
	return string(text), at
}
