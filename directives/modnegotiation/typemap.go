package modnegotiation

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// maxLine is the longest line of a type map, and the most that a body in it may take (MAX_STRING_LEN).
const maxLine = 8192

// mapReader reads the header lines of a type map.
type mapReader struct {
	text string
	at   int
}

type lineKind uint8

const (
	lineHeader lineKind = iota
	lineBlank
	lineEnd
)

// gets reads a line with its end.
func (m *mapReader) gets() (string, bool) {
	rest := m.text[m.at:]
	if rest == "" {
		return "", false
	}
	n := len(rest)
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		n = i + 1
	}
	n = min(n, maxLine-1)
	m.at += n
	return rest[:n], true
}

// line reads the next header with its continuation lines; comments are left out.
func (m *mapReader) line() (string, lineKind) {
	var line string
	for {
		var ok bool
		if line, ok = m.gets(); !ok {
			return "", lineEnd
		}
		if line[0] != '#' {
			break
		}
	}
	if strings.TrimLeft(line, " \t\n\v\f\r") == "" {
		return "", lineBlank
	}
	if len(line) >= 5 && strings.EqualFold(line[:5], "body:") {
		return line, lineHeader
	}
	for m.at < len(m.text) {
		switch c := m.text[m.at]; {
		case c == '#':
			if i := strings.IndexByte(m.text[m.at:], '\n'); i >= 0 {
				m.at += i + 1
			} else {
				m.at = len(m.text)
			}
		case isSpace(c):
			for m.at < len(m.text) && m.text[m.at] != '\n' && isSpace(m.text[m.at]) {
				m.at++
			}
			if m.at == len(m.text) || m.text[m.at] == '\n' {
				return line, lineHeader
			}
			more, _ := m.gets()
			line += strings.TrimSuffix(more, "\n") + "\n"
		default:
			return line, lineHeader
		}
	}
	return line, lineHeader
}

// body reads what follows "Body:" up to its tag, and returns where it lies.
func (m *mapReader) body(tag string) (at, length int64, ok bool) {
	rest := m.text[m.at:]
	i := strings.Index(rest[:min(len(rest), maxLine-1)], tag)
	if i < 0 {
		return 0, 0, false
	}
	start := m.at
	m.at += i + len(tag)
	if end := strings.IndexByte(m.text[m.at:], '\n'); end >= 0 {
		m.at += end + 1
	} else {
		m.at = len(m.text)
	}
	return int64(start), int64(i), true
}

// withoutComments blanks what stands in parentheses.
func withoutComments(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	b := []byte(s)
	for i := 0; i < len(b); i++ {
		if b[i] != '(' {
			continue
		}
		for ; i < len(b) && b[i] != ')'; i++ {
			b[i] = ' '
		}
		if i < len(b) {
			b[i] = ' '
		}
	}
	return string(b)
}

// readMap takes the variants of a type map, that of source (read_type_map).
func (n *negotiation) readMap(source *server.Request) server.Status {
	r := n.r
	text, err := os.ReadFile(source.Target.Filename)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		r.LogErr(err, errlog.Error, errlog.Negotiation, "AH00683", "cannot access type map file: %s", source.Target.Filename)
		if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) {
			return 404
		}
		return 403
	}
	m := mapReader{text: string(text)}
	v, hasContent := newVariant(), false
read:
	for {
		line, kind := m.line()
		if kind != lineHeader {
			if v.file != "" && hasContent {
				n.variants = append(n.variants, v)
			}
			v, hasContent = newVariant(), false
			if kind == lineEnd {
				break
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.ToLower(name)
		if !ok {
			r.Logf(errlog.Error, errlog.Negotiation, "AH00681", "Syntax error in type map, no ':' in %s for header %s", r.Target.Filename, name)
			return 500
		}
		value = strings.TrimLeft(value, " \t\n\v\f\r")
		if value == "" {
			r.Logf(errlog.Error, errlog.Negotiation, "AH00682", "Syntax error in type map --- no header body: %s for %s", r.Target.Filename, name+line[len(name):])
			return 500
		}
		value = withoutComments(value)
		switch name {
		case "uri":
			v.file, _ = apr.GetToken(value, false)
		case "content-type":
			a, _ := entry(value)
			v.setType(a)
			hasContent = true
		case "content-length":
			word, _ := apr.GetToken(value, false)
			length, ok := strictLength(word)
			if !ok {
				r.Logf(errlog.Error, errlog.Negotiation, "AH00684", "Parse error in type map, Content-Length: '%s' in %s is invalid.", word, r.Target.Filename)
				break read
			}
			v.bytes, hasContent = length, true
		case "content-language":
			v.languages, hasContent = languages(value), true
		case "content-encoding":
			word, _ := apr.GetToken(value, false)
			v.encoding, hasContent = directives.Some(word), true
		case "description":
			d := strings.ReplaceAll(value, "\n", " ")
			v.description = d[:max(len(d)-1, 0)]
		case "body":
			tag := strings.TrimRight(value, " \t\n\v\f\r")
			at, length, ok := m.body(tag)
			if !ok {
				r.Logf(errlog.Error, errlog.Negotiation, "AH00685", "Syntax error in type map, no end tag '%s' found in %s for Body: content.", tag, r.Target.Filename)
				break read
			}
			v.body, v.bytes = at, length
			v.file = source.Target.Filename[strings.LastIndexByte(source.Target.Filename, '/')+1:]
		}
	}
	n.setMapValidator(source)
	return server.OK
}

// strictLength reads a length of digits alone.
func strictLength(s string) (int64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
