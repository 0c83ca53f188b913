package modheaders

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// format is a value with its specifiers, or an expression. The zero format is "".
type format struct {
	constant string // when there are no items
	items    []item
	expr     *expr.String
}

// item appends a piece of a value. name is the NAME of %{NAME}e.
type item struct {
	append func(b []byte, r *server.Request, name string) []byte
	name   string
}

// specifiers are what may follow a "%" and its {NAME}.
var specifiers = map[byte]func([]byte, *server.Request, string) []byte{
	't': func(b []byte, r *server.Request, _ string) []byte {
		return strconv.AppendInt(append(b, "t="...), r.Received.UnixMicro(), 10)
	},
	'D': func(b []byte, r *server.Request, _ string) []byte {
		return strconv.AppendInt(append(b, "D="...), time.Since(r.Received).Microseconds(), 10)
	},
	'e': func(b []byte, r *server.Request, name string) []byte {
		v, ok := r.Env.Get(name)
		return appendOneLine(b, v, ok)
	},
	's': func(b []byte, r *server.Request, name string) []byte {
		if f := r.Site.Hooks.SSLVariable; f != nil {
			v, ok := f(r, name)
			return appendOneLine(b, v, ok && v != "")
		}
		return append(b, "(null)"...)
	},
	'l': func(b []byte, _ *server.Request, _ string) []byte { return appendLoad(b) },
}

func literal(b []byte, _ *server.Request, text string) []byte { return append(b, text...) }

// parseFormat reads a value: text, "\\" "\n" "\r" "\t", and specifiers; or "expr=".
func parseFormat(c *directives.Cmd, s string) (format, error) {
	var f format
	if text, ok := strings.CutPrefix(s, "expr="); ok {
		var err error
		if f.expr, err = c.Template(text); err != nil {
			return f, fmt.Errorf("Can't parse value expression : %w", err)
		}
		return f, nil
	}
	var lit []byte
	flush := func() {
		if len(lit) > 0 {
			f.items = append(f.items, item{literal, string(lit)})
			lit = nil
		}
	}
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\':
			lit = append(lit, '\\')
			i++
			if i == len(s) {
				break
			}
			if k := strings.IndexByte(`\rnt`, s[i]); k >= 0 {
				lit[len(lit)-1] = "\\\r\n\t"[k]
				i++
			}
		case s[i] != '%':
			lit = append(lit, s[i])
			i++
		case i+1 == len(s) || s[i+1] == '%':
			lit = append(lit, '%')
			i += 2
		default:
			name, at := "", i+1
			if s[at] == '{' {
				var ok bool
				if name, _, ok = strings.Cut(s[at+1:], "}"); !ok || at+2+len(name) == len(s) {
					return f, fmt.Errorf("Unrecognized header format %%")
				}
				at += 2 + len(name)
			}
			fn := specifiers[s[at]]
			switch {
			case fn == nil && (s[at] == 'i' || s[at] == 'b'):
				return f, fmt.Errorf("Header format %%%c is not supported by httpd-wsgi: leave it out", s[at])
			case fn == nil:
				return f, fmt.Errorf("Unrecognized header format %%%c", s[at])
			}
			flush()
			f.items = append(f.items, item{fn, name})
			i = at + 1
		}
	}
	if len(f.items) == 0 {
		f.constant = string(lit)
		return f, nil
	}
	flush()
	return f, nil
}

// eval is the value for a request.
func (f *format) eval(r *server.Request) string {
	if f.expr != nil {
		v, err := f.expr.Eval(r.ExprEnv())
		if err != nil {
			r.Logf(errlog.Error, errlog.Headers, "AH02557", "Can't evaluate value expression: %s", err)
			return ""
		}
		return v
	}
	if len(f.items) == 0 {
		return f.constant
	}
	b := make([]byte, 0, 128)
	for _, it := range f.items {
		b = it.append(b, r, it.name)
	}
	return string(b)
}

// appendOneLine appends a variable, "(null)" for none; line ends become spaces.
func appendOneLine(b []byte, v string, ok bool) []byte {
	if !ok {
		return append(b, "(null)"...)
	}
	at := len(b)
	b = append(b, v...)
	for i := at; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return b
}

// appendLoad appends the machine's load over 1, 5 and 15 minutes.
func appendLoad(b []byte) []byte {
	var l [3]float64
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		for i, w := range strings.Fields(string(text)) {
			if i < len(l) {
				l[i], _ = strconv.ParseFloat(w, 64)
			}
		}
	}
	return fmt.Appendf(b, "l=%.2f/%.2f/%.2f", l[0], l[1], l[2])
}
