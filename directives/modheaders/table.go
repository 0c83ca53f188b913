package modheaders

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

// Dir is the configuration of a section, or of a server outside sections.
type Dir struct {
	// In are RequestHeader's lines, Out those of Header, Always those of "Header always".
	In, Out, Always []*Line
}

type action uint8

const (
	actAdd action = iota
	actAppend
	actEcho
	actEdit
	actEditAll
	actMerge
	actNote
	actSet
	actSetIfEmpty
	actUnset
)

var actions = map[string]action{"add": actAdd, "append": actAppend, "echo": actEcho, "edit": actEdit, "edit*": actEditAll,
	"merge": actMerge, "note": actNote, "set": actSet, "setifempty": actSetIfEmpty, "unset": actUnset}

// Line is one Header or RequestHeader. Immutable.
type Line struct {
	act action
	// header is the field's name; contentType tells that it is Content-Type.
	header      string
	contentType bool
	// value is the new value, or what edit puts in.
	value  format
	re     *pcre.Regexp // edit, echo
	early  bool
	env    string // env=; "" without
	envNot bool
	cond   *expr.Cond // expr=; nil without
	source apacheconf.Pos
}

var (
	in     = directives.Append(func(d *Dir) *[]*Line { return &d.In })
	out    = directives.Append(func(d *Dir) *[]*Line { return &d.Out })
	always = directives.Append(func(d *Dir) *[]*Line { return &d.Always })
)

// workers is how the formats differ from Apache's.
const workers = "the formats %i and %b, idle and busy workers, are refused"

var tables = directives.Module[directives.None, Dir]{ID: "headers_module", File: "mod_headers.c", Dir: directives.Table[Dir]{
	directives.RawArgs("Header", directives.OrFileInfo, out, setHeader,
		"an optional condition, an action, header and value followed by optional env clause").With(always).Differs(workers),
	directives.RawArgs("RequestHeader", directives.OrFileInfo, in, setRequestHeader,
		"an action, header and value followed by optional env clause").Differs(workers),
}}

func setHeader(c *directives.Cmd, d *Dir, args string) error {
	list := &d.Out
	first, rest := apacheconf.GetWordConf(args)
	switch {
	case strings.EqualFold(first, "always"):
		list, args = &d.Always, rest
	case strings.EqualFold(first, "onsuccess"):
		args = rest
	}
	return add(c, list, args, false)
}

func setRequestHeader(c *directives.Cmd, d *Dir, args string) error { return add(c, &d.In, args, true) }

func add(c *directives.Cmd, list *[]*Line, args string, request bool) error {
	var w [5]string // action, header, value, substitution or clause, clause
	n := 0
	for ; n < len(w) && (args != "" || n < 2); n++ {
		w[n], args = apacheconf.GetWordConf(args)
	}
	if args != "" {
		return fmt.Errorf("%s has too many arguments", c.Name)
	}
	l, err := parse(c, w[:n], request)
	if err == nil {
		*list = append(*list, l)
	}
	return err
}

// parse is header_inout_cmd: w has at least two words.
func parse(c *directives.Cmd, w []string, request bool) (*Line, error) {
	act, ok := actions[strings.ToLower(w[0])]
	if !ok {
		return nil, errors.New("first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', 'echo', 'note', 'edit', or 'edit*'.")
	}
	l := &Line{act: act, source: c.Pos}
	has := func(i int) bool { return i < len(w) }
	word := func(i int) string {
		if has(i) {
			return w[i]
		}
		return ""
	}
	value, clause, hasClause := word(2), word(3), has(3)
	var err error
	switch act {
	case actEdit, actEditAll:
		if !has(3) {
			return nil, errors.New("Header edit requires a match and a substitution")
		}
		if l.re, err = c.Regexp(value, 0); err != nil {
			return nil, errors.New("Header edit regex could not be compiled")
		}
		value, clause, hasClause = w[3], word(4), has(4)
	default:
		if has(4) {
			return nil, errors.New("Too many arguments to directive")
		}
	}
	switch {
	case act == actUnset || act == actEcho:
		if has(2) {
			if hasClause {
				if act == actUnset {
					return nil, errors.New("header unset takes two arguments")
				}
				return nil, errors.New("Header echo takes two arguments")
			}
			clause, hasClause = value, true
		}
		if act == actEcho {
			if request {
				return nil, errors.New("Header echo only valid on Header directives")
			}
			if l.re, err = c.Regexp(w[1], 0); err != nil {
				return nil, errors.New("Header echo regex could not be compiled")
			}
		}
	case act == actNote && request:
		return nil, errors.New("RequestHeader does not support the 'note' action")
	case !has(2):
		return nil, errors.New("Header requires three arguments")
	}
	if hasClause {
		if err := l.parseClause(c, clause); err != nil {
			return nil, err
		}
	}
	l.header, _, _ = strings.Cut(w[1], ":")
	l.contentType = strings.EqualFold(l.header, "Content-Type") && !request
	if act != actUnset && act != actEcho {
		l.value, err = parseFormat(c, value)
	}
	return l, err
}

// parseClause reads "early", "env=[!]NAME" or "expr=EXPRESSION".
func (l *Line) parseClause(c *directives.Cmd, clause string) error {
	switch lower := strings.ToLower(clause); {
	case lower == "early":
		l.early = true
	case strings.HasPrefix(lower, "env="):
		l.env, l.envNot = strings.CutPrefix(clause[len("env="):], "!")
		if l.env == "" {
			return errors.New("error: missing environment variable name. envclause should be in the form env=envar ")
		}
	case strings.HasPrefix(lower, "expr="):
		cond, err := c.Expr(clause[len("expr="):])
		if err != nil {
			return fmt.Errorf("Can't parse envclause/expression: %w", err)
		}
		l.cond = cond
	default:
		return fmt.Errorf("Unknown parameter: %s", clause)
	}
	return nil
}

// Module is mod_headers.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		m := &module{conf: slots.Dir}
		m.bodyHead, m.errorHead = m.fixResponse, m.fixError
		h.PostReadRequest.Add("mod_headers.c", server.First, m.early)
		h.Fixups.Add("mod_headers.c", server.Last, m.fixRequest)
		h.InsertFilter.Add("mod_headers.c", server.Last, m.insert)
		h.InsertErrorFilter.Add("mod_headers.c", server.Last, m.insertError)
	})
}
