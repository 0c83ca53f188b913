package modstatus

import (
	"os"
	"time"

	"httpd-wsgi/internal/scoreboard"
	"httpd-wsgi/server"
)

// page is a report in the making.
type page struct {
	r                       *server.Request
	child                   *server.Child
	auto, noTable, extended bool
	b                       []byte

	now, restarted time.Time
	uptime         int64 // seconds
	load           [3]float64
	generation     int64

	processes []process // by slot; those without a child too
	// busy, graceful and ready count workers of children that take requests.
	busy, graceful, ready int

	accesses uint64
	kBytes   uint64
	duration int64 // microseconds
	cpu      times // of all
}

// process is a child as the report sees it.
type process struct {
	pid, generation                          int
	quiescing                                bool
	connections, writing, keepAlive, closing int
	queued                                   int
	busy, graceful, idle                     int // of its workers
	cpu                                      times
	workers                                  []worker
}

// worker is a request slot of a child.
type worker struct {
	status   scoreboard.Status
	disabled bool // above MaxRequestWorkers, and not in use
	row      *scoreboard.Worker
}

// seen tells whether a worker has anything to report.
func (w *worker) seen() bool {
	return w.row.Accesses.Load() != 0 || w.status != scoreboard.Ready && w.status != scoreboard.Dead
}

// take reads the scoreboard, once.
func (p *page) take() {
	board := p.child.Board
	p.now = time.Now()
	p.generation = board.Generation().Load()
	p.restarted = time.UnixMicro(board.Restarted().Load())
	p.uptime = int64(p.now.Sub(p.restarted) / time.Second)
	p.load = loadAverages()
	p.cpu = processTimes(os.Getppid())
	var rest uint64 // bytes that make no kilobyte yet
	for i := range board.Servers() {
		row := board.Process(i)
		c := process{
			pid: int(row.PID.Load()), generation: int(row.Generation.Load()), quiescing: row.State() == scoreboard.Quiescing,
			connections: int(row.Connections.Load()), writing: int(row.Writing.Load()), keepAlive: int(row.KeepAlive.Load()),
			closing: int(row.Closing.Load()), queued: int(row.Queued.Load()),
		}
		if c.pid != 0 {
			c.cpu = processTimes(c.pid)
			p.cpu.add(c.cpu)
		}
		for t := range board.Threads() {
			w := worker{row: board.Worker(i, t)}
			w.status = w.row.Status()
			w.disabled = (i >= p.child.Processes || t >= p.child.Threads) && w.status == scoreboard.Dead
			if c.pid != 0 && !c.quiescing {
				p.count(&c, w.status)
			}
			if p.extended && w.seen() {
				p.accesses += w.row.Accesses.Load()
				rest += w.row.Bytes.Load()
				p.kBytes += rest >> 10
				rest &= 1<<10 - 1
				p.duration += w.row.Duration.Load()
			}
			c.workers = append(c.workers, w)
		}
		p.processes = append(p.processes, c)
	}
}

// count files a worker of a child that takes requests.
func (p *page) count(c *process, s scoreboard.Status) {
	switch s {
	case scoreboard.Ready:
		if int64(c.generation) == p.generation {
			p.ready++
		}
		c.idle++
	case scoreboard.Dead, scoreboard.StartUp, scoreboard.IdleKill:
	case scoreboard.Graceful:
		p.graceful++
		c.graceful++
	default:
		p.busy++
		c.busy++
	}
}

// async tells whether connections are served without a worker each.
func (p *page) async() bool { return p.child.MPM == "event" }

// letter is what the scoreboard shows of a worker; false for one that is not shown.
func (w *worker) letter() (byte, bool) { return w.status.Letter(), !w.disabled }
