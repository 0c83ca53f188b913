package modrewrite

import (
	"slices"
	"strings"
	"time"
)

// setCookie carries out CO: name, value, domain, lifetime in minutes, path,
// secure, HttpOnly, SameSite, between colons or, if it begins with one,
// semicolons. A cookie that an earlier rule has set stays.
func (c *context) setCookie(spec string) {
	sep := ':'
	if rest, ok := strings.CutPrefix(spec, ";"); ok {
		sep, spec = ';', rest
	}
	// As with strtok, empty fields don't count.
	w := strings.FieldsFunc(spec, func(r rune) bool { return r == sep })
	if len(w) < 3 {
		return
	}
	field := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	top := c.r.Top()
	s := c.m.state(top)
	if slices.Contains(s.cookies, w[0]) {
		if c.level >= 5 {
			c.trace(5, false, "skipping already set cookie '%s'", w[0])
		}
		return
	}
	path := field(4)
	if path == "" {
		path = "/"
	}
	cookie := w[0] + "=" + w[1] + "; path=" + path + "; domain=" + w[2]
	if minutes := atoi(field(3)); minutes != 0 {
		t := c.r.Received.Add(time.Duration(minutes) * time.Minute)
		cookie += "; expires=" + t.UTC().Format("Mon, 02-Jan-2006 15:04:05") + " GMT"
	}
	on := func(v, word string) bool {
		return strings.EqualFold(v, "true") || v == "1" || strings.EqualFold(v, word)
	}
	if on(field(5), "secure") {
		cookie += "; secure"
	}
	if on(field(6), "HttpOnly") {
		cookie += "; HttpOnly"
	}
	if v := field(7); v != "" && v != "0" && !strings.EqualFold(v, "false") {
		cookie += "; SameSite=" + v
	}
	top.Reply.ErrHeader.Add("Set-Cookie", cookie)
	s.cookies = append(s.cookies, w[0])
	if c.level >= 5 {
		c.trace(5, false, "setting cookie '%s'", cookie)
	}
}
