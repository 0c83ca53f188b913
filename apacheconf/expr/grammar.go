package expr

import (
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar, as Apache's manual gives it in BNF. One token decides each
// alternative: a "(" in front of a condition's term always holds a condition,
// since words cannot be in parentheses. "!" binds tighter than "&&", that tighter
// than "||", and a comparison tighter than all.

type conjunctions struct {
	Or []*conjunction `parser:"@@ ( OpOr @@ )*"`
}

type conjunction struct {
	And []*negation `parser:"@@ ( OpAnd @@ )*"`
}

type negation struct {
	Not  []string `parser:"@OpNot*"`
	Term *term    `parser:"@@"`
}

type term struct {
	True       bool          `parser:"  @True"`
	False      bool          `parser:"| @False"`
	Paren      *conjunctions `parser:"| LParen @@ RParen"`
	Unary      *unary        `parser:"| @@"`
	Comparison *comparison   `parser:"| @@"`
}

type unary struct {
	Pos lexer.Position
	Op  string `parser:"@OpUnary"`
	Arg *word  `parser:"@@"`
}

type comparison struct {
	Left  *word  `parser:"@@"`
	Right *right `parser:"@@"`
}

type right struct {
	Pos   lexer.Position
	EQ    *word     `parser:"  OpEQ @@"`
	NE    *word     `parser:"| OpNE @@"`
	LT    *word     `parser:"| OpLT @@"`
	LE    *word     `parser:"| OpLE @@"`
	GT    *word     `parser:"| OpGT @@"`
	GE    *word     `parser:"| OpGE @@"`
	StrEQ *word     `parser:"| OpStrEQ @@"`
	StrNE *word     `parser:"| OpStrNE @@"`
	StrLT *word     `parser:"| OpStrLT @@"`
	StrLE *word     `parser:"| OpStrLE @@"`
	StrGT *word     `parser:"| OpStrGT @@"`
	StrGE *word     `parser:"| OpStrGE @@"`
	Match *regex    `parser:"| OpReg @@"`
	Not   *regex    `parser:"| OpNre @@"`
	In    *list     `parser:"| OpIn @@"`
	Op    *operator `parser:"| @@"`
}

type operator struct {
	Name string `parser:"@OpBinary"`
	Arg  *word  `parser:"@@"`
}

type regex struct {
	Pos      lexer.Position
	Pattern  *string `parser:"  @Regex"`
	PatternI *string `parser:"| @RegexI"`
}

type list struct {
	Pos   lexer.Position
	Words []*word `parser:"  LBrace @@ ( Comma @@ )* RBrace"`
	Name  string  `parser:"| @ID LParen"`
	Arg   *word   `parser:"  @@ RParen"`
}

type word struct {
	Factors []*factor `parser:"@@ ( OpConcat @@ )*"`
}

type factor struct {
	Digit    *string   `parser:"  @Digit"`
	String   *quoted   `parser:"| @@"`
	Variable *variable `parser:"| @@"`
	Backref  string    `parser:"| @Backref"`
	Function *function `parser:"| @@"`
}

type quoted struct {
	Parts []*part `parser:"StrBegin @@* StrEnd"`
}

type part struct {
	Text     *string   `parser:"  @String"`
	Variable *variable `parser:"| @@"`
	Backref  string    `parser:"| @Backref"`
}

type variable struct {
	Pos  lexer.Position
	Name string  `parser:"VarBegin @ID"`
	Arg  []*part `parser:"( Colon @@+ )? VarEnd"`
}

type function struct {
	Pos  lexer.Position
	Name string `parser:"@ID LParen"`
	Arg  *word  `parser:"@@ RParen"`
}

type stringParts struct {
	Parts []*part `parser:"@@*"`
}

// Lex is there for lexer.Definition; the grammar is given tokens, see scan.
func (symbols) Lex(string, io.Reader) (lexer.Lexer, error) {
	return nil, errors.New("expr: tokens come from scan")
}

var condParser = sync.OnceValue(func() *participle.Parser[conjunctions] {
	return participle.MustBuild[conjunctions](participle.Lexer(symbols{}), participle.UseLookahead(0))
})

var stringParser = sync.OnceValue(func() *participle.Parser[stringParts] {
	return participle.MustBuild[stringParts](participle.Lexer(symbols{}), participle.UseLookahead(0))
})

func (c *compiler) parseCond() (*conjunctions, error) {
	return parseTokens(c, condParser(), false)
}

func (c *compiler) parseString() (*stringParts, error) {
	return parseTokens(c, stringParser(), true)
}

func parseTokens[G any](c *compiler, parser *participle.Parser[G], isString bool) (*G, error) {
	if i := strings.IndexByte(c.text, 0); i >= 0 {
		return nil, &Error{Text: c.text, Offset: i, Msg: "NUL character in expression"}
	}
	s := scan(c.text, isString)
	peeking, err := lexer.Upgrade(&replay{s.tokens})
	if err != nil {
		return nil, &Error{Text: c.text, Msg: err.Error()}
	}
	tree, err := parser.ParseFromLexer(peeking)
	if err == nil {
		return tree, nil
	}
	n := 0
	if pe := participle.Error(nil); errors.As(err, &pe) {
		n = pe.Position().Offset // the number of the token, see scanner
	}
	return nil, c.syntaxError(s, min(n, len(s.tokens)-1), isString)
}
