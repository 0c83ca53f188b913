//go:build linux && cgo && !nopython

package cpython

/*
#cgo CFLAGS: -std=gnu11 -O2 -Wall -Wextra -Werror
#cgo LDFLAGS: -ldl -lpthread
#cgo nocallback hw_submit
#cgo noescape hw_submit
#cgo nocallback hw_take_ready
#cgo noescape hw_take_ready
#cgo nocallback hw_ack
#cgo noescape hw_ack
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

//go:embed bootstrap.py
var bootstrap string

// Runtime is Python in this process. There can be one in the life of a process.
type Runtime struct {
	calls  atomic.Pointer[[]*Call] // by index; only grows
	mu     sync.Mutex
	free   []*Call
	server *Call // its messages are log records that belong to no call; it is never done
	main   *Group
	events *os.File
}

// Group is an application group: an interpreter, made when it is first called into. It lives as long as the process.
type Group struct{ c *C.hw_interp }

// Script is a script file and a name in it. It lives as long as the process.
type Script struct{ c *C.hw_script }

// Call carries one call to Python and its messages back. It is used by one goroutine at a time.
type Call struct {
	c       *C.hw_call
	rt      *Runtime
	wake    chan struct{}
	serving sync.Mutex
	server  Server // answers messages while Submit runs the call on the goroutine's own thread
	args    []byte
	over    bool // Submit did, and the next Wait need not wait
}

// Server answers messages of a call.
type Server interface{ Serve(State) }

var started atomic.Bool

func canLoad(name string) bool {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	message := C.hw_load(c)
	C.free(unsafe.Pointer(message))
	return message == nil
}

func take(message *C.char) error {
	if message == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(message))
	return errors.New(C.GoString(message))
}

// Start loads libpython and initialises Python; it returns when the main interpreter is ready. From then on the process ignores SIGPIPE,
// as Python itself arranges it: its threads write to sockets, too.
//
// A Python that is damaged so badly that it cannot find its own library ends the process with CPython's own message.
func Start(cfg Config) (*Runtime, error) {
	if !started.CompareAndSwap(false, true) {
		return nil, errors.New("Python has been started in this process before")
	}
	library := C.CString(cfg.Library)
	defer C.free(unsafe.Pointer(library))
	if err := take(C.hw_load(library)); err != nil {
		return nil, fmt.Errorf("libpython cannot be loaded: %w", err)
	}
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	signal.Ignore(syscall.SIGPIPE)
	rt := &Runtime{events: os.NewFile(uintptr(fd), "python events")}
	rt.calls.Store(&[]*Call{})
	rt.server = rt.NewCall()
	if cfg.Bootstrap == "" {
		cfg.Bootstrap = bootstrap
	}
	k := cConfig(&cfg)
	if rt.main = rt.Group("", cfg.Options); rt.main == nil {
		return nil, errors.New("out of memory")
	}
	conn, err := rt.events.SyscallConn()
	if err != nil {
		return nil, err
	}
	go rt.dispatch(conn)
	go func() {
		for {
			rt.server.Wait()
			rt.server.Records(cfg.Log)
		}
	}()
	if err := take(C.hw_start(k, C.int(fd), rt.server.c)); err != nil {
		return nil, err
	}
	return rt, nil
}

// cConfig is never freed: C keeps the keys, and Python its start-up strings.
func cConfig(cfg *Config) *C.hw_config {
	k := (*C.hw_config)(C.calloc(1, C.sizeof_hw_config))
	k.library, k.bootstrap, k.process = C.CString(cfg.Library), C.CString(cfg.Bootstrap), C.CString(cfg.Process)
	if cfg.Program != "" {
		k.program = C.CString(cfg.Program)
	}
	if cfg.Home != "" {
		k.home = C.CString(cfg.Home)
	}
	keys := (*C.hw_key)(C.calloc(C.size_t(len(cfg.Keys)+1), C.sizeof_hw_key))
	for i, key := range cfg.Keys {
		at := &unsafe.Slice(keys, len(cfg.Keys))[i]
		at.name = C.CString(key.Name)
		if key.FS {
			at.flags |= C.HW_KEY_FS
		}
		if key.Stable {
			at.flags |= C.HW_KEY_STABLE
		}
	}
	k.keys, k.nkeys = keys, C.uint32_t(len(cfg.Keys))
	if n := len(cfg.Warnings); n > 0 {
		list := (**C.char)(C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(uintptr(0)))))
		for i, w := range cfg.Warnings {
			unsafe.Slice(list, n)[i] = C.CString(w)
		}
		k.warnings, k.nwarnings = list, C.int(n)
	}
	k.threads, k.adopt, k.stack = C.int(cfg.Threads), C.int(cfg.Adopt), C.size_t(cfg.StackSize)
	k.optimize, k.hash_seed = C.int(cfg.Optimize), C.int64_t(cfg.HashSeed)
	if cfg.NoBytecode {
		k.no_bytecode = 1
	}
	if cfg.Service {
		k.service = 1
	}
	if cfg.UTF8 {
		k.utf8 = 1
	}
	for i := range 3 {
		k.apache_version[i], k.version[i] = C.int(cfg.ApacheVersion[i]), C.int(cfg.ModWSGIVersion[i])
	}
	return k
}

// dispatch tells the goroutines whose calls have messages. The eventfd is registered edge-triggered and never read: each write to it
// wakes the wait, and all that is ready is taken each time.
func (rt *Runtime) dispatch(conn syscall.RawConn) {
	_ = conn.Read(func(uintptr) bool {
		for c := C.hw_take_ready(); c != nil; {
			next := c.next // the goroutine may reuse c as soon as it is told
			(*rt.calls.Load())[c.index].tell()
			c = next
		}
		return false
	})
}

// Flush waits, until timeout has passed at most, until the log records that belong to no call have been logged.
func (rt *Runtime) Flush(timeout time.Duration) {
	n := (*uint32)(unsafe.Pointer(&rt.server.c.nlogs))
	for end := time.Now().Add(timeout); atomic.LoadUint32(n) > 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

// Version is what Python says of its version: "3.11.2 (main, ...) [GCC ...]".
func (rt *Runtime) Version() string { return C.GoString(C.hw_version()) }

// Loaded reports whether a script was ever loaded without an exception.
func (rt *Runtime) Loaded() bool { return C.hw_loaded() != 0 }

// Group makes a new application group; name it once. options are for bootstrap.py.
func (rt *Runtime) Group(name, options string) *Group {
	n, o := C.CString(name), C.CString(options)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(o))
	if in := C.hw_group(n, o); in != nil {
		return &Group{in}
	}
	return nil
}

// Script makes a new script; name it once. module is the name its module gets.
func (rt *Runtime) Script(path, callable, module string) *Script {
	p, c, m := C.CString(path), C.CString(callable), C.CString(module)
	defer C.free(unsafe.Pointer(p))
	defer C.free(unsafe.Pointer(c))
	defer C.free(unsafe.Pointer(m))
	if s := C.hw_script_of(p, c, m); s != nil {
		return &Script{s}
	}
	return nil
}

// Main is the group of the main interpreter.
func (rt *Runtime) Main() *Group { return rt.main }

// NewCall returns a call that is not in use.
func (rt *Runtime) NewCall() *Call {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if n := len(rt.free); n > 0 {
		c := rt.free[n-1]
		rt.free = rt.free[:n-1]
		return c
	}
	c := &Call{c: C.hw_call_new(), rt: rt, wake: make(chan struct{}, 1)}
	old := *rt.calls.Load()
	c.c.index = C.uint32_t(len(old))
	grown := append(old, c) // readers see only what was there when they loaded, so sharing the array is sound
	rt.calls.Store(&grown)
	return c
}

// Free gives a call back that is done or was never submitted.
func (c *Call) Free() {
	c.rt.mu.Lock()
	c.rt.free = append(c.rt.free, c)
	c.rt.mu.Unlock()
}

// Submit has the call run by Python, on this very thread if that may be and is quickest, otherwise on a worker thread. form is copied. After
// this the goroutine has to call Wait, and to do what it says, until it says Done.
//
// While the call runs on this thread its messages go to s, by one other goroutine at a time, which also acknowledges.
func (c *Call) Submit(kind Kind, flags Flags, g *Group, script *Script, mtime int64, form []byte, limit time.Duration, s Server) {
	c.prepare(kind, flags, g, script, mtime, form)
	c.c.queue_limit = C.int64_t(limit)
	c.serving.Lock()
	c.server = s
	c.serving.Unlock()
	if C.hw_submit(c.c) == 0 {
		return
	}
	for range int(c.c.pushes) { // each has had its goroutine
		<-c.wake
	}
	c.over = true
}

// tell is called by the dispatcher when there is a message.
func (c *Call) tell() {
	if atomic.LoadUint32((*uint32)(unsafe.Pointer(&c.c.here))) == 0 {
		c.wake <- struct{}{}
		return
	}
	go func() {
		c.serving.Lock()
		c.server.Serve(c.state())
		c.serving.Unlock()
		c.wake <- struct{}{}
	}()
}

func (c *Call) state() State {
	s := atomic.SwapUint32((*uint32)(unsafe.Pointer(&c.c.state)), 0)
	return State(s) & (Op | Logs | Done)
}

// SubmitBoss sends the call to the thread that initialised Python, where preloading is done.
func (c *Call) SubmitBoss(kind Kind, flags Flags, g *Group, s *Script, mtime int64) {
	c.prepare(kind, flags, g, s, mtime, nil)
	c.c.queue_limit = 0
	C.hw_submit_boss(c.c)
}

func (c *Call) prepare(kind Kind, flags Flags, g *Group, s *Script, mtime int64, form []byte) {
	k := c.c
	k.kind, k.flags = C.uint32_t(kind), C.uint32_t(flags)
	k.interp, k.script, k.mtime = g.c, s.c, C.int64_t(mtime)
	fill(&k.form, form)
	fill(&k.args, c.args)
	c.args = c.args[:0]
}

// fill copies p into memory of C.
func fill(b *C.hw_buf, p []byte) {
	if C.size_t(len(p)) > b.cap && C.hw_reserve(b, C.size_t(len(p))) != 0 {
		panic("out of memory for a request form")
	}
	b.n = C.size_t(copy(unsafe.Slice((*byte)(unsafe.Pointer(b.p)), int(b.cap)), p))
}

// SetArgs sets the arguments of a Function call, after the environ if it gets one. To be called before Submit.
func (c *Call) SetArgs(args []string) {
	c.args = c.args[:0]
	for _, a := range args {
		c.args = binary.NativeEndian.AppendUint32(c.args, uint32(len(a)))
		c.args = append(c.args, a...)
	}
}

// Value is what a function returned, with the strings of String and List.
func (c *Call) Value() (ValueKind, []string) {
	var list []string
	for p := unsafe.Slice((*byte)(unsafe.Pointer(c.c.result.p)), int(c.c.result.n)); len(p) >= 4; {
		n := binary.NativeEndian.Uint32(p)
		list = append(list, string(p[4:4+n]))
		p = p[4+n:]
	}
	return ValueKind(c.c.value), list
}

// Wait blocks until something has come from Python, and says what.
func (c *Call) Wait() State {
	if c.over {
		c.over = false
		return c.state() | State(c.c.final)
	}
	<-c.wake
	return c.state()
}

// Interrupt raises mod_wsgi.RequestTimeout in the thread that runs the call. It may be called by any goroutine between Submit and Done.
func (c *Call) Interrupt() { C.hw_interrupt(c.c) }

// Exit raises SystemExit in the script that the thread which initialised Python is running. Config.Service must have been set.
func (rt *Runtime) Exit() { C.hw_exit() }

// Ack tells Python that the operation is settled. Its bytes are not valid any more.
func (c *Call) Ack() { C.hw_ack(c.c) }

// Op is the operation that is to be carried out.
func (c *Call) Op() OpKind { return OpKind(c.c.op) }

// Last reports whether the response is complete with the operation's body.
func (c *Call) Last() bool { return c.c.last != 0 }

// ContentLength is the application's Content-Length, or -1.
func (c *Call) ContentLength() int64 { return int64(c.c.content_length) }

// Body is the operation's part of the response body; C's bytes, valid until acknowledged.
func (c *Call) Body() []byte {
	if c.c.body_len == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(c.c.body)), int(c.c.body_len))
}

// File is the part of a file to be sent. The descriptor is the application's and open until acknowledged.
func (c *Call) File() (fd int, offset, n int64) {
	return int(c.c.fd), int64(c.c.offset), int64(c.c.body_len)
}

// Buffer is where to read request body bytes to; empty if Python only says that it wants the body.
func (c *Call) Buffer() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(c.c.in)), int(c.c.in_cap))
}

// Whole tells that Buffer is to be filled, as far as the body goes: Python wants no less.
func (c *Call) Whole() bool { return c.c.in_whole != 0 }

func (c *Call) head() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(c.c.head.p)), int(c.c.head.n))
}

// Status is the response's status line and its code; C's bytes, valid until acknowledged.
func (c *Call) Status() (line []byte, code int) {
	p := c.head()
	n := binary.NativeEndian.Uint32(p)
	return p[4 : 4+n : 4+n], int(c.c.status)
}

// Headers are the response's headers, names and values; C's bytes, valid until acknowledged.
func (c *Call) Headers() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		p := c.head()
		p = p[4+binary.NativeEndian.Uint32(p):]
		for range int(c.c.nheaders) {
			n, v := binary.NativeEndian.Uint32(p), binary.NativeEndian.Uint32(p[4:])
			p = p[8:]
			if !yield(p[:n:n], p[n:n+v:n+v]) {
				return
			}
			p = p[n+v:]
		}
	}
}

// Reply sets what Read came to: bytes read, 0 at the end of the body, or an error.
func (c *Call) Reply(n int, err error) {
	if err != nil {
		c.setError(err)
		n = -1
	}
	c.c.reply = C.int64_t(n)
}

// Fail says that the response cannot be sent any more, because the client went away or because of err.
func (c *Call) Fail(gone bool, err error) {
	c.c.failed = 1
	if !gone {
		c.c.failed = 2
		c.setError(err)
	}
}

func (c *Call) setError(err error) {
	to := unsafe.Slice((*byte)(unsafe.Pointer(&c.c.error)), len(c.c.error))
	to[copy(to[:len(to)-1], err.Error())] = 0
}

// Records takes the log records that have come, oldest first.
func (c *Call) Records(each func(Record)) {
	at := (*unsafe.Pointer)(unsafe.Pointer(&c.c.logs))
	list := (*C.hw_log)(atomic.SwapPointer(at, nil))
	if list == nil {
		return
	}
	var records []Record
	for r := list; r != nil; r = r.next {
		text := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(r), C.sizeof_hw_log)), int(r.n))
		records = append(records, Record{int(r.level), C.GoString(&r.code[0]), string(text)})
	}
	for i := len(records) - 1; i >= 0; i-- {
		each(records[i])
	}
	C.hw_logs_free(list, c.c)
}

// Results of the call, once it is done.
func (c *Call) Results() Results {
	k := c.c
	return Results{
		Outcome:   Outcome(k.outcome),
		Responded: k.responded != 0,
		Sent:      int64(k.sent),
		Queued:    time.Duration(k.queue_ns),
		Ran:       time.Duration(k.run_ns),
	}
}

// CheckForm reports whether the decoder in C takes the bytes for a well-formed request form. Python must have been started.
func CheckForm(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	return C.hw_form_check((*C.uchar)(unsafe.Pointer(&b[0])), C.size_t(len(b))) == 0
}

func milliseconds(d time.Duration) C.int { return C.int(d.Milliseconds()) }

// Control does something in every interpreter, on the thread that initialised Python: "process_stopping" with a reason, "process_signal"
// with "SIGHUP 1", "stacks", and "" which only takes each interpreter. It reports whether it was done in time.
func (rt *Runtime) Control(what, text string, timeout time.Duration) bool {
	w, t := C.CString(what), C.CString(text)
	defer C.free(unsafe.Pointer(w))
	defer C.free(unsafe.Pointer(t))
	return C.hw_control(w, t, milliseconds(timeout)) == 0
}

// StopWorkers lets the worker threads finish what is queued and ends them. No call may be submitted any more.
func (rt *Runtime) StopWorkers(timeout time.Duration) bool {
	return C.hw_stop_workers(milliseconds(timeout)) == 0
}

// StopPython ends the interpreters and Python, after StopWorkers has succeeded. destroy false: it does nothing of the kind.
func (rt *Runtime) StopPython(destroy bool, timeout time.Duration) bool {
	d := C.int(0)
	if destroy {
		d = 1
	}
	return C.hw_stop_python(d, milliseconds(timeout)) == 0
}
