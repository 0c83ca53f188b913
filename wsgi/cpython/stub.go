//go:build !linux || !cgo || nopython

package cpython

import (
	"errors"
	"iter"
	"time"
)

// Runtime is Python; this build has none, so nothing below is ever reached.
type Runtime struct{}

// Group, Script, Call and Server exist in builds with Python.
type (
	Group  struct{}
	Script struct{}
	Call   struct{}
	Server interface{ Serve(State) }
)

var errNone = errors.New("this build of the server has no Python: it was compiled without cgo or with the tag nopython")

func canLoad(string) bool { return false }

// CheckForm reports false: there is no decoder.
func CheckForm([]byte) bool { return false }

// Start fails: this build has no Python.
func Start(Config) (*Runtime, error) { return nil, errNone }

func (*Runtime) Version() string                            { return "" }
func (*Runtime) Exit()                                      {}
func (*Runtime) Loaded() bool                               { return false }
func (*Runtime) Main() *Group                               { return nil }
func (*Runtime) Group(string, string) *Group                { return nil }
func (*Runtime) Script(string, string, string) *Script      { return nil }
func (*Runtime) NewCall() *Call                             { return nil }
func (*Runtime) Control(string, string, time.Duration) bool { return true }
func (*Runtime) Flush(time.Duration)                        {}
func (*Runtime) StopWorkers(time.Duration) bool             { return true }
func (*Runtime) StopPython(bool, time.Duration) bool        { return true }

func (*Call) Submit(Kind, Flags, *Group, *Script, int64, []byte, time.Duration, Server) {}
func (*Call) SubmitBoss(Kind, Flags, *Group, *Script, int64)                            {}
func (*Call) SetArgs([]string)                                                          {}
func (*Call) Wait() State                                                               { return Done }
func (*Call) Records(func(Record))                                                      {}
func (*Call) Op() OpKind                                                                { return 0 }
func (*Call) Ack()                                                                      {}
func (*Call) Interrupt()                                                                {}
func (*Call) Last() bool                                                                { return false }
func (*Call) ContentLength() int64                                                      { return 0 }
func (*Call) Body() []byte                                                              { return nil }
func (*Call) File() (int, int64, int64)                                                 { return 0, 0, 0 }
func (*Call) Buffer() []byte                                                            { return nil }
func (*Call) Whole() bool                                                               { return false }
func (*Call) Status() ([]byte, int)                                                     { return nil, 0 }
func (*Call) Headers() iter.Seq2[[]byte, []byte]                                        { return nil }
func (*Call) Reply(int, error)                                                          {}
func (*Call) Fail(bool, error)                                                          {}
func (*Call) Results() Results                                                          { return Results{} }
func (*Call) Value() (ValueKind, []string)                                              { return None, nil }
func (*Call) Free()                                                                     {}
