package app

import (
	"fmt"
	"io"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/logfile"
)

// check is what Apache's core looks at when a configuration has been read
// (check_config): the error logs' directories must be there.
func (c *config) check(p *directives.Plan, l layout) error {
	for i, s := range p.Servers() {
		where := "main error log"
		spec := c.linked.Core.Server.Of(s.Conf).ErrorLog
		if i > 0 {
			own, _ := s.Own()
			conf := c.linked.Core.Server.In(own)
			if conf == nil || !conf.ErrorLog.Set {
				continue
			}
			where = fmt.Sprintf("error log of vhost defined at %s:%d", s.Pos.File, s.Pos.Line)
			spec = conf.ErrorLog
		}
		if err := logfile.CheckErrorLog(p.ServerRoot, spec.Get(l.defaults.ErrorLog), where); err != nil {
			return &checkError{err}
		}
	}
	return nil
}

// checkError is a configuration that is well formed and cannot be served.
type checkError struct{ err error }

func (e *checkError) Error() string { return e.err.Error() + "\nAH00014: Configuration check failed" }
func (e *checkError) Unwrap() error { return e.err }

// test is -t and the dumps.
func (p *program) test(c *config) int {
	if p.o.mode == configTest {
		fmt.Fprintln(p.stderr, "Syntax OK")
		return 0
	}
	if c.defined("DUMP_VHOSTS") {
		c.hosts.Describe(p.stdout)
	}
	if c.defined("DUMP_RUN_CFG") {
		c.hosts.DescribeRun(p.stdout, p.layout.defaults)
	}
	if c.defined("DUMP_MODULES") {
		printModules(p.stdout, c)
	}
	if c.defined("DUMP_INCLUDES") {
		printIncludes(p.stdout, c)
	}
	return 0
}

// printModules is -M: the static modules, then those of LoadModule.
func printModules(w io.Writer, c *config) {
	fmt.Fprintln(w, "Loaded Modules:")
	loaded := c.plan.Loaded
	for _, m := range loaded.Modules() {
		if !loaded.Named(m.ID) {
			fmt.Fprintf(w, " %s (static)\n", m.ID)
		}
	}
	for _, m := range c.modules {
		if loaded.Named(m.ID) {
			fmt.Fprintf(w, " %s (shared)\n", m.ID)
		}
	}
}

// printIncludes is -t -D DUMP_INCLUDES.
func printIncludes(w io.Writer, c *config) {
	fmt.Fprintln(w, "Included configuration files:")
	for _, in := range c.tree.Included {
		line := "*"
		if in.Depth > 0 {
			line = fmt.Sprint(in.Line)
		}
		fmt.Fprintf(w, "%*s(%s) %s\n", 2*(in.Depth+1), "", line, in.File)
	}
}

// printTable is -L: the directives of the loaded modules.
func printTable(w io.Writer, c *config) {
	loaded := c.plan.Loaded
	for _, e := range c.linked.Registry.Entries() {
		if !loaded.Has(e.Module.ID) {
			continue
		}
		fmt.Fprintf(w, "%s (%s)\n", e.Name, e.Module.File)
		if e.Help != "" {
			fmt.Fprintf(w, "\t%s\n", e.Help)
		}
		fmt.Fprintln(w, e.Describe())
		switch e.Policy {
		case directives.NoEffect:
			fmt.Fprintf(w, "\t(httpd-wsgi: accepted, has no effect: %s)\n", e.Why)
		case directives.Refused:
			fmt.Fprintf(w, "\t(httpd-wsgi: refused: %s)\n", e.Why)
		}
	}
}
