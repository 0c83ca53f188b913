// Package modexpires is Apache's mod_expires: ExpiresActive, ExpiresDefault
// and ExpiresByType set Expires and Cache-Control: max-age on responses that
// have no Expires of their own.
package modexpires

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
)

// Code is a time of expiry: so many seconds after the request, or after the
// file's last modification.
type Code struct {
	Modified bool
	Seconds  int64
}

// Dir is the per-directory configuration.
type Dir struct {
	Active  directives.Opt[bool] // default off
	Default directives.Opt[Code]
	// ByType has media types as written, in lower case, "text/*" among them.
	ByType map[string]Code
}

var (
	byDefault = directives.Override(func(d *Dir) *directives.Opt[Code] { return &d.Default })
	byType    = directives.MergeBy(func(d *Dir) *map[string]Code { return &d.ByType }, func(base, add map[string]Code) map[string]Code {
		if base == nil || add == nil {
			if add == nil {
				return base
			}
			return add
		}
		out := maps.Clone(base)
		maps.Copy(out, add)
		return out
	})
)

var tables = directives.Module[directives.None, Dir]{ID: "expires_module", File: "mod_expires.c", Dir: directives.Table[Dir]{
	directives.Flag("ExpiresActive", directives.OrIndexes, func(d *Dir) *directives.Opt[bool] { return &d.Active }, "Limited to 'on' or 'off'"),
	directives.Take2("ExpiresByType", directives.OrIndexes, byType, func(_ *directives.Cmd, d *Dir, mime, text string) error {
		if !strings.Contains(mime, "/") {
			return errors.New("Invalid mimetype: should contain a slash")
		}
		code, err := parseCode(text)
		if err != nil {
			return fmt.Errorf("'ExpiresByType %s %s': %w", mime, text, err)
		}
		if d.ByType == nil {
			d.ByType = map[string]Code{}
		}
		d.ByType[strings.ToLower(mime)] = code
		return nil
	}, "a MIME type followed by an expiry date code"),
	directives.Take1("ExpiresDefault", directives.OrIndexes, byDefault, func(_ *directives.Cmd, d *Dir, text string) error {
		code, err := parseCode(text)
		if err != nil {
			return fmt.Errorf("'ExpiresDefault %s': %w", text, err)
		}
		d.Default = directives.Some(code)
		return nil
	}, "an expiry date code"),
}}

// units are the words of a time, by the letters that tell them apart.
var units = []struct {
	prefix  string
	seconds int64
}{{"y", 365 * 86400}, {"mo", 30 * 86400}, {"w", 7 * 86400}, {"d", 86400}, {"h", 3600}, {"mi", 60}, {"s", 1}}

// parseCode reads "A3600", "M60" or "access plus 1 month 2 days" (check_code).
// Words count by their first letters, numbers as C's atoi and int see them.
func parseCode(s string) (Code, error) {
	if s[0] == 'A' || s[0] == 'M' {
		return Code{s[0] == 'M', int64(atoi(s[1:]))}, nil
	}
	word, rest := apacheconf.GetWordConf(s)
	var c Code
	switch {
	case hasPrefix(word, "n"), hasPrefix(word, "a"):
	case hasPrefix(word, "m"):
		c.Modified = true
	default:
		return c, fmt.Errorf("bad expires code, unrecognised <base> '%s'", word)
	}
	word, rest = apacheconf.GetWordConf(rest)
	if hasPrefix(word, "p") {
		word, rest = apacheconf.GetWordConf(rest)
	}
	seconds := int32(0)
	for word != "" {
		if word[0] < '0' || word[0] > '9' {
			return c, fmt.Errorf("bad expires code, numeric value expected <num> '%s'", word)
		}
		n := atoi(word)
		if word, rest = apacheconf.GetWordConf(rest); word == "" {
			return c, errors.New("bad expires code, missing <type>")
		}
		factor := int64(0)
		for _, u := range units {
			if hasPrefix(word, u.prefix) {
				factor = u.seconds
				break
			}
		}
		if factor == 0 {
			return c, fmt.Errorf("bad expires code, unrecognised <type>'%s'", word)
		}
		seconds += int32(factor) * n
		word, rest = apacheconf.GetWordConf(rest)
	}
	c.Seconds = int64(seconds)
	return c, nil
}

func hasPrefix(word, prefix string) bool {
	return len(word) >= len(prefix) && strings.EqualFold(word[:len(prefix)], prefix)
}

// atoi reads a sign and digits and ignores what follows.
func atoi(s string) int32 {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || end == 0 && (s[0] == '-' || s[0] == '+')) {
		end++
	}
	n, _ := strconv.ParseInt(s[:end], 10, 64)
	return int32(n)
}

// Module is mod_expires.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		m := &module{conf: slots.Dir}
		m.head = m.beforeHead
		h.InsertFilter.Add("mod_expires.c", server.Middle, m.insert)
		h.InsertErrorFilter.Add("mod_expires.c", server.Middle, m.insert)
	})
}

type module struct {
	conf directives.Slot[Dir]
	head func(*server.Request) // beforeHead, made once
}

// insert is expires_insert_filter: redirects get an expiry too, errors don't.
func (m *module) insert(r *server.Request) {
	d := m.conf.Of(r.Conf)
	if r.Reply.Status < 400 && d.Active.Get(false) && (d.Default.Set || len(d.ByType) > 0) {
		r.BeforeHead(m.head)
	}
}

// beforeHead is MOD_EXPIRES, the filter that knows the response's type.
func (m *module) beforeHead(r *server.Request) {
	if r.Reply.Status >= 400 || r.Reply.ErrHeader.Has("Expires") || r.Reply.Header.Has("Expires") {
		return
	}
	d := m.conf.Of(r.Conf)
	mime, _, _ := strings.Cut(r.Reply.ContentType, ";")
	mime = strings.ToLower(strings.TrimRight(mime, " \t"))
	code, ok := d.ByType[mime]
	if major, _, slash := strings.Cut(mime, "/"); !ok && slash {
		code, ok = d.ByType[major+"/*"]
	}
	if !ok {
		code, ok = d.Default.V, d.Default.Set
	}
	if ok {
		code.set(r)
	}
}

// set is set_expiration_fields. What has expired already does so now.
func (c Code) set(r *server.Request) {
	base := r.Received
	if c.Modified {
		if r.Target.Info == nil {
			return
		}
		base = r.Target.Info.ModTime()
	}
	at := base.Add(time.Duration(c.Seconds) * time.Second)
	if at.Before(r.Received) {
		at = r.Received
	}
	age := int64(at.Sub(r.Received) / time.Second)
	r.Reply.Header.Merge("Cache-Control", "max-age="+strconv.FormatInt(age, 10))
	r.Reply.Header.Set("Expires", string(apr.AppendHTTPDate(nil, at.Unix())))
}
