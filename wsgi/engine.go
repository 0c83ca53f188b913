package wsgi

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"httpd-wsgi/wsgi/cpython"
)

// Version is the version of mod_wsgi whose behaviour the engine has: mod_wsgi.version.
var Version = [3]int{6, 0, 5}

// Options are what Python is started with; they hold for the whole process.
type Options struct {
	// Log gets every log record: of applications (Error, or their own level through mod_wsgi.LogHandler), of exceptions, of the engine.
	// code is a mod_wsgi code such as WSGI0174 or empty; x is the exchange of the request that it belongs to, or nil. Records of a
	// request are logged by the goroutine that is in Run, or by another while that one waits; others by one goroutine of the engine. So it
	// is called by several goroutines at once.
	Log func(level Level, code, msg string, x Exchange)

	Threads      int    // most threads that run Python, at least 1: ThreadsPerChild, or threads= of the daemon process group
	StackSize    int    // of such a thread, bytes; 0 the system's
	ProcessGroup string // name of the daemon process group; "" in embedded mode

	Service bool // the process runs a service script (threads=0): Exit is going to be called

	PythonHome       string   // WSGIPythonHome, python-home=
	Optimize         int      // WSGIPythonOptimize
	NoBytecode       bool     // WSGIDontWriteBytecode
	HashSeed         int64    // SeedDefault, SeedRandom or a seed
	Warnings         []string // WSGIPythonWarnings
	PythonEggs       string   // WSGIPythonEggs, python-eggs=
	Locale           string   // locale= of the daemon process group, which LC_ALL names too: "" is none
	WorkingDirectory string   // home= of the daemon process group: goes to the front of sys.path
	SwitchInterval   float64  // seconds, 0 CPython's
	KeepInterpreters bool     // WSGIDestroyInterpreter Off

	// Loaded is told of each script when a call has first found it loaded: what is worth loading early next time. nil: nobody asks. It may
	// be called by several goroutines at once.
	Loaded func(path, group string)

	// Group tells what holds for an application group, asked once for each; nil: nothing special.
	Group func(name string) GroupOptions

	// What mod_wsgi and apache tell of the server.
	MaximumProcesses  int // of mod_wsgi: processes=, or the MPM's
	ApacheVersion     [3]int
	ServerDescription string
	MPMName           string
	BuildDate         string
	MPMProcesses      int // of apache
	MPMThreads        int // of apache
}

// Values of Options.HashSeed that are no seed.
const (
	SeedDefault = cpython.SeedDefault // PYTHONHASHSEED decides
	SeedRandom  = cpython.SeedRandom
)

// GroupOptions are options of an interpreter.
type GroupOptions struct {
	PythonPath     []string // WSGIPythonPath, python-path=: each by site.addsitedir, then moved to the front
	RestrictStdin  bool
	RestrictStdout bool
	AllowSignals   bool // WSGIRestrictSignal Off
}

// Reload says what happens when a script's file has changed since it was loaded.
type Reload uint8

const (
	ReloadOff     Reload = iota
	ReloadModule         // it is loaded again, in the same interpreter
	ReloadProcess        // the request is not run: Restart
)

// Script is an application: a file, a name in it and the application group whose interpreter it is loaded into.
type Script struct {
	Path     string // absolute
	Callable string // "application" is what WSGICallableObject starts from
	Group    string // application group, "" the main interpreter
	Reload   Reload
	Mtime    int64 // modification time of the file in microseconds since 1970 if the caller knows it; 0: the engine looks
}

// Call is a request to be run.
type Call struct {
	Script     Script
	Form       *Form         // completed by Run with Body and BodyEnd
	Body       []byte        // body bytes at hand, read before ReadBody is asked
	BodyEnd    bool          // Body is all of it; true for a request without a body
	Raw        []byte        // the form's bytes as they came from another process, instead of Form, Body and BodyEnd
	Exchange   Exchange      // for its duration
	QueueLimit time.Duration // longest wait for a thread, 0 none: then it ends as Expired

	mu      sync.Mutex
	running *cpython.Call
}

// Engine is Python in this process.
type Engine struct {
	rt      *cpython.Runtime
	options Options
	targets atomic.Pointer[map[targetName]*target]
	closed  atomic.Bool
	pool    sync.Pool // of *exchange

	mu      sync.Mutex // guards what follows, and the making of targets
	groups  map[string]*cpython.Group
	scripts map[scriptName]*cpython.Script
}

type scriptName struct{ path, callable string }

type targetName struct{ path, callable, group string }

// target is where a call goes.
type target struct {
	script *cpython.Script
	group  *cpython.Group
	told   atomic.Bool // Options.Loaded knows
}

// Start loads libpython, initialises Python and its main interpreter. There can be one Engine in the life of a process; Python takes part
// of the process with it: it reads the environment, sets the locale, and SIGPIPE is ignored from here on.
func Start(o Options) (*Engine, error) {
	if o.Threads < 1 {
		return nil, fmt.Errorf("wsgi: Threads is %d, must be at least 1", o.Threads)
	}
	if o.Log == nil {
		o.Log = func(Level, string, string, Exchange) {}
	}
	location, err := cpython.Find(o.PythonHome)
	if err != nil {
		return nil, err
	}
	e := &Engine{options: o}
	o.Log(Info, "", "Initializing Python runtime in "+e.mode()+".", nil)
	options, err := e.groupOptions("")
	if err != nil {
		return nil, err
	}
	adopt := 2*runtime.GOMAXPROCS(0) + 3
	if o.StackSize > 0 {
		adopt = 0 // the stack of a thread of Go's is not ours to size
	}
	e.rt, err = cpython.Start(cpython.Config{
		Location:       location,
		Process:        o.ProcessGroup,
		Options:        options,
		Keys:           keyTable[:],
		Threads:        o.Threads,
		Adopt:          adopt,
		StackSize:      o.StackSize,
		Optimize:       o.Optimize,
		NoBytecode:     o.NoBytecode,
		UTF8:           posixLocale(),
		Service:        o.Service,
		HashSeed:       o.HashSeed,
		Warnings:       o.Warnings,
		ApacheVersion:  o.ApacheVersion,
		ModWSGIVersion: Version,
		Log:            func(r cpython.Record) { o.Log(Level(r.Level), r.Code, r.Text, nil) },
	})
	if err != nil {
		return nil, err
	}
	e.groups = map[string]*cpython.Group{"": e.rt.Main()}
	e.scripts = map[scriptName]*cpython.Script{}
	e.targets.Store(&map[targetName]*target{})
	o.Log(Info, "", "Attaching to Python main interpreter in "+e.mode()+".", nil)
	return e, nil
}

// posixLocale reports whether the environment names no locale but C: python3 then uses UTF-8 (PEP 540), an embedded Python would be left
// with ASCII.
func posixLocale() bool {
	if os.Getenv("PYTHONUTF8") == "0" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return v == "C" || v == "POSIX"
		}
	}
	return true
}

func (e *Engine) mode() string {
	if p := e.options.ProcessGroup; p != "" {
		return "daemon process '" + p + "'"
	}
	return "embedded mode"
}

// groupOptions are the lines that bootstrap.py makes its config of.
func (e *Engine) groupOptions(name string) (string, error) {
	o := &e.options
	var g GroupOptions
	if o.Group != nil {
		g = o.Group(name)
	}
	where, of := "main interpreter", " in "
	if name != "" {
		where = "sub-interpreter '" + name + "'"
	}
	if o.ProcessGroup != "" {
		of = " of "
	}
	var b strings.Builder
	var bad error
	line := func(key, value string) {
		if strings.ContainsAny(value, "\n\x00") {
			bad = fmt.Errorf("wsgi: %s %q holds a newline or NUL", key, value)
		}
		b.WriteString(key + "=" + value + "\n")
	}
	flag := func(key string, on bool) {
		if on {
			line(key, "")
		}
	}
	version := func(v [3]int) string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }
	line("group", name)
	line("process", o.ProcessGroup)
	line("where", where+of+e.mode())
	line("version", version(Version))
	line("apache_version", version(o.ApacheVersion))
	line("description", o.ServerDescription)
	line("mpm_name", o.MPMName)
	line("build_date", o.BuildDate)
	line("maximum_processes", strconv.Itoa(o.MaximumProcesses))
	line("threads_per_process", strconv.Itoa(o.Threads))
	line("apache_maximum_processes", strconv.Itoa(o.MPMProcesses))
	line("apache_threads_per_process", strconv.Itoa(o.MPMThreads))
	line("path", strings.Join(g.PythonPath, ":"))
	line("working_directory", o.WorkingDirectory)
	if o.Locale != "" && name == "" {
		line("locale", o.Locale)
	}
	if o.PythonEggs != "" {
		line("eggs", o.PythonEggs)
	}
	if o.SwitchInterval > 0 {
		line("switch_interval", strconv.FormatFloat(o.SwitchInterval, 'g', -1, 64))
	}
	flag("restrict_stdin", g.RestrictStdin)
	flag("restrict_stdout", g.RestrictStdout)
	flag("restrict_signal", !g.AllowSignals)
	flag("service", name == "" && o.Service)
	flag("hide_hash_seed", name == "" && o.HashSeed != SeedDefault && os.Getenv("PYTHONHASHSEED") == "")
	return b.String(), bad
}

// PythonVersion is the version of the Python that runs, "3.11.2".
func (e *Engine) PythonVersion() string {
	v, _, _ := strings.Cut(e.rt.Version(), " ")
	return v
}

// target finds where calls of a script in a group go, made at the first.
func (e *Engine) target(path, callable, group string) (*target, error) {
	name := targetName{path, callable, group}
	if t := (*e.targets.Load())[name]; t != nil {
		return t, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	old := *e.targets.Load()
	if t := old[name]; t != nil {
		return t, nil
	}
	g, err := e.group(group)
	if err != nil {
		return nil, err
	}
	s, err := e.script(path, callable)
	if err != nil {
		return nil, err
	}
	t := &target{script: s, group: g}
	grown := maps.Clone(old)
	grown[name] = t
	e.targets.Store(&grown)
	return t, nil
}

// group is made when it is first asked for. e.mu is held.
func (e *Engine) group(name string) (*cpython.Group, error) {
	if g := e.groups[name]; g != nil {
		return g, nil
	}
	if strings.ContainsRune(name, 0) {
		return nil, errors.New("wsgi: NUL in the name of an application group")
	}
	options, err := e.groupOptions(name)
	if err != nil {
		return nil, err
	}
	g := e.rt.Group(name, options)
	if g == nil {
		return nil, errors.New("wsgi: out of memory for an application group")
	}
	e.groups[name] = g
	return g, nil
}

// script likewise. e.mu is held.
func (e *Engine) script(path, callable string) (*cpython.Script, error) {
	name := scriptName{path, callable}
	if s := e.scripts[name]; s != nil {
		return s, nil
	}
	if strings.ContainsRune(path, 0) || strings.ContainsRune(callable, 0) {
		return nil, errors.New("wsgi: NUL in the name of a script")
	}
	s := e.rt.Script(path, callable, ModuleName(path))
	if s == nil {
		return nil, errors.New("wsgi: out of memory for a script")
	}
	e.scripts[name] = s
	return s, nil
}

// Exit raises SystemExit in the service script that Preload is running, which so ends in its own time. Options.Service must have been set.
// A script in the main interpreter ("%{GLOBAL}") is called out of time.sleep and its like; one in a sub interpreter is not, CPython
// handles signals for the main interpreter alone. There is no harm in calling it when no script runs.
func (e *Engine) Exit() { e.rt.Exit() }

// Loaded reports whether a script was ever loaded without an exception.
func (e *Engine) Loaded() bool { return e.rt.Loaded() }

// Signal publishes a process_signal event ("SIGHUP", 1) in every interpreter.
func (e *Engine) Signal(name string, number int) {
	e.rt.Control("process_signal", fmt.Sprintf("%s %d", name, number), time.Minute)
}

// LogStacks writes into the log where every Python thread is, and reports whether that could be done in time.
func (e *Engine) LogStacks(timeout time.Duration) bool { return e.rt.Control("stacks", "", timeout) }

// Responsive reports whether every interpreter could be taken, and so its lock be had, before timeout has passed. If not, something
// keeps the interpreter for itself: a deadlock of an extension module.
func (e *Engine) Responsive(timeout time.Duration) bool { return e.rt.Control("", "", timeout) }

// Stop ends Python in order: process_stopping is published with reason, requests that wait for a thread end as Stopping, those under way are waited for, sub interpreters end, then the
// main one (its atexit functions run). What is not done when timeout has passed is left: the process is about to exit. It reports
// whether all was done. Run must not be called any more; calls that are made all the same end as Stopping.
func (e *Engine) Stop(reason string, timeout time.Duration) bool {
	if !e.closed.CompareAndSwap(false, true) {
		return true
	}
	end := time.Now().Add(timeout)
	left := func() time.Duration { return max(time.Until(end), 0) }
	done := e.rt.Control("process_stopping", reason, left())
	done = e.rt.StopWorkers(left()) && done
	done = done && e.rt.StopPython(!e.options.KeepInterpreters, left())
	e.rt.Flush(min(left()+100*time.Millisecond, time.Second))
	return done
}
