package apacheconf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// The encoding of a Tree: the master hands the tree that it has validated to its children, which must not read
// files again (they may have changed, and the child's user may not be allowed to). It is for one version of the
// program to itself, not for storage.
//
//	magic
//	strings  count, then each with its length: file names and directive names, each once
//	total    number of items
//	items    count, then for each: name, flags, file, line, length and bytes of args; for a section also the
//	         closing tag's file and line, and its items
//	included, defines, server root, runtime directory, warnings, macros
//
// All numbers are varints. Columns are not kept: a Tree has none.
const magic = "httpd-wsgi tree 1\n"

const (
	flagSection = 1 << iota
	flagUnclosed
)

// Encode writes the tree in a form which Decode reads.
func (t *Tree) Encode(w io.Writer) error {
	e := encoder{index: map[string]uint64{}}
	e.items(t.Items)
	total := e.total
	e.uint(uint64(len(t.Included)))
	for _, in := range t.Included {
		e.ref(in.File)
		e.int(in.Line)
		e.int(in.Depth)
	}
	e.defines(t.Defines)
	e.string(t.ServerRoot)
	e.string(t.DefaultRuntimeDir)
	e.uint(uint64(len(t.Warnings)))
	for _, w := range t.Warnings {
		e.error(w)
	}
	e.macros(t.macros)

	head := encoder{b: []byte(magic)}
	head.uint(uint64(len(e.strings)))
	for _, s := range e.strings {
		head.string(s)
	}
	head.uint(total)
	if _, err := w.Write(head.b); err != nil {
		return err
	}
	_, err := w.Write(e.b)
	return err
}

type encoder struct {
	b       []byte
	index   map[string]uint64
	strings []string
	total   uint64
}

func (e *encoder) uint(n uint64) { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) int(n int)     { e.b = binary.AppendVarint(e.b, int64(n)) }

func (e *encoder) string(s string) {
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

// ref writes a string by its number.
func (e *encoder) ref(s string) {
	n, ok := e.index[s]
	if !ok {
		n = uint64(len(e.strings))
		e.index[s] = n
		e.strings = append(e.strings, s)
	}
	e.uint(n)
}

func (e *encoder) pos(p Pos) {
	e.ref(p.File)
	e.int(p.Line)
}

func (e *encoder) items(items []*Item) {
	e.uint(uint64(len(items)))
	e.total += uint64(len(items))
	for _, it := range items {
		var flags uint64
		if it.Section {
			flags |= flagSection
		}
		if it.Unclosed {
			flags |= flagUnclosed
		}
		e.ref(it.Name)
		e.uint(flags)
		e.pos(it.Pos)
		e.string(it.Args)
		if it.Section {
			e.pos(it.EndPos)
			e.items(it.Items)
		}
	}
}

func (e *encoder) defines(list []Define) {
	e.uint(uint64(len(list)))
	for _, d := range list {
		e.string(d.Name)
		e.string(d.Value)
		e.bool(d.HasValue)
	}
}

func (e *encoder) bool(b bool) {
	if b {
		e.uint(1)
	} else {
		e.uint(0)
	}
}

func (e *encoder) error(x *Error) {
	e.pos(x.Pos)
	e.string(x.Msg)
	e.uint(uint64(x.Phase))
	e.uint(uint64(len(x.Chain)))
	for _, p := range x.Chain {
		e.pos(p)
	}
	e.string(x.Module)
	e.string(x.Level)
}

func (e *encoder) stringList(list []string) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.string(s)
	}
}

// macros writes 0 for nil, which is not the same as none left: see useMacro.
func (e *encoder) macros(m map[string]*macro) {
	if m == nil {
		e.uint(0)
		return
	}
	e.uint(uint64(len(m)) + 1)
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		m := m[name]
		e.string(m.name)
		e.stringList(m.args)
		e.stringList(m.lines)
		e.string(m.location)
		e.bool(m.ignoreEmpty)
	}
}

// Decode reads what Encode wrote.
func Decode(r io.Reader) (*Tree, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return DecodeBytes(b)
}

// DecodeBytes is Decode for what is in memory.
func DecodeBytes(b []byte) (*Tree, error) {
	d := decoder{s: string(b)}
	t := d.tree()
	if d.err == nil && d.s != "" {
		d.fail("%d bytes after the end", len(d.s))
	}
	if d.err != nil {
		return nil, fmt.Errorf("configuration tree: %w", d.err)
	}
	return t, nil
}

// decoder takes values off s. After the first error all values are zero.
type decoder struct {
	s       string
	strings []string
	// items and pointers are the rest of two blocks with room for all items.
	items    []Item
	pointers []*Item
	err      error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
	d.s = ""
}

var errTruncated = errors.New("truncated")

func (d *decoder) uint() uint64 {
	var n uint64
	for i := 0; i < len(d.s) && i < binary.MaxVarintLen64; i++ {
		c := d.s[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.s = d.s[i+1:]
			return n
		}
	}
	d.fail("%w", errTruncated)
	return 0
}

func (d *decoder) int() int {
	n := d.uint()
	return int(int64(n>>1) ^ -int64(n&1))
}

func (d *decoder) bool() bool { return d.uint() == 1 }

// count reads how many values follow; each takes a byte at least.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.s)) {
		d.fail("%w", errTruncated)
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.count()
	s := d.s[:n]
	d.s = d.s[n:]
	return s
}

func (d *decoder) ref() string {
	n := d.uint()
	if n >= uint64(len(d.strings)) {
		d.fail("no string %d", n)
		return ""
	}
	return d.strings[n]
}

func (d *decoder) pos() Pos { return Pos{File: d.ref(), Line: d.int()} }

func (d *decoder) tree() *Tree {
	if len(d.s) < len(magic) || d.s[:len(magic)] != magic {
		d.fail("not from this version of the program")
		return nil
	}
	d.s = d.s[len(magic):]
	d.strings = d.stringList()
	total := d.count()
	d.items, d.pointers = make([]Item, total), make([]*Item, total)
	t := &Tree{Items: d.itemList()}
	for range d.count() {
		t.Included = append(t.Included, Include{File: d.ref(), Line: d.int(), Depth: d.int()})
	}
	for range d.count() {
		def := Define{Name: d.string(), Value: d.string(), HasValue: d.bool()}
		t.Defines = append(t.Defines, def)
		t.defs.define(def.Name, def.Value, def.HasValue)
	}
	t.ServerRoot = d.string()
	t.DefaultRuntimeDir = d.string()
	for range d.count() {
		t.Warnings = append(t.Warnings, d.warning())
	}
	t.macros = d.macros()
	return t
}

func (d *decoder) itemList() []*Item {
	n := d.count()
	if n > len(d.items) {
		d.fail("more items than announced")
	}
	if n == 0 || d.err != nil {
		return nil
	}
	list, block := d.pointers[:n:n], d.items[:n]
	d.pointers, d.items = d.pointers[n:], d.items[n:]
	for i := range block {
		it := &block[i]
		list[i] = it
		it.Name = d.ref()
		flags := d.uint()
		it.Pos = d.pos()
		it.Args = d.string()
		it.Section, it.Unclosed = flags&flagSection != 0, flags&flagUnclosed != 0
		if it.Section {
			it.EndPos = d.pos()
			it.Items = d.itemList()
		}
	}
	return list
}

func (d *decoder) warning() *Error {
	e := &Error{Pos: d.pos(), Msg: d.string(), Phase: Phase(d.uint())}
	for range d.count() {
		e.Chain = append(e.Chain, d.pos())
	}
	e.Module, e.Level = d.string(), d.string()
	return e
}

func (d *decoder) stringList() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.string()
	}
	return list
}

func (d *decoder) macros() map[string]*macro {
	n := d.uint()
	if n == 0 || n-1 > uint64(len(d.s)) {
		if n != 0 {
			d.fail("%w", errTruncated)
		}
		return nil
	}
	macros := map[string]*macro{}
	for range n - 1 {
		m := &macro{name: d.string(), args: d.stringList(), lines: d.stringList(), location: d.string(), ignoreEmpty: d.bool()}
		macros[m.name] = m
	}
	return macros
}
