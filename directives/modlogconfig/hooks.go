package modlogconfig

import (
	"sync"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/logfile"
	"httpd-wsgi/server"
)

// Module is mod_log_config.
func Module() server.Module {
	m := newModule()
	return server.Bind(m.tables(), nil, m.hooks)
}

func (m *module) hooks(h *server.HookSet, slots directives.Slots[Conf, directives.None]) {
	const name = "mod_log_config.c"
	h.OpenLogs.Add(name, server.Middle, func(p *directives.Plan, set *logfile.Set) error {
		return each(p, slots, func(l *Log) (err error) {
			l.out.file, err = set.Open(logfile.TransferLog, l.Spec)
			return err
		})
	})
	h.ChildExit.Add(name, server.Middle, func(c *server.Child) {
		_ = each(c.Site.Plan, slots, func(l *Log) error {
			l.out.flush()
			return nil
		})
	})
	h.LogTransaction.Add(name, server.Middle, func(r *server.Request) server.Status {
		m.lines.log(slots.Server.Of(r.Server.Conf), r)
		return server.OK
	})
}

// each calls fn for the logs of all servers, until one fails.
func each(p *directives.Plan, slots directives.Slots[Conf, directives.None], fn func(*Log) error) error {
	for _, s := range p.Servers() {
		for _, l := range slots.Server.Of(s.Conf).Logs {
			if err := fn(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// lines writes lines, with buffers that are used again.
type lines struct{ pool sync.Pool }

// maxKept is the size up to which a buffer is used again.
const maxKept = 16 << 10

// log writes the lines of one request, any of its redirects.
func (x *lines) log(c *Conf, r *server.Request) {
	if len(c.writes) == 0 {
		return
	}
	l := x.pool.Get().(*line)
	for l.original = r; l.original.Prev != nil; l.original = l.original.Prev {
	}
	for l.last = r; l.last.Next != nil; l.last = l.last.Next {
	}
	for i := range c.writes {
		w := &c.writes[i]
		if w.log.wants(l.original) {
			l.buf = w.format.appendTo(l.buf[:0], l)
			w.log.out.write(l.buf)
		}
	}
	if cap(l.buf) > maxKept {
		l.buf = nil
	}
	*l = line{buf: l.buf}
	x.pool.Put(l)
}

// wants tells whether the log's condition holds for the request that the
// client sent.
func (l *Log) wants(r *server.Request) bool {
	if l.Env != "" {
		_, set := r.Env.Get(l.Env)
		return set != l.EnvUnset
	}
	if l.Expr == nil {
		return true
	}
	ok, err := l.Expr.Eval(r.ExprEnv())
	if err != nil {
		r.Logf(errlog.Warn, errlog.LogConfig, "AH00644", "Error evaluating log condition: %v", err)
	}
	return ok && err == nil
}
