package modrewrite

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

// ruleFlags are RewriteRule's flags that have no value.
type ruleFlags uint32

const (
	flagRedirect ruleFlags = 1 << iota // R
	flagLast                           // L
	flagNext                           // N
	flagChain                          // C
	flagNoSubreq                       // NS
	flagNot                            // !pattern
	flagPassThrough
	flagQSAppend
	flagQSDiscard
	flagQSLast
	flagNoCase
	flagNoEscape
	flagNoSub  // "-", or a status without substitution
	flagStatus // the rule ends in a status that is no redirect
	flagEscape // B
	flagEscapeNoPlus
	flagEscapeCtls
	flagDiscardPath
	flagEnd
	flagUnsafePrefixStat
	flagUnsafeAllow3F
	flagUNC
)

// maxRounds is how often [N] starts anew where it sets no limit of its own.
const maxRounds = 10000

// Rule is one RewriteRule with its conditions. Immutable.
type Rule struct {
	conds   []*Cond
	pattern string // without "!"
	re      *pcre.Regexp
	output  string
	subst   *template
	flags   ruleFlags
	// escapes are the only characters that B escapes, noEscapes those it never does; "" for no such list.
	escapes, noEscapes string
	mime, handler      *template // T, H; nil if not given
	status             int       // R, F, G
	env, cookies       []*template
	skip, rounds       int
	source             apacheconf.Pos
}

// parseLine splits "first second [third]" as mod_rewrite does: a backslash
// hides only a space after it, and stays. What follows the third is ignored.
func parseLine(line string) (a [3]string, n int, ok bool) {
	i := 0
	spaces := func() {
		for i < len(line) && isSpace(line[i]) {
			i++
		}
	}
	for n < 3 {
		spaces()
		if i == len(line) && n == 2 {
			break
		}
		quote := byte(0)
		if i < len(line) && (line[i] == '"' || line[i] == '\'') {
			quote = line[i]
			i++
		}
		start := i
		for ; i < len(line); i++ {
			if isSpace(line[i]) && quote == 0 || line[i] == quote {
				break
			}
			if line[i] == '\\' && i+1 < len(line) && isSpace(line[i+1]) {
				i++
			}
		}
		a[n] = line[start:i]
		n++
		if i == len(line) {
			return a, n, n > 1
		}
		i++
	}
	return a, n, true
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

var errDelimiters = errors.New("bad flag delimiters")

// parseFlags reads "[key=value,key]".
func parseFlags(s string, set func(key, value string) error) error {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return errDelimiters
	}
	s = s[1:len(s)-1] + ","
	for s != "" {
		s = strings.TrimLeft(s, " \t\n\v\f\r")
		var flag string
		flag, s, _ = strings.Cut(s, ",")
		flag = strings.TrimRight(flag, " \t\n\v\f\r")
		key, value, _ := strings.Cut(flag, "=")
		if err := set(key, value); err != nil {
			return err
		}
	}
	return nil
}

func parseRule(c *directives.Cmd, args string) (*Rule, error) {
	a, n, ok := parseLine(args)
	if !ok {
		return nil, fmt.Errorf("RewriteRule: bad argument line '%s'", args)
	}
	p := &Rule{status: 302, rounds: maxRounds, output: a[1], source: c.Pos}
	if n == 3 {
		if err := parseFlags(a[2], p.setFlag); err != nil {
			return nil, fmt.Errorf("RewriteRule: %w", err)
		}
	}
	p.pattern = a[0]
	if rest, not := strings.CutPrefix(p.pattern, "!"); not {
		p.pattern = rest
		p.flags |= flagNot
	}
	var err error
	if p.re, err = c.Regexp(p.pattern, caseless(p.flags&flagNoCase != 0)); err != nil {
		return nil, fmt.Errorf("RewriteRule: cannot compile regular expression '%s'", p.pattern)
	}
	p.subst = compileTemplate(p.output)
	if p.output == "-" {
		p.flags |= flagNoSub
	}
	return p, nil
}

func caseless(on bool) pcre.Flags {
	if on {
		return pcre.Caseless
	}
	return 0
}

// plainFlags are the flags by each of their names, in lower case.
var plainFlags = map[string]ruleFlags{
	"bnp": flagEscapeNoPlus, "backrefernoplus": flagEscapeNoPlus, "bctls": flagEscape | flagEscapeCtls,
	"c": flagChain, "chain": flagChain, "d": flagDiscardPath, "dpi": flagDiscardPath, "discardpath": flagDiscardPath,
	"end": flagEnd, "l": flagLast, "last": flagLast, "ne": flagNoEscape, "noescape": flagNoEscape,
	"ns": flagNoSubreq, "nosubreq": flagNoSubreq, "nc": flagNoCase, "nocase": flagNoCase,
	"pt": flagPassThrough, "passthrough": flagPassThrough, "qsa": flagQSAppend, "qsappend": flagQSAppend,
	"qsd": flagQSDiscard, "qsdiscard": flagQSDiscard, "qsl": flagQSLast, "qslast": flagQSLast,
	"unsafeprefixstat": flagUnsafePrefixStat, "unsafeallow3f": flagUnsafeAllow3F, "unc": flagUNC,
}

func (p *Rule) setFlag(key, value string) error {
	k := strings.ToLower(key)
	if f := plainFlags[k]; f != 0 {
		p.flags |= f
		return nil
	}
	switch k {
	case "b", "backrefescaping":
		p.flags |= flagEscape
		if value != "" {
			p.escapes = value
		}
	case "bne":
		if value == "" {
			return errors.New("flag 'BNE' wants a list of characters (i.e. [BNE=...])")
		}
		p.noEscapes = value
	case "co", "cookie":
		p.cookies = append(p.cookies, compileTemplate(value))
	case "e", "env":
		p.env = append(p.env, compileTemplate(value))
	case "f", "forbidden":
		p.flags |= flagStatus | flagNoSub
		p.status = 403
	case "g", "gone":
		p.flags |= flagStatus | flagNoSub
		p.status = 410
	case "h", "handler":
		p.handler = compileTemplate(value)
	case "t", "type":
		p.mime = compileTemplate(value)
	case "n", "next":
		p.flags |= flagNext
		if value != "" {
			p.rounds = atoi(value)
		}
	case "s", "skip":
		p.skip = atoi(value)
	case "r", "redirect":
		return p.setRedirect(value)
	case "p", "proxy":
		return errors.New("flag 'P' is not supported by httpd-wsgi: there is no proxy; redirect with [R] or keep the proxy in front")
	default:
		if strings.HasPrefix(k, "d") { // Apache takes any
			return nil
		}
		return fmt.Errorf("unknown flag '%s'", key)
	}
	return nil
}

func (p *Rule) setRedirect(value string) error {
	p.flags |= flagRedirect
	switch {
	case value == "":
		return nil
	case strings.EqualFold(value, "permanent"):
		p.status = 301
	case strings.EqualFold(value, "temp"):
		p.status = 302
	case strings.EqualFold(value, "seeother"):
		p.status = 303
	case value[0] >= '0' && value[0] <= '9':
		p.status = atoi(value)
		if p.status < 100 || strings.HasSuffix(server.StatusLine(p.status), " ") {
			return fmt.Errorf("invalid HTTP response code '%s' for flag 'R'", value)
		}
		if p.status < 300 || p.status > 399 {
			p.flags |= flagStatus | flagNoSub
		}
	default: // Apache takes any word, and redirects as with none
		p.status = 302
	}
	return nil
}

// atoi is C's: leading space, a sign, digits; what follows is ignored, and the result is cut to 32 bits.
func atoi(s string) int {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	neg := strings.HasPrefix(s, "-")
	if neg || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	const most = 1<<63 - 1
	n := uint64(0)
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if n > (most-9)/10 {
			n = most
			break
		}
		n = n*10 + uint64(s[i]-'0')
	}
	if neg {
		return int(int32(-int64(n)))
	}
	return int(int32(n))
}
