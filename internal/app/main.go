package app

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/logfile"
	"httpd-wsgi/mpm"
)

// Main is the program: a child if a master started it, else what the command
// line says. It returns the exit code.
func Main(argv []string, stdout, stderr io.Writer) int {
	child, err := mpm.Inherited()
	switch {
	case child != nil && err != nil:
		return child.Fail(err, true)
	case err != nil:
		fmt.Fprintln(stderr, err)
		return mpm.ExitFatal
	case child != nil:
		return runChild(child)
	}
	if v, ok := findVerb(argv); ok {
		return v.run(argv[1:], stdout, stderr)
	}
	detached := mpm.WasDetached()
	o, code, done := parse(argv, stdout, stderr)
	if done {
		return code
	}
	p := &program{o: o, layout: o.layout(), stdout: stdout, stderr: stderr, detached: detached}
	return p.run()
}

// program is one run of the command line.
type program struct {
	o              *options
	layout         layout
	stdout, stderr io.Writer
	detached       *mpm.Detached // not nil: started by a run of the same command that waits
}

func (p *program) run() int {
	if p.o.errorFile != "" {
		p.replaceStderr()
	}
	c, err := readFiles(p.o, p.layout)
	if p.o.dumpIncludes() {
		printIncludes(p.stdout, c)
	}
	if p.o.showCompile {
		return p.settings(c, err)
	}
	if err == nil {
		err = c.compile(p.o, p.layout)
	}
	p.tell(c)
	if p.detached == nil && c.hosts != nil && c.defined("DUMP_VHOSTS") {
		c.hosts.Describe(p.stdout)
	}
	if err != nil {
		return p.refuse(err)
	}
	if p.detached == nil && c.defined("DUMP_CONFIG") {
		dumpConfig(p.stdout, c)
	}
	if p.o.showTable {
		printTable(p.stdout, c.linked.Registry, c.plan.Loaded)
		return 0
	}
	if p.o.mode != normal {
		return p.test(c)
	}
	if code, done := p.control(c); done {
		return code
	}
	foreground := c.defined("DEBUG") || c.defined("FOREGROUND") || c.defined("NO_DETACH") || c.defined("ONE_PROCESS")
	if !foreground && p.detached == nil {
		code, err := mpm.Detach(p.o.argv)
		if err != nil {
			fmt.Fprintf(p.stderr, "%s: AH00496: apr_proc_detach failed: %v\n", p.o.program, err)
		}
		return code
	}
	return p.serve(c)
}

// settings is -V. Apache stops short of carrying the configuration out; that it could not be read is told below the settings.
func (p *program) settings(c *config, err error) int {
	p.tell(c)
	if err == nil {
		err = c.loaded().Check(p.o.program)
	}
	model, known := mpm.Event, err == nil // that of a configuration which names none
	for _, m := range slices.Backward(c.modules) {
		for _, x := range []mpm.Model{mpm.Event, mpm.Worker, mpm.Prefork} {
			if m.ID == "mpm_"+x.Name()+"_module" {
				model, known = x, true
			}
		}
	}
	printSettings(p.stdout, p.layout, model, known)
	if err != nil {
		fmt.Fprintln(p.stderr, explain(p.o.program, err))
		return 1
	}
	return 0
}

// refuse tells of a configuration that can't be served. Only -L has an answer then, if the configuration was not asked for by name:
// the directives of all modules.
func (p *program) refuse(err error) int {
	fmt.Fprintln(p.stderr, explain(p.o.program, err))
	if !p.o.showTable || p.o.file != "" || p.o.root != "" || len(p.o.pre)+len(p.o.post) > 0 {
		return 1
	}
	fmt.Fprintf(p.stderr, "%s: without a configuration: the directives of all modules\n", p.o.program)
	all := newConfig(nil).linked.Registry
	printTable(p.stdout, all, all.NewLoaded(true))
	return 0
}

// replaceStderr is -E.
func (p *program) replaceStderr() {
	f, err := os.OpenFile(p.o.errorFile, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err == nil {
		err = logfile.RedirectStderr(f)
		f.Close()
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "%s: AH00086: %s: could not open error log file %s.\n", errlog.StatusText(err), p.o.program, p.o.errorFile)
	}
}

// tell shows on the terminal what reading the configuration had to say. The
// detached process says it to the log, later.
func (p *program) tell(c *config) {
	if p.detached != nil {
		return
	}
	console := errlog.New(errlog.Config{Target: errlog.To(p.stderr)})
	for _, e := range c.startupNotices() {
		if e.Level <= p.o.level || e.Level == errlog.Notice { // notices always are, as in Apache
			console.Log(&e)
		}
	}
}

// startupNotices are the lines that reading and compiling gave, in order.
func (c *config) startupNotices() []errlog.Entry {
	var out []errlog.Entry
	if c.tree != nil {
		for _, w := range c.tree.Warnings {
			e := errlog.Entry{Level: errlog.Warn, Module: errlog.Core, Message: w.Msg}
			if lv, err := errlog.ParseLevel(w.Level); err == nil {
				e.Level = lv
			}
			if m, ok := errlog.FindModule(w.Module); ok {
				e.Module = m
			}
			out = append(out, e)
		}
	}
	out = append(out, c.notices...)
	if c.plan == nil {
		return out
	}
	seen := 0
	if c.tree != nil {
		seen = len(c.tree.Warnings) // the plan repeats them first
	}
	notices := c.plan.Notices[min(seen, len(c.plan.Notices)):]
	if c.hosts != nil {
		notices = append(notices[:len(notices):len(notices)], c.hosts.Notices...)
	}
	for _, n := range notices {
		out = append(out, noticeEntry(n))
	}
	if c.mpm != nil {
		s := c.settings()
		for _, e := range s.Clamp(nil) {
			e := entry(e)
			e.Startup = true
			out = append(out, e)
		}
	}
	return out
}

// noticeEntry is a notice of the compiler for the error log. Apache marks some
// of its messages as startup ones, and some have a level of their own.
func noticeEntry(n directives.Notice) errlog.Entry {
	e := errlog.Entry{Level: errlog.Info, Module: errlog.Core, Message: n.Text}
	if n.Warn {
		e.Level = errlog.Warn
	}
	if m, ok := errlog.FindModule(n.Module); ok {
		e.Module = m
	}
	code := ""
	if i := strings.Index(n.Text, "AH"); i >= 0 && len(n.Text) >= i+7 {
		code = n.Text[i : i+7]
	}
	switch code {
	case "AH00112", "AH00548", "AH00556", "AH00557", "AH00558":
		e.Startup = true
	case "AH00547", "AH00549":
		e.Level = errlog.Error
	case "AH00113":
		e.Level = errlog.Notice
	}
	return e
}

// entry is a line of package mpm for the error log.
func entry(e mpm.Entry) errlog.Entry {
	x := errlog.Entry{Level: errlog.Level(e.Level), Module: errlog.Core, Code: e.ID, Message: e.Text, Startup: e.Console}
	if m, ok := errlog.FindModule(e.Module); ok {
		x.Module = m
	}
	if e.Errno != 0 {
		x.Status = e.Errno
	}
	return x
}
