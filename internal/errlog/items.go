package errlog

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/strftime"
)

func constant(s string) func([]byte, *event) []byte {
	return func(dst []byte, _ *event) []byte { return append(dst, s...) }
}

// directive returns the function of the item "%{arg}c", nil for none.
func directive(c byte, arg string) func([]byte, *event) []byte {
	switch c {
	case 'a':
		if strings.HasPrefix(arg, "c") {
			return appendPeer
		}
		return appendClient
	case 'A':
		return func(dst []byte, ev *event) []byte {
			if ev.conn == nil {
				return dst
			}
			return appendAddr(dst, ev.conn.LocalAddr())
		}
	case 'e':
		return table(arg, Context.Env)
	case 'E':
		return func(dst []byte, ev *event) []byte {
			if ev.Status == nil || ev.kind != Main {
				return dst
			}
			return AppendStatus(dst, ev.Status)
		}
	case 'F':
		return appendSource
	case 'i':
		return table(arg, Context.Header)
	case 'k':
		return func(dst []byte, ev *event) []byte {
			if ev.conn == nil {
				return dst
			}
			return strconv.AppendInt(dst, int64(ev.conn.Keepalives()), 10)
		}
	case 'l':
		return func(dst []byte, ev *event) []byte { return append(dst, ev.level.String()...) }
	case 'L':
		return logID(arg)
	case 'm':
		return func(dst []byte, ev *event) []byte {
			if ev.kind != Main {
				return dst
			}
			return append(dst, ev.Module.String()...)
		}
	case 'n':
		return table(arg, Context.Note)
	case 'P':
		return func(dst []byte, _ *event) []byte { return strconv.AppendInt(dst, int64(os.Getpid()), 10) }
	case 't':
		return clock(arg)
	case 'T':
		return appendThread
	case 'v':
		return func(dst []byte, ev *event) []byte { return append(dst, ev.log.name...) }
	case 'V':
		return func(dst []byte, ev *event) []byte {
			if ev.request == nil {
				return dst
			}
			return apr.AppendEscapeErrorlogItem(dst, ev.request.ServerName())
		}
	}
	return nil
}

// appendAddr appends "127.0.0.1:80"; an IPv6 address has no brackets.
func appendAddr(dst []byte, a netip.AddrPort) []byte {
	if !a.Addr().IsValid() {
		return dst
	}
	dst = a.Addr().Unmap().AppendTo(dst)
	dst = append(dst, ':')
	return strconv.AppendUint(dst, uint64(a.Port()), 10)
}

func appendPeer(dst []byte, ev *event) []byte {
	if ev.conn == nil {
		return dst
	}
	return appendAddr(dst, ev.conn.PeerAddr())
}

func appendClient(dst []byte, ev *event) []byte {
	if ev.request == nil {
		return appendPeer(dst, ev)
	}
	return appendAddr(dst, ev.request.ClientAddr())
}

func appendThread(dst []byte, ev *event) []byte {
	tid := ev.Thread
	if tid == 0 {
		tid = syscall.Gettid()
	}
	return strconv.AppendInt(dst, int64(tid), 10)
}

func appendSource(dst []byte, ev *event) []byte {
	if ev.Source == "" || ev.kind != Main {
		return dst
	}
	dst = append(dst, ev.Source...)
	dst = append(dst, '(')
	dst = strconv.AppendInt(dst, int64(ev.Line), 10)
	return append(dst, ')')
}

// appendMessage appends code, script and text.
func appendMessage(dst []byte, ev *event) []byte {
	if ev.Code != "" {
		dst = append(dst, ev.Code...)
		dst = append(dst, ": "...)
	}
	if ev.Script != "" {
		dst = append(dst, "[script "...)
		dst = apr.AppendEscapeErrorlogItem(dst, ev.Script)
		dst = append(dst, "] "...)
	}
	return apr.AppendEscapeErrorlogItem(dst, ev.Message)
}

func table(name string, get func(Context, string) (string, bool)) func([]byte, *event) []byte {
	return func(dst []byte, ev *event) []byte {
		if ev.request == nil {
			return dst
		}
		v, _ := get(ev.request, name)
		return apr.AppendEscapeErrorlogItem(dst, v)
	}
}

// logID is "%L", the request's ID; "%{c}L", the connection's; "%{C}L", the
// connection's where there is no request.
func logID(arg string) func([]byte, *event) []byte {
	if strings.EqualFold(arg, "c") {
		return func(dst []byte, ev *event) []byte {
			if ev.conn == nil || arg == "C" && ev.request != nil {
				return dst
			}
			return append(dst, ev.conn.ConnectionID().String()...)
		}
	}
	return func(dst []byte, ev *event) []byte {
		if ev.request == nil {
			return dst
		}
		return append(dst, ev.request.RequestID().String()...)
	}
}

// clock is "%t": options u, m (fractions), c (ISO 8601), z (zone), or a format
// of strftime where there is a '%'.
func clock(arg string) func([]byte, *event) []byte {
	if strings.ContainsRune(arg, '%') {
		f := strftime.Compile(arg)
		return func(dst []byte, ev *event) []byte { return f.Append(dst, ev.Time) }
	}
	fraction, zone := "", ""
	switch {
	case strings.ContainsRune(arg, 'u'):
		fraction = ".000000"
	case strings.ContainsRune(arg, 'm'):
		fraction = ".000"
	}
	if strings.ContainsRune(arg, 'z') {
		zone = " -0700"
	}
	layout := "Mon Jan 02 15:04:05" + fraction + " 2006" + zone
	if strings.ContainsRune(arg, 'c') {
		layout = "2006-01-02 15:04:05" + fraction + zone
	}
	return func(dst []byte, ev *event) []byte { return ev.Time.AppendFormat(dst, layout) }
}

// appendDefault appends a line in the shape used without ErrorLogFormat.
// Syslog adds the time itself.
func appendDefault(dst []byte, ev *event) []byte {
	if !ev.Startup {
		if ev.log.target.syslog == nil {
			dst = append(dst, '[')
			dst = ev.Time.AppendFormat(dst, "Mon Jan 02 15:04:05.000000 2006")
			dst = append(dst, "] "...)
		}
		dst = append(dst, '[')
		dst = append(dst, ev.Module.String()...)
		dst = append(dst, ':')
		dst = append(dst, ev.level.String()...)
		dst = append(dst, "] [pid "...)
		dst = strconv.AppendInt(dst, int64(os.Getpid()), 10)
		dst = append(dst, ":tid "...)
		dst = appendThread(dst, ev)
		dst = append(dst, "] "...)
	}
	if ev.level >= Debug && ev.Source != "" {
		dst = appendSource(dst, ev)
		dst = append(dst, ": "...)
	}
	if ev.Status != nil {
		dst = AppendStatus(dst, ev.Status)
		dst = append(dst, ": "...)
	}
	if ev.conn != nil {
		if ev.conn.Remote() {
			dst = append(dst, "[remote "...)
		} else {
			dst = append(dst, "[client "...)
		}
		dst = appendClient(dst, ev)
		dst = append(dst, "] "...)
	}
	dst = appendMessage(dst, ev)
	if ev.request != nil {
		if referer, _ := ev.request.Header("Referer"); referer != "" {
			dst = append(dst, ", referer: "...)
			dst = apr.AppendEscapeErrorlogItem(dst, referer)
		}
	}
	return dst
}
