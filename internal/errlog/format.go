package errlog

import (
	"errors"
	"fmt"
	"strings"
)

// Kind tells what a Format is for.
type Kind uint8

const (
	// Main is the format of messages: ErrorLogFormat with one argument.
	Main Kind = iota
	// PerConnection and PerRequest lines are written once, before the first
	// message about a connection or request.
	PerConnection
	PerRequest
)

// Format is a compiled ErrorLogFormat. It is immutable.
type Format struct {
	kind  Kind
	items []formatItem
}

type formatItem struct {
	// fn appends the item's text; it appends nothing where there is none.
	fn func(dst []byte, ev *event) []byte
	// field tells that a field begins before the item; required ('+') that
	// without it the line is not written; hyphen ('-') that "-" stands for it.
	field, required, hyphen, message bool
	// least is the level from which on the item is shown.
	least Level
}

// event is a line in the making.
type event struct {
	*Entry
	log *Logger
	// format is a once-per-connection or -request format; nil for the logger's own.
	format *Format
	kind   Kind
	level  Level
	// conn and request are the entry's context where the line may speak of it.
	conn, request Context
}

// ParseKind reads the first of ErrorLogFormat's two arguments.
func ParseKind(s string) (Kind, error) {
	switch {
	case strings.EqualFold(s, "connection"):
		return PerConnection, nil
	case strings.EqualFold(s, "request"):
		return PerRequest, nil
	}
	return Main, errors.New("ErrorLogFormat type must be one of request, connection")
}

// ParseFormat compiles a format of ErrorLogFormat. The errors are Apache's
// sentences.
func ParseFormat(kind Kind, s string) (*Format, error) {
	f := &Format{kind: kind}
	seen := false
	for s != "" {
		it, rest, err := parseItem(s)
		if err != nil {
			return nil, err
		}
		if kind == Main && it.required {
			return nil, errors.New("The '+' flag cannot be used in the main error log format")
		}
		if it.message {
			if kind != Main {
				return nil, errors.New("%M cannot be used in once-per-request or once-per-connection formats")
			}
			seen = true
		}
		f.items = append(f.items, it)
		s = rest
	}
	if kind == Main && !seen {
		return nil, errors.New("main ErrorLogFormat must contain message format string '%M'")
	}
	return f, nil
}

func parseItem(s string) (it formatItem, rest string, err error) {
	for strings.HasPrefix(s, "% ") {
		it.field, s = true, s[2:]
	}
	if s == "" || s[0] != '%' {
		if s != "" && s[0] == ' ' {
			it.field = true
		}
		var lit string
		lit, rest = parseLiteral(s)
		it.fn = constant(lit)
		return it, rest, nil
	}
	s = s[1:]
	if s != "" && s[0] == '%' {
		it.fn = constant("%")
		return it, s[1:], nil
	}
	arg := ""
	for s != "" {
		switch c := s[0]; {
		case c == '{':
			arg, s, _ = strings.Cut(s[1:], "}")
		case c == '+':
			it.required, s = true, s[1:]
		case c == '-':
			it.hyphen, s = true, s[1:]
		case c >= '0' && c <= '9':
			n := 0
			for s != "" && s[0] >= '0' && s[0] <= '9' {
				n, s = min(n*10+int(s[0]-'0'), levelCount), s[1:]
			}
			it.least = Level(n)
		case c == 'M':
			it.message, it.fn = true, appendMessage
			return it, s[1:], nil
		default:
			if it.fn = directive(c, arg); it.fn == nil {
				return it, "", fmt.Errorf("Unrecognized error log format directive %%%c", c)
			}
			return it, s[1:], nil
		}
	}
	return it, "", errors.New("Ran off end of error log format parsing args to some directive")
}

// parseLiteral reads text up to the next item or, past leading spaces, the
// next space, which begins a field of its own.
func parseLiteral(s string) (lit, rest string) {
	var b strings.Builder
	start := true
	i := 0
	for i < len(s) && s[i] != '%' && (s[i] != ' ' || start) {
		c := s[i]
		i++
		if c == ' ' {
			b.WriteByte(c)
			continue
		}
		start = false
		if c != '\\' || i == len(s) {
			b.WriteByte(c)
			continue
		}
		switch c = s[i]; c {
		case 'r':
			c = '\r'
		case 'n':
			c = '\n'
		case 't':
			c = '\t'
		}
		b.WriteByte(c)
		i++
	}
	return b.String(), s[i:]
}

// appendTo appends the line, or nothing when an item with '+' is missing.
// An item without text takes its whole field with it.
func (f *Format) appendTo(dst []byte, ev *event) []byte {
	begin, field, skip := len(dst), len(dst), false
	for i := range f.items {
		it := &f.items[i]
		if it.field {
			if skip {
				skip = false
			} else {
				field = len(dst)
			}
		}
		switch {
		case it.message:
			dst = it.fn(dst, ev)
		case skip:
		case ev.level != noLevel && it.least > ev.level:
			dst, skip = dst[:field], true
		default:
			n := len(dst)
			if dst = it.fn(dst, ev); len(dst) > n {
				break
			}
			switch {
			case it.required:
				return dst[:begin]
			case it.hyphen:
				dst = append(dst, '-')
			default:
				dst, skip = dst[:field], true
			}
		}
	}
	return dst
}
