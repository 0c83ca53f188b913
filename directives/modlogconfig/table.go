package modlogconfig

import (
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/logfile"
	"httpd-wsgi/server"
)

// module is what the module's parts share.
type module struct {
	builtin map[string]directive
	clf     *Format
	lines   lines
}

func newModule() *module {
	m := &module{builtin: builtin(apr.NewCLFTimeCache(time.Local))}
	m.lines.pool.New = func() any { return &line{buf: make([]byte, 0, 512)} }
	f, err := parseFormat(DefaultFormat, func(name string) (directive, bool) { d, ok := m.builtin[name]; return d, ok })
	if err != nil {
		panic("modlogconfig: " + err.Error())
	}
	m.clf = f
	return m
}

// parse compiles a format with the directives of this module and of the
// loaded modules that provide some.
func (m *module) parse(cmd *directives.Cmd, text string) (*Format, error) {
	return parseFormat(text, func(name string) (directive, bool) {
		if d, ok := m.builtin[name]; ok {
			return d, true
		}
		v, ok := cmd.Provider(server.LogItemGroup, name)
		if !ok {
			return directive{}, false
		}
		li := v.(server.LogItem)
		return directive{li.Original, func(arg string) appender { return wrap(li.Compile(arg)) }}, true
	})
}

func (m *module) tables() directives.Module[Conf, directives.None] {
	custom := "a file name, a custom log format string or format name, and an optional \"env=\" or \"expr=\" clause (see docs)"
	return directives.Module[Conf, directives.None]{
		ID: "log_config_module", File: "mod_log_config.c", Static: true, MergeServer: merge, Check: m.check,
		Server: directives.Table[Conf]{
			directives.Take23("CustomLog", directives.RsrcConf, nil, func(cmd *directives.Cmd, c *Conf, w []string) error {
				return m.add(cmd, c, w, false)
			}, custom),
			directives.Take23("GlobalLog", directives.RsrcConf, nil, func(cmd *directives.Cmd, c *Conf, w []string) error {
				return m.add(cmd, c, w, true)
			}, "Same as CustomLog, but forces virtualhosts to inherit the log").Not(directives.GlobalOnly),
			directives.Take1("TransferLog", directives.RsrcConf, nil, func(cmd *directives.Cmd, c *Conf, spec string) error {
				c.Logs = append(c.Logs, &Log{Spec: spec, Pos: cmd.Pos})
				return nil
			}, "the filename of the access log"),
			directives.Take12("LogFormat", directives.RsrcConf, nil, m.logFormat, "a log format string (see docs) and an optional format name"),
			directives.Flag("BufferedLogs", directives.RsrcConf, func(c *Conf) *directives.Opt[bool] { return &c.Buffered }, "Enable Buffered Logging (experimental)"),
		},
	}
}

// add is CustomLog and GlobalLog.
func (m *module) add(cmd *directives.Cmd, c *Conf, w []string, global bool) error {
	l := &Log{Spec: w[0], Global: global, Pos: cmd.Pos}
	if len(w) == 3 {
		if err := l.condition(cmd, w[2]); err != nil {
			return err
		}
	}
	var err error
	if l.Format, err = m.parse(cmd, w[1]); err != nil {
		return err
	}
	c.Logs = append(c.Logs, l)
	return nil
}

func (m *module) logFormat(cmd *directives.Cmd, c *Conf, text, name string) error {
	f, err := m.parse(cmd, text)
	switch {
	case err != nil:
		return err
	case name == "":
		c.Default = f
	default:
		if c.Formats == nil {
			c.Formats = map[string]*Format{}
		}
		c.Formats[name] = f
	}
	return nil
}

func compileExpr(cmd *directives.Cmd, text string) (*expr.Cond, error) {
	return cmd.Expr(text)
}

// check settles formats, and that the logs' directories are there.
func (m *module) check(p *directives.Plan, slots directives.Slots[Conf, directives.None]) error {
	buffered := false
	for _, s := range p.Servers() {
		buffered = slots.Server.Of(s.Conf).Buffered.Get(buffered)
	}
	for _, s := range p.Servers() {
		c := slots.Server.Of(s.Conf)
		if len(c.Logs) == 0 || c.writes != nil {
			continue
		}
		for _, l := range c.Logs {
			l.out.buffered = buffered
			// A child need not see the directories, and its parent has looked.
			if p.Files.Believed() {
				continue
			}
			if err := logfile.CheckTransferLog(p.ServerRoot, l.Spec, l.Pos.String()); err != nil {
				return &apacheconf.Error{Phase: apacheconf.PhaseCheck, Msg: err.Error() + "\nAH00014: Configuration check failed"}
			}
		}
		c.resolve(m.clf)
	}
	return nil
}
