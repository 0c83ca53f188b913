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
	s := &call.Script
	flags, mtime, err := s.reload()
	if err != nil {
		e.options.Log(Error, "WSGI0135", "Target WSGI script not found or unable to stat.", call.Exchange)
		return Result{Outcome: NoScript}
	}
	g, err := e.group(s.Group)
	if err != nil {
		e.options.Log(Error, "", err.Error(), call.Exchange)
		return Result{Outcome: LoadFailed}
	}
	script, err := e.script(s.Path, s.Callable)
	if err != nil {
		e.options.Log(Error, "", err.Error(), call.Exchange)
		return Result{Outcome: LoadFailed}
	}
	form := call.Raw
	if form == nil {
		form = call.Form.Bytes(call.Body, call.BodyEnd)
	}
	x := e.begin(call.Exchange)
	x.c.Submit(cpython.Request, flags, g, script, mtime, form, call.QueueLimit, x)
	return x.end()
}

// Preload loads a script into the interpreter of its group before there is a request for it, on the thread that initialised Python. What
// goes wrong is logged; it is tried again at the first request. It reports whether the script is loaded.
func (e *Engine) Preload(path, group string) bool {
	s := Script{Path: path, Group: group, Reload: ReloadModule}
	flags, mtime, err := s.reload()
	if err != nil {
		e.options.Log(Error, "WSGI0135", fmt.Sprintf("Target WSGI script '%s' not found or unable to stat.", path), nil)
		return false
	}
	g, err := e.group(group)
	if err == nil {
		var script *cpython.Script
		if script, err = e.script(path, ""); err == nil {
			x := e.begin(nil)
			x.c.SubmitBoss(cpython.Preload, flags, g, script, mtime)
			return x.end().Outcome == OK
		}
	}
	e.options.Log(Error, "", err.Error(), nil)
	return false
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

// end serves the call until it is done.
func (x *exchange) end() Result {
	for {
		state := x.c.Wait()
		x.Serve(state)
		if state&cpython.Done != 0 {
			break
		}
	}
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
		x.operate()
		if state&cpython.Done == 0 {
			x.c.Ack()
		}
	}
}

// operate carries out one operation. A panic of the exchange must not keep Python waiting: it becomes a failure of the operation.
func (x *exchange) operate() {
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
		n, err := x.x.ReadBody(x.c.Buffer())
		if n > 0 || err == io.EOF {
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
		err = x.respond(op)
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

func (x *exchange) respond(op cpython.OpKind) error {
	line, code := x.c.Status()
	r := &x.response
	*r = Response{Line: line, Status: code, ContentLength: x.c.ContentLength()}
	for name, value := range x.c.Headers() {
		x.headers = append(x.headers, Header{name, value})
	}
	r.Headers = x.headers
	if op == cpython.Respond {
		r.Body, r.Last = x.c.Body(), x.c.Last()
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
