package wsgi

import (
	"time"

	"httpd-wsgi/wsgi/cpython"
)

// Outcome is how a request ended. What a client is to be told is up to the caller; the comments say what mod_wsgi does.
type Outcome int

const (
	// OK: the response was handed over; if Result.Short, less of it than its Content-Length.
	OK = Outcome(cpython.OK)
	// Exception left the application and was logged. If !Result.Responded: 500. Else the response was begun and cannot be completed:
	// the connection has to be closed without the last chunk.
	Exception = Outcome(cpython.Exception)
	// Timeout: mod_wsgi.RequestTimeout left the application. Like Exception, but 504.
	Timeout = Outcome(cpython.Timeout)
	// ClientGone: the exchange said so, or failed; the application was told or its iteration ended.
	ClientGone = Outcome(cpython.Gone)
	// NoScript: the script file is missing: 404, logged as WSGI0135.
	NoScript = Outcome(cpython.NoScript)
	// LoadFailed: the script raised when it was loaded, or its interpreter cannot be had; logged: 500.
	LoadFailed = Outcome(cpython.LoadFailed)
	// NoCallable: the script has no such application; logged as WSGI0089: 404 in embedded mode, 500 in a daemon process.
	NoCallable = Outcome(cpython.NoCallable)
	// Restart: the script changed since it was loaded and Script.Reload is ReloadProcess: the request is for another process.
	Restart = Outcome(cpython.Restart)
	// Expired: it waited longer than Call.QueueLimit for a thread and was not run: 504.
	Expired = Outcome(cpython.Expired)
	// Stopping: the engine is being stopped and did not run it: 503.
	Stopping = Outcome(cpython.Stopping)
	// BadForm: the form's bytes are malformed: 500.
	BadForm = Outcome(cpython.BadForm)
)

// Result tells of a request that is over.
type Result struct {
	Outcome   Outcome
	Responded bool          // Respond was called
	Status    int           // of the response, if Responded
	Sent      int64         // body bytes handed to the exchange
	Short     bool          // OK, but fewer body bytes than the Content-Length (which HEAD, 204 and 304 explain)
	Queued    time.Duration // from Run to a thread taking the request
	Ran       time.Duration // on that thread
}
