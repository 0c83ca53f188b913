package modnegotiation

import (
	"strings"

	"httpd-wsgi/internal/apr"
)

// accepted is an item of an Accept header, or the media type of a variant.
type accepted struct {
	name    string // lower case
	quality float32
	level   float32
	charset string
}

// Types of which a variant may be.
const (
	parsedHTML  = "text/x-server-parsed-html"
	parsedHTML3 = "text/x-server-parsed-html3"
	cgiType     = "application/x-httpd-cgi"
	mapType     = "application/x-type-map"
)

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// entry cuts the next item off an Accept header: a name and its parameters (get_entry).
func entry(line string) (a accepted, rest string) {
	a.quality = 1
	var name string
	name, line = apr.GetToken(line, false)
	a.name = apr.ToLower(name)
	switch a.name {
	case "text/html", parsedHTML:
		a.level = 2
	case parsedHTML3:
		a.level = 3
	}
	for strings.HasPrefix(line, ";") {
		var parameter string
		parameter, line = apr.GetToken(line[1:], true)
		end := strings.IndexFunc(parameter, func(c rune) bool { return c == '=' || c < 0x80 && isSpace(byte(c)) })
		if end < 0 {
			continue
		}
		key := apr.ToLower(parameter[:end])
		value := strings.TrimLeft(parameter[end:], "= \t\n\v\f\r")
		if strings.HasPrefix(value, `"`) {
			value = value[1:]
			if i := strings.IndexAny(value, "\"\r\n"); i >= 0 {
				value = value[:i]
			}
		} else if i := strings.IndexAny(value, " \t\n\v\f\r"); i >= 0 {
			value = value[:i]
		}
		value = apr.ToLower(value)
		switch key {
		case "q", "qs":
			a.quality = quality(value)
		case "level":
			a.level = float32(leadingInt(value))
		case "charset":
			a.charset = value
		}
	}
	return a, strings.TrimPrefix(line, ",")
}

func leadingInt(s string) int {
	n := 0
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9' && n < 1<<20; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// quality reads a q value: "0", ".5", "0.333"; what is not below 1 is 1 (atoq).
func quality(s string) float32 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	if s == "" {
		return 1
	}
	if s[0] != '.' {
		if s[0] != '0' {
			return 1
		}
		s = s[1:]
	}
	if !strings.HasPrefix(s, ".") {
		return 0
	}
	n, unit := 0, 100
	for i := 1; i < len(s) && unit > 0 && s[i] >= '0' && s[i] <= '9'; i++ {
		n += int(s[i]-'0') * unit
		unit /= 10
	}
	return float32(n) / 1000
}

// list reads a header of the Accept family.
func list(value string) []accepted {
	var out []accepted
	for value != "" {
		var a accepted
		a, value = entry(value)
		out = append(out, a)
	}
	return out
}

// languages reads a Content-Language line of a type map.
func languages(line string) []string {
	var out []string
	for line != "" {
		var l string
		l, line = apr.GetToken(line, false)
		out = append(out, apr.ToLower(l))
		if line != "" && (line[0] == ',' || line[0] == ';') {
			line = line[1:]
		}
	}
	return out
}
