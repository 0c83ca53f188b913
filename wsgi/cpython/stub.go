//go:build !linux || !cgo || nopython

package cpython

import "errors"

// Runtime is Python; this build has none.
type Runtime struct{}

// Group, Script and Call exist in builds with Python.
type (
	Group  struct{}
	Script struct{}
	Call   struct{}
)

var errNone = errors.New("this build of the server has no Python: it was compiled without cgo or with the tag nopython")

func canLoad(string) bool { return false }

// Start fails: this build has no Python.
func Start(Config) (*Runtime, error) { return nil, errNone }

func (*Runtime) Version() string                       { return "" }
func (*Runtime) Group(string, string) *Group           { return nil }
func (*Runtime) Script(string, string, string) *Script { return nil }
func (*Runtime) NewCall() *Call                        { return nil }
func (*Runtime) ServerCall() *Call                     { return nil }
func (*Runtime) StopEvents(string, time.Duration) bool { return true }
func (*Runtime) StopWorkers(time.Duration) bool        { return true }
func (*Runtime) StopPython(bool, time.Duration) bool   { return true }
