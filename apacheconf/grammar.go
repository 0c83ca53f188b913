package apacheconf

import (
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar of a configuration file over the tokens of lineLexer, LL(1) and total: any bytes parse. It goes no further than a line's first
// word, since how the rest splits is each directive's own affair. A closing tag closes the innermost section
// whatever it is called; what Apache says of a wrong one is the Loader's to say.
type grammarFile struct {
	Items []*grammarItem `parser:"@@*"`
}

type grammarItem struct {
	Node  *grammarNode `parser:"  @@"`
	Stray *grammarEnd  `parser:"| @@"`
}

type grammarNode struct {
	Pos       lexer.Position
	Blank     string            `parser:"  @Blank"`
	Trailing  string            `parser:"| @Trailing"`
	Comment   string            `parser:"| (@Comment"`
	Section   *grammarSection   `parser:"| @@"`
	Directive *grammarDirective `parser:"| @@)"`
	EOL       string            `parser:"  @EOL?"`
}

type grammarDirective struct {
	Word string `parser:"@Name"`
	Rest string `parser:"@Args?"`
}

type grammarSection struct {
	Word  string         `parser:"@Open"`
	Rest  string         `parser:"@Args?"`
	EOL   string         `parser:"@EOL?"`
	Nodes []*grammarNode `parser:"@@*"`
	End   *grammarEnd    `parser:"@@?"`
}

type grammarEnd struct {
	Pos  lexer.Position
	Word string `parser:"@Close"`
	Rest string `parser:"@Args?"`
	EOL  string `parser:"@EOL?"`
}

// grammar is built when it is first used: the server's processes never do.
var grammar = sync.OnceValue(func() *participle.Parser[grammarFile] {
	return participle.MustBuild[grammarFile](participle.Lexer(lineLexer{}), participle.UseLookahead(1))
})

// maxGrammarDepth is how deep sections may nest for the grammar, whose parser takes some kilobytes of stack for each.
const maxGrammarDepth = 1000

// Parse reads the syntax tree of one file; name is only for positions. It never fails: what Apache would refuse
// is a tree too. Nothing is expanded, so what a variable or a quoted name makes of a line is not seen here.
func Parse(name string, src []byte) *File {
	text := string(src)
	if nesting(text) > maxGrammarDepth {
		return readTree(name, text)
	}
	tree, err := grammar().ParseString(name, text)
	if err != nil {
		// The lexer is total and the grammar takes any sequence of its tokens (FuzzParse).
		panic("apacheconf: grammar is not total: " + err.Error())
	}
	f := &File{Name: name, Nodes: make([]Node, 0, len(tree.Items))}
	for _, it := range tree.Items {
		if it.Stray != nil {
			f.Nodes = append(f.Nodes, &StrayEnd{*convertEnd(name, it.Stray)})
		} else {
			f.Nodes = append(f.Nodes, convert(name, it.Node))
		}
	}
	return f
}

// nesting is how deep sections nest in text.
func nesting(text string) int {
	l, depth, deepest := lexing{rest: text}, 0, 0
	for l.rest != "" {
		kind, n := l.match()
		l.rest = l.rest[n:]
		switch {
		case kind == tokenOpen:
			depth++
			deepest = max(deepest, depth)
		case kind == tokenClose && depth > 0:
			depth--
		}
	}
	return deepest
}

func convert(name string, n *grammarNode) Node {
	at := Pos{File: name, Line: n.Pos.Line, Col: 1}
	switch {
	case n.Directive != nil:
		d := &Directive{}
		d.Text, d.Pos = newText(at, n.Directive.Word, n.Directive.Rest, n.EOL)
		return d
	case n.Section != nil:
		s := &Section{}
		s.Text, s.Pos = newText(at, n.Section.Word, n.Section.Rest, n.Section.EOL)
		for _, c := range n.Section.Nodes {
			s.Nodes = append(s.Nodes, convert(name, c))
		}
		if n.Section.End != nil {
			s.Close = convertEnd(name, n.Section.End)
		}
		return s
	case n.Comment != "":
		t, pos := newText(at, n.Comment, "", n.EOL)
		return &Comment{Pos: pos, Indent: t.Indent, Text: t.Word, EOL: t.EOL}
	case n.Blank != "":
		return &Blank{Pos: at, Text: n.Blank[:len(n.Blank)-1], EOL: "\n"}
	default:
		return &Blank{Pos: at, Text: n.Trailing}
	}
}

func convertEnd(name string, e *grammarEnd) *SectionEnd {
	end := &SectionEnd{}
	end.Text, end.Pos = newText(Pos{File: name, Line: e.Pos.Line, Col: 1}, e.Word, e.Rest, e.EOL)
	return end
}

// newText takes the indentation off a line's first token, which begins at pos, and finds the word's place.
func newText(pos Pos, first, rest, eol string) (Text, Pos) {
	_, conts := scanLine(first, nil)
	i, _ := skip(first, 0, conts, true)
	if nl := strings.LastIndexByte(first[:i], '\n'); nl >= 0 {
		pos.Line += strings.Count(first[:i], "\n")
		pos.Col = i - nl
	} else {
		pos.Col = i + 1
	}
	return Text{Indent: first[:i], Word: first[i:], Rest: rest, EOL: eol}, pos
}
