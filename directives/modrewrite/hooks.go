package modrewrite

import (
	"os/user"
	"strconv"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// Module is mod_rewrite.
func Module() server.Module {
	return server.Bind(tables(), nil, func(h *server.HookSet, slots directives.Slots[Server, Dir]) {
		m := &module{conf: slots, note: server.NewNote[state](h)}
		h.TranslateName.Add("mod_rewrite.c", server.First, m.translate)
		h.Fixups.Add("mod_rewrite.c", server.First, m.fixup)
		h.Fixups.Add("mod_rewrite.c", server.Last, m.setTypes)
		h.Handler.Add("mod_rewrite.c", server.Middle, redirect)
	})
}

type module struct {
	conf directives.Slots[Server, Dir]
	note server.Note[state]
}

const (
	redirectHandler = "redirect-handler"
	redirectPrefix  = "redirect:"
	passThrough     = "passthrough:"
	proxyPrefix     = "proxy:"
)

// translate applies the server's rules to the URI (hook_uri2file).
func (m *module) translate(r *server.Request) server.Status {
	s, d := m.conf.Server.Of(r.Server.Conf), m.conf.Dir.Of(r.Conf)
	if !d.Engine.Get(false) {
		return server.Declined
	}
	// A virtual host without a line of this module has the main server's configuration, which is not for it.
	if own, _ := r.Server.Plan.Own(); m.conf.Server.In(own) == nil {
		return server.Declined
	}
	c := m.newContext(r, nil)
	if m.ended(r) {
		if c.level >= 8 {
			c.trace(8, false, "Declining, no further rewriting due to END flag")
		}
		return server.Declined
	}
	if d.options()&AllowAnyURI == 0 && (r.Line.Target == "*" || !strings.HasPrefix(r.URI, "/")) {
		if c.level >= 8 {
			c.trace(8, false, "Declining, request-URI '%s' is not a URL-path. Consult the manual entry for the RewriteOptions directive for options and caveats about matching other strings.", r.URI)
		}
		return server.Declined
	}
	args, hasArgs := r.Args, r.HasArgs
	setScriptURL(r)
	var did action
	var last *Rule
	if note, ok := r.Notes.Get(noteRewritten); ok {
		if c.level >= 2 {
			c.trace(2, false, "uri already rewritten. Status %s, Uri %s, r->filename %s", note, r.URI, r.Target.Filename)
		}
		n, _ := strconv.Atoi(note)
		did = action(n)
	} else {
		if r.Target.Filename == "" {
			r.Target.Filename = r.URI
			if c.level >= 2 {
				c.trace(2, false, "init rewrite engine with requested uri %s", r.URI)
			}
		} else if c.level >= 2 {
			c.trace(2, false, "init rewrite engine with passed filename %s. Original uri = %s", r.Target.Filename, r.URI)
		}
		did, last = c.applyList(s.Rules)
		r.Notes.Set(noteRewritten, strconv.Itoa(int(did)))
	}
	if did == actionNone {
		if c.level >= 1 {
			c.trace(1, false, "pass through %s", r.Target.Filename)
		}
		return server.Declined
	}
	if status, ok := c.settled(did, "AH10410", "AH00669"); ok {
		return status
	}
	file := r.Target.Filename
	if skip, _ := absoluteURI(file); skip > 0 {
		return c.redirect(did, skip, args, hasArgs)
	}
	if rest, ok := strings.CutPrefix(file, passThrough); ok && rest != "" {
		r.URI = rest
		return server.Declined
	}
	return c.local(s, last)
}

// settled answers for rules that end in a status, that need a proxy, or whose query must not go on.
func (c *context) settled(did action, badQuery, noProxy string) (server.Status, bool) {
	r := c.r
	file := r.Target.Filename
	// A query that will be escaped may hold anything; others go on as they are.
	if r.HasArgs && (did == actionNoEscape || !isAbsolute(file)) && !visible(r.Args) {
		r.Logf(errlog.Error, errlog.Rewrite, badQuery, "Rewritten query string contains control characters or spaces")
		return 403, true
	}
	switch did {
	case actionStatus:
		n := r.Reply.Status
		r.Reply.Status = 200
		return server.Status(n), true
	case actionStatusSet:
		return server.Status(r.Reply.Status), true
	}
	if len(file) > len(proxyPrefix) && strings.HasPrefix(file, proxyPrefix) {
		r.Logf(errlog.Error, errlog.Rewrite, noProxy, "attempt to make remote request from mod_rewrite without proxy enabled: %s", file)
		return 403, true
	}
	return 0, false
}

// redirect answers with a redirect to the rewritten URL. args is the query before the rules.
func (c *context) redirect(did action, skip int, args string, hasArgs bool) server.Status {
	r := c.r
	target := r.Target.Filename
	if did != actionNoEscape {
		if c.level >= 1 {
			c.trace(1, true, "escaping %s for redirect", target)
		}
		target = escapeAbsolute(target, skip)
	}
	if r.HasArgs {
		verb, query := "copying", r.Args
		if did != actionNoEscape && !(hasArgs && r.Args == args) {
			verb, query = "escaping", apr.EscapeURI(r.Args)
		}
		target += "?" + query
		if c.level >= 1 {
			shown := ""
			if verb == "escaping" {
				shown = query
			}
			c.trace(1, true, "%s %s to query string for redirect %s", verb, r.Args, shown)
		}
	}
	r.Target.Filename = target
	status := 302
	if n := r.Reply.Status; n >= 300 && n < 400 {
		status, r.Reply.Status = n, 200
	}
	r.Reply.Header.Set("Location", target)
	if c.level >= 1 {
		c.trace(1, true, "redirect to %s [REDIRECT/%d]", target, status)
	}
	return server.Status(status)
}

// local makes the rewritten path the request's file, below DocumentRoot unless it is that of a file already.
func (c *context) local(s *Server, last *Rule) server.Status {
	r := c.r
	r.Target.Filename = expandTilde(r.Target.Filename)
	if c.level >= 2 {
		c.trace(2, false, "local path result: %s", r.Target.Filename)
	}
	if !strings.HasPrefix(r.Target.Filename, "/") {
		return 400
	}
	if s.Options.V&UnsafePrefixStat != 0 {
		last = nil
	}
	file := c.isFilePath(last)
	if _, reduced := r.Notes.Get(noteReduced); reduced && s.Options.V&LegacyPrefixDocRoot == 0 {
		file = false
	}
	if !file {
		uri := r.URI
		r.URI = r.Target.Filename
		status := server.CoreTranslate(r)
		r.URI = uri
		if status != server.OK {
			if c.level >= 1 {
				c.trace(1, false, "prefixing with document_root of %s FAILED", r.Target.Filename)
			}
			return status
		}
		if c.level >= 2 {
			c.trace(2, false, "prefixed with document_root to %s", r.Target.Filename)
		}
	}
	if c.level >= 1 {
		c.trace(1, false, "go-ahead with %s [OK]", r.Target.Filename)
	}
	return server.OK
}

// expandTilde replaces "/~user" by the user's home.
func expandTilde(uri string) string {
	rest, ok := strings.CutPrefix(uri, "/~")
	if !ok {
		return uri
	}
	name, tail := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		name, tail = rest[:i], rest[i:]
	}
	if name == "" {
		return uri
	}
	u, err := user.Lookup(name)
	if err != nil {
		return uri
	}
	if tail == "" {
		return u.HomeDir
	}
	return strings.TrimSuffix(u.HomeDir, "/") + tail
}

// setScriptURL sets SCRIPT_URL, the path that the client asked for, and SCRIPT_URI, the same as a URL.
func setScriptURL(r *server.Request) {
	url := r.URI
	if r.Main != nil {
		url, _ = r.Main.Env.Get("SCRIPT_URL")
	} else if v, ok := r.Env.Get("REDIRECT_SCRIPT_URL"); ok {
		url = v
	}
	r.Env.Set("SCRIPT_URL", url)
	r.Env.Set("SCRIPT_URI", r.ConstructURL(url))
}

// fixup applies the directory's rules to the file's path (hook_fixup).
func (m *module) fixup(r *server.Request) server.Status {
	d := m.conf.Dir.Of(r.Conf)
	if !d.Engine.Get(false) || d.Directory == "" {
		return server.Declined
	}
	// A .htaccess file is read before its directory is entered; mod_dir will send the client there.
	if d.options()&AllowNoSlash == 0 && r.Target.Filename == d.Directory[:len(d.Directory)-1] {
		return server.Declined
	}
	c := m.newContext(r, d)
	if m.ended(r) {
		if c.level >= 8 {
			c.trace(8, true, "Declining, no further rewriting due to END flag")
		}
		return server.Declined
	}
	if r.Dir().Options.Bits()&(modcore.OptFollowSymLinks|modcore.OptSymLinksIfOwnerMatch) == 0 {
		r.Logf(errlog.Error, errlog.Rewrite, "AH00670", "Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the RewriteRule directive is also forbidden due to its similar ability to circumvent directory restrictions : %s", r.Target.Filename)
		return 403
	}
	file, args, hasArgs := r.Target.Filename, r.Args, r.HasArgs
	if file == "" {
		r.Target.Filename = r.URI
		if c.level >= 2 {
			c.trace(2, true, "init rewrite engine with requested uri %s", r.URI)
		}
	}
	did, _ := c.applyList(d.Rules)
	if did == actionNone {
		if c.level >= 1 {
			c.trace(1, true, "pass through %s", r.Target.Filename)
		}
		r.Target.Filename = file
		return server.Declined
	}
	if status, ok := c.settled(did, "AH10411", "AH10160"); ok {
		return status
	}
	if skip, _ := absoluteURI(r.Target.Filename); skip > 0 {
		c.rebaseURL(skip)
		return c.redirect(did, skip, args, hasArgs)
	}
	return c.internal(file)
}

// rebaseURL replaces the directory's path in a redirect's URL by RewriteBase.
func (c *context) rebaseURL(skip int) {
	if !c.dir.Base.Set {
		return
	}
	url := c.r.Target.Filename
	slash := strings.IndexByte(url[skip:], '/')
	if slash < 0 || skip+slash+1 == len(url) {
		return
	}
	at := skip + slash + 1
	if c.level >= 2 {
		c.trace(2, true, "trying to replace prefix %s with %s", c.dir.Directory, c.dir.Base.V)
	}
	c.r.Target.Filename = url[:at] + c.substPrefix(url[at:], strings.TrimPrefix(c.dir.Directory, "/"), c.dir.Base.V[1:])
}

// internal has the request redirected to the rewritten path. file is what it was before.
func (c *context) internal(file string) server.Status {
	r := c.r
	path := r.Target.Filename
	if rest, ok := strings.CutPrefix(path, passThrough); ok && rest != "" {
		path = rest // of use in server context only
	}
	if c.level >= 2 {
		c.trace(2, false, "local path result: %s", path)
	}
	r.Target.Filename = path
	if !strings.HasPrefix(path, "/") {
		return 400
	}
	if file != "" && path == file {
		if c.level >= 1 {
			c.trace(1, true, "initial URL equal rewritten URL: %s [IGNORING REWRITE]", path)
		}
		return server.OK
	}
	path = c.urlPath(path)
	r.Notes.Set("redirect-keeps-vary", "")
	if c.level >= 1 {
		c.trace(1, true, "internal redirect with %s [INTERNAL REDIRECT]", path)
	}
	r.Target.Filename = redirectPrefix + path
	r.Target.Handler = redirectHandler
	return server.OK
}

// urlPath turns the path of a file into a URL's, by RewriteBase, DocumentRoot or Alias; what is below none of them is taken for one.
func (c *context) urlPath(path string) string {
	r, d := c.r, c.dir
	if d.Base.Set {
		if c.level >= 2 {
			c.trace(2, true, "trying to replace prefix %s with %s", d.Directory, d.Base.V)
		}
		if out := c.substPrefix(path, d.Directory, d.Base.V); out != path {
			return out
		}
	} else {
		root := strings.TrimSuffix(r.DocumentRoot(), "/")
		if rest, ok := strings.CutPrefix(path, root); ok && strings.HasPrefix(rest, "/") {
			if c.level >= 2 {
				c.trace(2, true, "strip document_root prefix: %s -> %s", path, rest)
			}
			return rest
		}
	}
	if d.options()&IgnoreContextInfo != 0 {
		return path
	}
	context, prefix := contextRoot(r), r.Target.ContextPrefix
	if c.level >= 2 {
		c.trace(2, true, "trying to replace context docroot %s with context prefix %s", context, prefix)
	}
	return c.substPrefix(path, context, prefix)
}

// setTypes carries out T and H (hook_mimetype).
func (m *module) setTypes(r *server.Request) server.Status {
	if r.Notes.Len() == 0 {
		return server.OK
	}
	if v, ok := r.Notes.Get(noteMime); ok && v != "" {
		if c := m.newContext(r, nil); c.level >= 1 {
			c.trace(1, false, "force filename %s to have MIME-type '%s'", r.Target.Filename, v)
		}
		r.Reply.ContentType = v
	}
	if v, ok := r.Notes.Get(noteHandler); ok && v != "" {
		if c := m.newContext(r, nil); c.level >= 1 {
			c.trace(1, false, "force filename %s to have the Content-handler '%s'", r.Target.Filename, v)
		}
		r.Target.Handler = v
	}
	return server.OK
}

// redirect is the handler of what internal has redirected (handler_redirect).
func redirect(r *server.Request) server.Status {
	if r.Target.Handler != redirectHandler {
		return server.Declined
	}
	uri, ok := strings.CutPrefix(r.Target.Filename, redirectPrefix)
	if !ok {
		return server.Declined
	}
	if r.HasArgs {
		uri += "?" + r.Args
	}
	r.InternalRedirect(uri)
	return server.OK
}
