package explain

// Report is the answer for one Request. It marshals to the output of
// "explain --format json".
type Report struct {
	ID      string `json:"id,omitempty"`
	Request string `json:"request"` // "GET http://host/path", or the line received
	From    string `json:"from"`
	To      string `json:"to"`
	// Error says why there is no answer; all else is empty then.
	Error string `json:"error,omitempty"`

	// Outcome is the answer in a sentence.
	Outcome string `json:"outcome,omitempty"`
	// Status is what the client gets; 0 if the application says, or a script of Questions.
	Status int `json:"status"`
	// Location is where a redirect leads.
	Location string `json:"location,omitempty"`
	// Handler is the handler's configured name ("%R"), "" for none; Module who answers, "" if no handler was reached.
	Handler string `json:"handler,omitempty"`
	Module  string `json:"module,omitempty"`
	// Because are the lines that refused or redirected the request.
	Because []Line `json:"because,omitempty"`

	Server *Server `json:"server,omitempty"`
	// Steps are the client's request and those that it was redirected to inside the server, in order.
	Steps []Step `json:"steps,omitempty"`
	// Headers are those of the response, as far as they are known without the application.
	Headers []string `json:"headers,omitempty"`

	// Questions are what only a program can answer; with any, Status is 0 and what becomes of the request stands in IfYes and
	// IfNo, the latter nil if it is the same. All else in the Report is of yes.
	Questions []Question `json:"questions,omitempty"`
	IfYes     *Verdict   `json:"if_yes,omitempty"`
	IfNo      *Verdict   `json:"if_no,omitempty"`
	Notes     []string   `json:"notes,omitempty"`
}

// Question is one that a hook script would be asked.
type Question struct {
	Directive string `json:"directive"`
	Script    string `json:"script"`
	Function  string `json:"function"`
	// Say is what depends on it, in words.
	Say string `json:"say"`
}

// Verdict is what becomes of the request, as in Report.
type Verdict struct {
	Status  int    `json:"status"`
	Outcome string `json:"outcome"`
}

// Server is the virtual host that answers.
type Server struct {
	Name string `json:"name"`
	// Main tells the main server; File and Line are where its <VirtualHost> begins otherwise.
	Main bool   `json:"main,omitempty"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Address is the address that it was found by, "*:80"; "" if no <VirtualHost> fits.
	Address string `json:"address,omitempty"`
	// Why tells how it was chosen; By is the line that has the name.
	Why string `json:"why"`
	By  *Line  `json:"by,omitempty"`
}

// Step is one request on its way through the phases.
type Step struct {
	// Via tells how the request came about; "" for the client's own.
	Via    string `json:"via,omitempty"`
	Method string `json:"method"`
	URI    string `json:"uri"` // path and query

	Rewrites []Rewrite `json:"rewrites,omitempty"`
	// Mapped tells how the URL was mapped, MappedBy the line that did.
	Mapped   string `json:"mapped,omitempty"`
	MappedBy *Line  `json:"mapped_by,omitempty"`
	// Became are the entries that took the place of what was asked for: DirectoryIndex, MultiViews.
	Became []string `json:"became,omitempty"`
	// File is what the URL maps to, Kind "file", "directory" or "missing", Size its bytes, PathInfo what follows it in the URL.
	File     string `json:"file,omitempty"`
	Kind     string `json:"kind,omitempty"`
	Size     int64  `json:"size,omitempty"`
	PathInfo string `json:"path_info,omitempty"`
	Type     string `json:"type,omitempty"`

	// Sections make up the configuration, in the order of their merging.
	Sections []Section `json:"sections,omitempty"`
	// Access are the lines that were asked whether the client may, Require's as a tree.
	Access         []Access        `json:"access,omitempty"`
	Authentication *Authentication `json:"authentication,omitempty"`
	WSGI           *WSGI           `json:"wsgi,omitempty"`
	// Environment are the variables that the configuration set.
	Environment []string `json:"environment,omitempty"`

	Handler string `json:"handler,omitempty"`
	Module  string `json:"module,omitempty"`
	// Status is what ended the phases; 0 if the handler answered. Phase is where, ErrorDocument what answers instead.
	Status        int    `json:"status,omitempty"`
	Phase         string `json:"phase,omitempty"`
	ErrorDocument string `json:"error_document,omitempty"`
	// Log are the messages of the error log, those below LogLevel too.
	Log []string `json:"log,omitempty"`
}

// Rewrite is a RewriteRule that was tried.
type Rewrite struct {
	Line
	// Directory is that of a rule in per-directory context.
	Directory string `json:"directory,omitempty"`
	// Input is what the pattern was matched against. Outcome is "applied", "no match" or "conditions failed".
	Input   string `json:"input"`
	Outcome string `json:"outcome"`
	// Result is the URL or path after the rule; Status what it forces.
	Result string `json:"result,omitempty"`
	Status int    `json:"status,omitempty"`
	// Conditions are those that were tried.
	Conditions []Condition `json:"conditions,omitempty"`
	// Subrequest tells that the rule ran for a lookup (DirectoryIndex).
	Subrequest bool `json:"subrequest,omitempty"`
}

// Condition is a RewriteCond that was tried.
type Condition struct {
	Line
	Input string `json:"input"`
	Held  bool   `json:"held"`
}

// Access is a Require line or container, or one of Order, Allow and Deny.
type Access struct {
	Line
	// Verdict is "granted", "denied", "neutral", "needs a user", "error", "not asked", "other method",
	// "for the script to say".
	Verdict string `json:"verdict"`
}

// Authentication is how the client must say who asks.
type Authentication struct {
	Type      string   `json:"type,omitempty"`
	Realm     string   `json:"realm,omitempty"`
	Providers []string `json:"providers,omitempty"`
	User      string   `json:"user,omitempty"`
	// Verdict is "no credentials", "accepted", "taken as given" (--user), "for the script to say", or what is wrong.
	Verdict string `json:"verdict"`
}

// WSGI is where the application runs.
type WSGI struct {
	Script   string `json:"script"`
	Callable string `json:"callable"`
	// ProcessGroup is "" in embedded mode, ApplicationGroup "" for the main interpreter.
	ProcessGroup     string `json:"process_group"`
	Daemon           *Line  `json:"daemon,omitempty"`
	Processes        int    `json:"processes,omitempty"`
	Threads          int    `json:"threads,omitempty"`
	ApplicationGroup string `json:"application_group"`
	ScriptName       string `json:"script_name"`
	PathInfo         string `json:"path_info"`
}
