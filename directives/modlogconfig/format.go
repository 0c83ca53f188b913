package modlogconfig

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"httpd-wsgi/server"
)

// Format is a compiled LogFormat. It is immutable.
type Format struct {
	text  string
	items []item
}

// appender appends an item's text for r, "-" where there is none.
type appender func(dst []byte, l *line, r *server.Request) []byte

type item struct {
	literal string
	fn      appender
	// original asks the request that the client sent, not the one that it was
	// redirected to.
	original bool
	// statuses restrict the item to responses with, or if unless without, these.
	statuses []int
	unless   bool
}

// line is what the items of a line have in common.
type line struct {
	original, last *server.Request
	buf            []byte
	end            time.Time
}

// now is the time at which the request ended, the same for all its lines.
func (l *line) now() time.Time {
	if l.end.IsZero() {
		l.end = time.Now()
	}
	return l.end
}

// directive makes the appender of "%{arg}X"; original is the request that it
// looks at if the format does not say.
type directive struct {
	original bool
	compile  func(arg string) appender
}

// lookup finds a directive by its letter, or "^" and two letters.
type lookup func(name string) (directive, bool)

// parseFormat compiles a format. The errors are Apache's sentences.
func parseFormat(text string, find lookup) (*Format, error) {
	f := &Format{text: text}
	for s := text; s != ""; {
		if s[0] != '%' {
			var lit string
			lit, s = parseLiteral(s)
			f.literal(lit)
			continue
		}
		if s = s[1:]; s != "" && s[0] == '%' {
			f.literal("%")
			s = s[1:]
			continue
		}
		it, rest, err := parseItem(s, find)
		if err != nil {
			return nil, err
		}
		f.items = append(f.items, it)
		s = rest
	}
	f.literal("\n")
	return f, nil
}

// literal adds text, to the item before where that is text too.
func (f *Format) literal(s string) {
	if n := len(f.items); n > 0 && f.items[n-1].fn == nil {
		f.items[n-1].literal += s
		return
	}
	f.items = append(f.items, item{literal: s})
}

// parseLiteral reads text up to the next '%'; of backslashes only \\, \n, \r
// and \t are escapes.
func parseLiteral(s string) (lit, rest string) {
	end := strings.IndexByte(s, '%')
	if end < 0 {
		end = len(s)
	}
	lit, rest = s[:end], s[end:]
	if strings.IndexByte(lit, '\\') >= 0 {
		lit = unescape.Replace(lit)
	}
	return lit, rest
}

var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r", `\t`, "\t")

// parseItem reads what follows a '%'.
func parseItem(s string, find lookup) (it item, rest string, err error) {
	const unset, yes, no = 0, 1, 2
	arg, original := "", unset
	for s != "" {
		switch c := s[0]; {
		case c == '!':
			it.unless, s = !it.unless, s[1:]
		case c == '<':
			original, s = yes, s[1:]
		case c == '>':
			original, s = no, s[1:]
		case c == ',':
			s = s[1:]
		case c == '{':
			arg, s, _ = strings.Cut(s[1:], "}")
		case c >= '0' && c <= '9':
			n := 0
			for s != "" && s[0] >= '0' && s[0] <= '9' {
				n, s = min(n*10+int(s[0]-'0'), 1e6), s[1:]
			}
			it.statuses = append(it.statuses, n)
		default:
			d, ok := directive{}, false
			if c == '^' && len(s) >= 3 {
				if d, ok = find(s[:3]); ok {
					s = s[3:]
				}
			}
			if !ok {
				if d, ok = find(s[:1]); !ok {
					return it, "", fmt.Errorf("Unrecognized LogFormat directive %%%c", c)
				}
				s = s[1:]
			}
			it.fn = d.compile(arg)
			it.original = original == yes || original == unset && d.original
			return it, s, nil
		}
	}
	return it, "", errors.New("Ran off end of LogFormat parsing args to some directive")
}

// appendTo appends the line for the requests in l.
func (f *Format) appendTo(dst []byte, l *line) []byte {
	for i := range f.items {
		it := &f.items[i]
		switch {
		case it.fn == nil:
			dst = append(dst, it.literal...)
		case it.statuses != nil && !it.applies(l.last.Reply.Status):
			dst = append(dst, '-')
		case it.original:
			dst = it.fn(dst, l, l.original)
		default:
			dst = it.fn(dst, l, l.last)
		}
	}
	return dst
}

func (it *item) applies(status int) bool {
	for _, s := range it.statuses {
		if s == status {
			return !it.unless
		}
	}
	return it.unless
}
