package expr

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"httpd-wsgi/pcre"
)

// boolFunc and strFunc are compiled conditions and words.
type (
	boolFunc func(x *context) bool
	strFunc  func(x *context) string
)

// operand is a compiled word. It is a constant, text, if eval is nil.
type operand struct {
	text   string
	eval   strFunc
	quoted bool // a single string literal, which is what constant arguments must be
}

func (o operand) str() strFunc {
	if o.eval != nil {
		return o.eval
	}
	text := o.text
	return func(*context) string { return text }
}

// compiler makes closures of a tree. Names that do not exist are noted and
// compilation goes on; the last of them is reported, as in Apache. A regex that
// does not compile ends it.
type compiler struct {
	text     string
	opts     Options
	err      *Error // of the last name
	regexErr *Error // of the first regex
}

func (c *compiler) failure() error {
	switch {
	case c.regexErr != nil:
		return c.regexErr
	case c.err != nil:
		return c.err
	}
	return nil
}

func (c *compiler) fail(pos lexer.Position, msg string) {
	if c.regexErr == nil {
		c.err = &Error{Text: c.text, Offset: pos.Column - 1, Msg: msg}
	}
}

func never(*context) bool { return false }

func (c *compiler) cond(tree *conjunctions) boolFunc {
	tests := make([]boolFunc, len(tree.Or))
	for i, and := range tree.Or {
		tests[i] = c.and(and)
	}
	switch len(tests) {
	case 1:
		return tests[0]
	case 2:
		a, b := tests[0], tests[1]
		return func(x *context) bool { return a(x) || b(x) }
	}
	return func(x *context) bool {
		for _, t := range tests {
			if t(x) {
				return true
			}
		}
		return false
	}
}

func (c *compiler) and(tree *conjunction) boolFunc {
	tests := make([]boolFunc, len(tree.And))
	for i, n := range tree.And {
		t := c.term(n.Term)
		if len(n.Not)%2 == 1 {
			tests[i] = func(x *context) bool { return !t(x) }
		} else {
			tests[i] = t
		}
	}
	switch len(tests) {
	case 1:
		return tests[0]
	case 2:
		a, b := tests[0], tests[1]
		return func(x *context) bool { return a(x) && b(x) }
	}
	return func(x *context) bool {
		for _, t := range tests {
			if !t(x) {
				return false
			}
		}
		return true
	}
}

func (c *compiler) term(t *term) boolFunc {
	switch {
	case t.True:
		return func(*context) bool { return true }
	case t.False:
		return never
	case t.Paren != nil:
		return c.cond(t.Paren)
	case t.Unary != nil:
		test, msg := c.unaryOperator(t.Unary.Op, c.word(t.Unary.Arg))
		if msg != "" {
			c.fail(t.Unary.Pos, msg)
			return never
		}
		return test
	}
	return c.comparison(t.Comparison)
}

func (c *compiler) comparison(t *comparison) boolFunc {
	left := c.word(t.Left)
	r := t.Right
	ints := func(w *word, want func(order int) bool) boolFunc {
		a, b := left, c.word(w)
		if c.opts.SSLCompat {
			return compare(a.str(), b.str(), compareSSL, want)
		}
		if b.eval == nil {
			// The usual case: a variable against a number.
			n, f := parseInt(b.text), a.str()
			return func(x *context) bool { return want(order(parseInt(f(x)), n)) }
		}
		return compare(a.str(), b.str(), func(s, t string) int { return order(parseInt(s), parseInt(t)) }, want)
	}
	strs := func(w *word, want func(order int) bool) boolFunc {
		b := c.word(w)
		if c.opts.SSLCompat {
			return compare(left.str(), b.str(), compareSSL, want)
		}
		return compare(left.str(), b.str(), strings.Compare, want)
	}
	equal := func(w *word, want bool) boolFunc {
		if c.opts.SSLCompat {
			return strs(w, func(o int) bool { return (o == 0) == want })
		}
		a, right := left.str(), c.word(w)
		if right.eval == nil {
			text := right.text
			return func(x *context) bool { return (a(x) == text) == want }
		}
		b := right.str()
		return func(x *context) bool {
			s := a(x)
			return (s == b(x)) == want
		}
	}
	switch {
	case r.EQ != nil:
		return ints(r.EQ, func(o int) bool { return o == 0 })
	case r.NE != nil:
		return ints(r.NE, func(o int) bool { return o != 0 })
	case r.LT != nil:
		return ints(r.LT, func(o int) bool { return o < 0 })
	case r.LE != nil:
		return ints(r.LE, func(o int) bool { return o <= 0 })
	case r.GT != nil:
		return ints(r.GT, func(o int) bool { return o > 0 })
	case r.GE != nil:
		return ints(r.GE, func(o int) bool { return o >= 0 })
	case r.StrEQ != nil:
		return equal(r.StrEQ, true)
	case r.StrNE != nil:
		return equal(r.StrNE, false)
	case r.StrLT != nil:
		return strs(r.StrLT, func(o int) bool { return o < 0 })
	case r.StrLE != nil:
		return strs(r.StrLE, func(o int) bool { return o <= 0 })
	case r.StrGT != nil:
		return strs(r.StrGT, func(o int) bool { return o > 0 })
	case r.StrGE != nil:
		return strs(r.StrGE, func(o int) bool { return o >= 0 })
	case r.Match != nil:
		return c.regex(left, r.Match, true)
	case r.Not != nil:
		return c.regex(left, r.Not, false)
	case r.In != nil:
		return c.in(left, r.In)
	}
	test, msg := c.binaryOperator(r.Op.Name, left, c.word(r.Op.Arg))
	if msg != "" {
		c.fail(r.Pos, msg)
		return never
	}
	return test
}

func compare(a, b strFunc, cmp func(s, t string) int, want func(order int) bool) boolFunc {
	return func(x *context) bool {
		s := a(x)
		return want(cmp(s, b(x)))
	}
}

// compareSSL is SSLRequire's order: the longer string is the greater.
func compareSSL(a, b string) int {
	if len(a) != len(b) {
		return order(int64(len(a)), int64(len(b)))
	}
	return strings.Compare(a, b)
}

func order(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// parseInt reads the decimal number that s begins with, after white space, as C's
// strtoll does: 0 if there is none, the nearest number if it is too big.
func parseInt(s string) int64 {
	i := 0
	for i < len(s) && (s[i] == ' ' || '\t' <= s[i] && s[i] <= '\r') {
		i++
	}
	negative := false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		negative = s[i] == '-'
		i++
	}
	const limit = 1 << 63 // of a negative number
	n := uint64(0)
	for ; i < len(s) && isDigit(s[i]); i++ {
		d := uint64(s[i] - '0')
		if n > (limit-d)/10 {
			n = limit
			break
		}
		n = n*10 + d
	}
	if negative {
		return -int64(n)
	}
	return int64(min(n, limit-1))
}

func (c *compiler) regex(left operand, r *regex, want bool) boolFunc {
	flags := *c.opts.RegexFlags
	pattern := r.Pattern
	if pattern == nil {
		pattern = r.PatternI
		flags |= pcre.Caseless
	}
	re, err := pcre.CompileLimit(*pattern, flags, c.opts.RegexMatchLimit)
	if err != nil {
		if c.regexErr == nil {
			msg := "Failed to compile regular expression"
			if c.err != nil {
				msg += ": " + c.err.Msg
			}
			c.regexErr = &Error{Text: c.text, Offset: r.Pos.Column - 1, Msg: msg}
		}
		return never
	}
	v := left.str()
	if re.NumCaptures() == 0 {
		// Such a regex leaves the captures of an earlier one alone.
		return func(x *context) bool {
			ok, err := re.Match(v(x))
			if err != nil {
				x.fail(err)
				return false
			}
			return ok == want
		}
	}
	return func(x *context) bool {
		s := v(x)
		ok, err := re.Exec(s, &x.match.Caps)
		if err != nil {
			x.match.Set = false
			x.fail(err)
			return false
		}
		x.match.Source, x.match.Set = s, ok
		return ok == want
	}
}

func (c *compiler) in(left operand, l *list) boolFunc {
	a := left.str()
	if l.Name != "" {
		arg := c.word(l.Arg).str()
		var call func(Env, string) []string
		if c.opts.ListFunction != nil {
			call = c.opts.ListFunction(l.Name)
		}
		if call == nil {
			c.fail(l.Pos, "List-returning function '"+l.Name+"' does not exist")
			return never
		}
		return func(x *context) bool {
			haystack := call(x.env, arg(x))
			needle := a(x)
			for _, s := range haystack {
				if s == needle {
					return true
				}
			}
			return false
		}
	}
	words := make([]strFunc, len(l.Words))
	texts := make([]string, len(l.Words))
	constant := true
	for i, w := range l.Words {
		o := c.word(w)
		words[i], texts[i] = o.str(), o.text
		constant = constant && o.eval == nil
	}
	if constant {
		return func(x *context) bool {
			needle := a(x)
			for _, s := range texts {
				if s == needle {
					return true
				}
			}
			return false
		}
	}
	return func(x *context) bool {
		needle := a(x)
		for _, w := range words {
			if w(x) == needle {
				return true
			}
		}
		return false
	}
}

func (c *compiler) word(w *word) operand {
	if len(w.Factors) == 1 {
		return c.factor(w.Factors[0])
	}
	operands := make([]operand, len(w.Factors))
	for i, f := range w.Factors {
		operands[i] = c.factor(f)
	}
	return concat(operands)
}

func (c *compiler) factor(f *factor) operand {
	switch {
	case f.Digit != nil:
		return operand{text: *f.Digit}
	case f.String != nil:
		return c.literal(f.String.Parts)
	case f.Variable != nil:
		return operand{eval: c.variable(f.Variable)}
	case f.Function != nil:
		return operand{eval: c.function(f.Function.Pos, f.Function.Name, c.word(f.Function.Arg))}
	}
	return backref(f.Backref)
}

// literal compiles the inside of a string.
func (c *compiler) literal(parts []*part) operand {
	operands := make([]operand, len(parts))
	for i, p := range parts {
		switch {
		case p.Text != nil:
			operands[i] = operand{text: *p.Text}
		case p.Variable != nil:
			operands[i] = operand{eval: c.variable(p.Variable)}
		default:
			operands[i] = backref(p.Backref)
		}
	}
	switch len(operands) {
	case 0:
		return operand{quoted: true}
	case 1:
		o := operands[0]
		o.quoted = true
		return o
	}
	return concat(operands)
}

func backref(token string) operand {
	n := int(token[1] - '0')
	return operand{eval: func(x *context) string { return x.match.Group(n) }}
}

func concat(operands []operand) operand {
	// Constants next to each other are one.
	joined := operands[:0:0]
	for _, o := range operands {
		if n := len(joined); n > 0 && o.eval == nil && joined[n-1].eval == nil {
			joined[n-1].text += o.text
			continue
		}
		joined = append(joined, operand{text: o.text, eval: o.eval})
	}
	if len(joined) == 1 {
		return joined[0]
	}
	parts := make([]strFunc, len(joined))
	for i, o := range joined {
		parts[i] = o.str()
	}
	if len(parts) == 2 {
		a, b := parts[0], parts[1]
		return operand{eval: func(x *context) string {
			s := a(x)
			return s + b(x)
		}}
	}
	return operand{eval: func(x *context) string {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(p(x))
		}
		return b.String()
	}}
}

func (c *compiler) variable(v *variable) strFunc {
	if v.Arg != nil {
		return c.function(v.Pos, v.Name, c.literal(v.Arg))
	}
	f := c.lookupVariable(v.Name)
	if f == nil {
		c.fail(v.Pos, "Variable '"+v.Name+"' does not exist")
		return operand{}.str()
	}
	return f
}

func (c *compiler) function(pos lexer.Position, name string, arg operand) strFunc {
	call, msg := c.lookupFunction(name)
	if msg != "" {
		c.fail(pos, msg)
		return operand{}.str()
	}
	if arg.eval == nil {
		text := arg.text
		return func(x *context) string { return call(x, text) }
	}
	return func(x *context) string { return call(x, arg.eval(x)) }
}
