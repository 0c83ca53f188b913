package check

import "httpd-wsgi/apacheconf"

// Report is what is known of a configuration. Its JSON form is stable: fields
// are added, not renamed, and Schema counts changes that break readers.
type Report struct {
	// Schema is the version of the form, 1.
	Schema int `json:"schema"`
	// Configuration is the main file.
	Configuration string `json:"configuration"`
	// AssumePaths tells that files, directories, users and groups were taken to be there.
	AssumePaths bool    `json:"assume_paths"`
	Verdict     Verdict `json:"verdict"`
	// ExitStatus goes with Verdict: 0, 1, 2.
	ExitStatus int `json:"exit_status"`
	// Error is why the configuration could not be read; nil if it could.
	Error  *Failure `json:"error,omitempty"`
	Counts Counts   `json:"counts"`
	// Directives are all lines in the order of the files.
	Directives []Line `json:"directives"`
	// Modules are the LoadModule lines of modules that are not part of httpd-wsgi.
	Modules []Module `json:"modules"`
	// Blocks are the containers that were not read for want of a module.
	Blocks []Block `json:"blocks"`
	// Findings are what the audits found.
	Findings []Finding `json:"findings"`
	// Htaccess are the .htaccess files that were looked at.
	Htaccess []string `json:"htaccess"`
	// Notices are the server's own messages about the configuration at its start.
	Notices []Notice `json:"notices"`
}

// Verdict sums a report up.
type Verdict string

const (
	Ready      Verdict = "ready"      // exit status 0
	NotReady   Verdict = "not_ready"  // 1: something is refused, or an audit found an error
	Unreadable Verdict = "unreadable" // 2: the configuration could not be read to its end
)

// Place is a line of a file. Line is 0 where a message has no place.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

func placeOf(p apacheconf.Pos) Place { return Place{p.File, p.Line} }

// Failure is an error without which there is no report.
type Failure struct {
	Place
	Message string `json:"message"`
}

// Counts are the numbers of lines, blocks and findings by kind.
type Counts struct {
	Files         int            `json:"files"`
	Supported     int            `json:"supported"`
	Approximated  int            `json:"approximated"`
	WithoutEffect int            `json:"without_effect"`
	Refused       int            `json:"refused"`
	Modules       int            `json:"modules"`
	Blocks        map[string]int `json:"blocks"`   // by Block.Class
	Findings      map[string]int `json:"findings"` // by Finding.Severity
}

// Line is one directive.
type Line struct {
	// Class is "supported", "approximated", "without_effect" or "refused".
	Class string `json:"class"`
	// Directive is the name as Apache spells it, a section's with its "<".
	Directive string `json:"directive"`
	// Module is the source file of its module, "mod_alias.c"; "" where none is known.
	Module string `json:"module"`
	Place
	// Message says how it differs, why it has no effect, or why it is refused; "" for supported ones.
	Message string `json:"message,omitempty"`
	// Advice says what to do about it; "" where Message does, or there is nothing to do.
	Advice string `json:"advice,omitempty"`
	// Within is the directive that was refused, or has no effect, with all that stands in it.
	Within string `json:"within,omitempty"`
}

const (
	supported     = "supported"
	approximated  = "approximated"
	withoutEffect = "without_effect"
	refused       = "refused"
)

// Module is one LoadModule line of a module that is not here.
type Module struct {
	Module string `json:"module"` // LoadModule's name
	Place
	Message string `json:"message"`
	// Advice says what to do instead of its directives; "" where nothing is known.
	Advice string `json:"advice,omitempty"`
}

// Block is a container with a condition on a module or directive that is not here.
type Block struct {
	// Class is "refused" (not read, and has directives that guard something or make a site), "not_read", or
	// "as_in_apache" (the module is not loaded: Apache passes over it, too).
	Class string `json:"class"`
	// Condition is the opening tag.
	Condition string `json:"condition"`
	Place
	EndLine int `json:"end_line"`
	// Lines is the number of directives in it.
	Lines   int    `json:"lines"`
	Message string `json:"message"`
	Advice  string `json:"advice,omitempty"`
	// Guards are the names in it that make it "refused".
	Guards []string `json:"guards,omitempty"`
}

const (
	notRead    = "not_read"
	asInApache = "as_in_apache"
)

// Finding is what an audit found.
type Finding struct {
	// Audit is the audit's name, Severity "error", "warning" or "hint".
	Audit    string `json:"audit"`
	Severity string `json:"severity"`
	Place
	// Message is one sentence of what is the matter, Advice one of what to do.
	Message string `json:"message"`
	Advice  string `json:"advice"`
}

const (
	severe  = "error"
	warning = "warning"
	hint    = "hint"
)

// Notice is a message of the server for its log. Level is "warn", "info" ...
type Notice struct {
	Level string `json:"level"`
	Place
	Message string `json:"message"`
}

// settle counts and judges.
func (r *Report) settle(files int) {
	r.Schema = 1
	c := &r.Counts
	*c = Counts{Files: files, Modules: len(r.Modules), Blocks: map[string]int{refused: 0, notRead: 0, asInApache: 0},
		Findings: map[string]int{severe: 0, warning: 0, hint: 0}}
	for i := range r.Directives {
		switch r.Directives[i].Class {
		case supported:
			c.Supported++
		case approximated:
			c.Approximated++
		case withoutEffect:
			c.WithoutEffect++
		default:
			c.Refused++
		}
	}
	for i := range r.Blocks {
		c.Blocks[r.Blocks[i].Class]++
	}
	for i := range r.Findings {
		c.Findings[r.Findings[i].Severity]++
	}
	switch {
	case r.Error != nil:
		r.Verdict, r.ExitStatus = Unreadable, 2
	case c.Refused+c.Blocks[refused]+c.Findings[severe] > 0:
		r.Verdict, r.ExitStatus = NotReady, 1
	default:
		r.Verdict, r.ExitStatus = Ready, 0
	}
}

// Failed is the report on a configuration that could not be read.
func Failed(configuration string, assumePaths bool, err *apacheconf.Error) *Report {
	r := &Report{Configuration: configuration, AssumePaths: assumePaths, Error: &Failure{placeOf(err.Pos), err.Error()},
		Directives: []Line{}, Modules: []Module{}, Blocks: []Block{}, Findings: []Finding{}, Htaccess: []string{}, Notices: []Notice{}}
	r.settle(0)
	return r
}
