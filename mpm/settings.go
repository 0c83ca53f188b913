package mpm

import (
	"fmt"
	"time"
)

// A Model is one of Apache's multi-processing modules.
type Model int

// The models.
const (
	Event   Model = iota // many requests per child; the default
	Worker               // likewise
	Prefork              // one request per child
)

// Name is the model's name as "Server MPM:" shows it.
func (m Model) Name() string { return [...]string{"event", "worker", "prefork"}[m] }

// Module is the log's and LoadModule's name of it, without "_module".
func (m Model) Module() string { return "mpm_" + m.Name() }

// Threaded tells whether a child serves several requests at once.
func (m Model) Threaded() bool { return m != Prefork }

// Settings are a model's numbers, as its directives give them.
type Settings struct {
	Model Model

	StartServers           int
	ServerLimit            int // most children of one generation
	ThreadLimit            int // most ThreadsPerChild; 1 in prefork
	ThreadsPerChild        int // 1 in prefork
	MaxRequestWorkers      int // requests served at once by all children together
	MinSpareThreads        int // worker and event: idle workers over all children
	MaxSpareThreads        int
	MinSpareServers        int // prefork: idle children
	MaxSpareServers        int
	MaxConnectionsPerChild int           // 0: no limit
	AsyncFactor            float64       // AsyncRequestWorkerFactor: connections per idle worker beyond ThreadsPerChild
	ListenBacklog          int           // 511
	GracefulShutdown       time.Duration // GracefulShutdownTimeout; 0: wait for ever
	// OneProcess is -X: one child and no more.
	OneProcess bool
}

// Limits of the numbers that Apache compiles in.
const (
	maxServersThreaded = 20000
	maxServersPrefork  = 200000
	maxThreadsWorker   = 20000
	maxThreadsEvent    = 100000
	maxSpawnRate       = 32
)

// Defaults are the model's numbers when no directive is given (manual: the
// MPM's pages and mpm_common).
func Defaults(m Model) Settings {
	s := Settings{Model: m, ListenBacklog: 511, AsyncFactor: 2}
	if m == Prefork {
		s.StartServers, s.ServerLimit, s.MaxRequestWorkers = 5, 256, 256
		s.MinSpareServers, s.MaxSpareServers = 5, 10
		s.ThreadLimit, s.ThreadsPerChild = 1, 1
		return s
	}
	s.StartServers, s.ServerLimit, s.MaxRequestWorkers = 3, 16, 400
	s.MinSpareThreads, s.MaxSpareThreads = 75, 250
	s.ThreadLimit, s.ThreadsPerChild = 64, 25
	return s
}

// ids are the AH numbers of the model's lines: Apache numbers each module's
// lines apart though the texts are the same.
type ids struct {
	resume, built, term, winch, usr1, hup  string
	full, near, board, busy, fatalOld      string
	fork                                   string
	serverMax, serverMin, serverChange     [2]string // long form at start, short form at restart
	threadMax, threadMin, threadChange     [2]string
	perChildMax, perChildMin               [2]string
	workersLow, workersMultiple, workersBy [2]string
	startServers, minSpare                 [2]string
}

// two are the numbers n and n+1.
func two(n int) [2]string {
	return [2]string{fmt.Sprintf("AH%05d", n), fmt.Sprintf("AH%05d", n+1)}
}

func (m Model) ids() ids {
	one := func(n int) string { return fmt.Sprintf("AH%05d", n) }
	change := func(n int) [2]string { return [2]string{one(n), one(n)} }
	switch m {
	case Prefork:
		return ids{
			resume: one(163), built: one(164), term: one(169), winch: one(170), usr1: one(171), hup: one(173),
			full: one(161), busy: one(162), fatalOld: one(166), fork: one(159),
			serverMax: two(175), serverMin: two(177), serverChange: change(179),
			workersBy: two(180), workersLow: two(182), startServers: two(184), minSpare: two(186),
		}
	case Worker:
		return ids{
			resume: one(292), built: one(293), term: one(295), winch: one(296), usr1: one(297), hup: one(298),
			full: one(286), near: one(287), board: one(288), busy: one(289), fatalOld: one(290), fork: one(283),
			serverMax: two(300), serverMin: two(302), serverChange: change(304),
			threadMax: two(305), threadMin: two(307), threadChange: change(309),
			perChildMax: two(310), perChildMin: two(312),
			workersLow: two(314), workersMultiple: two(316), workersBy: two(318),
			startServers: two(320), minSpare: two(322),
		}
	}
	return ids{
		resume: one(489), built: one(490), term: one(491), winch: one(492), usr1: one(493), hup: one(494),
		full: one(484), near: one(10159), board: one(3490), busy: one(486), fatalOld: one(487), fork: one(481),
		serverMax: two(497), serverMin: two(499), serverChange: change(501),
		threadMax: two(502), threadMin: two(504), threadChange: change(506),
		perChildMax: two(507), perChildMin: two(509),
		workersLow: two(511), workersMultiple: two(513), workersBy: two(515),
		startServers: two(517), minSpare: two(519),
	}
}

// Clamp makes the numbers possible, by Apache's rules, and returns its
// warnings. prev is nil at the start; at a restart it holds the numbers at
// work, whose ServerLimit and ThreadLimit cannot change and whose warnings
// are Apache's short ones.
func (s *Settings) Clamp(prev *Settings) []Entry {
	c := clamp{s: s, id: s.Model.ids(), restart: prev != nil}
	maxServers := maxServersThreaded
	if s.Model == Prefork {
		maxServers = maxServersPrefork
	}
	if s.ServerLimit > maxServers {
		c.warn(c.id.serverMax, "ServerLimit of %d exceeds compile-time limit of %d servers, decreasing to %[2]d.",
			"ServerLimit of %d exceeds compile-time limit of %d, decreasing to match", s.ServerLimit, maxServers)
		s.ServerLimit = maxServers
	}
	c.atLeastOne(c.id.serverMin, "ServerLimit", &s.ServerLimit, "")
	if prev != nil && s.ServerLimit != prev.ServerLimit {
		c.note(c.id.serverChange[1], fmt.Sprintf("changing ServerLimit to %d from original value of %d not allowed during restart",
			s.ServerLimit, prev.ServerLimit))
		s.ServerLimit = prev.ServerLimit
	}
	if s.Model == Prefork {
		c.prefork()
	} else {
		c.threaded(prev)
	}
	if s.OneProcess {
		s.StartServers, s.ServerLimit, s.MaxRequestWorkers = 1, 1, s.ThreadsPerChild
		s.MinSpareServers, s.MaxSpareServers = 1, 2
	}
	return c.out
}

type clamp struct {
	s       *Settings
	id      ids
	restart bool
	out     []Entry
}

func (c *clamp) note(id, text string) {
	c.out = append(c.out, Entry{Level: Warning, Module: c.s.Model.Module(), ID: id, Text: text, Console: !c.restart})
}

func (c *clamp) warn(id [2]string, long, short string, args ...any) {
	if c.restart {
		c.note(id[1], fmt.Sprintf(short, args...))
		return
	}
	c.note(id[0], "WARNING: "+fmt.Sprintf(long, args...))
}

func (c *clamp) atLeastOne(id [2]string, name string, v *int, why string) {
	if *v < 1 {
		c.warn(id, name+" of %d not allowed, increasing to 1"+why+".", name+" of %d not allowed, increasing to 1", *v)
		*v = 1
	}
}

const spareWhy = " to avoid almost certain server failure. Please read the documentation"

func (c *clamp) prefork() {
	s := c.s
	s.ThreadLimit, s.ThreadsPerChild = 1, 1
	if s.MaxRequestWorkers > s.ServerLimit {
		c.warn(c.id.workersBy, "MaxRequestWorkers of %d exceeds ServerLimit value of %d servers, decreasing MaxRequestWorkers to %[2]d. To increase, please see the ServerLimit directive.",
			"MaxRequestWorkers of %d exceeds ServerLimit value of %d, decreasing to match", s.MaxRequestWorkers, s.ServerLimit)
		s.MaxRequestWorkers = s.ServerLimit
	}
	c.atLeastOne(c.id.workersLow, "MaxRequestWorkers", &s.MaxRequestWorkers, "")
	c.atLeastOne(c.id.startServers, "StartServers", &s.StartServers, "")
	c.atLeastOne(c.id.minSpare, "MinSpareServers", &s.MinSpareServers, spareWhy)
	s.MaxSpareServers = max(s.MaxSpareServers, s.MinSpareServers+1)
	s.StartServers = min(s.StartServers, s.MaxRequestWorkers)
}

func (c *clamp) threaded(prev *Settings) {
	s := c.s
	maxThreads := maxThreadsWorker
	if s.Model == Event {
		maxThreads = maxThreadsEvent
	}
	if s.ThreadLimit > maxThreads {
		c.warn(c.id.threadMax, "ThreadLimit of %d exceeds compile-time limit of %d threads, decreasing to %[2]d.",
			"ThreadLimit of %d exceeds compile-time limit of %d, decreasing to match", s.ThreadLimit, maxThreads)
		s.ThreadLimit = maxThreads
	}
	c.atLeastOne(c.id.threadMin, "ThreadLimit", &s.ThreadLimit, "")
	if prev != nil && s.ThreadLimit != prev.ThreadLimit {
		c.note(c.id.threadChange[1], fmt.Sprintf("changing ThreadLimit to %d from original value of %d not allowed during restart",
			s.ThreadLimit, prev.ThreadLimit))
		s.ThreadLimit = prev.ThreadLimit
	}
	if s.ThreadsPerChild > s.ThreadLimit {
		c.warn(c.id.perChildMax, "ThreadsPerChild of %d exceeds ThreadLimit of %d threads, decreasing to %[2]d. To increase, please see the ThreadLimit directive.",
			"ThreadsPerChild of %d exceeds ThreadLimit of %d, decreasing to match", s.ThreadsPerChild, s.ThreadLimit)
		s.ThreadsPerChild = s.ThreadLimit
	}
	c.atLeastOne(c.id.perChildMin, "ThreadsPerChild", &s.ThreadsPerChild, "")
	if s.MaxRequestWorkers < s.ThreadsPerChild {
		c.warn(c.id.workersLow, "MaxRequestWorkers of %d is less than ThreadsPerChild of %d, increasing to %[2]d. MaxRequestWorkers must be at least as large as the number of threads in a single server.",
			"MaxRequestWorkers of %d is less than ThreadsPerChild of %d, increasing to match", s.MaxRequestWorkers, s.ThreadsPerChild)
		s.MaxRequestWorkers = s.ThreadsPerChild
	}
	servers := s.MaxRequestWorkers / s.ThreadsPerChild
	if nearest := servers * s.ThreadsPerChild; nearest != s.MaxRequestWorkers {
		c.warn(c.id.workersMultiple, "MaxRequestWorkers of %d is not an integer multiple of ThreadsPerChild of %d, decreasing to nearest multiple %d, for a maximum of %d servers.",
			"MaxRequestWorkers of %d is not an integer multiple of ThreadsPerChild of %d, decreasing to nearest multiple %[3]d", s.MaxRequestWorkers, s.ThreadsPerChild, nearest, servers)
		s.MaxRequestWorkers = nearest
	}
	if servers > s.ServerLimit {
		most := s.ServerLimit * s.ThreadsPerChild
		c.warn(c.id.workersBy, "MaxRequestWorkers of %d would require %d servers and would exceed ServerLimit of %d, decreasing to %d. To increase, please see the ServerLimit directive.",
			"MaxRequestWorkers of %d would require %d servers and exceed ServerLimit of %d, decreasing to %d", s.MaxRequestWorkers, servers, s.ServerLimit, most)
		s.MaxRequestWorkers = most
	}
	c.atLeastOne(c.id.startServers, "StartServers", &s.StartServers, "")
	c.atLeastOne(c.id.minSpare, "MinSpareThreads", &s.MinSpareThreads, spareWhy)
	s.MaxSpareThreads = max(s.MaxSpareThreads, s.MinSpareThreads+s.ThreadsPerChild)
	s.StartServers = min(s.StartServers, s.MaxRequestWorkers/s.ThreadsPerChild)
}

// Children is the most children that a generation may have.
func (s *Settings) Children() int {
	return min(s.MaxRequestWorkers/s.ThreadsPerChild, s.ServerLimit)
}
