package wsgi

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"httpd-wsgi/wsgi/cpython"
)

// Run runs a request and returns when it is over, Python's part and the exchange's. It may be called by any number of goroutines; as many
// requests run at once as there are Threads, the others wait in line.
func (e *Engine) Run(call *Call) Result {
	t, flags, mtime, outcome := e.find(&call.Script, call.Exchange)
	if outcome != OK {
		return Result{Outcome: outcome}
	}
	form := call.Raw
	if form == nil {
		form = call.Form.Bytes(call.Body, call.BodyEnd)
	}
	x := e.begin(call.Exchange)
	call.set(x.c)
	x.c.Submit(cpython.Request, flags, t.group, t.script, mtime, form, call.QueueLimit, x)
	x.wait()
	call.set(nil)
	r := x.end()
	if r.Outcome == OK && !t.told.Load() {
		e.tell(t, &call.Script)
	}
	return r
}

// tell says to whom it may concern that a script is loaded.
func (e *Engine) tell(t *target, s *Script) {
	if t.told.CompareAndSwap(false, true) && e.options.Loaded != nil {
		e.options.Loaded(s.Path, s.Group)
	}
}

func (call *Call) set(c *cpython.Call) {
	call.mu.Lock()
	call.running = c
	call.mu.Unlock()
}

// Interrupt raises mod_wsgi.RequestTimeout in the thread that runs the request, if one does. It may be called by another goroutine than
// the one in Run. An application that is in a call that Python cannot interrupt, time.sleep for instance, gets it after that.
func (call *Call) Interrupt() {
	call.mu.Lock()
	defer call.mu.Unlock()
	if call.running != nil {
		call.running.Interrupt()
	}
}

// find looks up where a call goes. What is wrong is logged.
func (e *Engine) find(s *Script, x Exchange) (*target, cpython.Flags, int64, Outcome) {
	flags, mtime, err := s.reload()
	if err != nil {
		e.options.Log(Error, "WSGI0135", fmt.Sprintf("Target WSGI script '%s' not found or unable to stat.", s.Path), x)
		return nil, 0, 0, NoScript
	}
	t, err := e.target(s.Path, s.Callable, s.Group)
	if err != nil {
		e.options.Log(Error, "", err.Error(), x)
		return nil, 0, 0, LoadFailed
	}
	return t, flags, mtime, OK
}

// Function is a call of a function of a script: check_password and its like.
type Function struct {
	Script   Script   // Callable names the function
	Form     *Form    // its first argument is an environ made of this: keys, wsgi.errors and the versions, but no body; nil: no environ
	Args     []string // its other arguments, latin-1 bytes
	Exchange Exchange // only given to the log
}

// ValueKind is the type of what a function returned.
type ValueKind int

const (
	None   = ValueKind(cpython.None)
	False  = ValueKind(cpython.False)
	True   = ValueKind(cpython.True)
	String = ValueKind(cpython.String) // a str or bytes
	List   = ValueKind(cpython.List)   // an iterable of str or bytes
	Other  = ValueKind(cpython.Other)
)

// Value is what a function returned; str is latin-1 encoded. One that cannot be is an exception.
type Value struct {
	Kind    ValueKind
	Strings []string // of String, one; of List
}

// Call calls a function of a script. The value is valid if the outcome is OK. NoCallable, which is not logged here, says that the script
// has no such function.
func (e *Engine) Call(f *Function) (Value, Outcome) {
	t, flags, mtime, outcome := e.find(&f.Script, f.Exchange)
	if outcome != OK {
		return Value{}, outcome
	}
	x := e.begin(f.Exchange)
	x.c.SetArgs(f.Args)
	var form []byte
	if f.Form != nil {
		form = f.Form.Bytes(nil, true)
		flags |= cpython.Environ
	}
	x.c.Submit(cpython.Function, flags, t.group, t.script, mtime, form, 0, x)
	x.wait()
	kind, list := x.c.Value()
	return Value{ValueKind(kind), list}, x.end().Outcome
}

// Preload loads a script into the interpreter of its group before there is a request for it, on the thread that initialised Python. What
// goes wrong is logged; it is tried again at the first request. It reports whether the script is loaded.
func (e *Engine) Preload(path, group string) bool {
	t, flags, mtime, outcome := e.find(&Script{Path: path, Group: group, Reload: ReloadModule}, nil)
	if outcome != OK {
		return false
	}
	x := e.begin(nil)
	x.c.SubmitBoss(cpython.Preload, flags, t.group, t.script, mtime)
	x.wait()
	return x.end().Outcome == OK
}

func (s *Script) reload() (flags cpython.Flags, mtime int64, err error) {
	switch s.Reload {
	case ReloadModule:
		flags = cpython.Reload
	case ReloadProcess:
		flags = cpython.Reload | cpython.ReloadProcess
	}
	if s.Mtime != 0 {
		return flags, s.Mtime, nil
	}
	status, err := os.Stat(s.Path)
	if err != nil {
		return 0, 0, err
	}
	return flags, status.ModTime().UnixMicro(), nil
}

// exchange carries out what Python asks for in the course of one call.
type exchange struct {
	e      *Engine
	c      *cpython.Call
	x      Exchange
	status int
	length int64
	begun  bool
	failed error // of Respond, Write or SendFile; a panic's included

	response Response // what Respond gets
	headers  []Header
}

func (e *Engine) begin(x Exchange) *exchange {
	w, _ := e.pool.Get().(*exchange)
	if w == nil {
		w = new(exchange)
	}
	*w = exchange{e: e, c: e.rt.NewCall(), x: x, headers: w.headers[:0]}
	return w
}

// wait serves the call until it is done.
func (x *exchange) wait() {
	for {
		state := x.c.Wait()
		x.Serve(state)
		if state&cpython.Done != 0 {
			return
		}
	}
}

func (x *exchange) end() Result {
	r := x.result()
	x.c.Free()
	x.c, x.x = nil, nil
	x.e.pool.Put(x)
	return r
}

// Serve implements cpython.Server.
func (x *exchange) Serve(state cpython.State) {
	if state&cpython.Logs != 0 {
		x.c.Records(func(r cpython.Record) { x.e.options.Log(Level(r.Level), r.Code, r.Text, x.x) })
	}
	if state&cpython.Op != 0 {
		x.operate(state&cpython.Done != 0 && x.c.Results().Outcome == cpython.OK)
		if state&cpython.Done == 0 {
			x.c.Ack()
		}
	}
}

// operate carries out one operation; end: the last one of a response that is complete. A panic of the exchange must not keep Python waiting: it becomes a failure of the operation.
func (x *exchange) operate(end bool) {
	defer func() {
		if p := recover(); p != nil {
			err := fmt.Errorf("internal error: %v", p)
			x.e.options.Log(Critical, "", fmt.Sprintf("%v\n%s", err, debug.Stack()), x.x)
			x.fail(err)
			x.c.Reply(0, err)
		}
	}()
	op := x.c.Op()
	if op == cpython.Read {
		p := x.c.Buffer()
		n, err := x.x.ReadBody(p)
		for whole := x.c.Whole(); whole && err == nil && n > 0 && n < len(p); {
			var m int
			m, err = x.x.ReadBody(p[n:])
			n += m
		}
		if n > 0 || err == io.EOF { // an error is told again when there is nothing else to tell
			err = nil
		}
		x.c.Reply(n, err)
		return
	}
	if x.failed != nil {
		x.fail(x.failed)
		return
	}
	var err error
	if !x.begun {
		x.begun = true
		err = x.respond(op, end)
	} else if op == cpython.Write {
		err = x.x.Write(x.c.Body())
	}
	if op == cpython.SendFile && err == nil {
		fd, offset, n := x.c.File()
		err = x.x.SendFile(fd, offset, n)
	}
	if err != nil {
		x.fail(err)
	}
}

func (x *exchange) respond(op cpython.OpKind, end bool) error {
	line, code := x.c.Status()
	r := &x.response
	*r = Response{Line: line, Status: code, ContentLength: x.c.ContentLength()}
	for name, value := range x.c.Headers() {
		x.headers = append(x.headers, Header{name, value})
	}
	r.Headers = x.headers
	if op == cpython.Respond {
		r.Body, r.Last = x.c.Body(), end || x.c.Last()
	}
	x.status, x.length = code, r.ContentLength
	return x.x.Respond(r)
}

func (x *exchange) fail(err error) {
	x.failed = err
	x.c.Fail(errors.Is(err, ErrClientGone), err)
}

func (x *exchange) result() Result {
	r := x.c.Results()
	res := Result{
		Outcome: Outcome(r.Outcome), Responded: x.begun, Status: x.status,
		Sent: r.Sent, Queued: r.Queued, Ran: r.Ran,
	}
	if res.Outcome == OK && x.failed != nil {
		res.Outcome = ClientGone // the last operation failed when Python was done with it
	}
	res.Short = res.Outcome == OK && x.begun && x.length >= 0 && res.Sent < x.length
	return res
}
