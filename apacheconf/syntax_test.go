package apacheconf

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// readTree is the same syntax tree as Parse's, from the lineReader that the Loader uses.
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
	for {
		start, at := src.off, Pos{File: name, Line: src.line + 1, Col: 1}
		if _, ok := r.next(); !ok {
			return f
		}
		raw, eol := text[start:src.off], ""
		if strings.HasSuffix(raw, "\n") && !goesOn(raw) {
			raw, eol = raw[:len(raw)-1], "\n"
		}
		i := indentLen(raw)
		if i == len(raw) || raw[i] == 0 {
			add(&Blank{Pos: at, Text: raw, EOL: eol})
			continue
		}
		if raw[i] == '#' {
			t, pos := newText(at, raw, "", eol)
			add(&Comment{Pos: pos, Indent: t.Indent, Text: t.Word, EOL: eol})
			continue
		}
		w := i
		for w < len(raw) && raw[w] != 0 && !isSpace(raw[w]) {
			w += max(1, contLen(raw[w:]))
		}
		t, pos := newText(at, raw[:w], raw[w:], eol)
		switch {
		case strings.HasPrefix(logical(t.Word), "</"):
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

// contDepth is how deep continuations nest anywhere in s. The grammar's lexer follows two levels.
func contDepth(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		if n := contLen(s[i:]); n > 0 {
			depth = max(depth, 1+contDepth(s[i+1:i+n]))
			i += n - 1
		}
	}
	return depth
}

func checkSyntax(t *testing.T, text string) {
	t.Helper()
	f := Parse("f", []byte(text))
	var b bytes.Buffer
	if err := Fprint(&b, f); err != nil {
		t.Fatal(err)
	}
	if b.String() != text {
		t.Fatalf("%q prints as %q", text, b.String())
	}
	if contDepth(text) > 3 {
		return
	}
	if hand := readTree("f", text); !reflect.DeepEqual(f, hand) {
		t.Fatalf("%q:\ngrammar %s\nreader  %s", text, dump(f.Nodes), dump(hand.Nodes))
	}
}

func dump(nodes []Node) string {
	var b strings.Builder
	for _, n := range nodes {
		dumpNode(&b, n)
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, s := range traps {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { checkSyntax(t, text) })
}

func TestParsePrint(t *testing.T) {
	for _, s := range traps {
		checkSyntax(t, s)
	}
}
