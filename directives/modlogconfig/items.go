package modlogconfig

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
)

// builtin returns mod_log_config's own directives; clock is the cache of %t.
func builtin(clock *apr.TimeCache) map[string]directive {
	// plain makes a directive that takes no argument.
	plain := func(original bool, fn func(dst []byte, r *server.Request) []byte) directive {
		return directive{original, func(string) appender { return wrap(fn) }}
	}
	last := func(compile func(arg string) appender) directive { return directive{false, compile} }
	first := func(compile func(arg string) appender) directive { return directive{true, compile} }
	return map[string]directive{
		"a": last(remoteAddress),
		"A": plain(false, func(dst []byte, r *server.Request) []byte { return appendAddr(dst, r.Conn.Local.Addr()) }),
		"b": plain(false, bytesSentCLF),
		"B": plain(false, bytesSent),
		"C": last(cookieItem),
		"D": first(func(string) appender { return duration(time.Microsecond) }),
		"e": last(environment),
		"f": plain(false, func(dst []byte, r *server.Request) []byte { return appendText(dst, r.Target.Filename) }),
		"h": last(remoteHost),
		"H": plain(false, func(dst []byte, r *server.Request) []byte { return appendText(dst, r.Line.Protocol) }),
		"i": last(headerIn),
		"k": plain(false, func(dst []byte, r *server.Request) []byte { return appendInt(dst, r.Conn.Keepalives) }),
		"l": plain(false, func(dst []byte, _ *server.Request) []byte { return append(dst, '-') }), // no identd
		"L": last(logID),
		"m": plain(false, func(dst []byte, r *server.Request) []byte { return appendText(dst, r.Line.Method) }),
		"n": last(note),
		"o": last(headerOut),
		"p": last(port),
		"P": last(process),
		"q": plain(false, query),
		"r": plain(true, requestLine),
		"R": plain(true, func(dst []byte, r *server.Request) []byte { return appendText(dst, r.Target.Handler) }),
		"s": plain(true, status),
		"t": last(func(arg string) appender { return requestTime(clock, arg) }),
		"T": first(scaledDuration),
		"u": plain(false, remoteUser),
		"U": plain(true, func(dst []byte, r *server.Request) []byte { return appendText(dst, r.URI) }),
		"v": plain(false, func(dst []byte, r *server.Request) []byte { return appendText(dst, r.Server.Name) }),
		"V": plain(false, serverName),
		"X": plain(false, connectionStatus),

		"^ti": last(trailerIn),
		// Responses have no trailers.
		"^to": plain(false, func(dst []byte, _ *server.Request) []byte { return append(dst, '-') }),
	}
}

func wrap(fn func(dst []byte, r *server.Request) []byte) appender {
	return func(dst []byte, _ *line, r *server.Request) []byte { return fn(dst, r) }
}

// bogus is what Apache writes for an argument that a directive does not know: the argument.
func bogus(arg string) appender {
	return func(dst []byte, _ *line, _ *server.Request) []byte { return append(dst, arg...) }
}

func appendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }

// appendAddr appends an address; an IPv4 one that came by an IPv6 socket as IPv4.
func appendAddr(dst []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return append(dst, '-')
	}
	return a.Unmap().AppendTo(dst)
}

func remoteAddress(arg string) appender {
	if arg == "c" {
		return wrap(func(dst []byte, r *server.Request) []byte { return appendAddr(dst, r.Conn.Remote.Addr()) })
	}
	return wrap(func(dst []byte, r *server.Request) []byte { return appendAddr(dst, r.Client.Addr()) })
}

func bytesSent(dst []byte, r *server.Request) []byte {
	return strconv.AppendInt(dst, r.Reply.Sent, 10)
}

func bytesSentCLF(dst []byte, r *server.Request) []byte {
	if r.Reply.Sent == 0 {
		return append(dst, '-')
	}
	return bytesSent(dst, r)
}

func cookieItem(name string) appender {
	return wrap(func(dst []byte, r *server.Request) []byte {
		v, ok := cookie(r.In.Joined("Cookie"), name)
		return appendOptional(dst, v, ok)
	})
}

func environment(name string) appender {
	return wrap(func(dst []byte, r *server.Request) []byte {
		v, ok := r.Env.Get(name)
		return appendOptional(dst, v, ok)
	})
}

func note(name string) appender {
	return wrap(func(dst []byte, r *server.Request) []byte {
		v, ok := r.Notes.Get(name)
		return appendOptional(dst, v, ok)
	})
}

func headerIn(name string) appender {
	return wrap(func(dst []byte, r *server.Request) []byte {
		v, ok := joined(&r.In, name)
		return appendOptional(dst, v, ok)
	})
}

// joined is the value of a header, of several of the same name all of them.
func joined(h *server.Header, name string) (string, bool) {
	v := h.Joined(name)
	return v, v != "" || h.Has(name)
}

func headerOut(name string) appender {
	contentType, setCookie := strings.EqualFold(name, "Content-Type"), strings.EqualFold(name, "Set-Cookie")
	return wrap(func(dst []byte, r *server.Request) []byte {
		if contentType && r.Reply.ContentType != "" {
			v, _, _ := strings.Cut(r.Reply.ContentType, ";")
			return apr.AppendEscapeLogitem(dst, strings.TrimRight(v, " \t"))
		}
		// Those that go out on errors too come first, as they are sent.
		v, ok := r.Reply.ErrHeader.Lookup(name)
		w, also := "", false
		if !ok || setCookie {
			w, also = r.Reply.Header.Lookup(name)
		}
		if !setCookie {
			return appendOptional(dst, v+w, ok || also)
		}
		if v, w = r.Reply.ErrHeader.Joined(name), r.Reply.Header.Joined(name); ok && also {
			v += ", "
		}
		return appendOptional(dst, v+w, ok || also)
	})
}

func logID(arg string) appender {
	if arg == "c" {
		return wrap(func(dst []byte, r *server.Request) []byte { return appendText(dst, r.Conn.LogID()) })
	}
	return wrap(func(dst []byte, r *server.Request) []byte { return appendText(dst, r.LogID()) })
}

func port(arg string) appender {
	switch {
	case arg == "", strings.EqualFold(arg, "canonical"):
		return wrap(func(dst []byte, r *server.Request) []byte {
			switch {
			case r.Server.Port != 0:
				return appendInt(dst, r.Server.Port)
			case r.Scheme() == "https":
				return appendInt(dst, 443)
			}
			return appendInt(dst, 80)
		})
	case strings.EqualFold(arg, "remote"):
		return wrap(func(dst []byte, r *server.Request) []byte { return appendInt(dst, int(r.Client.Port())) })
	case strings.EqualFold(arg, "local"):
		return wrap(func(dst []byte, r *server.Request) []byte { return appendInt(dst, int(r.Conn.Local.Port())) })
	}
	return bogus(arg)
}

func process(arg string) appender {
	switch arg {
	case "", "pid":
		return wrap(func(dst []byte, _ *server.Request) []byte { return appendInt(dst, os.Getpid()) })
	case "tid":
		return wrap(func(dst []byte, _ *server.Request) []byte { return appendInt(dst, syscall.Gettid()) })
	case "hextid":
		return wrap(func(dst []byte, _ *server.Request) []byte {
			return strconv.AppendInt(dst, int64(syscall.Gettid()), 16)
		})
	}
	return bogus(arg)
}

func query(dst []byte, r *server.Request) []byte {
	if !r.HasArgs {
		return dst
	}
	return apr.AppendEscapeLogitem(append(dst, '?'), r.Args)
}

// requestLine is the line as it was received; a password in its URL is hidden.
func requestLine(dst []byte, r *server.Request) []byte {
	from, to := password(r.Line.Target)
	if to == 0 {
		return appendText(dst, r.Line.Text)
	}
	dst = apr.AppendEscapeLogitem(dst, r.Line.Method)
	dst = append(dst, ' ')
	dst = apr.AppendEscapeLogitem(dst, r.Line.Target[:from])
	dst = append(dst, "XXXXXXXX"...)
	dst = apr.AppendEscapeLogitem(dst, r.Line.Target[to:])
	if r.Line.Proto < 1000 {
		return dst
	}
	return apr.AppendEscapeLogitem(append(dst, ' '), r.Line.Protocol)
}

// password finds the password of "scheme://user:password@host"; 0, 0 if there is none.
func password(target string) (from, to int) {
	if target == "" || target[0] == '/' {
		return 0, 0
	}
	i := strings.Index(target, "://")
	if i < 0 {
		return 0, 0
	}
	start := i + 3
	end := strings.IndexAny(target[start:], "/?#")
	if end < 0 {
		end = len(target) - start
	}
	authority := target[start : start+end]
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return 0, 0
	}
	colon := strings.IndexByte(authority[:at], ':')
	if colon < 0 {
		return 0, 0
	}
	return start + colon + 1, start + at
}

// remoteHost is the client's name, if HostnameLookups asks for names, else its
// address; with "c", that of the other end of the connection.
func remoteHost(arg string) appender {
	if arg == "c" {
		return wrap(func(dst []byte, r *server.Request) []byte {
			if r.Client == r.Conn.Remote {
				return appendText(dst, r.RemoteHost())
			}
			return appendAddr(dst, r.Conn.Remote.Addr())
		})
	}
	return wrap(func(dst []byte, r *server.Request) []byte { return appendText(dst, r.RemoteHost()) })
}

// remoteUser is the user; "" in quotes for one who gave an empty name.
func remoteUser(dst []byte, r *server.Request) []byte {
	if r.User == "" && r.AuthType != "" {
		return append(dst, `""`...)
	}
	return appendText(dst, r.User)
}

func serverName(dst []byte, r *server.Request) []byte {
	return appendText(dst, strings.Trim(r.ServerName(), "[]"))
}

func status(dst []byte, r *server.Request) []byte {
	if r.Reply.Status <= 0 {
		return append(dst, '-')
	}
	return appendInt(dst, r.Reply.Status)
}

// duration is the time from the request's first byte, in whole units.
func duration(unit time.Duration) appender {
	return func(dst []byte, l *line, r *server.Request) []byte {
		return strconv.AppendInt(dst, int64(l.now().Sub(r.Received)/unit), 10)
	}
}

func scaledDuration(arg string) appender {
	switch {
	case arg == "", strings.EqualFold(arg, "s"):
		return duration(time.Second)
	case strings.EqualFold(arg, "ms"):
		return duration(time.Millisecond)
	case strings.EqualFold(arg, "us"):
		return duration(time.Microsecond)
	}
	return bogus(arg)
}

func connectionStatus(dst []byte, r *server.Request) []byte {
	switch {
	case r.Conn.Aborted():
		return append(dst, 'X')
	case r.Conn.KeepAlive():
		return append(dst, '+')
	}
	return append(dst, '-')
}

func trailerIn(name string) appender {
	return wrap(func(dst []byte, r *server.Request) []byte {
		v, ok := joined(r.Trailers(), name)
		return appendOptional(dst, v, ok)
	})
}
