package modlogconfig

import (
	"errors"
	"maps"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
)

// DefaultFormat is the Common Log Format, what TransferLog writes without a
// LogFormat. It has the nickname CLF.
const DefaultFormat = `%h %l %u %t "%r" %>s %b`

// Conf is a server's configuration.
type Conf struct {
	// Formats are the nicknames.
	Formats map[string]*Format
	// Default is the last LogFormat without a nickname; it may be a nickname itself.
	Default *Format
	// Logs are those that the server writes.
	Logs []*Log
	// Buffered is BufferedLogs.
	Buffered directives.Opt[bool]

	writes []write
}

// write is one line to write for each request: a log with its format.
type write struct {
	log    *Log
	format *Format
}

// Log is one CustomLog, TransferLog or GlobalLog.
type Log struct {
	// Spec is the file or program as written.
	Spec string
	// Format is the one given, which may turn out to be a nickname; nil for the server's default.
	Format *Format
	// Global logs are written by all servers.
	Global bool
	// Env is the variable that must be set, or must not if EnvUnset; "" for no condition.
	Env      string
	EnvUnset bool
	// Expr is the condition of expr=, nil for none.
	Expr *expr.Cond
	// Pos is where it stands.
	Pos apacheconf.Pos

	out output
}

// merge gives a virtual host its logs: its own and the main server's global
// ones, or all of the main server's. The arguments are not changed.
func merge(base, add *Conf) *Conf {
	out := &Conf{Formats: base.Formats, Default: add.Default, Logs: base.Logs, Buffered: add.Buffered.Or(base.Buffered)}
	if len(add.Formats) > 0 {
		out.Formats = make(map[string]*Format, len(base.Formats)+len(add.Formats))
		maps.Copy(out.Formats, base.Formats)
		maps.Copy(out.Formats, add.Formats)
	}
	if out.Default == nil {
		out.Default = base.Default
	}
	if len(add.Logs) > 0 {
		out.Logs = add.Logs[:len(add.Logs):len(add.Logs)]
		for _, l := range base.Logs {
			if l.Global {
				out.Logs = append(out.Logs, l)
			}
		}
	}
	return out
}

// resolve settles nicknames: a format whose text is a nickname is that
// format, wherever the nickname was defined.
func (c *Conf) resolve(clf *Format) {
	named := func(f *Format) *Format {
		if n, ok := c.Formats[f.text]; ok {
			return n
		}
		if f.text == "CLF" {
			return clf
		}
		return f
	}
	def := clf
	if c.Default != nil {
		def = named(c.Default)
	}
	c.writes = make([]write, len(c.Logs))
	for i, l := range c.Logs {
		f := def
		if l.Format != nil {
			f = named(l.Format)
		}
		c.writes[i] = write{l, f}
	}
}

// condition reads the third argument of CustomLog. Its errors are Apache's.
func (l *Log) condition(cmd *directives.Cmd, clause string) error {
	switch {
	case len(clause) >= 4 && strings.EqualFold(clause[:4], "env="):
		l.Env, l.EnvUnset = strings.CutPrefix(clause[4:], "!")
		if l.Env == "" {
			return errors.New("missing environment variable name")
		}
		return nil
	case len(clause) >= 5 && strings.EqualFold(clause[:5], "expr="):
		if clause[5:] == "" {
			return errors.New("missing condition")
		}
		var err error
		l.Expr, err = compileExpr(cmd, clause[5:])
		return err
	}
	return errors.New("error in condition clause")
}
