package modrewrite

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

// context is what one run of a rule list needs (rewrite_ctx).
type context struct {
	m *module
	// r is the request that variables speak of: another one during a look-ahead.
	r *server.Request
	// uri is what the present rule's pattern is matched against.
	uri string
	// dir is the directory's configuration, nil in server context.
	dir *Dir
	// vary are the headers that the present rule has looked at, varyThis those of the present condition.
	vary, varyThis string
	// rule holds $0 to $9, cond %0 to %9.
	rule, cond match
	// patternHeld tells that the present rule's pattern did, whatever its conditions.
	patternHeld bool
	// level is the highest trace level that is logged, 0 for none.
	level int
}

// match is what a pattern matched last.
type match struct {
	source  string
	matched bool
	caps    pcre.Captures
}

func (m *match) set(source string, caps *pcre.Captures) {
	m.source, m.matched, m.caps = source, true, *caps
}

func (m *match) group(n int) string {
	if !m.matched {
		return ""
	}
	return m.caps[n].In(m.source)
}

func (m *module) newContext(r *server.Request, dir *Dir) *context {
	c := &context{m: m, r: r, dir: dir}
	for c.level < 8 && r.LogEnabled(errlog.Rewrite, errlog.Debug+errlog.Level(c.level+1)) {
		c.level++
	}
	return c
}

// looked notes that a header of the request was looked at.
func (c *context) looked(header string) {
	if strings.EqualFold(header, "Host") {
		return
	}
	c.varyThis = join(c.varyThis, header)
}

func join(list, more string) string {
	switch {
	case list == "":
		return more
	case more == "":
		return list
	}
	return list + ", " + more
}

// trace writes a line in the shape of Apache's rewrite log. The caller has
// looked at c.level; inDir says whether the line names the directory.
func (c *context) trace(level int, inDir bool, format string, args ...any) {
	r := c.r
	user := r.User
	if user == "" {
		user = "-"
	}
	kind, redirects := "initial", 0
	if r.Main != nil {
		kind = "subreq"
	}
	for p := r.Prev; p != nil; p = p.Prev {
		redirects++
	}
	redirect := ""
	if redirects > 0 {
		redirect = "/redir#" + strconv.Itoa(redirects)
	}
	dir := ""
	if inDir && c.dir != nil {
		dir = "[perdir " + c.dir.Directory + "] "
	}
	_, _, line, _ := runtime.Caller(1)
	r.LogEntry(&errlog.Entry{Level: errlog.Debug + errlog.Level(level), Module: errlog.Rewrite, Source: "mod_rewrite.c", Line: line,
		Message: fmt.Sprintf("%s - %s [%s/sid#%s][rid#%s/%s%s] %s", r.ClientIP(), user, r.ServerName(),
			address(r.Server), address(r), kind, redirect, dir) + fmt.Sprintf(format, args...)})
}

// address tells one object from another, as Apache's "%pp" does.
func address[T any](p *T) string { return strings.TrimPrefix(fmt.Sprintf("%p", p), "0x") }

// subrequestOK guards look-aheads against endless recursion.
func subrequestOK(r *server.Request) bool {
	return r.Main == nil || r.Main.URI != "" && r.URI != "" && r.Main.URI != r.URI
}
