package apacheconf

import (
	"slices"
	"strings"
)

// defines are what Define, UnDefine and -D left. As in Apache a name's existence is a matter of case, its value
// is not: "Define a 1" and "Define A 2" make two names, both with the value 2.
type defines struct {
	names []string
	// values is by lower-case name.
	values map[string]string
}

func (d *defines) define(name, value string, hasValue bool) {
	if !slices.Contains(d.names, name) {
		d.names = append(d.names, name)
	}
	if hasValue {
		if d.values == nil {
			d.values = map[string]string{}
		}
		d.values[toLower(name)] = value
	}
}

// undefine moves the last name to the place of the one that goes, as Apache does; -t -D DUMP_RUN_CFG shows it.
func (d *defines) undefine(name string) {
	if i := slices.Index(d.names, name); i >= 0 {
		last := len(d.names) - 1
		d.names[i] = d.names[last]
		d.names = d.names[:last]
	}
	delete(d.values, toLower(name))
}

// value looks a variable up, whatever its case.
func (d *defines) value(name string) (string, bool) {
	if len(d.values) == 0 {
		return "", false
	}
	var buf [64]byte
	if len(name) > len(buf) {
		v, ok := d.values[toLower(name)]
		return v, ok
	}
	for i := 0; i < len(name); i++ {
		buf[i] = lower(name[i])
	}
	v, ok := d.values[string(buf[:len(name)])]
	return v, ok
}

func (d *defines) list() []Define {
	list := make([]Define, len(d.names))
	for i, name := range d.names {
		v, ok := d.value(name)
		list[i] = Define{Name: name, Value: v, HasValue: ok}
	}
	return list
}

func (f *fileReading) define(d *onRead, args string) *Error {
	name, rest := GetWordConf(args)
	value, rest := GetWordConf(rest)
	if name == "" || rest != "" {
		return d.badArgs()
	}
	if strings.IndexByte(name, ':') >= 0 {
		return &Error{Msg: "Variable name must not contain ':'"}
	}
	f.defs.define(name, value, value != "")
	return nil
}

func (f *fileReading) unDefine(d *onRead, args string) *Error {
	name, e := d.one(args)
	if e != nil {
		return e
	}
	if strings.IndexByte(name, ':') >= 0 {
		return &Error{Msg: "Variable name must not contain ':'"}
	}
	f.defs.undefine(name)
	return nil
}

// expand replaces ${VAR} throughout the line: Define's value, or else the environment's. Unknown ones stay as
// they are, with a warning unless there is a colon in the name (mod_rewrite's maps have one). What is put in is
// not expanded again.
func (f *fileReading) expand(line string) string {
	return f.replace(line, func(name string) {
		f.warn(f.pos(), "core", "warn", "AH00111: Config variable ${"+name+"} is not defined")
	})
}

// replace is expand; undefined is told the variables that are not known.
func (f *fileReading) replace(line string, undefined func(name string)) string {
	var b []byte
	done := 0
	for i := 0; i+1 < len(line); i++ {
		if line[i] != '$' || line[i+1] != '{' {
			continue
		}
		n := strings.IndexByte(line[i:], '}')
		if n < 0 {
			break
		}
		name := line[i+2 : i+n]
		value, ok := f.defs.value(name)
		if !ok && f.l.Env != nil {
			value, ok = f.l.Env(name)
		}
		if ok {
			b = append(append(b, line[done:i]...), value...)
			done = i + n + 1
		} else if strings.IndexByte(name, ':') < 0 {
			undefined(name)
		}
		i += n
	}
	if done == 0 {
		return line
	}
	return string(append(b, line[done:]...))
}
