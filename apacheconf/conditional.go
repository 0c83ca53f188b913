package apacheconf

import (
	"regexp"
	"slices"
	"strings"
)

// condition carries out <IfModule>, <IfDefine> and their like: the text up to the last '>', a '!' before it, and
// then the first word of the rest.
func (f *fileReading) condition(d *onRead, args string, items []*Item) ([]*Item, *Error) {
	i := strings.LastIndexByte(args, '>')
	if i < 0 {
		return items, &Error{Msg: d.name + "> directive missing closing '>'"}
	}
	args, not := strings.CutPrefix(args[:i], "!")
	name, _ := GetWordConf(args)
	if name == "" {
		return items, &Error{Msg: d.name + "> directive requires additional arguments"}
	}
	var holds bool
	switch d {
	case &onIfModule:
		holds = f.hasModule(name)
	case &onIfDefine:
		holds = slices.Contains(f.defs.names, name)
	case &onIfFile:
		holds = exists(mergePath(f.tree.ServerRoot, name))
	case &onIfDirective:
		holds = f.hasDirective(name)
	case &onIfSection:
		holds = f.hasSection(name)
	}
	return f.branch(d, Conditional{Name: name, Not: not, Holds: holds != not}, items)
}

// branch reads on in a container that has a condition.
func (f *fileReading) branch(d *onRead, c Conditional, items []*Item) ([]*Item, *Error) {
	c.Tag, c.Pos = d.name, f.pos()
	if !c.Holds {
		lines, e := f.soak(d.name)
		if f.l.Condition != nil && e == nil {
			c.Lines, c.End = lines, f.pos()
			f.l.Condition(c)
		}
		return items, e
	}
	if f.l.Condition != nil {
		f.l.Condition(c)
	}
	if e := f.enter(); e != nil {
		return items, e
	}
	items, e := f.build(d.name[1:], items)
	f.nested--
	return items, e
}

func (f *fileReading) hasModule(name string) bool {
	if f.l.HasModule == nil {
		switch name {
		case "macro_module", "mod_macro.c", "version_module", "mod_version.c":
			return true
		}
		return false
	}
	return f.l.HasModule(name)
}

func (f *fileReading) hasDirective(name string) bool {
	if d := readPhase(name); d != nil && f.understands(d) {
		return true
	}
	if section, ok := strings.CutPrefix(name, "<"); ok {
		return f.l.HasSection != nil && f.l.HasSection(section)
	}
	return f.l.HasDirective != nil && f.l.HasDirective(name)
}

func (f *fileReading) hasSection(name string) bool {
	if d := readPhase("<" + name); d != nil && f.understands(d) {
		return true
	}
	return f.l.HasSection != nil && f.l.HasSection(name)
}

// ifVersion is mod_version's <IfVersion [!]operator version>. The '>' that closes the tag may be the end of the
// version or a word of its own, after quotes.
func (f *fileReading) ifVersion(d *onRead, args string, items []*Item) ([]*Item, *Error) {
	words := Words(args)
	if len(words) == 0 || words[0] == "" || len(words) > 3 {
		return items, d.badArgs()
	}
	op, version, closing := words[0], "", ""
	if len(words) > 1 {
		version = words[1]
	} else {
		op, version = "=", op
	}
	if len(words) > 2 {
		closing = words[2]
	}
	if closing == "" && version == ">" {
		op, version, closing = "=", op, ">"
	}
	closed := closing == ">" && version != ""
	if closing != ">" {
		version, closed = strings.CutSuffix(version, ">")
	}
	if !closed {
		return items, &Error{Msg: d.name + "> directive missing closing '>'"}
	}
	holds, e := f.versionHolds(op, version)
	if e != nil {
		return items, e
	}
	return f.branch(d, Conditional{Name: strings.Join(words, " "), Holds: holds}, items)
}

func (f *fileReading) versionHolds(op, version string) (bool, *Error) {
	own := f.l.Version
	if own == "" {
		own = ApacheVersion
	}
	rest, not := strings.CutPrefix(op, "!")
	if rest == "" {
		rest, not = op, true
	}
	orEqual := strings.HasSuffix(rest, "=") && len(rest) == 2
	if len(rest) != 1 && (!orEqual || rest[0] == '~') {
		return false, &Error{Msg: "unrecognized operator '" + op + "'"}
	}
	switch rest[0] {
	case '=', '<', '>':
		if rest[0] == '=' && strings.HasPrefix(version, "/") {
			pattern, ok := strings.CutSuffix(version[1:], "/")
			if !ok {
				return false, &Error{Msg: "Missing delimiting / of regular expression."}
			}
			return matchVersion(pattern, own, not)
		}
		c, e := compareVersion(own, version)
		if e != nil {
			return false, e
		}
		switch rest[0] {
		case '=':
			return (c == 0) != not, nil
		case '<':
			return (c < 0 || orEqual && c == 0) != not, nil
		default:
			return (c > 0 || orEqual && c == 0) != not, nil
		}
	case '~':
		return matchVersion(version, own, not)
	}
	return false, &Error{Msg: "unrecognized operator '" + op + "'"}
}

// matchVersion uses Go's regular expressions: what they lack of PCRE makes no sense on a version number.
func matchVersion(pattern, own string, not bool) (bool, *Error) {
	re, err := regexp.Compile("(?s:" + pattern + ")")
	if err != nil {
		return false, &Error{Msg: "Unable to compile regular expression"}
	}
	return re.MatchString(own) != not, nil
}

// compareVersion compares our version with major[.minor[.patch]]: positive if ours is newer.
func compareVersion(own, version string) (int, *Error) {
	v, ok := parseVersion(version)
	if !ok {
		return 0, &Error{Msg: "Version appears to be invalid. It must have the format major[.minor[.patch]] where major, minor and patch are numbers."}
	}
	o, _ := parseVersion(own)
	for i := range v {
		if o[i] != v[i] {
			return o[i] - v[i], nil
		}
	}
	return 0, nil
}

// parseVersion reads up to three numbers. As in mod_version one may be empty (and is 0) but the first.
func parseVersion(s string) (v [3]int, ok bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return v, false
	}
	part := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if part++; part == len(v) {
				// A final dot is as far as mod_version looks.
				return v, i+1 == len(s)
			}
		case c < '0' || c > '9':
			return v, false
		default:
			v[part] = min(v[part]*10+int(c-'0'), 1<<30)
		}
	}
	return v, true
}
