package vhost

import (
	"slices"
	"sync"
	"sync/atomic"

	"httpd-wsgi/directives"
)

// maxNodes bounds the nodes of one server's trie. Beyond it, merges are made
// for the request alone.
const maxNodes = 4096

// linearChildren is the number of children up to which a list is searched in order.
const linearChildren = 8

// Node is a point of the merge trie: the configuration outside sections, or
// that of the parent with one more section laid over it. The same sections in
// the same order always lead to the same Node, so equal configurations are
// equal pointers. A Node is immutable but for its children; any goroutine may
// walk the trie, and a step that was taken before costs no lock and no memory.
type Node struct {
	// Conf is the merged per-directory configuration.
	Conf *directives.Vector
	// Files and Ifs are the <Files> and <If> sections that the sections up to here hold, in order of merging.
	Files, Ifs []*directives.Section

	// parent and section are what the node was made of; nil at the root.
	parent  *Node
	section *directives.Section

	trie *trie
	next atomic.Pointer[children]
}

// trie is what the nodes of one server, or those beyond one .htaccess file, share.
type trie struct {
	registry *directives.Registry
	mu       sync.Mutex // held to add a node
	nodes    int
}

// children is immutable; adding a child makes a new one.
type children struct {
	list []child
	byID map[*directives.Section]*Node // beyond linearChildren
}

type child struct {
	section *directives.Section
	node    *Node
}

func (c *children) find(s *directives.Section) *Node {
	if c == nil {
		return nil
	}
	if c.byID != nil {
		return c.byID[s]
	}
	for i := range c.list {
		if c.list[i].section == s {
			return c.list[i].node
		}
	}
	return nil
}

func (c *children) with(s *directives.Section, n *Node) *children {
	out := &children{}
	if c != nil {
		out.list = c.list
	}
	out.list = append(out.list[:len(out.list):len(out.list)], child{s, n})
	if len(out.list) > linearChildren {
		out.byID = make(map[*directives.Section]*Node, len(out.list))
		for _, k := range out.list {
			out.byID[k.section] = k.node
		}
	}
	return out
}

func newRoot(r *directives.Registry, s *directives.Server) *Node {
	return &Node{Conf: s.Defaults, Files: s.Files, Ifs: s.Ifs, trie: &trie{registry: r, nodes: 1}}
}

// Step returns the node of n's sections and then s. s belongs to the compiled
// configuration or hangs in a section that n passed through.
func (n *Node) Step(s *directives.Section) *Node {
	if c := n.next.Load().find(s); c != nil {
		return c
	}
	return n.grow(s)
}

func (n *Node) grow(s *directives.Section) *Node {
	t := n.trie
	t.mu.Lock()
	defer t.mu.Unlock()
	k := n.next.Load()
	if c := k.find(s); c != nil {
		return c
	}
	c := n.merge(s, t)
	if t.nodes < maxNodes {
		t.nodes++
		n.next.Store(k.with(s, c))
	}
	return c
}

func (n *Node) merge(s *directives.Section, t *trie) *Node {
	return &Node{Conf: t.registry.Merge(n.Conf, s.Conf), Files: concat(n.Files, s.Files), Ifs: concat(n.Ifs, s.Ifs), parent: n, section: s, trie: t}
}

// Sections are those whose configurations make up n's, in the order they were merged.
func (n *Node) Sections() []*directives.Section {
	var out []*directives.Section
	for ; n.section != nil; n = n.parent {
		out = append(out, n.section)
	}
	slices.Reverse(out)
	return out
}

func concat(x, y []*directives.Section) []*directives.Section {
	if len(y) == 0 {
		return x
	}
	return append(x[:len(x):len(x)], y...)
}

// Detached returns a node like Step's that n does not remember: for a section
// that may vanish, a .htaccess file's. It lives as long as its holder keeps it,
// with all that is reached from it.
func (n *Node) Detached(s *directives.Section) *Node {
	return n.merge(s, &trie{registry: n.trie.registry, nodes: 1})
}
