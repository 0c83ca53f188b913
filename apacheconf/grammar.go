package apacheconf

import (
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar of a configuration file, LL(1) and total: any bytes parse. It goes no further than a line's first
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

// Lexical parts. Patterns use (?:...) only: a rule with an action and a group that takes no part panics in
// participle. No rule matches the empty string.
var (
	// cont is a continuation: a backslash and a line end. Apache asks after every line end whether what it has
	// joined ends in a backslash, so that further continuations may stand between the two, as in a run of
	// backslashes followed by empty lines. No regular language nests without end; two levels are followed here.
	cont = continuation(2)
	// nul: a NUL ends the text of a line, and its continuation.
	nul    = `(?:\x00[^\n]*)?`
	indent = `(?:` + cont + `|[ \t\f\v\r])*`
	word   = `(?:` + cont + `|[^ \t\f\v\r\n\x00])`
)

func continuation(depth int) string {
	if depth == 0 {
		return `\\\r?\n`
	}
	inner := `(?:` + continuation(depth-1) + `)*`
	return `\\` + inner + `\r?` + inner + `\n`
}

// lexerRules make a total lexer. A token of Root begins a line and carries its indentation, so that one token of
// lookahead decides; Tail is the rest of the line.
var lexerRules = lexer.Rules{
	"Root": {
		{Name: "Blank", Pattern: indent + nul + `\n`},
		{Name: "Trailing", Pattern: `(?:` + indent + `\x00[^\n]*|(?:` + cont + `|[ \t\f\v\r])+)\z`},
		{Name: "Comment", Pattern: indent + `#(?:` + cont + `|[^\n\x00])*` + nul, Action: lexer.Push("Tail")},
		{Name: "Close", Pattern: indent + `<(?:` + cont + `)*/` + word + `*`, Action: lexer.Push("Tail")},
		{Name: "Open", Pattern: indent + `<` + word + `*`, Action: lexer.Push("Tail")},
		{Name: "Name", Pattern: indent + word + `+`, Action: lexer.Push("Tail")},
	},
	"Tail": {
		{Name: "EOL", Pattern: `\n`, Action: lexer.Pop()},
		{Name: "Args", Pattern: `(?:(?:` + cont + `|[^\n\x00])+` + nul + `|\x00[^\n]*)`},
	},
}

var grammar = participle.MustBuild[grammarFile](
	participle.Lexer(lexer.MustStateful(lexerRules)), participle.UseLookahead(1))

// Parse reads the syntax tree of one file; name is only for positions. It never fails: what Apache would refuse
// is a tree too. Nothing is expanded, so what a variable or a quoted name makes of a line is not seen here.
func Parse(name string, src []byte) *File {
	text := string(src)
	tree, err := grammar.ParseString(name, text)
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
	i := indentLen(first)
	if nl := strings.LastIndexByte(first[:i], '\n'); nl >= 0 {
		pos.Line += strings.Count(first[:i], "\n")
		pos.Col = i - nl
	} else {
		pos.Col = i + 1
	}
	return Text{Indent: first[:i], Word: first[i:], Rest: rest, EOL: eol}, pos
}

// indentLen is the length of the white space and continuations that s begins with.
func indentLen(s string) int {
	i := 0
	for i < len(s) && s[i] != '\n' {
		if isSpace(s[i]) {
			i++
		} else if n := contLen(s[i:]); n > 0 {
			i += n
		} else {
			break
		}
	}
	return i
}

// contLen is the length of the continuation that s begins with, 0 for none. It is the recursion that the
// lexer's rule cont unrolls.
func contLen(s string) int {
	if s == "" || s[0] != '\\' {
		return 0
	}
	n := contsLen(s, 1)
	if n < len(s) && s[n] == '\r' {
		n = contsLen(s, n+1)
	}
	if n < len(s) && s[n] == '\n' {
		return n + 1
	}
	return 0
}

// contsLen is where the continuations end that stand at s[n:].
func contsLen(s string, n int) int {
	for {
		m := contLen(s[n:])
		if m == 0 {
			return n
		}
		n += m
	}
}
