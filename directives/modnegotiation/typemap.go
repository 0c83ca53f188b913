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
	variants, code, message := parseMap(string(text), source.Target.Filename[strings.LastIndexByte(source.Target.Filename, '/')+1:])
	n.variants = append(n.variants, variants...)
	if code != "" {
		r.Logf(errlog.Error, errlog.Negotiation, code, message, r.Target.Filename)
		if code == noColon || code == noValue {
			return 500
		}
	}
	n.setMapValidator(source)
	return server.OK
}

// Codes of the faults of a type map that cost the request; other ones end the
// map where they are.
const (
	noColon = "AH00681"
	noValue = "AH00682"
)

// parseMap reads the variants of a type map; name is the map's own. A fault has
// a code, and a message with a place for the map's path.
func parseMap(text, name string) (variants []variant, code, message string) {
	m := mapReader{text: text}
	v, hasContent := newVariant(), false
	for {
		line, kind := m.line()
		if kind != lineHeader {
			if v.file != "" && hasContent {
				variants = append(variants, v)
			}
			v, hasContent = newVariant(), false
			if kind == lineEnd {
				return variants, "", ""
			}
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		key = apr.ToLower(key)
		if !ok {
			return variants, noColon, "Syntax error in type map, no ':' in %s for header " + verbatim(key)
		}
		value = strings.TrimLeft(value, " \t\n\v\f\r")
		if value == "" {
			return variants, noValue, "Syntax error in type map --- no header body: %s for " + verbatim(key+line[len(key):])
		}
		value = withoutComments(value)
		switch key {
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
				return variants, "AH00684", "Parse error in type map, Content-Length: '" + verbatim(word) + "' in %s is invalid."
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
				return variants, "AH00685", "Syntax error in type map, no end tag '" + verbatim(tag) + "' found in %s for Body: content."
			}
			v.body, v.bytes, v.file = at, length, name
		}
	}
}

// verbatim keeps text as it is in a format.
func verbatim(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// strictLength reads a length of digits alone.
func strictLength(s string) (int64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
