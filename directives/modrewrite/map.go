package modrewrite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/filecache"
)

// Map is one RewriteMap: a text file, of whose values one of several may be
// picked at random, or a function.
type Map struct {
	file   *filecache.File[map[string]string]
	random bool
	fn     func(string) string
}

// functions are the maps of type "int".
var functions = map[string]func(string) string{
	"tolower":  lower,
	"toupper":  upper,
	"escape":   apr.EscapeURI,
	"unescape": func(s string) string { v, _ := apr.Unescape(s, apr.ForbidSlashes); return v },
}

// lower changes the case of ASCII letters only (ap_str_tolower).
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

func upper(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] >= 'a' && b[i] <= 'z' {
			b[i] &^= 0x20
		}
	}
	return string(b)
}

func setMap(c *directives.Cmd, s *Server, w []string) error {
	name, spec := w[0], w[1]
	m := &Map{}
	kind, file := mapKind(spec)
	switch kind {
	case "rnd":
		m.random = true
	case "txt":
	case "int":
		if m.fn = functions[file]; m.fn == nil {
			return fmt.Errorf("RewriteMap: internal map not found:%s", file)
		}
	case "dbd", "fastdbd":
		return errors.New("RewriteMap types dbd and fastdbd require mod_dbd!")
	case "dbm":
		if file == "" {
			return fmt.Errorf("RewriteMap: bad map:%s", spec)
		}
		return fmt.Errorf("RewriteMap: type dbm is not supported by httpd-wsgi: write %s out as a text file and use txt:", file)
	case "prg":
		return fmt.Errorf("RewriteMap: type prg is not supported by httpd-wsgi: use a text file (txt:) that %s writes", file)
	}
	if m.fn == nil {
		path := c.ServerRootRelative(file)
		if !c.Plan().Files.Believed() {
			if _, err := os.Stat(path); err != nil {
				return fmt.Errorf("RewriteMap: file for map %s not found:%s", name, path)
			}
		}
		m.file = filecache.New(path, parseTextMap)
	}
	if s.Maps == nil {
		s.Maps = map[string]*Map{}
	}
	s.Maps[name] = m
	return nil
}

// mapKind splits "type:file"; without a type it is a text file.
func mapKind(spec string) (kind, file string) {
	l := strings.ToLower(spec)
	for _, k := range [...]string{"txt", "rnd", "dbd", "fastdbd", "prg", "int"} {
		if strings.HasPrefix(l, k+":") {
			return k, spec[len(k)+1:]
		}
	}
	if strings.HasPrefix(l, "dbm") {
		if _, file, ok := strings.Cut(spec[3:], ":"); ok && (spec[3] == ':' || spec[3] == '=') {
			return "dbm", file
		}
		return "dbm", ""
	}
	return "txt", spec
}

// parseTextMap reads lines "key value"; of a key given twice the first counts.
func parseTextMap(text []byte) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if line[0] == '#' || isSpace(line[0]) {
			continue
		}
		f := strings.FieldsFunc(line, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
		if len(f) > 1 {
			if _, ok := m[f[0]]; !ok {
				m[f[0]] = f[1]
			}
		}
	}
	return m
}

// lookup asks a map of the request's server; ok is false where there is no such map or no value.
func (m *module) lookup(c *context, name, key string) (value string, ok bool) {
	rm := m.conf.Server.Of(c.r.Server.Conf).Maps[name]
	if rm == nil {
		return "", false
	}
	if rm.fn != nil {
		value = rm.fn(key)
		if c.level >= 5 {
			c.trace(5, false, "map lookup OK: map=%s key=%s -> val=%s", name, key, value)
		}
		return value, true
	}
	values, err := rm.file.Get()
	if err != nil {
		c.r.LogErr(err, errlog.Error, errlog.Rewrite, "AH00661", "mod_rewrite: can't access text RewriteMap file %s", rm.file.Path)
		return "", false
	}
	if value, ok = values[key]; !ok {
		if c.level >= 5 {
			c.trace(5, false, "map lookup FAILED: map=%s[txt] key=%s", name, key)
		}
		return "", false
	}
	if c.level >= 5 {
		c.trace(5, false, "cache lookup OK: map=%s[txt] key=%s -> val=%s", name, key, value)
	}
	if rm.random {
		value = pick(value)
		if c.level >= 5 {
			c.trace(5, false, "randomly chosen the subvalue `%s'", value)
		}
	}
	return value, value != ""
}

// pick chooses one of "a|b|c".
func pick(value string) string {
	for n := rand.IntN(strings.Count(value, "|") + 1); n > 0; n-- {
		_, value, _ = strings.Cut(value, "|")
	}
	value, _, _ = strings.Cut(value, "|")
	return value
}
