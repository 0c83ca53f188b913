package modcore

import (
	"fmt"
	"maps"
	"strings"

	"httpd-wsgi/directives"
)

// statuses are those for which Apache has a status line.
var statuses = func() map[int]bool {
	m := map[int]bool{}
	for _, r := range [...][2]int{{100, 103}, {200, 208}, {226, 226}, {300, 305}, {307, 308}, {400, 417}, {421, 424}, {426, 426},
		{428, 429}, {431, 431}, {451, 451}, {500, 508}, {510, 511}} {
		for n := r[0]; n <= r[1]; n++ {
			m[n] = true
		}
	}
	return m
}()

// setErrorDocument is the ErrorDocument directive.
func setErrorDocument(c *directives.Cmd, d *Dir, code, text string) error {
	status := Atoi(code)
	if !statuses[status] {
		return fmt.Errorf("Unsupported HTTP response code %s", code)
	}
	doc := ErrorDocument{Kind: ErrorMessage}
	switch {
	case strings.Contains(text, " "):
	case strings.HasPrefix(text, "/"):
		doc.Kind = ErrorPath
	case isURL(text):
		doc.Kind = ErrorURL
	}
	if status == 401 && doc.Kind == ErrorURL {
		c.Warnf("AH00113: %s:%d cannot use a full URL in a 401 ErrorDocument directive --- ignoring!", c.Pos.File, c.Pos.Line)
		return nil
	}
	if strings.EqualFold(text, "default") {
		doc.Kind = ErrorDefault
	} else {
		t, err := c.Template(text)
		if err != nil {
			return fmt.Errorf("Cannot parse expression in ErrorDocument: %w", err)
		}
		doc.Text = t
	}
	if d.ErrorDocuments == nil {
		d.ErrorDocuments = map[int]ErrorDocument{}
	}
	d.ErrorDocuments[status] = doc
	return nil
}

// isURL is ap_is_url: letters, digits, "+", "-", "." and then "://".
func isURL(s string) bool {
	i := strings.IndexByte(s, ':')
	if i < 1 || !strings.HasPrefix(s[i:], "://") {
		return false
	}
	for _, c := range []byte(s[:i]) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func mergeErrorDocuments(base, add map[int]ErrorDocument) map[int]ErrorDocument {
	switch {
	case len(add) == 0:
		return base
	case len(base) == 0:
		return add
	}
	out := maps.Clone(base)
	maps.Copy(out, add)
	return out
}

// setHandler is the SetHandler directive: a name that may be an expression.
func setHandler(c *directives.Cmd, d *Dir, w string) error {
	t, err := c.Template(w)
	if err != nil {
		return fmt.Errorf("Can't parse expression : %w", err)
	}
	h := Handler{Expr: t}
	if t.Constant() {
		name, err := t.Eval(nil)
		if err != nil {
			return err
		}
		h = Handler{Name: HandlerName(name)}
	}
	d.Handler = directives.Some(h)
	return nil
}

// HandlerName is a handler's name as SetHandler's value gives it.
func HandlerName(s string) string {
	if strings.HasPrefix(s, "proxy:unix") {
		return s
	}
	return strings.ToLower(s)
}

func setForceType(_ *directives.Cmd, d *Dir, w string) error {
	d.ForceType = directives.Some(strings.ToLower(w))
	return nil
}
