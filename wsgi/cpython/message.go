package cpython

import "time"

// Config is what Python is started with.
type Config struct {
	Location
	Bootstrap      string       // the source of bootstrap.py, if not the built-in one (tests)
	Process        string       // name of the daemon process group, "" in embedded mode
	Options        string       // options of the main interpreter for bootstrap.py, name=value lines
	Keys           []Key        // environ keys by number; Keys[0] is unused
	Threads        int          // most threads that ever run Python
	Adopt          int          // of these, most that may be Go's threads
	StackSize      int          // of a worker thread, bytes; 0 the system's
	Optimize       int          // -O
	NoBytecode     bool         // -B
	UTF8           bool         // -X utf8
	Service        bool         // Exit will be called
	HashSeed       int64        // SeedDefault, SeedRandom or the seed
	Warnings       []string     // -W
	ApacheVersion  [3]int       // apache.version
	ModWSGIVersion [3]int       // mod_wsgi.version
	Log            func(Record) // gets the records that belong to no call, on a goroutine of the runtime
}

// Values of Config.HashSeed that are no seed.
const (
	SeedDefault = -2 // PYTHONHASHSEED decides, as for python3
	SeedRandom  = -1
)

// Key is an environ key that the form names by number.
type Key struct {
	Name   string
	FS     bool // the value is in the filesystem's encoding, not latin-1
	Stable bool // the value is often that of the request before: its object is kept
}

// Kind is what a call asks for.
type Kind uint32

const (
	Request  Kind = 1 + iota // run a WSGI application
	Preload                  // load a script
	Function                 // call a function of a script
)

// Flags of a call.
type Flags uint32

const (
	Reload        Flags = 1 << iota // load the script again if its modification time differs
	ReloadProcess                   // with Reload: do not, end the call with Restart
	Environ                         // Function: the first argument is an environ
)

// State says what has come from Python since it was last looked at.
type State uint32

const (
	Op   State = 1 << iota // an operation to carry out and acknowledge (not to be acknowledged if Done came with it)
	Logs                   // log records
	Done                   // the call is over; its results are valid and it may be reused
)

// OpKind is what Python asks for.
type OpKind int

const (
	Respond  OpKind = 1 + iota // begin the response; may carry body bytes
	Write                      // send body bytes
	Read                       // read request body bytes
	SendFile                   // begin the response if that was not done, and send part of a file
)

// Outcome is how a call ended.
type Outcome int

// How a call can end. shim.h explains each.
const (
	OK Outcome = iota
	Exception
	Timeout
	Gone
	NoScript
	LoadFailed
	NoCallable
	Restart
	Expired
	Stopping
	BadForm
)

// ValueKind is what a function returned.
type ValueKind int

const (
	None ValueKind = iota
	False
	True
	String
	List
	Other
)

// Record is a log record.
type Record struct {
	Level int // Apache's number
	Code  string
	Text  string
}

// Results of a call that is done.
type Results struct {
	Outcome   Outcome
	Responded bool          // the response was begun
	Sent      int64         // body bytes handed over
	Queued    time.Duration // between Submit and a worker taking the call
	Ran       time.Duration
}
