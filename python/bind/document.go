package bind

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"httpd-wsgi/apacheconf"
)

// What a node is, by Document.Kind.
const (
	KindFile = iota
	KindDirective
	KindSection
	KindComment
	KindBlank
	KindStrayEnd
)

// removed is the parent of a node that is no longer in the tree.
const removed = -1

// Document is one file's syntax tree, to be read and edited. Its nodes have numbers, which stay: 0 is the file itself, the others
// follow in the order in which they came into the tree. A number that was never given out reads as an empty node.
type Document struct {
	mu   sync.Mutex
	file *apacheconf.File
	// nodes and parents are by number.
	nodes   []apacheconf.Node
	parents []int
	ids     map[apacheconf.Node]int
	// stale says that positions are to be set anew.
	stale bool
}

// Parse reads a file's text.
func Parse(name, text string) *Document {
	d := &Document{file: apacheconf.Parse(fromWire(name), []byte(fromWire(text))), ids: map[apacheconf.Node]int{}}
	d.nodes, d.parents = append(d.nodes, nil), append(d.parents, removed)
	d.number(d.file.Nodes, 0, nil)
	return d
}

// number gives numbers to nodes and all below, and writes those of nodes to top.
func (d *Document) number(nodes []apacheconf.Node, parent int, top *numbers) {
	for _, n := range nodes {
		id := len(d.nodes)
		d.nodes, d.parents = append(d.nodes, n), append(d.parents, parent)
		d.ids[n] = id
		if top != nil {
			top.add(id)
		}
		if s, ok := n.(*apacheconf.Section); ok {
			d.number(s.Nodes, id, nil)
		}
	}
}

// node gives the node of that number, or nil.
func (d *Document) node(id int) apacheconf.Node {
	if id <= 0 || id >= len(d.nodes) {
		return nil
	}
	return d.nodes[id]
}

// below gives what is in the node; of the file, its top level.
func (d *Document) below(id int) []apacheconf.Node {
	if id == 0 {
		return d.file.Nodes
	}
	if s, ok := d.node(id).(*apacheconf.Section); ok {
		return s.Nodes
	}
	return nil
}

// placed gives the node with its position as it is now.
func (d *Document) placed(id int) apacheconf.Node {
	if d.stale {
		d.file.Renumber()
		d.stale = false
	}
	return d.node(id)
}

// Text is the file's text.
func (d *Document) Text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return toWire(print(d.file.Nodes))
}

func print(nodes []apacheconf.Node) string {
	var b strings.Builder
	// A strings.Builder takes everything.
	_ = apacheconf.Fprint(&b, &apacheconf.File{Nodes: nodes})
	return b.String()
}

// Source is a node's text with all that is in it.
func (d *Document) Source(id int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.node(id); n != nil {
		return toWire(print([]apacheconf.Node{n}))
	}
	return ""
}

// Kind is one of the Kind constants.
func (d *Document) Kind(id int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.node(id).(type) {
	case *apacheconf.Directive:
		return KindDirective
	case *apacheconf.Section:
		return KindSection
	case *apacheconf.Comment:
		return KindComment
	case *apacheconf.Blank:
		return KindBlank
	case *apacheconf.StrayEnd:
		return KindStrayEnd
	}
	return KindFile
}

// Parent is the number of the section, or 0 for the file, that the node is in; -1 if it was removed.
func (d *Document) Parent(id int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.node(id) == nil {
		return removed
	}
	return d.parents[id]
}

// Children lists the numbers of what is in a section, or in the file for 0.
func (d *Document) Children(id int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.list(d.below(id))
}

func (d *Document) list(nodes []apacheconf.Node) string {
	var l numbers
	for _, n := range nodes {
		l.add(d.ids[n])
	}
	return string(l.b)
}

// Walk lists the numbers of all nodes below, in order of the text.
func (d *Document) Walk(id int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var l numbers
	apacheconf.Walk(d.below(id), func(n apacheconf.Node) bool {
		l.add(d.ids[n])
		return true
	})
	return string(l.b)
}

// Find lists the numbers of the directives and sections of that name below.
func (d *Document) Find(id int, name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.list(apacheconf.Find(d.below(id), fromWire(name)))
}

// Name is that of a directive, section or closing tag.
func (d *Document) Name(id int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch n := d.node(id).(type) {
	case *apacheconf.Directive:
		return toWire(n.Name())
	case *apacheconf.Section:
		return toWire(n.Name())
	case *apacheconf.StrayEnd:
		return toWire(n.Name())
	}
	return ""
}

// Args is the arguments' text, continuations joined; of a comment, the comment with its '#', as written.
func (d *Document) Args(id int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch n := d.node(id).(type) {
	case *apacheconf.Directive:
		return toWire(n.Args())
	case *apacheconf.Section:
		return toWire(n.Args())
	case *apacheconf.Comment:
		return toWire(n.Text)
	}
	return ""
}

// Words lists the arguments.
func (d *Document) Words(id int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var l list
	switch n := d.node(id).(type) {
	case *apacheconf.Directive:
		l.add(n.Words()...)
	case *apacheconf.Section:
		l.add(n.Words()...)
	}
	return l.String()
}

// Line is the line on which the node begins, counted from 1.
func (d *Document) Line(id int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.placed(id); n != nil {
		return n.Position().Line
	}
	return 0
}

// Column is the byte column, counted from 1, of the node's first byte that is not white space.
func (d *Document) Column(id int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.placed(id); n != nil {
		return n.Position().Col
	}
	return 0
}

// EndLine is the node's last line; a section's that of its closing tag.
func (d *Document) EndLine(id int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.placed(id); n != nil {
		return n.EndLine()
	}
	return 0
}

// Lines lists, for each directive and section, the line on which its own line, an opening tag's for a section, ends, and then its number.
// That is the line which a load's item bears.
func (d *Document) Lines() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.placed(0)
	var l numbers
	apacheconf.Walk(d.file.Nodes, func(n apacheconf.Node) bool {
		switch n := n.(type) {
		case *apacheconf.Directive:
			l.add(n.EndLine())
			l.add(d.ids[n])
		case *apacheconf.Section:
			l.add(n.LastLine())
			l.add(d.ids[n])
		}
		return true
	})
	return string(l.b)
}

// Problems lists what is wrong with the syntax, in threes: line, level (empty for an error), message.
func (d *Document) Problems() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.placed(0)
	var l list
	for _, e := range d.file.Problems() {
		l.addInt(e.Pos.Line)
		l.add(e.Level, e.Msg)
	}
	return l.String()
}

// errGone says that a node has been removed, or never was.
var errGone = errors.New("the node is no longer in the file")

// editable is a directive or section.
type editable interface {
	SetWords(words ...string) error
	SetArgs(args string) error
	SetName(name string) error
}

func (d *Document) edit(id int, change func(editable) error) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.node(id)
	if n == nil || d.parents[id] == removed {
		return "", errGone
	}
	e, ok := n.(editable)
	if !ok {
		return "", errors.New("only directives and sections have a name and arguments")
	}
	d.stale = true
	return "", wireError(change(e))
}

// wireError makes an error's text fit for the wire.
func wireError(err error) error {
	if err == nil || isPlain(err.Error()) {
		return err
	}
	return errors.New(toWire(err.Error()))
}

// SetWords sets a directive's or section's arguments. The string it gives is empty: of a lone error gopy would leak the text.
func (d *Document) SetWords(id int, words string) (string, error) {
	return d.edit(id, func(e editable) error { return e.SetWords(fromList(words)...) })
}

// SetArgs sets the arguments' text.
func (d *Document) SetArgs(id int, args string) (string, error) {
	return d.edit(id, func(e editable) error { return e.SetArgs(fromWire(args)) })
}

// SetName sets the name.
func (d *Document) SetName(id int, name string) (string, error) {
	return d.edit(id, func(e editable) error { return e.SetName(fromWire(name)) })
}

// Insert puts text, which is one or several whole nodes, into the section (0: the file) before what is at index there, or at the end if index
// is -1 or beyond. It is indented like its neighbours. The new nodes' numbers are listed.
func (d *Document) Insert(id, index int, text string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.below(id)); index == -1 || index > n {
		index = n
	}
	return d.insert(id, index, text)
}

// InsertBeside puts text before the node, or after it if after is 1, as Insert does.
func (d *Document) InsertBeside(id, after int, text string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.node(id)
	if n == nil || d.parents[id] == removed {
		return "", errGone
	}
	parent := d.parents[id]
	return d.insert(parent, slices.Index(d.below(parent), n)+after, text)
}

func (d *Document) insert(id, index int, text string) (string, error) {
	var s *apacheconf.Section
	if id != 0 {
		var ok bool
		if s, ok = d.node(id).(*apacheconf.Section); !ok || d.parents[id] == removed {
			return "", errGone
		}
	}
	nodes := apacheconf.Parse(d.file.Name, []byte(fromWire(text))).Nodes
	apacheconf.Indent(nodes, d.indent(s, index))
	if err := d.file.Insert(s, index, nodes...); err != nil {
		return "", wireError(err)
	}
	d.stale = true
	var l numbers
	d.number(nodes, id, &l)
	return string(l.b), nil
}

// Remove takes a node out of the file. It can still be read.
func (d *Document) Remove(id int) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.node(id)
	if n == nil || d.parents[id] == removed {
		return "", errGone
	}
	if err := d.file.Remove(n); err != nil {
		return "", wireError(err)
	}
	d.stale = true
	d.drop(n)
	return "", nil
}

// drop marks a node and all below as removed.
func (d *Document) drop(n apacheconf.Node) {
	d.parents[d.ids[n]] = removed
	if s, ok := n.(*apacheconf.Section); ok {
		for _, c := range s.Nodes {
			d.drop(c)
		}
	}
}
