package server

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/logfile"
)

// LogItemGroup is the provider group of directives.Registry.Provide in which
// modules file directives of LogFormat: LogItem values by the letter after
// '%', or by "^" and two letters (ap_register_log_handler).
const LogItemGroup = "log item"

// LogItem is a directive of LogFormat that a module adds.
type LogItem struct {
	// Original tells that without '<' and '>' the item looks at the request
	// that the client sent, not at the one it was redirected to.
	Original bool
	// Compile gives for the argument in braces the function that appends the
	// item's text, escaped, or "-". The function runs in the log phase.
	Compile func(arg string) func(dst []byte, r *Request) []byte
}

// OpenLogFiles runs the OpenLogs hooks until one fails.
func (h *HookSet) OpenLogFiles(p *directives.Plan, set *logfile.Set) error {
	for _, open := range h.OpenLogs.sorted() {
		if err := open(p, set); err != nil {
			return err
		}
	}
	return nil
}

// Prepare runs the PostConfig hooks until one fails.
func (h *HookSet) Prepare(p *directives.Plan) *errlog.Entry {
	for _, prepare := range h.PostConfig.sorted() {
		if e := prepare(p); e != nil {
			return e
		}
	}
	return nil
}
