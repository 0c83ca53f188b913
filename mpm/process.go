package mpm

import (
	"encoding/json"
	"fmt"
	"httpd-wsgi/internal/scoreboard"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a child as the master knows it.
type process struct {
	group    *group
	pid      int
	instance int
	slot     int // row of the scoreboard; -1: none
	control  *os.File

	state     state
	retiring  bool // wants a successor
	successor *process
	born      time.Time
	readyAt   time.Time

	deadline time.Time // the next step is due; zero: never
	step     int       // steps of the ladder taken; 0: none
	termAt   time.Time // when the first TERM was sent

	failed *Entry // what it said before it ended
	ended  bool   // waited for
	silent bool   // its control socket is at its end
	buried bool   // forgotten
	status syscall.WaitStatus
}

type state int

const (
	starting state = iota
	running
	dismissed // told to drain or to end
)

// leaving tells whether the child does not count any more.
func (p *process) leaving() bool { return p.retiring || p.state == dismissed }

func socketpair() (mine, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control"), nil
}

// listen passes on what a child says, until the socket ends or the child has
// been waited for. What it said last is read even then.
func (m *Master) listen(p *process) {
	send := func(b []byte) bool {
		e := event{p: p}
		if len(b) > 0 {
			e.word, e.data = b[0], append([]byte(nil), b[1:]...)
		}
		select {
		case m.events <- e:
			return true
		case <-m.quit:
			return false
		}
	}
	buf := make([]byte, 8192)
	for {
		n, err := p.control.Read(buf)
		if n == 0 || err != nil {
			break
		}
		if !send(buf[:n]) {
			return
		}
	}
	if raw, err := p.control.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			for {
				n, err := unix.Read(int(fd), buf)
				if n <= 0 || err != nil || !send(buf[:n]) {
					return
				}
			}
		})
	}
	send(nil)
}

// handle takes a child's word.
func (m *Master) handle(e event) {
	p := e.p
	switch e.word {
	case 0:
		p.silent = true
		m.bury(p)
	case msgReady:
		if p.state == starting {
			p.state, p.readyAt, p.deadline = running, time.Now(), time.Time{}
			p.group.everReady = true
			p.group.failures = 0
		}
	case msgLeave:
		if p.group.leave(string(e.data)) {
			m.log(Debug, "core", "", fmt.Sprintf("child process %d (%s) leaves to its successors: %q", p.pid, p.group.label(), e.data))
		}
	case msgRetire:
		p.retiring = true
		if p.state == running && p.group.want == 0 {
			m.drain(p)
		}
	case msgFail:
		var x Entry
		if p.failed == nil && len(e.data) < 2*maxFailText && json.Unmarshal(e.data, &x) == nil {
			x.Console = false
			x.Text = strings.ToValidUTF8(x.Text, "?")
			p.failed = &x
			m.o.Log(x)
		}
	}
}

// serving tells whether a child has begun to serve, by the scoreboard: its
// word of it may still be on its way.
func (m *Master) serving(p *process) bool {
	return p.slot >= 0 && m.board != nil && m.board.Process(p.slot).State() == scoreboard.Serving
}

// drain tells a child to finish what it has. One that has not begun to serve
// has nothing to finish.
func (m *Master) drain(p *process) {
	switch p.state {
	case starting:
		if !m.serving(p) {
			m.terminate(p)
			return
		}
		p.readyAt = time.Now()
	case dismissed:
		return
	}
	p.state = dismissed
	p.deadline = time.Time{}
	if t := p.group.spec.DrainTimeout; t > 0 {
		p.deadline = time.Now().Add(t)
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := p.control.Write([]byte{msgDrain}); err != nil && !p.ended {
		m.terminate(p)
	}
}

// terminate tells a child to end at once.
func (m *Master) terminate(p *process) {
	if p.step > 0 || p.ended {
		return
	}
	p.state = dismissed
	p.step, p.termAt = 1, time.Now()
	p.deadline = p.termAt.Add(m.o.Timing.Ladder[0])
	_ = syscall.Kill(p.pid, syscall.SIGTERM)
}

// climb takes the step that is due for a child that does not do as it was
// told: first a TERM, again and again, then a KILL, as Apache does.
func (m *Master) climb(p *process, now time.Time) {
	if p.ended || p.deadline.IsZero() || now.Before(p.deadline) {
		return
	}
	if p.step == 0 {
		if p.state == starting {
			m.log(Error, "core", "", fmt.Sprintf("child process %d (%s) was not ready after %v, sending a SIGTERM", p.pid, p.group.label(), p.group.spec.ReadyTimeout))
		}
		m.terminate(p)
		return
	}
	ladder := m.o.Timing.Ladder
	switch {
	case p.step < len(ladder)-1:
		m.log(Warning, "core", "AH00045", fmt.Sprintf("child process %d still did not exit, sending a SIGTERM", p.pid))
		_ = syscall.Kill(p.pid, syscall.SIGTERM)
	case p.step == len(ladder)-1:
		m.log(Error, "core", "AH00046", fmt.Sprintf("child process %d still did not exit, sending a SIGKILL", p.pid))
		_ = syscall.Kill(p.pid, syscall.SIGKILL)
	default:
		m.log(Error, "core", "AH00047", fmt.Sprintf("could not make child process %d exit, attempting to continue anyway", p.pid))
		p.ended, p.silent = true, true
		p.deadline = time.Time{}
		m.bury(p)
		return
	}
	p.deadline = p.termAt.Add(ladder[p.step])
	p.step++
}

// reap waits for children that have ended. It asks for each by number: other
// code of the master may have children too.
func (m *Master) reap() {
	for _, g := range m.gens {
		for _, gr := range g.groups {
			for _, p := range append([]*process(nil), gr.procs...) {
				if p.ended {
					continue
				}
				var st syscall.WaitStatus
				pid, err := syscall.Wait4(p.pid, &st, syscall.WNOHANG, nil)
				if pid != p.pid && err != syscall.ECHILD {
					continue
				}
				p.ended, p.status, p.deadline = true, st, time.Time{}
				// listen shall look for last words and end, even if a process
				// that the child forked holds the socket open.
				_ = p.control.SetReadDeadline(time.Unix(1, 0))
				m.bury(p)
			}
		}
	}
}

// bury forgets a child that has ended and has said its last.
func (m *Master) bury(p *process) {
	if !p.ended || !p.silent || p.buried {
		return
	}
	p.buried = true
	gr := p.group
	for i, o := range gr.procs {
		if o == p {
			gr.procs = append(gr.procs[:i], gr.procs[i+1:]...)
			break
		}
	}
	for _, o := range gr.procs {
		if o.successor == p {
			o.successor = nil
		}
	}
	p.control.Close()
	if p.slot >= 0 {
		m.slots[p.slot] = nil
		m.board.Clear(p.slot)
		if m.board.Waiting().Load() <= 0 {
			signalEvent(m.crowd)
		}
	}
	m.judge(p, time.Now())
}

// judge logs a child's end and decides about its successors.
func (m *Master) judge(p *process, now time.Time) {
	gr, st := p.group, p.status
	g := gr.gen
	wasReady := !p.readyAt.IsZero()
	wanted := p.leaving()
	if m.o.Exited != nil {
		m.o.Exited(Exit{Kind: gr.spec.Kind, Name: gr.spec.Name, PID: p.pid, Status: st, Lived: now.Sub(p.born), Ready: wasReady, Wanted: wanted})
	}
	if st.Signaled() {
		m.logSignal(p)
	} else if code := st.ExitStatus(); code != ExitOK && p.failed == nil {
		m.log(Notice, "core", "", fmt.Sprintf("child pid %d exited with code %d", p.pid, code))
	}
	if g.retired && gr.want == 0 {
		return
	}
	fatal := st.Exited() && st.ExitStatus() == ExitFatal
	if wanted && wasReady && !fatal {
		return
	}
	if wasReady && now.Sub(p.readyAt) >= m.o.Timing.Young && !fatal {
		return // it did serve: the next one starts at once
	}
	gr.failures++
	if !wasReady {
		gr.legacy = nil // it may have been the reason
	}
	delay := m.o.Timing.Most
	if n := gr.failures - 1; n < 16 {
		delay = min(delay, m.o.Timing.Backoff<<n)
	}
	gr.retryAt = now.Add(delay)
	hopeless := !gr.everReady && (fatal || gr.failures >= tries)
	if g == m.next {
		gr.hopeless = hopeless
		return
	}
	if gr.server && hopeless && g.number == 0 && m.phase == serving {
		m.fatal(p, fatal)
		return
	}
	m.log(Warning, "core", "", fmt.Sprintf("child process %d (%s) ended before it could serve, trying again in %v", p.pid, gr.label(), delay))
}

// fatal ends a server whose children cannot start.
func (m *Master) fatal(p *process, said bool) {
	model := p.group.gen.g.Settings.Model
	if said {
		m.log(Alert, "core", "AH00050", fmt.Sprintf("Child %d returned a Fatal error... Apache is exiting!", p.pid))
	} else {
		id := map[Model]string{Event: "AH02324", Worker: "AH02325"}[model]
		m.log(Alert, model.Module(), id, "A resource shortage or other unrecoverable failure was encountered before any child process initialized successfully... httpd is exiting!")
	}
	m.err = ErrFatal
	m.phase = stopping
	m.terminateAll()
}

// logSignal logs a child's death by a signal. Apache is silent about KILL;
// one that the master did not send is worth a line, for it is most often the
// kernel short of memory.
func (m *Master) logSignal(p *process) {
	sig := p.status.Signal()
	switch sig {
	case syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1:
		return
	case syscall.SIGKILL:
		if p.step > 0 {
			return
		}
	}
	text := fmt.Sprintf("child pid %d exit signal %s (%d)", p.pid, signalText(sig), int(sig))
	id := "AH00052"
	if dir := p.group.gen.g.CoreDumpDir; p.status.CoreDump() && dir != "" {
		id, text = "AH00051", text+", possible coredump in "+dir
	}
	m.log(Notice, "core", id, text)
}
