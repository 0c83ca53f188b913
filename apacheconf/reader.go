package apacheconf

import "strings"

// readTree makes the same syntax tree as the grammar, without recursion and many times as fast, from the
// lineReader that the Loader uses. That they agree is FuzzParse's to show.
func readTree(name, text string) *File {
	f := &File{Name: name, Nodes: []Node{}}
	var open []*Section
	src := &source{name: name, text: text}
	r := lineReader{src: src, max: maxLine}
	add := func(n Node) {
		if len(open) > 0 {
			s := open[len(open)-1]
			s.Nodes = append(s.Nodes, n)
		} else {
			f.Nodes = append(f.Nodes, n)
		}
	}
	var spans []span
	for {
		start, at := src.off, Pos{File: name, Line: src.line + 1, Col: 1}
		if _, ok := r.next(); !ok {
			return f
		}
		raw, eol := text[start:src.off], ""
		if strings.HasSuffix(raw, "\n") && !goesOn(raw) {
			raw, eol = raw[:len(raw)-1], "\n"
		}
		_, spans = scanLine(raw, spans[:0])
		i, conts := skip(raw, 0, spans, true)
		if i == len(raw) || raw[i] == 0 {
			add(&Blank{Pos: at, Text: raw, EOL: eol})
			continue
		}
		if raw[i] == '#' {
			t, pos := newText(at, raw, "", eol)
			add(&Comment{Pos: pos, Indent: t.Indent, Text: t.Word, EOL: eol})
			continue
		}
		w, _ := skip(raw, i, conts, false)
		t, pos := newText(at, raw[:w], raw[w:], eol)
		switch {
		case t.Word[0] == '<' && isClose(t.Word):
			end := SectionEnd{Pos: pos, Text: t}
			if len(open) == 0 {
				add(&StrayEnd{end})
			} else {
				open[len(open)-1].Close = &end
				open = open[:len(open)-1]
			}
		case t.Word[0] == '<':
			s := &Section{Pos: pos, Text: t}
			add(s)
			open = append(open, s)
		default:
			add(&Directive{Pos: pos, Text: t})
		}
	}
}

// goesOn tells whether a continuation ends raw.
func goesOn(raw string) bool {
	src := &source{text: raw + "x"}
	r := lineReader{src: src, max: maxLine}
	r.next()
	return src.off == len(src.text)
}
