package expr

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// syntaxError is Apache's message for the token number n being where the grammar
// has no place for it: "syntax error, unexpected X", with what was expected if
// that is four things or fewer.
func (c *compiler) syntaxError(s *scanner, n int, isString bool) *Error {
	c.noteNames(s.tokens, n)
	if c.regexErr != nil {
		return c.regexErr
	}
	at := s.tokens[n]
	e := &Error{Text: s.text, Offset: at.Pos.Column - 1}
	expected, errorAllowed := s.expected(n, isString)
	if at.Type == tokError && errorAllowed {
		// The grammar has a place for the error token here, to give up.
		e.Msg = s.errMsg
		return e
	}
	var b strings.Builder
	b.WriteString("syntax error, unexpected ")
	b.WriteString(tokens[at.Type].apache)
	for i, kind := range expected {
		if i == 0 {
			b.WriteString(", expecting ")
		} else {
			b.WriteString(" or ")
		}
		b.WriteString(tokens[kind].apache)
	}
	if at.Type == tokError {
		b.WriteString(": ")
		b.WriteString(s.errMsg)
	} else if c.err != nil {
		b.WriteString(": ")
		b.WriteString(c.err.Msg)
	}
	e.Msg = b.String()
	return e
}

// place is where a parse stands, with what closes it.
type place uint8

const (
	placeTop    place = iota // the expression itself
	placeParen               // in the parentheses of a condition
	placeArg                 // in the parentheses of a function
	placeList                // in the braces of a list
	placeString              // in a quoted string
	placeVar                 // in the name of a variable
	placeVarArg              // in the argument of a %{function:argument}
)

// expected tells what may stand at token n, given that the tokens before it are
// well formed: nil if that is more than four kinds. errorAllowed tells whether
// Apache's grammar has an error token there.
func (s *scanner) expected(n int, isString bool) (kinds []lexer.TokenType, errorAllowed bool) {
	// What has been opened, and whether the condition in the innermost of the
	// condition's places has come to its right side: only then may it end.
	stack := []place{placeTop}
	right := []bool{false}
	top := func() place { return stack[len(stack)-1] }
	open := func(p place) { stack = append(stack, p) }
	close := func() { stack = stack[:len(stack)-1] }
	prev := lexer.TokenType(0)
	for _, t := range s.tokens[:n] {
		switch t.Type {
		case tokLParen:
			if prev == tokID {
				open(placeArg)
			} else {
				open(placeParen)
				right = append(right, false)
			}
		case tokRParen:
			if top() == placeParen {
				right = right[:len(right)-1]
				right[len(right)-1] = true
			}
			close()
		case tokLBrace:
			open(placeList)
		case tokRBrace, tokStrEnd, tokVarEnd:
			close()
		case tokStrBegin:
			open(placeString)
		case tokVarBegin:
			open(placeVar)
		case tokColon:
			stack[len(stack)-1] = placeVarArg
		case tokOpAnd, tokOpOr:
			right[len(right)-1] = false
		case tokTrue, tokFalse, tokOpUnary, tokOpBinary, tokOpReg, tokOpNre, tokOpIn,
			tokOpEQ, tokOpNE, tokOpLT, tokOpLE, tokOpGT, tokOpGE,
			tokOpStrEQ, tokOpStrNE, tokOpStrLT, tokOpStrLE, tokOpStrGT, tokOpStrGE:
			right[len(right)-1] = true
		}
		prev = t.Type
	}
	is := func(k ...lexer.TokenType) []lexer.TokenType { return k }
	switch top() {
	case placeVar:
		if prev == tokVarBegin {
			return is(tokID), false
		}
		return is(tokVarEnd, tokColon), false
	case placeVarArg:
		if prev == tokColon {
			return is(tokError, tokString, tokBackref, tokVarBegin), true
		}
		return is(tokString, tokBackref, tokVarBegin, tokVarEnd), false
	case placeString:
		if prev == tokStrBegin {
			return nil, true
		}
		return is(tokString, tokBackref, tokStrEnd, tokVarBegin), false
	}
	if isString {
		return is(tokEOF), n == 0
	}
	switch prev {
	case tokID:
		return is(tokLParen), false
	case tokOpReg, tokOpNre:
		return is(tokRegex, tokRegexI), false
	case tokOpIn:
		return is(tokID, tokLBrace), false
	case 0, tokOpAnd, tokOpOr, tokOpNot:
		return nil, true
	case tokLParen:
		return nil, top() == placeParen
	case tokOpUnary, tokOpBinary, tokOpConcat, tokLBrace, tokComma,
		tokOpEQ, tokOpNE, tokOpLT, tokOpLE, tokOpGT, tokOpGE,
		tokOpStrEQ, tokOpStrNE, tokOpStrLT, tokOpStrLE, tokOpStrGT, tokOpStrGE:
		return nil, false
	}
	// A word or a condition has just ended.
	switch top() {
	case placeArg:
		return is(tokOpConcat, tokRParen), false
	case placeList:
		return is(tokRBrace, tokComma), false
	}
	if !right[len(right)-1] {
		return nil, false
	}
	if top() == placeParen {
		return is(tokOpOr, tokOpAnd, tokRParen), false
	}
	return is(tokEOF), false
}

// noteNames looks up the regexes, variables and functions that are complete in
// front of token n. Apache does so while it parses, and its message for what
// comes after tells of the last one that failed as well, or of the regex alone.
func (c *compiler) noteNames(all []lexer.Token, n int) {
	type opened struct {
		id   lexer.Token // the name, or a token of another kind
		kind place
		list bool
	}
	var stack []opened
	for i, t := range all[:n] {
		switch t.Type {
		case tokRegex, tokRegexI:
			v := t.Value
			r := &regex{Pos: t.Pos, Pattern: &v}
			if t.Type == tokRegexI {
				r.Pattern, r.PatternI = nil, &v
			}
			c.regex(operand{}, r, true)
		case tokVarBegin:
			stack = append(stack, opened{all[i+1], placeVar, false})
		case tokColon:
			stack[len(stack)-1].kind = placeVarArg
		case tokLParen:
			o := opened{kind: placeParen}
			if i > 0 && all[i-1].Type == tokID {
				o = opened{all[i-1], placeArg, i > 1 && all[i-2].Type == tokOpIn}
			}
			stack = append(stack, o)
		case tokVarEnd, tokRParen:
			o := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			switch {
			case o.kind == placeVar:
				c.variable(&variable{Pos: o.id.Pos, Name: o.id.Value})
			case o.list:
				w := &word{Factors: []*factor{{Digit: new(string)}}}
				c.in(operand{}, &list{Pos: o.id.Pos, Name: o.id.Value, Arg: w})
			case o.kind != placeParen:
				c.function(o.id.Pos, o.id.Value, operand{})
			}
		}
	}
}
