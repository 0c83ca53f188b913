package directives

import (
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
)

// Shape is a directive's argument shape, named as in Apache's command table.
type Shape uint8

const (
	ShapeRawArgs Shape = iota
	ShapeNoArgs
	ShapeTake1
	ShapeTake2
	ShapeTake12
	ShapeTake3
	ShapeTake13
	ShapeTake23
	ShapeTake123
	ShapeArgv
	ShapeIterate
	ShapeIterate2
	ShapeFlag
)

// Directive is one table entry. It is made by the shape functions (Flag,
// Take1, Iterate, RawArgs ...), which split the arguments as Apache's
// invoke_cmd does and give its sentences when the number is wrong.
type Directive[C any] struct {
	Name  string
	Scope Scope
	Help  string
	Shape Shape

	not    Not
	policy Policy
	why    string
	set    func(*Cmd, *C) error
	fields []*Field[C]
}

// Not forbids the directive inside the given containers (ap_check_cmd_context).
func (d Directive[C]) Not(n Not) Directive[C] { d.not |= n; return d }

// With names further fields that the directive's setter writes.
func (d Directive[C]) With(fields ...*Field[C]) Directive[C] {
	d.fields = append(append([]*Field[C](nil), d.fields...), fields...)
	return d
}

// Differs marks the directive as one that is carried out with a difference from
// Apache, which text tells an admin in a sentence.
func (d Directive[C]) Differs(text string) Directive[C] { d.why = text; return d }

// WithoutEffect marks a directive whose arguments are checked and have no effect
// here, why. A directive without a setter is Known's.
func (d Directive[C]) WithoutEffect(why string) Directive[C] {
	d.policy, d.why = NoEffect, why
	return d
}

// Takes1 gives a directive without effect one argument, which check looks at; nil lets any pass.
func (d Directive[C]) Takes1(check func(*Cmd, string) error) Directive[C] {
	return d.like(Take1(d.Name, d.Scope, nil, func(c *Cmd, _ *C, w string) error {
		if check == nil {
			return nil
		}
		return check(c, w)
	}, d.Help))
}

// Takes2 gives a directive without effect two arguments.
func (d Directive[C]) Takes2() Directive[C] {
	return d.like(Take2(d.Name, d.Scope, nil, func(*Cmd, *C, string, string) error { return nil }, d.Help))
}

// Takes12 gives a directive without effect one or two arguments.
func (d Directive[C]) Takes12() Directive[C] {
	return d.like(Take12(d.Name, d.Scope, nil, func(*Cmd, *C, string, string) error { return nil }, d.Help))
}

// TakesFlag gives a directive without effect On or Off.
func (d Directive[C]) TakesFlag() Directive[C] {
	return d.like(FlagFunc(d.Name, d.Scope, nil, func(*Cmd, *C, bool) error { return nil }, d.Help))
}

// TakesAny gives a directive without effect any number of arguments, which check looks at.
func (d Directive[C]) TakesAny(check func(*Cmd, []string) error) Directive[C] {
	return d.like(Argv(d.Name, d.Scope, nil, func(c *Cmd, _ *C, words []string) error { return check(c, words) }, d.Help))
}

func (d Directive[C]) like(o Directive[C]) Directive[C] {
	d.Shape, d.set = o.Shape, o.set
	return d
}

// As gives the same directive further names, for synonyms.
func (d Directive[C]) As(name string) Directive[C] { d.Name = name; return d }

// Policy says what becomes of a directive that is known and not implemented.
type Policy uint8

const (
	// Implemented directives have a setter.
	Implemented Policy = iota
	// NoEffect directives are accepted with a notice, because they can't have an effect here. A setter, if there
	// is one, checks their arguments.
	NoEffect
	// Refused directives stop the start with a message.
	Refused
)

// Known is a directive that is recognised and not implemented: with NoEffect,
// why says why it is harmless here; with Refused, what to do instead.
func Known[C any](name string, scope Scope, policy Policy, why string) Directive[C] {
	return Directive[C]{Name: name, Scope: scope, Help: why, policy: policy, why: why}
}

func field[C any](f *Field[C]) []*Field[C] {
	if f == nil {
		return nil
	}
	return []*Field[C]{f}
}

func (d Directive[C]) sentence(takes string) error {
	if d.Help == "" {
		return fmt.Errorf("%s %s", d.Name, takes)
	}
	return fmt.Errorf("%s %s, %s", d.Name, takes, d.Help)
}

// RawArgs hands the argument text over unsplit.
func RawArgs[C any](name string, s Scope, f *Field[C], set func(*Cmd, *C, string) error, help string) Directive[C] {
	return Directive[C]{Name: name, Scope: s, Help: help, Shape: ShapeRawArgs, fields: field(f),
		set: func(c *Cmd, conf *C) error { return set(c, conf, c.Args) }}
}

// Container is a section; name has the leading "<". set walks
// the lines inside it with Cmd.Walk, Cmd.WalkLimited or Cmd.OpenSection.
func Container[C any](name string, s Scope, f *Field[C], set func(*Cmd, *C, string) error, help string) Directive[C] {
	return RawArgs(name, s, f, set, help)
}

// NoArgs takes none.
func NoArgs[C any](name string, s Scope, f *Field[C], set func(*Cmd, *C) error, help string) Directive[C] {
	d := Directive[C]{Name: name, Scope: s, Help: help, Shape: ShapeNoArgs, fields: field(f)}
	d.set = func(c *Cmd, conf *C) error {
		if c.Args != "" {
			return fmt.Errorf("%s takes no arguments", d.Name)
		}
		return set(c, conf)
	}
	return d
}

// takes makes a directive of a fixed choice of argument counts, as a bit mask.
func takes[C any](shape Shape, name string, s Scope, f *Field[C], counts uint, say, help string, set func(*Cmd, *C, []string) error) Directive[C] {
	d := Directive[C]{Name: name, Scope: s, Help: help, Shape: shape, fields: field(f)}
	most := 0
	for counts>>(most+1) != 0 {
		most++
	}
	d.set = func(c *Cmd, conf *C) error {
		var buf [3]string
		words, rest := buf[:0], c.Args
		for len(words) < most && rest != "" {
			var w string
			w, rest = apacheconf.GetWordConf(rest)
			words = append(words, w)
		}
		n := len(words)
		// Apache takes an empty word for a missing one, but for a last optional one.
		for i := range words {
			if words[i] == "" && counts>>i&1 == 0 {
				n = 0
			}
		}
		if rest != "" || counts>>n&1 == 0 {
			return d.sentence(say)
		}
		return set(c, conf, words)
	}
	return d
}

func arg(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

// Take1 takes one argument.
func Take1[C any](name string, s Scope, f *Field[C], set func(*Cmd, *C, string) error, help string) Directive[C] {
	return takes(ShapeTake1, name, s, f, 1<<1, "takes one argument", help,
		func(c *Cmd, conf *C, w []string) error { return set(c, conf, w[0]) })
}

// Take2 takes two.
func Take2[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, a, b string) error, help string) Directive[C] {
	return takes(ShapeTake2, name, s, f, 1<<2, "takes two arguments", help,
		func(c *Cmd, conf *C, w []string) error { return set(c, conf, w[0], w[1]) })
}

// Take12 takes one or two; b is "" when absent.
func Take12[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, a, b string) error, help string) Directive[C] {
	return takes(ShapeTake12, name, s, f, 1<<1|1<<2, "takes 1-2 arguments", help,
		func(c *Cmd, conf *C, w []string) error { return set(c, conf, w[0], arg(w, 1)) })
}

// Take3 takes three.
func Take3[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, w []string) error, help string) Directive[C] {
	return takes(ShapeTake3, name, s, f, 1<<3, "takes three arguments", help, set)
}

// Take13 takes one or three.
func Take13[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, w []string) error, help string) Directive[C] {
	return takes(ShapeTake13, name, s, f, 1<<1|1<<3, "takes one or three arguments", help, set)
}

// Take23 takes two or three.
func Take23[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, w []string) error, help string) Directive[C] {
	return takes(ShapeTake23, name, s, f, 1<<2|1<<3, "takes two or three arguments", help, set)
}

// Take123 takes one, two or three.
func Take123[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, w []string) error, help string) Directive[C] {
	return takes(ShapeTake123, name, s, f, 1<<1|1<<2|1<<3, "takes one, two or three arguments", help, set)
}

// Argv takes any number, handed over together.
func Argv[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, w []string) error, help string) Directive[C] {
	return Directive[C]{Name: name, Scope: s, Help: help, Shape: ShapeArgv, fields: field(f),
		set: func(c *Cmd, conf *C) error {
			words := apacheconf.Words(c.Args)
			if n := len(words); n > 0 && words[n-1] == "" {
				words = words[:n-1] // Apache takes an empty last word for the end
			}
			return set(c, conf, words)
		}}
}

// Iterate takes one or more, handed over one by one.
func Iterate[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, w string) error, help string) Directive[C] {
	d := Directive[C]{Name: name, Scope: s, Help: help, Shape: ShapeIterate, fields: field(f)}
	d.set = func(c *Cmd, conf *C) error {
		w, rest := apacheconf.GetWordConf(c.Args)
		if w == "" {
			return d.sentence("requires at least one argument")
		}
		for {
			if err := set(c, conf, w); err != nil || rest == "" {
				return err
			}
			w, rest = apacheconf.GetWordConf(rest)
		}
	}
	return d
}

// Iterate2 takes a first and one or more second ones: set(a, b), set(a, c) ...
func Iterate2[C any](name string, s Scope, f *Field[C], set func(c *Cmd, conf *C, a, b string) error, help string) Directive[C] {
	d := Directive[C]{Name: name, Scope: s, Help: help, Shape: ShapeIterate2, fields: field(f)}
	d.set = func(c *Cmd, conf *C) error {
		a, rest := apacheconf.GetWordConf(c.Args)
		if a == "" || rest == "" {
			return d.sentence("requires at least two arguments")
		}
		for rest != "" {
			var b string
			b, rest = apacheconf.GetWordConf(rest)
			if err := set(c, conf, a, b); err != nil {
				return err
			}
		}
		return nil
	}
	return d
}

// Flag takes On or Off and stores it. Further arguments are ignored, as Apache does.
func Flag[C any](name string, s Scope, at func(*C) *Opt[bool], help string) Directive[C] {
	return FlagFunc(name, s, Override(at), func(_ *Cmd, conf *C, on bool) error {
		*at(conf) = Some(on)
		return nil
	}, help)
}

// FlagFunc is Flag with a setter.
func FlagFunc[C any](name string, s Scope, f *Field[C], set func(*Cmd, *C, bool) error, help string) Directive[C] {
	d := Directive[C]{Name: name, Scope: s, Help: help, Shape: ShapeFlag, fields: field(f)}
	d.set = func(c *Cmd, conf *C) error {
		w, _ := apacheconf.GetWordConf(c.Args)
		switch {
		case strings.EqualFold(w, "on"):
			return set(c, conf, true)
		case strings.EqualFold(w, "off"):
			return set(c, conf, false)
		}
		return fmt.Errorf("%s must be On or Off", d.Name)
	}
	return d
}

// String takes one argument and stores it as it is.
func String[C any](name string, s Scope, at func(*C) *Opt[string], help string) Directive[C] {
	return Take1(name, s, Override(at), func(_ *Cmd, conf *C, w string) error { *at(conf) = Some(w); return nil }, help)
}

// Enum takes one of a few words, in any case; err is the sentence for others.
func Enum[C, T any](name string, s Scope, at func(*C) *Opt[T], values map[string]T, err, help string) Directive[C] {
	return Take1(name, s, Override(at), func(_ *Cmd, conf *C, w string) error {
		v, ok := values[strings.ToLower(w)]
		if !ok {
			return fmt.Errorf("%s", err)
		}
		*at(conf) = Some(v)
		return nil
	}, help)
}
