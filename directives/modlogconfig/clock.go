package modlogconfig

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"httpd-wsgi/internal/strftime"
	"httpd-wsgi/server"
)

// clf keeps the text of the last second that a log line had.
type clf struct{ p atomic.Pointer[second] }

type second struct {
	unix int64
	text string
}

// append appends "[18/Sep/2011:19:18:28 -0400]".
func (c *clf) append(dst []byte, t time.Time) []byte {
	unix := t.Unix()
	s := c.p.Load()
	if s == nil || s.unix != unix {
		s = &second{unix, t.Format("[02/Jan/2006:15:04:05 -0700]")}
		c.p.Store(s)
	}
	return append(dst, s.text...)
}

// requestTime is "%{arg}t".
func (c *clf) requestTime(arg string) appender {
	at := func(_ *line, r *server.Request) time.Time { return r.Received }
	if rest, ok := part(arg, "begin"); ok {
		arg = rest
	} else if rest, ok := part(arg, "end"); ok {
		arg = rest
		at = func(l *line, _ *server.Request) time.Time { return l.now() }
	}
	switch arg {
	case "":
		return func(dst []byte, l *line, r *server.Request) []byte { return c.append(dst, at(l, r)) }
	case "sec":
		return func(dst []byte, l *line, r *server.Request) []byte {
			return strconv.AppendInt(dst, at(l, r).Unix(), 10)
		}
	case "msec":
		return func(dst []byte, l *line, r *server.Request) []byte {
			return strconv.AppendInt(dst, at(l, r).UnixMilli(), 10)
		}
	case "usec":
		return func(dst []byte, l *line, r *server.Request) []byte {
			return strconv.AppendInt(dst, at(l, r).UnixMicro(), 10)
		}
	case "msec_frac":
		return func(dst []byte, l *line, r *server.Request) []byte {
			return appendPadded(dst, at(l, r).Nanosecond()/1e6, 100)
		}
	case "usec_frac":
		return func(dst []byte, l *line, r *server.Request) []byte {
			return appendPadded(dst, at(l, r).Nanosecond()/1e3, 100_000)
		}
	}
	f := strftime.Compile(arg)
	return func(dst []byte, l *line, r *server.Request) []byte { return f.Append(dst, at(l, r)) }
}

// part takes "begin" or "begin:" off an argument.
func part(arg, name string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(arg, name)
	if !ok || rest != "" && rest[0] != ':' {
		return "", false
	}
	return strings.TrimPrefix(rest, ":"), true
}

// appendPadded appends n with zeros up to the digits of unit.
func appendPadded(dst []byte, n, unit int) []byte {
	for ; unit > 1 && n < unit; unit /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
