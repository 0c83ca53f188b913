package errlog

import (
	"fmt"
	"strings"
)

// DefaultLevel is LogLevel's default.
const DefaultLevel = Warn

// Levels is what the LogLevel lines of one server or section say: a level, and
// levels of single modules. The zero value says nothing. Compiled ones are
// shared and must not be changed.
type Levels struct {
	// Both hold level+1, so that 0 is "not set".
	all    uint8
	module [moduleCount]uint8
}

// Parse reads one argument of LogLevel ("info", "ssl:warn", "mod_ssl.c:warn",
// "ssl_module:warn") into l. A level without module forgets those of modules,
// set before it. loaded tells whether the module with a given identifier is
// loaded; the errors are Apache's sentences.
func (l *Levels) Parse(arg string, loaded func(id string) bool) error {
	i := strings.LastIndexByte(arg, ':')
	if i < 0 {
		lv, err := ParseLevel(arg)
		if err != nil {
			return err
		}
		*l = Levels{all: uint8(lv) + 1}
		return nil
	}
	name := arg[:i]
	if arg[i+1:] == "" {
		return fmt.Errorf("Module specifier '%s' must be followed by a log level keyword", name)
	}
	lv, err := ParseLevel(arg[i+1:])
	if err != nil {
		return fmt.Errorf("%s:%s: %w", name, arg[i+1:], err)
	}
	m, ok := FindModule(name)
	if !ok || !loaded(m.ID()) {
		return fmt.Errorf("Cannot find module %s", name)
	}
	l.module[m] = uint8(lv) + 1
	return nil
}

// Set sets the level of all modules, as LogLevel without module does.
func (l *Levels) Set(lv Level) { *l = Levels{all: uint8(lv) + 1} }

// MergeLevels lays add, of the inner container, over base: a general level in
// add hides all of base, else add's modules come before base's. It changes
// neither.
func MergeLevels(base, add Levels) Levels {
	if add.all != 0 {
		return add
	}
	add.all = base.all
	for i, v := range base.module {
		if add.module[i] == 0 {
			add.module[i] = v
		}
	}
	return add
}

// Of returns the level that holds for m.
func (l *Levels) Of(m Module) Level {
	if v := l.module[m]; v != 0 {
		return Level(v) - 1
	}
	if l.all != 0 {
		return Level(l.all) - 1
	}
	return DefaultLevel
}

// over is Of for levels of a section of a server that has base: what the section says nothing of, the server decides.
func (l *Levels) over(base *Levels, m Module) Level {
	if l == nil || l.module[m] == 0 && l.all == 0 {
		return base.Of(m)
	}
	return l.Of(m)
}

// IsSet tells whether a LogLevel line said anything.
func (l *Levels) IsSet() bool { return *l != Levels{} }
