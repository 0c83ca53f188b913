package app

import (
	"fmt"

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

// test is -t and the dumps. As in Apache a name that the file itself defines acts as -D does, beside -t.
func (p *program) test(c *config) int {
	if c.defined("DUMP_RUN_CFG") {
		c.hosts.DescribeRun(p.stdout, p.layout.defaults)
	}
	if c.defined("DUMP_MODULES") {
		printModules(p.stdout, c)
	}
	if p.o.mode == configTest {
		fmt.Fprintln(p.stderr, "Syntax OK")
	}
	return 0
}
