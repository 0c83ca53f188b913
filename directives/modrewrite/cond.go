package modrewrite

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/pcre"
)

// test is what a RewriteCond does with its string.
type test uint8

const (
	testRegex test = iota
	testFile
	testSize
	testLink
	testDir
	testExec
	testURL
	testSubFile
	testLess
	testLessEqual
	testEqual
	testGreater
	testGreaterEqual
	testIntLess
	testIntLessEqual
	testIntEqual
	testIntGreater
	testIntGreaterEqual
	testExpr
)

var fileTests = map[string]test{"-f": testFile, "-s": testSize, "-d": testDir, "-x": testExec, "-h": testLink,
	"-L": testLink, "-l": testLink, "-U": testURL, "-F": testSubFile}

var intTests = map[string]test{"-lt": testIntLess, "-le": testIntLessEqual, "-gt": testIntGreater,
	"-ge": testIntGreaterEqual, "-eq": testIntEqual, "-ne": testIntEqual}

// Cond is one RewriteCond. Immutable.
type Cond struct {
	input   *template
	pattern string // as written, for messages
	operand string // pattern without "!" and operator
	number  int    // operand as a number
	test    test
	re      *pcre.Regexp
	expr    *expr.Cond
	not     bool
	noCase  bool
	orNext  bool
	noVary  bool
	source  apacheconf.Pos
}

func parseCond(c *directives.Cmd, args string) (*Cond, error) {
	a, n, ok := parseLine(args)
	if !ok {
		return nil, fmt.Errorf("RewriteCond: bad argument line '%s'", args)
	}
	p := &Cond{input: compileTemplate(a[0]), pattern: a[1], source: c.Pos}
	if n == 3 {
		if err := parseFlags(a[2], p.setFlag); err != nil {
			return nil, fmt.Errorf("RewriteCond: %w", err)
		}
	}
	p.parseTest(a[0])
	if p.noCase && p.test != testRegex && (p.test < testLess || p.test > testGreaterEqual) {
		c.Warnf("AH00665: RewriteCond: NoCase option for non-regex pattern '%s' is not supported and will be ignored. (%s:%d)", p.operand, c.Pos.File, c.Pos.Line)
		p.noCase = false
	}
	var err error
	switch p.test {
	case testRegex:
		if p.re, err = c.Regexp(p.operand, caseless(p.noCase)); err != nil {
			return nil, fmt.Errorf("RewriteCond: cannot compile regular expression '%s'", p.operand)
		}
	case testExpr:
		if p.expr, err = c.Expr(p.operand); err != nil {
			where := ""
			if c.InHtaccess() {
				where = " in htaccess context"
			}
			return nil, fmt.Errorf("RewriteCond: cannot compile expression%s \"%s\" %w", where, p.operand, err)
		}
	default:
		p.number = atoi(p.operand)
	}
	return p, nil
}

func (p *Cond) setFlag(key, _ string) error {
	switch strings.ToLower(key) {
	case "nocase", "nc":
		p.noCase = true
	case "ornext", "or":
		p.orNext = true
	case "novary", "nv":
		p.noVary = true
	default:
		return fmt.Errorf("unknown flag '%s'", key)
	}
	return nil
}

// parseTest finds out which test the pattern is of.
func (p *Cond) parseTest(input string) {
	s, not := strings.CutPrefix(p.pattern, "!")
	p.not, p.operand = not, s
	if strings.EqualFold(input, "expr") {
		p.test = testExpr
		return
	}
	if len(s) < 2 {
		return
	}
	switch s[0] {
	case '-':
		if t, ok := fileTests[s]; ok {
			p.test = t
		} else if len(s) > 3 {
			if t, ok := intTests[s[:3]]; ok {
				p.test, p.operand = t, s[3:]
				p.not = p.not != (s[:3] == "-ne")
			}
		}
	case '>', '<':
		p.test = testGreater
		if s[0] == '<' {
			p.test = testLess
		}
		p.operand = s[1:]
		if s[1] == '=' {
			p.test++ // ...Equal follows
			p.operand = s[2:]
		}
	case '=':
		p.test, p.operand = testEqual, s[1:]
		if p.operand == `""` {
			p.operand = ""
		}
	}
}

// apply tells whether the condition holds. A successful regex sets %0 to %9.
func (p *Cond) apply(c *context) bool {
	ok, shown := false, "(null)"
	if p.test == testExpr {
		ok = p.applyExpr(c)
	} else {
		shown = p.input.expand(c, nil, nil)
		ok = p.applyTest(c, shown)
	}
	if p.not {
		ok = !ok
	}
	p.tell(c.r, shown, ok)
	if c.level >= 4 {
		flag, verdict := "", "not-matched"
		if p.noCase {
			flag = " [NC]"
		}
		if ok {
			verdict = "matched"
		}
		c.trace(4, true, "RewriteCond: input='%s' pattern='%s'%s => %s", shown, p.pattern, flag, verdict)
	}
	return ok
}

func (p *Cond) applyTest(c *context, input string) bool {
	switch p.test {
	case testRegex:
		m := &c.cond
		if p.not {
			m = &match{}
		}
		var caps pcre.Captures
		ok, err := p.re.Exec(input, &caps)
		if err != nil {
			c.r.LogErr(err, errlog.Error, errlog.Rewrite, "", "the pattern of RewriteCond at %s failed", p.source)
			return false
		}
		if ok {
			m.set(input, &caps)
		}
		return ok
	case testFile, testSize, testDir, testExec:
		info, err := os.Stat(input)
		if err != nil {
			return false
		}
		switch p.test {
		case testFile:
			return info.Mode().IsRegular()
		case testSize:
			return info.Mode().IsRegular() && info.Size() > 0
		case testDir:
			return info.IsDir()
		}
		return info.Mode()&0o111 != 0
	case testLink:
		info, err := os.Lstat(input)
		return err == nil && info.Mode()&os.ModeSymlink != 0
	case testURL:
		if input == "" || !subrequestOK(c.r) {
			return false
		}
		status := c.r.LookupURI(input).Reply.Status
		if c.level >= 5 {
			c.trace(5, false, "RewriteCond URI (-U check: path=%s -> status=%d", input, status)
		}
		return status < 400
	case testSubFile:
		if input == "" || !subrequestOK(c.r) {
			return false
		}
		sub := c.r.LookupFile(input)
		ok := false
		if sub.Reply.Status < 300 {
			_, err := os.Stat(sub.Target.Filename)
			ok = err == nil
		}
		if c.level >= 5 {
			c.trace(5, false, "RewriteCond file (-F check: path=%s -> file=%s status=%d", input, sub.Target.Filename, sub.Reply.Status)
		}
		return ok
	case testEqual:
		if p.noCase {
			return lower(input) == lower(p.operand)
		}
		return input == p.operand
	case testLess, testLessEqual, testGreater, testGreaterEqual:
		var order int
		if p.noCase {
			order = strings.Compare(lower(input), lower(p.operand))
		} else {
			order = compareLength(input, p.operand)
		}
		return holds(order, p.test-testLess)
	}
	return holds(cmp.Compare(atoi(input), p.number), p.test-testIntLess)
}

// holds tells whether an order fits an operator, counted from "less".
func holds(order int, op test) bool {
	switch op {
	case testLess - testLess:
		return order < 0
	case testLessEqual - testLess:
		return order <= 0
	case testEqual - testLess:
		return order == 0
	case testGreater - testLess:
		return order > 0
	}
	return order >= 0
}

// compareLength is mod_rewrite's order of strings: the longer one is the greater.
func compareLength(a, b string) int {
	if len(a) != len(b) {
		return cmp.Compare(len(a), len(b))
	}
	return strings.Compare(a, b)
}

// quiet is an expression's view of a request in which nothing varies ([NV]).
type quiet struct{ expr.Env }

func (quiet) Vary(string) {}

func (p *Cond) applyExpr(c *context) bool {
	env := c.r.ExprEnv()
	if p.noVary {
		env = quiet{env}
	}
	var m expr.Match
	ok, err := p.expr.EvalMatch(env, &m)
	if err != nil {
		if c.level >= 1 {
			c.trace(1, true, "RewriteCond: expr='%s' evaluation failed: %s", p.pattern, err)
		}
		return false
	}
	if ok && !p.not {
		c.cond = match{source: m.Source, matched: m.Set, caps: m.Caps}
	}
	return ok
}
