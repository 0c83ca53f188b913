package apacheconf

import (
	"io"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// lineLexer makes the tokens of the grammar. It is total: every byte belongs to a token. It is written by hand
// since continuations nest (scanLine), which regular expressions can't follow, and since they are slow at it.
//
// There are two states. At the beginning of a line the token has the indentation and the first word, so that one
// token of lookahead tells what the line is:
//
//	Blank     white space with its line end
//	Trailing  white space at the end of the file
//	Comment   # and the rest
//	Close     </name>
//	Open      <name
//	Name      name
//
// After the last four comes the rest of the line:
//
//	Args      white space and all up to the line end
//	EOL       the line end
type lineLexer struct{}

const (
	tokenBlank lexer.TokenType = iota + 1
	tokenTrailing
	tokenComment
	tokenClose
	tokenOpen
	tokenName
	tokenArgs
	tokenEOL
)

// Symbols implements lexer.Definition.
func (lineLexer) Symbols() map[string]lexer.TokenType {
	return map[string]lexer.TokenType{
		"EOF": lexer.EOF, "Blank": tokenBlank, "Trailing": tokenTrailing, "Comment": tokenComment,
		"Close": tokenClose, "Open": tokenOpen, "Name": tokenName, "Args": tokenArgs, "EOL": tokenEOL,
	}
}

// Lex implements lexer.Definition.
func (d lineLexer) Lex(name string, r io.Reader) (lexer.Lexer, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return d.LexString(name, string(b))
}

// LexString implements lexer.StringDefinition.
func (lineLexer) LexString(name, text string) (lexer.Lexer, error) {
	return &lexing{rest: text, pos: lexer.Position{Filename: name, Line: 1, Column: 1}}, nil
}

// lexing is lineLexer at work.
type lexing struct {
	rest string
	pos  lexer.Position
	// tail is the state after a line's first word, end what is then left of the line without its line end.
	tail bool
	end  int
	// conts is scanLine's, kept for its room.
	conts []span
}

// Next implements lexer.Lexer.
func (l *lexing) Next() (lexer.Token, error) {
	if l.rest == "" {
		return lexer.EOFToken(l.pos), nil
	}
	kind, n := l.match()
	t := lexer.Token{Type: kind, Value: l.rest[:n], Pos: l.pos}
	l.rest = l.rest[n:]
	l.pos.Offset += n
	if nl := strings.Count(t.Value, "\n"); nl > 0 {
		l.pos.Line += nl
		l.pos.Column = n - strings.LastIndexByte(t.Value, '\n')
	} else {
		l.pos.Column += n
	}
	return t, nil
}

// match finds the token at rest, which is not empty, and the state after it.
func (l *lexing) match() (lexer.TokenType, int) {
	s := l.rest
	if l.tail {
		if l.end == 0 {
			l.tail = false
			return tokenEOL, 1
		}
		n := l.end
		l.end = 0
		return tokenArgs, n
	}
	end, conts := scanLine(s, l.conts[:0])
	l.conts = conts
	i, conts := skip(s[:end], 0, conts, true)
	switch {
	case end == len(s) && (i == end || s[i] == 0):
		return tokenTrailing, end
	case i == end || s[i] == 0:
		return tokenBlank, end + 1
	case s[i] == '#':
		l.tail, l.end = true, 0
		return tokenComment, end
	}
	n, _ := skip(s[:end], i, conts, false)
	l.tail, l.end = true, end-n
	if s[i] != '<' {
		return tokenName, n
	}
	if isClose(s[i:n]) {
		return tokenClose, n
	}
	return tokenOpen, n
}

// isClose tells whether the word, which begins with '<', goes on with '/'.
func isClose(word string) bool {
	_, conts := scanLine(word, nil)
	i := 1
	for len(conts) > 0 && conts[0].from == i {
		i, conts = conts[0].to, conts[1:]
	}
	return i < len(word) && word[i] == '/'
}

// span is a part of a text.
type span struct{ from, to int }

// scanLine finds where the logical line ends that s begins with, its line end excluded, and appends the
// continuations in it, those inside others left out.
//
// A continuation is not just a backslash and a line end. At each line end Apache cuts a backslash (and a carriage
// return after it) off the end of what it has joined so far, if there is one, and goes on; so a line end may take
// a backslash that has another one with its line end behind it. A NUL ends a line's text, and then nothing
// continues it.
func scanLine(s string, conts []span) (end int, _ []span) {
	nl := strings.IndexByte(s, '\n')
	if nl < 0 {
		return len(s), conts
	}
	if nl == 0 || s[nl-1] != '\\' && s[nl-1] != '\r' {
		return nl, conts
	}
	// joined is where the backslashes and carriage returns stand that what has been joined ends in.
	var joined []int
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\', '\r':
			joined = append(joined, i)
		case '\n':
			last := len(joined) - 1
			if last > 0 && s[joined[last]] == '\r' {
				last--
			}
			if last < 0 || s[joined[last]] != '\\' {
				return i, conts
			}
			from := joined[last]
			joined = joined[:last]
			for len(conts) > 0 && conts[len(conts)-1].from > from {
				conts = conts[:len(conts)-1]
			}
			conts = append(conts, span{from, i + 1})
		case 0:
			if nl := strings.IndexByte(s[i:], '\n'); nl >= 0 {
				return i + nl, conts
			}
			return len(s), conts
		default:
			joined = joined[:0]
		}
	}
	return len(s), conts
}

// skip passes over white space, or over what is none, in a line's text from i on, and over continuations. It gives
// where it ends and the continuations left.
func skip(s string, i int, conts []span, space bool) (int, []span) {
	for i < len(s) {
		if len(conts) > 0 && conts[0].from == i {
			i, conts = conts[0].to, conts[1:]
		} else if s[i] == 0 || isSpace(s[i]) != space {
			break
		} else {
			i++
		}
	}
	return i, conts
}
