package modrewrite

import "strings"

// template is a string with back-references, variables and map lookups,
// compiled. Immutable.
type template struct {
	parts []part
	// constant has no parts but at most one literal: text.
	constant bool
	text     string
}

// part is a literal, $N (dollar), %N, %{variable} or ${map:key|default}.
type part struct {
	kind  partKind
	text  string // literal
	query bool   // the literal has a "?" of its own
	n     int
	get   variable
	look  *lookup
}

type partKind uint8

const (
	partLiteral partKind = iota
	partDollar
	partPercent
	partVariable
	partMap
)

// lookup is ${name:key|fallback}.
type lookup struct {
	name     string
	key      *template
	fallback *template // nil if there is none
}

// compileTemplate never fails: what is no expansion stands for itself.
func compileTemplate(s string) *template {
	t := &template{}
	var lit strings.Builder
	query := false
	flush := func() {
		if lit.Len() > 0 {
			t.parts = append(t.parts, part{text: lit.String(), query: query})
			lit.Reset()
			query = false
		}
	}
	add := func(p part) {
		flush()
		t.parts = append(t.parts, p)
	}
	for i := 0; i < len(s); {
		ch := s[i]
		next := byte(0)
		if i+1 < len(s) {
			next = s[i+1]
		}
		switch {
		case ch == '\\' && next != 0:
			lit.WriteByte(next)
			i += 2
		case ch != '$' && ch != '%':
			query = query || ch == '?'
			lit.WriteByte(ch)
			i++
		case next == '{':
			end := closingCurly(s, i+2)
			var p part
			ok := end >= 0
			if ok {
				p, ok = expansion(ch, s[i+2:end])
			}
			if !ok {
				lit.WriteString(s[i : i+2])
				i += 2
				break
			}
			if p.kind != partVariable || p.get != nil {
				add(p)
			}
			i = end + 1
		case next >= '0' && next <= '9':
			kind := partDollar
			if ch == '%' {
				kind = partPercent
			}
			add(part{kind: kind, n: int(next - '0')})
			i += 2
		default:
			lit.WriteByte(ch)
			i++
		}
	}
	flush()
	switch {
	case len(t.parts) == 0:
		t.constant = true
	case len(t.parts) == 1 && t.parts[0].kind == partLiteral:
		t.constant, t.text = true, t.parts[0].text
	}
	return t
}

// expansion is what stands in "%{...}" or "${...}"; ok is false for a map lookup without a key.
func expansion(ch byte, s string) (p part, ok bool) {
	if ch == '%' {
		return part{kind: partVariable, get: compileVariable(s)}, true
	}
	colon := charInCurlies(s, ':')
	if colon < 0 {
		return p, false
	}
	l := &lookup{name: s[:colon]}
	key := s[colon+1:]
	if bar := charInCurlies(key, '|'); bar >= 0 {
		if key[bar+1:] != "" {
			l.fallback = compileTemplate(key[bar+1:])
		}
		key = key[:bar]
	}
	l.key = compileTemplate(key)
	return part{kind: partMap, look: l}, true
}

// closingCurly finds the bracket that closes one opened before i, -1 if none does.
func closingCurly(s string, i int) int {
	for depth := 1; i < len(s); i++ {
		switch s[i] {
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '{':
			depth++
		}
	}
	return -1
}

// charInCurlies finds ch outside of nested brackets, -1 if it is not there.
func charInCurlies(s string, ch byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == ch && depth == 0:
			return i
		case s[i] == '}':
			depth--
		case s[i] == '{':
			depth++
		}
	}
	return -1
}

// question watches where a substitution's "?" comes from. One that a variable
// part brought in and none in the rule itself precedes is unsafe: the client
// chooses where the path ends ([UnsafeAllow3F]).
type question struct {
	done   bool // an answer has been found
	last   bool // [QSL]: the last one counts
	unsafe bool
}

func (q *question) see(own bool) {
	if !q.done {
		q.unsafe = !own
		q.done = !q.last
	}
}

// expand evaluates t. rule, with its B flags, is nil but for substitutions; q is nil where "?" is not watched.
func (t *template) expand(c *context, rule *Rule, q *question) string {
	if t.constant {
		if q != nil && len(t.parts) > 0 && t.parts[0].query {
			q.see(true)
		}
		return t.text
	}
	if len(t.parts) == 1 {
		v := t.parts[0].value(c, rule)
		if q != nil && strings.IndexByte(v, '?') >= 0 {
			q.see(false)
		}
		return v
	}
	var buf [256]byte
	b := buf[:0]
	for i := range t.parts {
		p := &t.parts[i]
		if p.kind == partLiteral {
			if q != nil && p.query {
				q.see(true)
			}
			b = append(b, p.text...)
			continue
		}
		v := p.value(c, rule)
		if q != nil && strings.IndexByte(v, '?') >= 0 {
			q.see(false)
		}
		b = append(b, v...)
	}
	return string(b)
}

func (p *part) value(c *context, rule *Rule) string {
	switch p.kind {
	case partVariable:
		return p.get(c)
	case partMap:
		v, ok := c.m.lookup(c, p.look.name, p.look.key.expand(c, rule, nil))
		if !ok && p.look.fallback != nil {
			v = p.look.fallback.expand(c, rule, nil)
		}
		return v
	}
	m := &c.rule
	if p.kind == partPercent {
		m = &c.cond
	}
	v := m.group(p.n)
	if v != "" && rule != nil && rule.flags&flagEscape != 0 {
		escaped := rule.escape(v)
		if c.level >= 5 {
			c.trace(5, true, "escaping backreference '%s' to '%s'", v, escaped)
		}
		return escaped
	}
	return v
}

// escape is B's: everything but letters, digits and "_", unless the flags say which characters.
func (p *Rule) escape(s string) string {
	const hex = "0123456789abcdef"
	var buf [256]byte
	b := buf[:0]
	for i := 0; i < len(s); i++ {
		ch := s[i]
		wanted := p.escapes == ""
		if p.flags&flagEscapeCtls != 0 {
			wanted = ch <= ' ' || ch == 0x7f
		}
		wanted = wanted || strings.IndexByte(p.escapes, ch) >= 0
		switch {
		case !wanted, strings.IndexByte(p.noEscapes, ch) >= 0, isAlnum(ch), ch == '_':
			b = append(b, ch)
		case ch == ' ' && p.flags&flagEscapeNoPlus == 0:
			b = append(b, '+')
		default:
			b = append(b, '%', hex[ch>>4], hex[ch&15])
		}
	}
	return string(b)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
