package apacheconf

import (
	"maps"
	"strings"
)

// macro is what <Macro> defines. It is not changed once defined.
type macro struct {
	// name is in lower case.
	name string
	args []string
	// lines are the logical lines of the body, without comments, each with its line end.
	lines []string
	// location is `defined on line 3 of "file"`.
	location    string
	ignoreEmpty bool
}

// How much text macros may produce in all. Apache has no limit: a few macros that use each other several times
// can keep it busy for years, from a .htaccess file, too.
const (
	maxMacroText         = 256 << 20
	maxHtaccessMacroText = 1 << 20
)

// argPrefixes begin the names of macro arguments. One with '@' is put in quotes where it is used.
const argPrefixes = "$%@"

// where names the macro in messages.
func (m *macro) where() string { return "macro '" + m.name + "' (" + m.location + ")" }

func (f *fileReading) macroWarn(msg string) { f.warn(f.pos(), "macro", "warn", msg) }

// warnTrailing warns of what follows a closing '>'.
func (f *fileReading) warnTrailing(what, rest string) {
	for i := 0; i < len(rest) && rest[i] != '#'; i++ {
		if rest[i] != ' ' && rest[i] != '\t' {
			p := f.pos()
			f.macroWarn("AH02989: " + what + " on line " + itoa(p.Line) + " of " + p.File + ": " + rest)
			return
		}
	}
}

func (f *fileReading) macroSection(args string) *Error {
	if f.macros == nil {
		f.macros = map[string]*macro{}
	}
	end := strings.LastIndexByte(args, '>')
	switch {
	case end < 0:
		return &Error{Msg: "<Macro> directive missing closing '>'"}
	case end == 0:
		return &Error{Msg: "<Macro macro definition: empty name"}
	}
	f.warnTrailing("AH02801: non blank chars found after <Macro closing '>'", args[end+1:])
	name, rest := GetWordConf(args[:end])
	if name == "" {
		return &Error{Msg: "<Macro macro definition: name not found"}
	}
	pos := f.pos()
	m := &macro{name: toLower(name), location: "defined on line " + itoa(pos.Line) + ` of "` + pos.File + `"`}
	if old := f.macros[m.name]; old != nil {
		f.macroWarn("AH02802: macro '" + m.name + "' multiply defined: " + old.location + ", re" + m.location)
	}
	where := m.where()
	if strings.IndexByte(argPrefixes, name[0]) >= 0 {
		f.macroWarn("AH02803: " + where + " better prefix a macro name with any of '" + argPrefixes + "'")
	}
	rest, ignoreNesting := f.macroFlags(m, rest)
	m.args = Words(rest)
	if e := f.checkMacroArgs(m); e != nil {
		return e
	}
	if msg := f.macroBody(m, where, ignoreNesting || f.ignoreNesting); msg != "" {
		return &Error{Msg: where + "\n\tcontents error: " + msg}
	}
	if msg := f.checkMacroBody(m); msg != "" {
		return &Error{Msg: where + "\n\tcontents checking error: " + msg}
	}
	if f.sharedMacros {
		f.macros, f.sharedMacros = maps.Clone(f.macros), false
	}
	f.macros[m.name] = m
	return nil
}

// macroFlags takes /IgnoreEmptyArgs and /IgnoreBadNesting off the front of the arguments.
func (f *fileReading) macroFlags(m *macro, s string) (rest string, ignoreNesting bool) {
	flag := func(name string, set *bool) bool {
		if len(s) < len(name) || !equalFold(s[:len(name)], name) {
			return false
		}
		*set = true
		s = s[len(name):]
		return s == ""
	}
	for strings.HasPrefix(s, "/") {
		if flag("/IgnoreEmptyArgs", &m.ignoreEmpty) || flag("/IgnoreBadNesting", &ignoreNesting) {
			break
		}
		if s[0] != ' ' {
			unknown, _, _ := strings.Cut(s, " ")
			f.macroWarn("AH02804: " + m.where() + ": unknown flag '" + unknown + "'")
			if len(unknown) < len(s) {
				s = s[len(unknown):]
			}
		}
		s = s[1:]
	}
	return s, ignoreNesting
}

func (f *fileReading) checkMacroArgs(m *macro) *Error {
	for i, a := range m.args {
		number := itoa(i + 1)
		switch {
		case a == "":
			return &Error{Msg: m.where() + ": empty argument #" + number + " name"}
		case strings.IndexByte(argPrefixes, a[0]) < 0:
			f.macroWarn("AH02796: " + m.where() + " argument name '" + a + "' (#" + number +
				") without expected prefix, better prefix argument names with one of '" + argPrefixes + "'.")
		}
		if strings.HasPrefix(a, "${") {
			f.macroWarn("AH02805: " + m.where() + " argument name '" + a + "' (#" + number +
				") clashes with 'Define' syntax '${...}', better use '$(...)'.")
		}
		for j := i + 1; j < len(m.args); j++ {
			b := m.args[j]
			if a == b {
				return &Error{Msg: "argument name conflict in " + m.where() + ": argument '" + a + "': #" + number +
					" and #" + itoa(j+1) + ", change argument names!"}
			}
			if b != "" && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
				f.macroWarn("AH02797: " + m.where() + ": argument name prefix conflict (" + a + " #" + number +
					" and " + b + " #" + itoa(j+1) + "), be careful about your macro definition!")
			}
		}
	}
	return nil
}

// macroBody reads the lines up to the </Macro> that belongs to the <Macro> just read. The message is empty if all
// is well.
func (f *fileReading) macroBody(m *macro, where string, ignoreNesting bool) string {
	start := f.pos().Line
	max := f.lines.max
	f.lines.max = maxMacroLine
	defer func() { f.lines.max = max }()
	depth, nesting := 1, 1
	for {
		line, ok := f.lines.next()
		if !ok {
			f.lines.tooLong = false
			return "expected token not found: </Macro>"
		}
		if line != "" && line[0] == '#' {
			continue
		}
		first, _ := GetWordConf(line)
		if strings.HasPrefix(first, "</") {
			if nesting--; nesting < 0 && !ignoreNesting {
				f.macroWarn("AH02793: bad (negative) nesting on line " + itoa(f.pos().Line-start) + " of " + where)
			}
		} else if strings.HasPrefix(first, "<") {
			nesting++
		}
		if equalFold(first, "</Macro>") {
			f.warnTrailing("AH02794: non blank chars found after directive closing", line[strings.LastIndexByte(line, '>')+1:])
			if depth--; depth == 0 {
				if nesting != 0 && !ignoreNesting {
					sign := ""
					if nesting > 0 {
						sign = "+"
					}
					f.macroWarn("AH02795: bad cumulated nesting (" + sign + itoa(nesting) + ") in " + where)
				}
				return ""
			}
		} else if equalFold(first, "<Macro") {
			depth++
		}
		m.lines = append(m.lines, line+"\n")
	}
}

// checkMacroBody warns of arguments that are not used.
func (f *fileReading) checkMacroBody(m *macro) string {
	if len(m.lines) == 0 {
		f.macroWarn("AH02799: " + m.where() + ": empty contents!")
		return ""
	}
	used := make([]bool, len(m.args))
	if _, msg := m.expand(m.args, used); msg != "" {
		return msg
	}
	for i, ok := range used {
		if !ok {
			f.macroWarn("AH02800: " + m.where() + ": argument '" + m.args[i] + "' (#" + itoa(i+1) + ") never used")
		}
	}
	return ""
}

// expand gives the body with values in place of the arguments, and notes which were used. The message is empty if
// all is well.
func (m *macro) expand(values []string, used []bool) (text, msg string) {
	var body strings.Builder
	for i, line := range m.lines {
		at := 0
		for {
			arg, found := -1, len(line)
			for j, a := range m.args {
				if k := strings.Index(line[at:], a); k >= 0 && (at+k < found || at+k == found && len(a) > len(m.args[arg])) {
					arg, found = j, at+k
				}
			}
			if arg < 0 {
				break
			}
			name, value := m.args[arg], values[arg]
			if name != value {
				quoted := value
				if name[0] == '@' {
					quoted = `"` + quoteEscaper.Replace(value) + `"`
				}
				if len(line)+len(quoted)-len(name) > maxMacroLine {
					return "", "while processing line " + itoa(i+1) + " of " + m.where() + " cannot substitute, buffer size too small"
				}
				line = line[:found] + quoted + line[found+len(name):]
			}
			// As in mod_macro, quotes put in don't count: the search goes on that much earlier.
			at = found + len(value)
			if used != nil {
				used[arg] = true
			}
		}
		body.WriteString(line)
	}
	return body.String(), ""
}

var quoteEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// useMacro puts the macro's text in front of what follows in the file: its lines are read next, with the macro
// named as their file, and its sections may go on in the file.
func (f *fileReading) useMacro(args string) *Error {
	if f.macros == nil {
		return &Error{Msg: "no macro defined before Use"}
	}
	name, rest := GetWordConf(args)
	name = toLower(name)
	if name == "" {
		return &Error{Msg: "no macro name specified with Use"}
	}
	m := f.macros[name]
	if m == nil {
		return &Error{Msg: "macro '" + name + "' undefined"}
	}
	pos := f.pos()
	// The name of what is being read tells a recursion: it has the names of all macros in use.
	if strings.Contains(pos.File, "macro '"+m.name+"'") {
		return &Error{Msg: "recursive use of macro '" + m.name + "' is invalid"}
	}
	values := Words(rest)
	if len(values) != len(m.args) {
		return &Error{Msg: m.where() + " used with " + itoa(len(values)) + " arguments instead of " + itoa(len(m.args))}
	}
	where := m.where() + " used on line " + itoa(pos.Line) + ` of "` + pos.File + `"`
	if !f.ignoreEmpty && !m.ignoreEmpty {
		for i, v := range values {
			if v == "" {
				f.macroWarn("AH02798: " + where + ": empty argument #" + itoa(i+1))
			}
		}
	}
	text, msg := m.expand(values, nil)
	if msg != "" {
		return &Error{Msg: where + " error while substituting: " + msg}
	}
	if f.macroRoom -= len(text); f.macroRoom < 0 {
		return &Error{Msg: where + ": the macros used so far amount to too much text; do they use each other over and over?"}
	}
	f.lines.src = &source{name: where, text: text, next: f.lines.src}
	return nil
}

func (f *fileReading) undefMacro(d *onRead, args string) *Error {
	name, e := d.one(args)
	if e != nil {
		return e
	}
	if f.macros == nil {
		return &Error{Msg: "no macro defined before UndefMacro"}
	}
	name = toLower(name)
	if f.macros[name] == nil {
		return &Error{Msg: "cannot remove undefined macro '" + name + "'"}
	}
	if f.sharedMacros {
		f.macros, f.sharedMacros = maps.Clone(f.macros), false
	}
	delete(f.macros, name)
	return nil
}
