package errlog

import (
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"
)

// MaxLine is the most bytes of a line, its newline included. Apache cuts at
// 8192; a longer line here is one that an application wrote whole.
const MaxLine = 64 << 10

// Config is what a Logger is made of.
type Config struct {
	// Name is the server's ServerName, "%v".
	Name string
	// Levels are the server's; nil stands for the default.
	Levels *Levels
	// Format is ErrorLogFormat's, nil for the default shape; Connection and
	// Request are the lines to write once per connection and request.
	Format              *Format
	Connection, Request []*Format
	// Target is where lines go.
	Target Target
}

// Logger is the error log of one server. It is immutable and safe for
// concurrent use.
type Logger struct {
	name          string
	levels        *Levels
	format        *Format
	conn, request []*Format
	target        Target
	carrier       *logrus.Logger
}

// New returns a Logger.
func New(c Config) *Logger {
	l := &Logger{name: c.Name, levels: c.Levels, format: c.Format, conn: c.Connection, request: c.Request, target: c.Target}
	if l.levels == nil {
		l.levels = &Levels{}
	}
	l.carrier = &logrus.Logger{
		Out:       output{c.Target.w},
		Formatter: formatter{},
		Hooks:     logrus.LevelHooks{},
		Level:     logrus.TraceLevel,
	}
	// Each line is one write to a file opened for appending, or one datagram:
	// there is nothing to lock.
	l.carrier.SetNoLock()
	return l
}

// Levels returns the levels of the server itself.
func (l *Logger) Levels() *Levels { return l.levels }

// Enabled tells whether a message of m at lv is written, where levels (of a
// request's configuration, over the server's; nil: the server's) are in force. It costs two loads
// and is meant to be asked before a message is put together. Notices always
// go to a file, as in Apache; syslog gets them by level.
func (l *Logger) Enabled(levels *Levels, m Module, lv Level) bool {
	return lv <= levels.over(l.levels, m) || lv == Notice && l.target.syslog == nil
}

// Log writes an entry, whatever its level; before the first entry about a
// connection or request come the lines of ErrorLogFormat connection and
// request.
func (l *Logger) Log(e *Entry) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	ev := event{Entry: e, log: l, level: e.Level}
	if c := e.Context; c != nil {
		ev.conn = c
		if c.ConnectionID().assign() {
			l.once(e, PerConnection, l.conn)
		}
		if id := c.RequestID(); id != nil {
			ev.request = c
			if id.assign() {
				l.once(e, PerRequest, l.request)
			}
		}
	}
	l.write(&ev)
}

// Logf is Log for a message of the server's own, if its level is enabled.
func (l *Logger) Logf(m Module, lv Level, status error, code, format string, args ...any) {
	if l.Enabled(nil, m, lv) {
		l.Log(&Entry{Level: lv, Module: m, Status: status, Code: code, Message: fmt.Sprintf(format, args...)})
	}
}

func (l *Logger) once(e *Entry, kind Kind, formats []*Format) {
	ev := event{Entry: e, log: l, kind: kind, level: noLevel, conn: e.Context}
	if kind == PerRequest {
		ev.request = e.Context
	}
	for _, f := range formats {
		ev.format = f
		l.write(&ev)
	}
}

// entryKey is the one field of the logrus entries.
const entryKey = "event"

func (l *Logger) write(ev *event) {
	le := logrus.Entry{Logger: l.carrier, Data: logrus.Fields{entryKey: ev}, Time: ev.Time}
	le.Log(ev.level.logrus(), ev.Message)
}

// formatter makes the bytes of a line.
type formatter struct{}

// Format implements logrus.Formatter.
func (formatter) Format(le *logrus.Entry) ([]byte, error) {
	ev, ok := le.Data[entryKey].(*event)
	if !ok {
		return nil, fmt.Errorf("errlog: a foreign entry: %q", le.Message)
	}
	var b []byte
	if le.Buffer != nil {
		b = le.Buffer.AvailableBuffer()
	}
	return ev.log.appendLine(b, ev), nil
}

func (l *Logger) appendLine(dst []byte, ev *event) []byte {
	dst = l.target.syslog.appendHeader(dst, ev)
	head := len(dst)
	switch {
	case ev.format != nil:
		dst = ev.format.appendTo(dst, ev)
	case l.format != nil && !ev.Startup:
		dst = l.format.appendTo(dst, ev)
	default:
		dst = appendDefault(dst, ev)
	}
	if len(dst) == head {
		return nil
	}
	if len(dst) >= MaxLine {
		dst = dst[:MaxLine-1]
	}
	if l.target.syslog == nil {
		dst = append(dst, '\n')
	}
	return dst
}

// output drops write errors: there is no place to report that a log can't be
// written to.
type output struct{ w io.Writer }

func (o output) Write(p []byte) (int, error) {
	if len(p) > 0 {
		_, _ = o.w.Write(p)
	}
	return len(p), nil
}
