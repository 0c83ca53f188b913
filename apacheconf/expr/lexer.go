package expr

import (
	"fmt"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// The kinds of tokens. Their order is that of the tokens in Apache's grammar,
// which is the order in which a syntax error names what it expected.
const (
	tokEOF = lexer.EOF

	tokTrue lexer.TokenType = iota
	tokFalse
	tokError
	tokDigit
	tokID
	tokString
	tokRegex
	tokRegexI
	tokBackref
	tokOpUnary
	tokOpBinary
	tokStrBegin
	tokStrEnd
	tokVarBegin
	tokVarEnd
	tokOpEQ
	tokOpNE
	tokOpLT
	tokOpLE
	tokOpGT
	tokOpGE
	tokOpReg
	tokOpNre
	tokOpIn
	tokOpStrEQ
	tokOpStrNE
	tokOpStrLT
	tokOpStrLE
	tokOpStrGT
	tokOpStrGE
	tokOpConcat
	tokOpOr
	tokOpAnd
	tokOpNot
	tokLParen
	tokRParen
	tokLBrace
	tokRBrace
	tokComma
	tokColon
)

// tokens gives each kind its name in our grammar and in Apache's messages.
var tokens = map[lexer.TokenType]struct{ name, apache string }{
	tokEOF:      {"EOF", "$end"},
	tokTrue:     {"True", "T_TRUE"},
	tokFalse:    {"False", "T_FALSE"},
	tokError:    {"Error", "T_ERROR"},
	tokDigit:    {"Digit", "T_DIGIT"},
	tokID:       {"ID", "T_ID"},
	tokString:   {"String", "T_STRING"},
	tokRegex:    {"Regex", "T_REGEX"},
	tokRegexI:   {"RegexI", "T_REGEX_I"},
	tokBackref:  {"Backref", "T_REGEX_BACKREF"},
	tokOpUnary:  {"OpUnary", "T_OP_UNARY"},
	tokOpBinary: {"OpBinary", "T_OP_BINARY"},
	tokStrBegin: {"StrBegin", "T_STR_BEGIN"},
	tokStrEnd:   {"StrEnd", "T_STR_END"},
	tokVarBegin: {"VarBegin", "T_VAR_BEGIN"},
	tokVarEnd:   {"VarEnd", "T_VAR_END"},
	tokOpEQ:     {"OpEQ", "T_OP_EQ"},
	tokOpNE:     {"OpNE", "T_OP_NE"},
	tokOpLT:     {"OpLT", "T_OP_LT"},
	tokOpLE:     {"OpLE", "T_OP_LE"},
	tokOpGT:     {"OpGT", "T_OP_GT"},
	tokOpGE:     {"OpGE", "T_OP_GE"},
	tokOpReg:    {"OpReg", "T_OP_REG"},
	tokOpNre:    {"OpNre", "T_OP_NRE"},
	tokOpIn:     {"OpIn", "T_OP_IN"},
	tokOpStrEQ:  {"OpStrEQ", "T_OP_STR_EQ"},
	tokOpStrNE:  {"OpStrNE", "T_OP_STR_NE"},
	tokOpStrLT:  {"OpStrLT", "T_OP_STR_LT"},
	tokOpStrLE:  {"OpStrLE", "T_OP_STR_LE"},
	tokOpStrGT:  {"OpStrGT", "T_OP_STR_GT"},
	tokOpStrGE:  {"OpStrGE", "T_OP_STR_GE"},
	tokOpConcat: {"OpConcat", "T_OP_CONCAT"},
	tokOpOr:     {"OpOr", "T_OP_OR"},
	tokOpAnd:    {"OpAnd", "T_OP_AND"},
	tokOpNot:    {"OpNot", "T_OP_NOT"},
	tokLParen:   {"LParen", "'('"},
	tokRParen:   {"RParen", "')'"},
	tokLBrace:   {"LBrace", "'{'"},
	tokRBrace:   {"RBrace", "'}'"},
	tokComma:    {"Comma", "','"},
	tokColon:    {"Colon", "':'"},
}

// words are the tokens that are written as words; their case matters.
var words = map[string]lexer.TokenType{
	"true": tokTrue, "false": tokFalse,
	"and": tokOpAnd, "or": tokOpOr, "not": tokOpNot,
	"in": tokOpIn, "eq": tokOpEQ, "ne": tokOpNE, "ge": tokOpGE, "le": tokOpLE, "gt": tokOpGT, "lt": tokOpLT,
	"-in": tokOpIn, "-eq": tokOpEQ, "-ne": tokOpNE, "-ge": tokOpGE, "-le": tokOpLE, "-gt": tokOpGT, "-lt": tokOpLT,
}

// signs are the tokens that are written as signs, longer ones first.
var signs = []struct {
	text string
	kind lexer.TokenType
}{
	{"==", tokOpStrEQ}, {"=~", tokOpReg}, {"=", tokOpStrEQ},
	{"!=", tokOpStrNE}, {"!~", tokOpNre}, {"!", tokOpNot},
	{"<=", tokOpStrLE}, {"<", tokOpStrLT}, {">=", tokOpStrGE}, {">", tokOpStrGT},
	{"&&", tokOpAnd}, {"||", tokOpOr}, {".", tokOpConcat},
	{"(", tokLParen}, {")", tokRParen}, {"{", tokLBrace}, {"}", tokRBrace}, {",", tokComma}, {":", tokColon},
}

const (
	// maxText is the longest string part or regex (MAX_STRING_LEN).
	maxText = 8191
	// maxTokens and maxNesting bound the work that an expression, which in a
	// .htaccess file is anybody's text, can make. Apache's own bounds are its
	// parser's stack of 10,000 and 20 levels at evaluation.
	maxTokens  = 20_000
	maxNesting = 1000
)

// regexDelimiters are what may follow the "m" of a regex.
const regexDelimiters = `/#$%^|?!'",;:.-`

// scanner cuts an expression into tokens. What a character means depends on
// where it stands: in the expression, in a string, in the name of a variable, in
// the argument of a %{function:argument}; strings and arguments hold variables
// in turn. Positions of tokens hold their number in Offset and the byte they
// begin at in Column, counted from 1.
type scanner struct {
	text   string
	i      int
	tokens []lexer.Token
	states []scanState
	errMsg string // of the Error token, which is the last but EOF
	parens int    // that are open
}

type scanState struct {
	kind  stateKind
	quote byte // the delimiter of a string; 0 for the text of a string expression
}

type stateKind uint8

const (
	inExpr stateKind = iota
	inString
	inVarName
	inVarArg
)

// scan cuts text. There is always an EOF token at the end, and an Error token in
// front of it if the text cannot be cut.
func scan(text string, isString bool) *scanner {
	s := &scanner{text: text}
	first := scanState{kind: inExpr}
	if isString {
		first.kind = inString
	}
	s.states = append(s.states, first)
	for s.errMsg == "" && s.step() {
		if len(s.tokens) > maxTokens || len(s.states)+s.parens > maxNesting {
			s.fail("memory exhausted")
		}
	}
	s.emit(tokEOF, "", s.i)
	return s
}

func (s *scanner) emit(kind lexer.TokenType, value string, at int) {
	s.tokens = append(s.tokens, lexer.Token{
		Type:  kind,
		Value: value,
		Pos:   lexer.Position{Offset: len(s.tokens), Line: 1, Column: at + 1},
	})
}

func (s *scanner) fail(msg string) {
	s.errMsg = msg
	s.emit(tokError, msg, min(s.i, len(s.text)))
}

func (s *scanner) push(kind stateKind, quote byte) {
	s.states = append(s.states, scanState{kind, quote})
}

func (s *scanner) pop() { s.states = s.states[:len(s.states)-1] }

// step scans one token or more and is false at the end of the text.
func (s *scanner) step() bool {
	state := &s.states[len(s.states)-1]
	switch state.kind {
	case inString, inVarArg:
		return s.stepText(state)
	case inVarName:
		return s.stepVarName(state)
	}
	return s.stepExpr()
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// identEnd returns the end of the run of letters, digits and underscores from i.
func identEnd(s string, i int) int {
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] == '_') {
		i++
	}
	return i
}

func (s *scanner) stepExpr() bool {
	for s.i < len(s.text) && (s.text[s.i] == ' ' || s.text[s.i] == '\t' || s.text[s.i] == '\n') {
		s.i++
	}
	at := s.i
	if at == len(s.text) {
		return false
	}
	rest := s.text[at:]
	c := rest[0]
	var next byte
	if len(rest) > 1 {
		next = rest[1]
	}
	take := func(kind lexer.TokenType, n int) bool {
		s.i += n
		s.emit(kind, rest[:n], at)
		return true
	}
	switch {
	case c == '"' || c == '\'':
		s.push(inString, c)
		return take(tokStrBegin, 1)
	case c == '%' && next == '{':
		s.push(inVarName, 0)
		return take(tokVarBegin, 2)
	case c == '$' && isDigit(next):
		return take(tokBackref, 2)
	case c == '/':
		return s.regex(1)
	case c == 'm' && next != 0 && strings.IndexByte(regexDelimiters, next) >= 0:
		return s.regex(2)
	case isDigit(c) || c == '-' && isDigit(next):
		n := 1
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		return take(tokDigit, n)
	case isLetter(c):
		n := identEnd(rest, 1)
		if kind, ok := words[rest[:n]]; ok {
			return take(kind, n)
		}
		return take(tokID, n)
	case c == '-' && (isLetter(next) || next == '_'):
		n := identEnd(rest, 2)
		s.i += n
		if kind, ok := words[rest[:n]]; ok {
			s.emit(kind, rest[:n], at)
		} else if n == 2 {
			s.emit(tokOpUnary, rest[1:n], at)
		} else {
			s.emit(tokOpBinary, rest[1:n], at)
		}
		return true
	}
	for _, sign := range signs {
		if strings.HasPrefix(rest, sign.text) {
			switch sign.kind {
			case tokLParen:
				s.parens++
			case tokRParen:
				s.parens--
			}
			return take(sign.kind, len(sign.text))
		}
	}
	s.fail(fmt.Sprintf("Parse error near '%s'", rest[:1]))
	return true
}

// regex scans a regex whose opening, of n bytes, ends with its delimiter. There
// is no escape for the delimiter. A regex that does not end swallows the rest of
// the expression, as in Apache.
func (s *scanner) regex(n int) bool {
	at := s.i
	delimiter := s.text[at+n-1]
	body := s.text[at+n:]
	end := strings.IndexByte(body, delimiter)
	if end < 0 {
		if len(body) > maxText {
			s.fail("Regexp too long")
			return true
		}
		s.i = len(s.text)
		return false
	}
	if end > maxText {
		s.fail("Regexp too long")
		return true
	}
	s.i = at + n + end + 1
	kind := tokRegex
	if s.i < len(s.text) && s.text[s.i] == 'i' {
		kind = tokRegexI
		s.i++
	}
	s.emit(kind, body[:end], at)
	return true
}

const unterminated = "Unterminated string or variable"

func (s *scanner) stepVarName(state *scanState) bool {
	if s.i == len(s.text) || s.text[s.i] == '\n' {
		s.fail(unterminated)
		return true
	}
	at := s.i
	switch c := s.text[at]; {
	case isLetter(c):
		s.i = identEnd(s.text, at+1)
		s.emit(tokID, s.text[at:s.i], at)
	case c == '}':
		s.i++
		s.pop()
		s.emit(tokVarEnd, "}", at)
	case c == ':':
		s.i++
		state.kind = inVarArg
		s.emit(tokColon, ":", at)
	default:
		s.fail(fmt.Sprintf("Invalid character in variable name '%s'", s.text[at:at+1]))
	}
	return true
}

// stepText scans a string or an argument up to its end or to a variable in it.
func (s *scanner) stepText(state *scanState) bool {
	at := s.i
	var b []byte
	flush := func() {
		if len(b) > 0 {
			// Apache's strings end at a NUL, which an escape can make.
			v := string(b)
			if nul := strings.IndexByte(v, 0); nul >= 0 {
				v = v[:nul]
			}
			s.emit(tokString, v, at)
		}
	}
	whole := state.kind == inString && state.quote == 0
	for ; ; s.i++ {
		if len(b) > maxText {
			s.fail("String too long")
			return true
		}
		if s.i == len(s.text) {
			if whole {
				flush()
				return false
			}
			s.fail(unterminated)
			return true
		}
		c := s.text[s.i]
		var next byte
		if s.i+1 < len(s.text) {
			next = s.text[s.i+1]
		}
		switch {
		case c == '\n':
			s.fail(unterminated)
			return true
		case c == '\\':
			if s.i+1 == len(s.text) {
				s.fail(unterminated)
				return true
			}
			v, n, msg := unescape(s.text[s.i:])
			if msg != "" {
				s.fail(msg)
				return true
			}
			b = append(b, v)
			s.i += n - 1
		case c == '$' && isDigit(next):
			flush()
			s.emit(tokBackref, s.text[s.i:s.i+2], s.i)
			s.i += 2
			return true
		case c == '%' && next == '{':
			flush()
			s.emit(tokVarBegin, "%{", s.i)
			s.i += 2
			s.push(inVarName, 0)
			return true
		case state.kind == inVarArg && c == '}':
			flush()
			s.emit(tokVarEnd, "}", s.i)
			s.i++
			s.pop()
			return true
		case state.kind == inVarArg && (c == '"' || c == '\''):
			// Apache aborts here.
			s.fail(fmt.Sprintf("Parse error near '%c'", c))
			return true
		case state.kind == inString && c == state.quote && !whole:
			flush()
			s.emit(tokStrEnd, s.text[s.i:s.i+1], s.i)
			s.i++
			s.pop()
			return true
		default:
			b = append(b, c)
		}
	}
}

// unescape decodes the escape that s begins with: up to three octal digits, a
// few letters, or any other character for itself.
func unescape(s string) (v byte, n int, msg string) {
	switch c := s[1]; c {
	case 'n':
		return '\n', 2, ""
	case 'r':
		return '\r', 2, ""
	case 't':
		return '\t', 2, ""
	case 'b':
		return '\b', 2, ""
	case 'f':
		return '\f', 2, ""
	default:
		if !isDigit(c) {
			return c, 2, ""
		}
	}
	n = 2
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	value := 0
	for _, d := range []byte(s[1:n]) {
		if d > '7' || n > 4 {
			return 0, 0, "Bad escape sequence"
		}
		value = value<<3 | int(d-'0')
	}
	if value > 0xff {
		return 0, 0, "Escape sequence out of bound"
	}
	return byte(value), n, ""
}

// symbols is the lexer.Definition that the grammar is built on. The grammar
// parses tokens that scan has made, so it never lexes itself.
type symbols struct{}

func (symbols) Symbols() map[string]lexer.TokenType {
	m := make(map[string]lexer.TokenType, len(tokens))
	for kind, t := range tokens {
		m[t.name] = kind
	}
	return m
}

// replay hands out tokens that are there already.
type replay struct{ tokens []lexer.Token }

func (r *replay) Next() (lexer.Token, error) {
	t := r.tokens[0]
	if len(r.tokens) > 1 {
		r.tokens = r.tokens[1:]
	}
	return t, nil
}
