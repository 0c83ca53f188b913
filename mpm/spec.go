package mpm

import (
	"os"
	"time"
)

// A Spec says what a child is to be. The master reads it at every start of
// such a child and never changes it.
type Spec struct {
	Kind  string // the caller's word for what the child does: "server", "wsgi"
	Name  string // of the process group, for the child and for log lines
	Title string // argv[0] of the child as ps shows it; empty: the master's own

	Files     []File    // descriptors to inherit, found again by name
	Listeners []*Socket // likewise, for Child.Serve
	Config    *os.File  // read back whole by Child.Config; nil: none
	Env       []string  // added to the master's environment

	// Scoreboard gives the child the server's scoreboard, which it can then
	// write to. Children of the server have it anyway.
	Scoreboard bool

	Identity *Identity // nil: stay who the master is
	Chroot   string    // empty: none; root only
	Dir      string    // working directory, seen from within Chroot; empty: the master's
	Umask    int       // -1: the master's
	Nice     int       // CPU priority; 0: the master's
	Limits   []Limit
	MaxProcs int // most operating system threads that run Go at once; 0: Go's choice

	// ReadyTimeout is how long a child may take to say that it is ready
	// before it is killed; 0: for ever.
	ReadyTimeout time.Duration
	// DrainTimeout is how long a child may take to drain before it gets a
	// TERM; 0: for ever.
	DrainTimeout time.Duration
}

// A File is a descriptor that a child inherits.
type File struct {
	Name string
	File *os.File
}

// An Identity is a user to become.
type Identity struct {
	UID    int
	GID    int
	Groups []int  // supplementary groups: initgroups(3)'s, or supplementary-groups=
	User   string // for messages
}

// A Limit is a resource limit (RLIMIT_*). Limits never rise above the
// master's hard ones unless it is root.
type Limit struct {
	Resource  int
	Soft, Max uint64
}

// A Group is a set of like children of a generation that are kept alive.
type Group struct {
	Spec      Spec
	Processes int
}

// A Generation is one configuration at work.
type Generation struct {
	Settings Settings // of the server's children
	Server   Spec     // what these are
	Groups   []Group  // daemon process groups

	Sockets []*Socket // from the master's pool; released when the generation retires

	// Description is "Apache/2.4.x (…) mod_wsgi/…" of the line "… configured
	// -- resuming normal operations"; Built and CommandLine those of the
	// lines beside it.
	Description string
	Built       string
	CommandLine string
	CoreDumpDir string // CoreDumpDirectory; empty: no child dumps core once it has changed user

	// Keep tells whether a child of the generation is to hear a word that one
	// of the generation before has left (Child.Leave); nil: every word. It runs
	// in the master's goroutine.
	Keep func(sp *Spec, word string) bool

	// Release is called once no child of the generation is left, in the
	// master's goroutine. It may be nil.
	Release func()
}

// Exit codes by which a child speaks to its master; Apache's numbers.
const (
	ExitOK    = 0
	ExitSick  = 7  // could not go on; another child may
	ExitFatal = 15 // no child of this generation can ever start
)
