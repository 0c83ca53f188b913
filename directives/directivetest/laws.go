// Package directivetest proves, for a module's tables, what every module must
// hold: that no field is forgotten in merging, that merging is lawful, that
// every directive has its line of help and complains of a wrong number of
// arguments in Apache's words.
package directivetest

import (
	"math/rand"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// Option says what a module's struct needs beyond what can be seen from its type.
type Option func(*options)

type options struct {
	local map[string]bool
	other map[string]bool
	gen   map[reflect.Type]func(*rand.Rand) reflect.Value
}

// Local names fields, as "Field" or "Outer.Field", that are never inherited.
func Local(names ...string) Option {
	return func(o *options) {
		for _, n := range names {
			o.local[n] = true
		}
	}
}

// Other names fields that this module's tables do not set: modules that share a
// struct have them.
func Other(names ...string) Option {
	return func(o *options) {
		for _, n := range names {
			o.other[n] = true
		}
	}
}

// Gen makes values of a type that has rules of its own. They must not be zero.
func Gen[T any](f func(*rand.Rand) T) Option {
	return func(o *options) {
		o.gen[reflect.TypeFor[T]()] = func(r *rand.Rand) reflect.Value { return reflect.ValueOf(f(r)) }
	}
}

// Laws checks a module, of which make returns a fresh one:
//
//   - each field of the configuration structs is merged by some directive's field;
//   - merge(zero, x) = x, and merge(x, zero) = x but for local fields;
//   - merging is associative, and changes neither argument;
//   - every directive has help;
//   - no and too many arguments give Apache's sentence.
func Laws[S, D any](t *testing.T, make func() directives.Module[S, D], opts ...Option) {
	t.Helper()
	o := &options{map[string]bool{}, map[string]bool{}, map[reflect.Type]func(*rand.Rand) reflect.Value{}}
	for _, opt := range opts {
		opt(o)
	}
	m := make()
	st, dt := m.Server, m.Dir
	for _, b := range m.Both {
		st, dt = append(st, b.Server), append(dt, b.Dir)
	}
	sm, dm := m.MergeServer, m.MergeDir
	if sm == nil {
		sm = st.Merger()
	}
	if dm == nil {
		dm = dt.Merger()
	}
	t.Run("Server", func(t *testing.T) { laws(t, o, sm) })
	t.Run("Dir", func(t *testing.T) { laws(t, o, dm) })
	t.Run("Arity", func(t *testing.T) { arity(t, make()) })
}

func laws[C any](t *testing.T, o *options, merge func(base, add *C) *C) {
	r := rand.New(rand.NewSource(1))
	typ := reflect.TypeFor[C]()
	zero := func() *C { return new(C) }
	for _, path := range leaves(o, typ, nil) {
		name := pathName(typ, path)
		if o.other[name] {
			continue
		}
		x := zero()
		fill(o, r, at(x, path))
		want := clone(o, x, path)
		if got := merge(zero(), x); !equal(got, want) {
			t.Errorf("%s: field %s is not merged: no directive names it", typ, name)
			continue
		}
		got := merge(x, zero())
		switch {
		case o.local[name]:
			if !equal(got, zero()) {
				t.Errorf("%s: local field %s is inherited", typ, name)
			}
		case !equal(got, want):
			t.Errorf("%s: field %s is lost where the inner container does not set it", typ, name)
		}
		if !equal(x, want) {
			t.Errorf("%s: merging changes %s of its argument", typ, name)
		}
	}
	random := func() *C {
		x := zero()
		for _, path := range leaves(o, typ, nil) {
			if r.Intn(3) > 0 {
				fill(o, r, at(x, path))
			}
		}
		return x
	}
	for range 200 {
		x, y, z := random(), random(), random()
		if a, b := merge(merge(x, y), z), merge(x, merge(y, z)); !equal(a, b) {
			t.Fatalf("%s: merging is not associative:\n%+v\n%+v\n%+v\ngive\n%+v\n%+v", typ, *x, *y, *z, *a, *b)
		}
	}
}

var sentences = regexp.MustCompile(`takes (one|two|three|one, two or three|two or three|one or three|1-2) arguments?(, .|$)|` +
	`requires at least (one argument|two arguments)(, .|$)|takes no arguments$|must be On or Off$|requires \d or \d arguments|` +
	`cannot occur within`)

// arity compiles each directive of a fixed shape with no and with many arguments.
func arity[S, D any](t *testing.T, m directives.Module[S, D]) {
	r := directives.NewRegistry()
	directives.Add(r, frame())
	directives.Add(r, m)
	loaded := r.NewLoaded(true)
	for _, e := range r.Entries() {
		if e.Module.ID == "frame_module" {
			continue
		}
		if e.Help == "" {
			t.Errorf("%s has no line of help", e.Name)
		}
		if e.Policy == directives.Refused || e.Section {
			continue
		}
		var wrong []string
		switch e.Shape {
		case directives.ShapeTake1, directives.ShapeTake2, directives.ShapeTake12, directives.ShapeTake3, directives.ShapeTake13,
			directives.ShapeTake23, directives.ShapeTake123:
			wrong = []string{"", "a b c d"}
		case directives.ShapeIterate, directives.ShapeIterate2, directives.ShapeFlag:
			wrong = []string{""}
		case directives.ShapeNoArgs:
			wrong = []string{"a"}
		}
		for _, args := range wrong {
			item := &apacheconf.Item{Name: e.Name, Args: args, Pos: apacheconf.Pos{File: "f", Line: 1}}
			items := []*apacheconf.Item{item}
			if e.Scope&(directives.RsrcConf|directives.OrOptions|directives.OrFileInfo|directives.OrIndexes) == 0 {
				items = []*apacheconf.Item{{Name: "Frame", Section: true, Items: items}}
			}
			_, err := r.Compile(&apacheconf.Tree{Items: items}, loaded, nil)
			if err == nil {
				t.Errorf("%s accepts %q", e.Name, args)
			} else if msg := err.Error(); !sentences.MatchString(msg[strings.IndexByte(msg, '\n')+1:]) {
				t.Errorf("%s %s: %v is not Apache's sentence", e.Name, args, err)
			}
		}
	}
}

// frame is a module with a container, for directives that must stand in one.
func frame() directives.Module[directives.None, directives.None] {
	return directives.Module[directives.None, directives.None]{ID: "frame_module", File: "mod_frame.c",
		Server: directives.Table[directives.None]{
			directives.Container("<Frame", directives.RsrcConf, nil, func(c *directives.Cmd, _ *directives.None, _ string) error {
				return c.OpenSection(&directives.Section{Kind: directives.KindDirectory, Name: "/"})
			}, "a directory"),
		}}
}
