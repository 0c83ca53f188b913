package apacheconf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What is edited keeps the tree true to its text: a change that would read back as another tree is an error, and
// then nothing is changed. So of each tree that Parse gave and these functions changed, Parse of what Fprint writes is
// the same tree (but for Pos, which Renumber sets). Nothing here may run beside other uses of the same File.

// SetWords gives the directive other arguments, quoted where they need it. What doesn't change stays as written: the
// words that are the same, the quotes of those that aren't, the white space and the continuations between them.
func (d *Directive) SetWords(words ...string) error {
	return setWords(&d.Text, false, words)
}

// SetWords is as Directive.SetWords.
func (s *Section) SetWords(words ...string) error {
	return setWords(&s.Text, true, words)
}

// SetArgs gives the directive other arguments, which are written as they come: already quoted, or an expression.
func (d *Directive) SetArgs(args string) error { return setArgs(&d.Text, false, args) }

// SetArgs is as Directive.SetArgs.
func (s *Section) SetArgs(args string) error { return setArgs(&s.Text, true, args) }

// SetName gives the directive another name.
func (d *Directive) SetName(name string) error {
	line := d.Indent + name + separated(d.Rest) + d.EOL
	t, err := reread(line, false, name)
	if err != nil {
		return err
	}
	if got := logical(t.Rest); got != d.Args() {
		return fmt.Errorf("%q would become part of the arguments", name)
	}
	d.Text = *t
	return nil
}

// SetName gives the section another name, without bracket; its closing tag too, if that has the old one.
func (s *Section) SetName(name string) error {
	old, word, rest := s.Name(), "<"+name, s.Rest
	if strings.HasSuffix(logical(s.Word), ">") {
		word += ">"
	} else {
		rest = separated(rest)
	}
	t, err := reread(s.Indent+word+rest+s.EOL, true, name)
	if err != nil {
		return err
	}
	renamed := &Section{Text: *t}
	if got := renamed.Args(); got != s.Args() {
		return fmt.Errorf("%q would become part of the arguments", name)
	}
	if s.Close != nil && equalFold(s.Close.Name(), old) {
		tail := ">"
		if !strings.HasSuffix(logical(s.Close.Word), ">") {
			tail = ""
		}
		s.Close.Word = "</" + name + tail
	}
	s.Text = *t
	return nil
}

// separated puts a blank before what follows a name, if there is anything.
func separated(rest string) string {
	if rest == "" || isSpace(rest[0]) || rest[0] == 0 {
		return rest
	}
	return " " + rest
}

func setWords(t *Text, section bool, words []string) error {
	spans := wordSpans(t.Rest, section)
	old := Words(argsOf(t, section))
	if slices.Equal(old, words) {
		return nil
	}
	rest := t.Rest
	// From the last to the first, so that places stay.
	switch {
	case len(spans) == 0 || len(words) == 0:
		return rewrite(t, section, words)
	case len(words) < len(spans):
		rest = rest[:spans[len(words)-1].to] + rest[spans[len(spans)-1].to:]
	case len(words) > len(spans):
		more, err := quoteAll(words[len(spans):])
		if err != nil {
			return err
		}
		last := spans[len(spans)-1].to
		rest = rest[:last] + more + rest[last:]
	}
	for i := min(len(words), len(spans)) - 1; i >= 0; i-- {
		if words[i] == old[i] {
			continue
		}
		w, err := quoteAs(words[i], spans[i].quote)
		if err != nil {
			return err
		}
		rest = rest[:spans[i].from] + w + rest[spans[i].to:]
	}
	got, err := reread(t.Indent+t.Word+rest+t.EOL, section, nameOf(t, section))
	if err != nil || !slices.Equal(Words(argsOf(got, section)), words) {
		// As in "a"b, where words have nothing between them.
		return rewrite(t, section, words)
	}
	*t = *got
	return nil
}

// rewrite writes all words anew.
func rewrite(t *Text, section bool, words []string) error {
	args, err := quoteAll(words)
	if err != nil {
		return err
	}
	if args != "" {
		args = args[1:]
	}
	got := *t
	if err := setArgs(&got, section, args); err != nil {
		return err
	}
	if !slices.Equal(Words(argsOf(&got, section)), words) {
		return fmt.Errorf("%q can't be written as arguments of %s", words, nameOf(t, section))
	}
	*t = got
	return nil
}

// quoteAll gives the words quoted, with a blank before each.
func quoteAll(words []string) (string, error) {
	var b strings.Builder
	for _, w := range words {
		q, err := Quote(w)
		if err != nil {
			return "", err
		}
		b.WriteByte(' ')
		b.WriteString(q)
	}
	return b.String(), nil
}

// setArgs replaces all between name and end of line, except for white space at the end.
func setArgs(t *Text, section bool, args string) error {
	name, word, rest, blank := nameOf(t, section), t.Word, "", ""
	if args != "" {
		blank = " "
	}
	// A carriage return before the line end stays.
	end := t.Rest[len(trimRight(t.Rest)):]
	if strings.Contains(end, "\n") {
		end = ""
	}
	if section {
		// What follows the last '>' is not looked at by Apache and goes.
		word, rest = "<"+name, blank+args+">"+end
	} else {
		rest = blank + args + end
	}
	got, err := reread(t.Indent+word+rest+t.EOL, section, name)
	if err != nil {
		return err
	}
	if argsOf(got, section) != logical(args) {
		return fmt.Errorf("%q can't be written as arguments of %s", args, name)
	}
	*t = *got
	return nil
}

func argsOf(t *Text, section bool) string {
	if section {
		return (&Section{Text: *t}).Args()
	}
	return t.Args()
}

func nameOf(t *Text, section bool) string {
	if section {
		return (&Section{Text: *t}).Name()
	}
	return logical(t.Word)
}

// reread reads one line that must be a directive, or a section's opening tag, of that name.
func reread(line string, section bool, name string) (*Text, error) {
	nodes := readTree("", line).Nodes
	if len(nodes) == 1 {
		switch n := nodes[0].(type) {
		case *Directive:
			if !section && n.Name() == name && name != "" {
				return &n.Text, nil
			}
		case *Section:
			if section && n.Name() == name && name != "" {
				return &n.Text, nil
			}
		}
	}
	what := "a directive"
	if section {
		what = "a section"
	}
	return nil, fmt.Errorf("%q would not be read as %s of the name %q", strings.TrimSuffix(line, "\n"), what, name)
}

// Insert puts nodes into the section s, or into the file's top level if s is nil, before what is at index there. The
// nodes become part of the tree: they must not be in another one. Their lines get the file's kind of line end; a last line
// without line end gets one if something now follows it.
func (f *File) Insert(s *Section, index int, nodes ...Node) error {
	list := &f.Nodes
	if s != nil {
		if s.Close == nil {
			return fmt.Errorf("section %s on line %d is not closed", s.Name(), s.Pos.Line)
		}
		list = &s.Nodes
	}
	if index < 0 || index > len(*list) {
		return fmt.Errorf("no place %d: there are %d", index, len(*list))
	}
	if len(nodes) == 0 {
		return nil
	}
	if err := complete(nodes); err != nil {
		return err
	}
	if s == nil && index > 0 {
		if open, ok := (*list)[index-1].(*Section); ok && open.Close == nil {
			return fmt.Errorf("section %s on line %d is not closed", open.Name(), open.Pos.Line)
		}
	}
	cr := f.returns()
	// What is now at the end of the file may have no line end.
	if s == nil && index > 0 && index == len(*list) {
		if err := terminate(lastLine((*list)[index-1]), cr); err != nil {
			return err
		}
	}
	for _, l := range lines(nodes, nil) {
		if *l.eol == "" {
			if err := terminate(l, cr); err != nil {
				return err
			}
		} else if cr && !strings.HasSuffix(*l.tail, "\r") {
			*l.tail += "\r"
		}
	}
	*list = slices.Insert(*list, index, nodes...)
	return nil
}

// Remove takes a node, and what is in it, out of the tree.
func (f *File) Remove(n Node) error {
	s, i, ok := f.Parent(n)
	if !ok {
		return errors.New("the node is not in this file")
	}
	list := &f.Nodes
	if s != nil {
		list = &s.Nodes
	}
	*list = slices.Delete(*list, i, i+1)
	return nil
}

// complete refuses nodes that would change the nesting of what follows them.
func complete(nodes []Node) error {
	for _, n := range nodes {
		switch n := n.(type) {
		case *StrayEnd:
			return fmt.Errorf("</%s> without matching <%[1]s section", n.Name())
		case *Section:
			if n.Close == nil {
				return fmt.Errorf("<%s> was not closed", n.Name())
			}
			if err := complete(n.Nodes); err != nil {
				return err
			}
		}
	}
	return nil
}

// line is a logical line by its end: what comes before the last part, the last part, the line end.
type line struct {
	head      string
	tail, eol *string
}

func (t *Text) line() line { return line{t.Indent + t.Word, &t.Rest, &t.EOL} }

// lines appends all lines of nodes.
func lines(nodes []Node, to []line) []line {
	for _, n := range nodes {
		switch n := n.(type) {
		case *Directive:
			to = append(to, n.line())
		case *StrayEnd:
			to = append(to, n.line())
		case *Comment:
			to = append(to, line{n.Indent, &n.Text, &n.EOL})
		case *Blank:
			to = append(to, line{"", &n.Text, &n.EOL})
		case *Section:
			to = append(to, n.line())
			to = lines(n.Nodes, to)
			if n.Close != nil {
				to = append(to, n.Close.line())
			}
		}
	}
	return to
}

// lastLine is a node's last line.
func lastLine(n Node) line {
	all := lines([]Node{n}, nil)
	return all[len(all)-1]
}

// terminate gives a line an end. After a backslash it would continue the line.
func terminate(l line, cr bool) error {
	if *l.eol != "" {
		return nil
	}
	text := l.head + *l.tail + "\n"
	if end, _ := scanLine(text, nil); end != len(text)-1 {
		return errors.New("the last line ends in a backslash and would be continued")
	}
	if cr && !strings.HasSuffix(*l.tail, "\r") {
		*l.tail += "\r"
	}
	*l.eol = "\n"
	return nil
}

// returns tells whether the file's first line ends in a carriage return and a line feed.
func (f *File) returns() bool {
	if len(f.Nodes) == 0 {
		return false
	}
	first := lines(f.Nodes[:1], nil)[0]
	return *first.eol != "" && strings.HasSuffix(*first.tail, "\r")
}

// Indent gives the nodes, which are to go together, another indentation: that of the first line that is not blank becomes
// indent, and the others keep what they have beyond it.
func Indent(nodes []Node, indent string) {
	var all []*string
	eachIndent(nodes, &all)
	if len(all) == 0 {
		return
	}
	first := *all[0]
	for _, p := range all {
		if rest, ok := strings.CutPrefix(*p, first); ok {
			*p = indent + rest
		}
	}
}

func eachIndent(nodes []Node, to *[]*string) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *Directive:
			*to = append(*to, &n.Indent)
		case *Comment:
			*to = append(*to, &n.Indent)
		case *Section:
			*to = append(*to, &n.Indent)
			eachIndent(n.Nodes, to)
			if n.Close != nil {
				*to = append(*to, &n.Close.Indent)
			}
		}
	}
}

// Renumber sets every Pos anew, after edits.
func (f *File) Renumber() {
	r := renumbering{file: f.Name, line: 1}
	r.nodes(f.Nodes)
}

type renumbering struct {
	file string
	line int
}

func (r *renumbering) nodes(nodes []Node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *Directive:
			n.Pos = r.at(n.Indent, n.Word, n.Rest, n.EOL)
		case *StrayEnd:
			n.Pos = r.at(n.Indent, n.Word, n.Rest, n.EOL)
		case *Comment:
			n.Pos = r.at(n.Indent, n.Text, n.EOL)
		case *Blank:
			n.Pos = r.at("", n.Text, n.EOL)
		case *Section:
			n.Pos = r.at(n.Indent, n.Word, n.Rest, n.EOL)
			r.nodes(n.Nodes)
			if n.Close != nil {
				n.Close.Pos = r.at(n.Close.Indent, n.Close.Word, n.Close.Rest, n.Close.EOL)
			}
		}
	}
}

// at gives the place of what follows indent, and passes over all of it.
func (r *renumbering) at(indent string, parts ...string) Pos {
	r.line += strings.Count(indent, "\n")
	p := Pos{File: r.file, Line: r.line, Col: len(indent) - strings.LastIndexByte(indent, '\n')}
	for _, s := range parts {
		r.line += strings.Count(s, "\n")
	}
	return p
}
