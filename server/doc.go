// Package server is the request path: connections, Apache's phases, output
// and error documents. It owns no directive: a module in directives/mod*
// registers hooks and reads its own configuration through the slots it was
// given.
//
// One goroutine serves one connection and carries one Request at a time; a
// Request and all that hangs on it belong to that goroutine until the log
// phase has run, and are reused for the connection's next request.
// Configuration is read from an immutable Site, without locks.
package server
