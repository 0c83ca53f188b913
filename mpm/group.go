package mpm

import (
	"fmt"
	"math"
	"slices"
	"time"

	"httpd-wsgi/internal/scoreboard"
)

// generation is a Generation at work, with its children.
type generation struct {
	g        *Generation
	number   int
	groups   []*group // the server's children first
	retired  bool
	released bool
}

// group is a set of like children: those of the server, or a process group.
type group struct {
	gen    *generation
	spec   *Spec
	server bool
	want   int // children that are to be, not counting those on their way out
	procs  []*process
	rate   rate

	failures  int       // children in a row that never got ready
	retryAt   time.Time // none is started before
	everReady bool
	hopeless  bool // no child of it will ever start

	legacy []string // what its children have left to their successors
}

// tries is how many children of a new generation may fail before it is given
// up.
const tries = 3

func (m *Master) newGeneration(g *Generation) *generation {
	m.number++
	gen := &generation{g: g, number: m.number - 1}
	add := func(sp *Spec, server bool, want int) {
		gen.groups = append(gen.groups, &group{gen: gen, spec: sp, server: server, want: want, rate: rate{Spawn: 1}})
	}
	add(&g.Server, true, g.Settings.StartServers)
	for i := range g.Groups {
		add(&g.Groups[i].Spec, false, g.Groups[i].Processes)
	}
	m.gens = append(m.gens, gen)
	return gen
}

func (g *generation) takeSockets() []*Socket {
	s := g.g.Sockets
	g.g.Sockets = nil
	return s
}

// leave files a word for the successors, unless it is known or too much.
func (gr *group) leave(word string) bool {
	if word == "" || len(word) > maxLegacyWord || len(gr.legacy) >= maxLegacy || slices.Contains(gr.legacy, word) {
		return false
	}
	gr.legacy = append(gr.legacy, word)
	return true
}

// inherit takes over what the same group of the generation before has left, as
// far as this generation keeps it. Another user has no heirs.
func (g *generation) inherit(before *generation) {
	for _, gr := range g.groups {
		for _, old := range before.groups {
			if gr.server != old.server || gr.spec.Name != old.spec.Name || !sameUser(gr.spec.Identity, old.spec.Identity) {
				continue
			}
			for _, word := range old.legacy {
				if g.g.Keep == nil || g.g.Keep(gr.spec, word) {
					gr.leave(word)
				}
			}
		}
	}
}

func sameUser(a, b *Identity) bool { return a == b || a != nil && b != nil && a.UID == b.UID }

// label is the group's name in messages.
func (gr *group) label() string {
	if gr.spec.Name == "" {
		return gr.spec.Kind
	}
	return gr.spec.Kind + " '" + gr.spec.Name + "'"
}

// active counts the children that are not on their way out.
func (gr *group) active() int {
	n := 0
	for _, p := range gr.procs {
		if !p.leaving() {
			n++
		}
	}
	return n
}

func (gr *group) ready() int {
	n := 0
	for _, p := range gr.procs {
		if p.state == running && !p.leaving() {
			n++
		}
	}
	return n
}

// leastBusy is the serving child with the fewest connections.
func (gr *group) leastBusy(b *scoreboard.Board) *process {
	var best *process
	least := int32(math.MaxInt32)
	for _, p := range gr.procs {
		if p.state == running && !p.leaving() {
			if n := b.Process(p.slot).Connections.Load(); n < least {
				best, least = p, n
			}
		}
	}
	return best
}

// keep starts children that are missing and lets go those whose successor is
// ready.
func (m *Master) keep(gr *group, now time.Time) {
	for _, p := range gr.procs {
		if p.retiring && p.state == running && (gr.ready() >= gr.want || p.successor != nil && p.successor.state == running) {
			m.drain(p)
		}
	}
	for gr.active() < gr.want && !now.Before(gr.retryAt) && !gr.hopeless {
		if !m.start(gr, now) {
			return
		}
	}
}

// start starts one child of the group.
func (m *Master) start(gr *group, now time.Time) bool {
	slot := -1
	if gr.server {
		for i, p := range m.slots {
			if p == nil {
				slot = i
				break
			}
		}
		if slot < 0 {
			gr.want = gr.active() // decide says so in the log
			return false
		}
	}
	p := &process{group: gr, slot: slot, state: starting, born: now}
	p.instance = gr.instance(p)
	if err := m.spawn(p); err != nil {
		m.o.Log(Entry{Level: Alert, Module: gr.gen.g.Settings.Model.Module(), Errno: errnoOf(err),
			ID: gr.gen.g.Settings.Model.ids().fork, Text: "fork: Unable to fork new process"})
		gr.retryAt = now.Add(10 * m.o.Timing.Backoff) // as Apache
		return false
	}
	gr.procs = append(gr.procs, p)
	if slot >= 0 {
		m.slots[slot] = p
		row := m.board.Process(slot)
		row.PID.Store(int32(p.pid))
	}
	if t := gr.spec.ReadyTimeout; t > 0 {
		p.deadline = now.Add(t)
	}
	go m.listen(p)
	return true
}

// instance picks the number of a new child: that of a child which it
// succeeds, else the smallest that is free.
func (gr *group) instance(p *process) int {
	for _, old := range gr.procs {
		if old.retiring && old.successor == nil {
			old.successor = p
			return old.instance
		}
	}
	used := make(map[int]bool, len(gr.procs))
	for _, o := range gr.procs {
		if !o.leaving() {
			used[o.instance] = true
		}
	}
	n := 0
	for used[n] {
		n++
	}
	return n
}

// spawn starts the process of p.
func (m *Master) spawn(p *process) error {
	gr := p.group
	sp, s := gr.spec, &gr.gen.g.Settings
	mine, theirs, err := socketpair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	sw := &spawner{files: []uintptr{0, 1, 2, 0}}
	sw.m = manifest{
		Kind: sp.Kind, Name: sp.Name, Title: sp.Title, Comm: comm(m.o.Args[0]),
		Generation: gr.gen.number, Instance: p.instance, Slot: p.slot, Model: s.Model,
		Board: -1, Crowd: -1, MaxWait: int(m.o.Timing.Reap / time.Millisecond),
		Identity: sp.Identity, Chroot: sp.Chroot, Dir: sp.Dir, Umask: sp.Umask, Nice: sp.Nice, Limits: sp.Limits, MaxProcs: sp.MaxProcs, CoreDump: gr.gen.g.CoreDumpDir != "",
		Legacy: gr.legacy,
	}
	sw.m.Control = sw.add(theirs.Fd())
	if gr.server || sp.Scoreboard {
		sw.m.Board = sw.add(m.board.File().Fd())
	}
	if gr.server {
		sw.m.Threads = s.ThreadsPerChild
		sw.m.MaxConnections = s.MaxConnectionsPerChild
		sw.m.AsyncFactor = s.AsyncFactor
		sw.m.Crowd = sw.add(uintptr(m.crowd))
		m.board.Clear(p.slot)
		row := m.board.Process(p.slot)
		row.SetState(scoreboard.Starting)
		row.Generation.Store(int32(gr.gen.number))
		row.Threads.Store(int32(s.ThreadsPerChild))
		row.StartTime.Store(p.born.UnixMicro())
	}
	pid, err := sw.spawn(sp, "/proc/self/exe", m.argv(sp), environ(sp))
	if err != nil {
		mine.Close()
		return fmt.Errorf("start %s: %w", gr.label(), err)
	}
	p.pid, p.control = pid, mine
	return nil
}

// retire lets the children of a generation drain and gives its listeners up.
// Its process groups go on until the server's children, which send them
// requests, are gone.
func (m *Master) retire(g *generation) {
	g.retired = true
	m.drainGroup(g.groups[0])
	m.o.Sockets.Release(g.takeSockets())
}

func (m *Master) drainGroup(gr *group) {
	gr.want = 0
	for _, p := range gr.procs {
		m.drain(p)
	}
}

// linger keeps up the process groups of a generation that drains, and lets
// them drain in their turn.
func (m *Master) linger(g *generation, now time.Time) {
	left := len(g.groups[0].procs) > 0
	for _, gr := range g.groups[1:] {
		switch {
		case !left:
			m.drainGroup(gr)
		case gr.want > 0:
			m.keep(gr, now)
		}
	}
}

// abandon ends a generation that never served.
func (m *Master) abandon(g *generation) {
	m.next = nil
	g.retired = true
	for _, gr := range g.groups {
		gr.want = 0
		for _, p := range gr.procs {
			m.terminate(p)
		}
	}
	m.o.Sockets.Release(g.takeSockets())
}

// terminateAll ends all children at once.
func (m *Master) terminateAll() {
	for _, g := range m.gens {
		g.retired = true
		for _, gr := range g.groups {
			gr.want = 0
			for _, p := range gr.procs {
				m.terminate(p)
			}
		}
	}
	m.next = nil
}

// sweep forgets generations without children.
func (m *Master) sweep() {
	kept := m.gens[:0]
	for _, g := range m.gens {
		n := 0
		for _, gr := range g.groups {
			n += len(gr.procs)
		}
		if n > 0 || !g.retired {
			kept = append(kept, g)
			continue
		}
		if !g.released {
			g.released = true
			m.o.Sockets.Release(g.takeSockets())
			if g.g.Release != nil {
				g.g.Release()
			}
		}
	}
	clear(m.gens[len(kept):])
	m.gens = kept
}
