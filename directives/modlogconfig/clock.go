package modlogconfig

import (
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/strftime"
	"httpd-wsgi/server"
)

// requestTime is "%{arg}t".
func requestTime(clf *apr.TimeCache, arg string) appender {
	at := func(_ *line, r *server.Request) time.Time { return r.Received }
	if rest, ok := part(arg, "begin"); ok {
		arg = rest
	} else if rest, ok := part(arg, "end"); ok {
		arg = rest
		at = func(l *line, _ *server.Request) time.Time { return l.now() }
	}
	switch arg {
	case "":
		return func(dst []byte, l *line, r *server.Request) []byte { return clf.Append(dst, at(l, r).Unix()) }
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
