package server

import (
	"sort"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/logfile"
	"httpd-wsgi/internal/scoreboard"
	"httpd-wsgi/vhost"
)

// Status is what a hook returns: Declined, OK, Done, or an HTTP status (>= 100).
type Status int

const (
	// Declined leaves the matter to the next hook.
	Declined Status = -1
	// OK says the phase is done well.
	OK Status = 0
	// Done says the response has been sent; no further phase runs but logging.
	Done Status = -2
)

// Order places a hook among the others of its phase (APR_HOOK_*). Hooks of the
// same order run in the order of the module list.
type Order int

const (
	ReallyFirst Order = -10
	First       Order = 0
	Middle      Order = 10
	Last        Order = 20
	ReallyLast  Order = 30
)

type hook[F any] struct {
	fn     F
	order  Order
	module string
}

// Phase is the ordered list of one phase's hooks. It is written while modules
// are bound and read-only afterwards.
type Phase[F any] struct{ hooks []hook[F] }

// Add registers fn for module.
func (p *Phase[F]) Add(module string, order Order, fn F) {
	p.hooks = append(p.hooks, hook[F]{fn, order, module})
}

func (p *Phase[F]) sorted() []F {
	sort.SliceStable(p.hooks, func(i, j int) bool { return p.hooks[i].order < p.hooks[j].order })
	out := make([]F, len(p.hooks))
	for i := range p.hooks {
		out[i] = p.hooks[i].fn
	}
	return out
}

// Hook is a hook of a request phase.
type Hook = func(*Request) Status

// HookSet collects what the loaded modules hook into. The phases run in the
// order of the fields (ap_process_request_internal), see pipeline.go.
type HookSet struct {
	// OpenLogs opens what a module writes to: in the master, which still has its privileges, and in
	// each process it starts, where the Set holds what the master opened (open_logs).
	OpenLogs Phase[func(*directives.Plan, *logfile.Set) error]

	// PostConfig prepares what only serving needs, which -t therefore does not look at: in the master,
	// and in each process it starts, with the logs open. What goes wrong is a line for the error log;
	// files are read through Plan.Files, for the processes to find there (post_config).
	PostConfig Phase[func(*directives.Plan) *errlog.Entry]

	// ChildInit runs once in each process that serves, after privileges are
	// dropped and before it accepts; ChildExit runs in reverse at its end.
	ChildInit Phase[func(*Child) error]
	ChildExit Phase[func(*Child)]

	PostReadRequest Phase[Hook] // after the head was read: proxies' headers, SetEnvIf before location
	TranslateName   Phase[Hook] // URI to file name
	MapToStorage    Phase[Hook] // directory walk; TRACE
	HeaderParser    Phase[Hook] // per-directory, first look at headers
	AccessChecker   Phase[Hook] // by address, environment: Order/Allow/Deny
	AccessCheckerEx Phase[Hook] // Require without a user
	CheckUserID     Phase[Hook] // authentication
	AuthChecker     Phase[Hook] // authorization
	TypeChecker     Phase[Hook] // type, handler, encoding, language
	Fixups          Phase[Hook] // last changes before the handler
	InsertFilter    Phase[func(*Request)]
	// InsertErrorFilter runs in place of InsertFilter for an error page of the server's own.
	InsertErrorFilter Phase[func(*Request)]
	Handler           Phase[Hook] // the first that does not decline answers
	LogTransaction    Phase[Hook]

	// ReadLimits bounds the time that clients take to send requests to a server; nil: only Timeout does.
	// It gives nil for a server without such bounds.
	ReadLimits func(*vhost.Server) *ReadLimits

	// Auth is what the auth modules tell each other.
	Auth AuthConf

	// SSLVariable looks up a variable of mod_ssl, "SSL_PROTOCOL", for r; nil without that module (ssl_var_lookup).
	SSLVariable func(r *Request, name string) (value string, ok bool)

	noteCount int
}

// Child is what ChildInit and ChildExit hooks see of their process.
type Child struct {
	Site *Site
	// Threads is the most requests that this process serves at a time;
	// Processes the most processes of its kind (wsgi.multithread, wsgi.multiprocess).
	Threads, Processes int
	// MPM is "prefork", "worker" or "event".
	MPM string
	// Board is the scoreboard that all children share, nil in a process without one.
	Board *scoreboard.Board
	// Dry tells that requests are explained, not served: nothing is to be started for them.
	Dry bool
	// Built is when the program was made, as it tells with -v.
	Built string
	// Legacy is what processes of this kind before this one have left for it; Leave leaves something to those after
	// it. Leave may be nil.
	Legacy []string
	Leave  func(word string)
	// Stopping is closed when the process is to end at once; nil: never.
	Stopping <-chan struct{}
}

// Module binds a module's tables to its hooks.
type Module struct {
	ID       string
	register func(*directives.Registry) func(*HookSet)
}

// Bind makes a Module. provide may be nil; it registers providers
// (Registry.Provide). hooks may be nil; it is called only when the module is
// loaded, once per Site.
func Bind[S, D any](m directives.Module[S, D], provide func(*directives.Registry, directives.Slots[S, D]), hooks func(*HookSet, directives.Slots[S, D])) Module {
	return Module{m.ID, func(r *directives.Registry) func(*HookSet) {
		slots := directives.Add(r, m)
		if provide != nil {
			provide(r, slots)
		}
		return func(h *HookSet) {
			if hooks != nil {
				hooks(h, slots)
			}
		}
	}}
}

// Linked is the list of modules that the program has, registered.
type Linked struct {
	Registry *directives.Registry
	Core     modcore.Slots
	bind     map[string]func(*HookSet)
}

// Link registers core's modules and then the given ones, in order.
func Link(modules []Module) *Linked {
	l := &Linked{Registry: directives.NewRegistry(), bind: map[string]func(*HookSet){}}
	l.Core = modcore.Add(l.Registry)
	for _, m := range modules {
		l.bind[m.ID] = m.register(l.Registry)
	}
	return l
}

// Hooks binds the hooks of the modules that a configuration loads.
func (l *Linked) Hooks(loaded *directives.Loaded) *HookSet {
	h := &HookSet{}
	for _, m := range loaded.Modules() {
		if bind := l.bind[m.ID]; bind != nil {
			bind(h)
		}
	}
	return h
}

// InitChild runs the ChildInit hooks until one fails.
func (h *HookSet) InitChild(c *Child) error {
	for _, init := range h.ChildInit.sorted() {
		if err := init(c); err != nil {
			return err
		}
	}
	return nil
}

// ExitChild runs the ChildExit hooks, the last ones first.
func (h *HookSet) ExitChild(c *Child) {
	hooks := h.ChildExit.sorted()
	for i := len(hooks) - 1; i >= 0; i-- {
		hooks[i](c)
	}
}
