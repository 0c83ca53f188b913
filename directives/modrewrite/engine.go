package modrewrite

import (
	"strings"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

// outcome is what became of one rule.
type outcome uint8

const (
	ruleNoMatch outcome = iota
	ruleMatch
	ruleNoSub // it matched and substitutes nothing
	ruleError // the request is refused; r.Reply.Status says how
)

// action is what a list of rules did. The numbers are Apache's, which shows them in a note.
type action int

const (
	actionNone      action = 0
	actionNormal    action = 1
	actionNoEscape  action = 2 // rewritten, by a rule with NE
	actionStatus    action = 4 // a status, in r.Reply.Status
	actionStatusSet action = 8 // likewise, and it stays there
)

// Names of the notes that outlive the rules.
const (
	noteReduced   = "mod_rewrite_uri_reduced"
	noteRewritten = "mod_rewrite_rewritten"
	noteMime      = "rewrite-forced-mimetype"
	noteHandler   = "rewrite-forced-handler"
)

// applyList runs rules over r.Target.Filename and the query (apply_rewrite_list). last is the rule that substituted last.
func (c *context) applyList(rules []*Rule) (done action, last *Rule) {
	r := c.r
	limit := 2 * r.Server.Core.LimitRequestLine.Get(8190)
	round := 1
	for i := 0; i < len(rules); i++ {
		p := rules[i]
		if r.Main != nil && p.flags&(flagNoSubreq|flagRedirect) != 0 {
			continue
		}
		c.vary = ""
		out := c.tell(p, c.applyRule(p))
		if out == ruleNoMatch {
			for i < len(rules) && rules[i].flags&flagChain != 0 {
				i++
			}
			continue
		}
		if p.flags&flagNoSub == 0 {
			if c.level >= 2 {
				c.trace(2, true, "setting lastsub to rule with output %s", p.output)
			}
			last = p
		}
		if len(r.Target.Filename) > limit {
			r.Logf(errlog.Error, errlog.Rewrite, "", "RewriteRule '%s' and URI '%s' exceeded maximum length (%d)", p.pattern, r.URI, limit)
			r.Reply.Status = 500
			return actionStatus, last
		}
		if c.vary != "" {
			r.Reply.Header.Merge("Vary", c.vary)
		}
		switch {
		case out == ruleError:
			return actionStatusSet, last
		case p.flags&flagStatus != 0:
			return actionStatus, last
		case out == ruleMatch && p.flags&flagNoEscape != 0:
			done = actionNoEscape
		case out == ruleMatch:
			done = actionNormal
		}
		switch {
		case p.flags&flagPassThrough != 0:
			if c.level >= 2 {
				c.trace(2, true, "forcing '%s' to get passed through to next API URI-to-filename handler", r.Target.Filename)
			}
			r.Target.Filename = passThrough + r.Target.Filename
			return actionNormal, last
		case p.flags&flagEnd != 0:
			if c.level >= 8 {
				c.trace(8, true, "Rule has END flag, no further rewriting for this request")
			}
			c.m.state(r).end = true
			return done, last
		case p.flags&flagLast != 0:
			return done, last
		case p.flags&flagNext != 0:
			if round++; round >= p.rounds {
				r.Logf(errlog.Error, errlog.Rewrite, "AH02596", "RewriteRule '%s' and URI '%s' exceeded maximum number of rounds (%d) via the [N] flag", p.pattern, r.URI, p.rounds)
				r.Reply.Status = 500
				return actionStatus, last
			}
			i = -1
		case p.skip > 0:
			i = min(i+p.skip, len(rules))
		}
	}
	return done, last
}

// applyRule tries one rule (apply_rewrite_rule).
func (c *context) applyRule(p *Rule) outcome {
	r := c.r
	if !c.matches(p) {
		return ruleNoMatch
	}
	uri := ""
	if p.flags&flagNoSub == 0 {
		var q *question
		if p.flags&flagUnsafeAllow3F == 0 {
			q = &question{last: p.flags&flagQSLast != 0}
		}
		uri = p.subst.expand(c, p, q)
		if c.level >= 2 {
			c.trace(2, true, "rewrite '%s' -> '%s'", c.uri, uri)
		}
		if q != nil && q.unsafe {
			r.Logf(errlog.Error, errlog.Rewrite, "AH10508", "Unsafe URL with %%3f URL rewritten without UnsafeAllow3F")
			r.Reply.Status = 403
			return ruleError
		}
	}
	for _, t := range p.env {
		c.setEnv(t.expand(c, nil, nil))
	}
	for _, t := range p.cookies {
		c.setCookie(t.expand(c, nil, nil))
	}
	if p.flags&flagNoSub != 0 {
		c.force(p)
		if p.flags&flagStatus != 0 {
			if c.level >= 2 {
				c.trace(2, true, "forcing responsecode %d for %s", p.status, r.Target.Filename)
			}
			r.Reply.Status = p.status
		}
		return ruleNoSub
	}
	prefixed := false
	if !strings.HasPrefix(uri, "/") && !isAbsolute(uri) {
		switch {
		case c.dir != nil:
			if c.level >= 3 {
				c.trace(3, true, "add per-dir prefix: %s -> %s%s", uri, c.dir.Directory, uri)
			}
			uri, prefixed = c.dir.Directory+uri, true
		case p.flags&flagRedirect == 0:
			if c.level >= 3 {
				c.trace(3, false, "add root prefix: %s -> /%s", uri, uri)
			}
			uri, prefixed = "/"+uri, true
		}
	}
	r.Target.Filename = uri
	if c.dir != nil && p.flags&flagDiscardPath != 0 {
		r.Target.PathInfo = ""
	}
	c.splitQuery(p.flags)
	if p.flags&flagRedirect != 0 {
		qualify(r)
		if c.level >= 2 {
			c.trace(2, true, "explicitly forcing redirect with %s", r.Target.Filename)
		}
		r.Reply.Status = p.status
		return ruleMatch
	}
	c.reduce()
	if isAbsolute(r.Target.Filename) {
		if c.level >= 2 {
			c.trace(2, true, "implicitly forcing redirect (rc=%d with %s", p.status, r.Target.Filename)
		}
		r.Reply.Status = p.status
		return ruleMatch
	}
	if !prefixed && p.flags&flagUNC == 0 && !strings.HasPrefix(p.output, "//") {
		// What a variable part put in front must not make it "//host/share".
		for strings.HasPrefix(r.Target.Filename, "//") {
			r.Target.Filename = r.Target.Filename[1:]
		}
	}
	c.force(p)
	return ruleMatch
}

// matches tells whether the pattern and the conditions of a rule hold, and keeps what they matched.
func (c *context) matches(p *Rule) bool {
	r := c.r
	c.uri = r.Target.Filename
	if c.dir != nil {
		if info := r.Target.PathInfo; info != "" {
			if c.level >= 3 {
				c.trace(3, true, "add path info postfix: %s -> %s%s", c.uri, c.uri, info)
			}
			c.uri += info
		}
		if rest, ok := strings.CutPrefix(c.uri, c.dir.Directory); ok {
			if c.level >= 3 {
				c.trace(3, true, "strip per-dir prefix: %s -> %s", c.uri, rest)
			}
			c.uri = rest
		}
	}
	c.patternHeld = false
	if c.level >= 3 {
		c.trace(3, true, "applying pattern '%s' to uri '%s'", p.pattern, c.uri)
	}
	var caps pcre.Captures
	ok, err := p.re.Exec(c.uri, &caps)
	if err != nil {
		r.LogErr(err, errlog.Error, errlog.Rewrite, "", "the pattern of RewriteRule at %s failed", p.source)
		return false
	}
	not := p.flags&flagNot != 0
	c.patternHeld = ok != not
	if !c.patternHeld {
		return false
	}
	c.varyThis = ""
	c.cond.matched, c.rule.matched = false, false
	if ok {
		c.rule.set(c.uri, &caps)
	}
	for i := 0; i < len(p.conds); i++ {
		q := p.conds[i]
		held := q.apply(c)
		if q.noVary {
			c.varyThis = ""
		}
		switch {
		case q.orNext && !held:
			c.varyThis = ""
			continue
		case q.orNext:
			for i < len(p.conds) && p.conds[i].orNext {
				i++
			}
		case !held:
			return false
		}
		c.vary = join(c.vary, c.varyThis)
		c.varyThis = ""
	}
	return true
}

// setEnv carries out E: "name:value", or "!name".
func (c *context) setEnv(spec string) {
	if name, unset := strings.CutPrefix(spec, "!"); unset {
		c.r.Env.Unset(name)
		if c.level >= 5 {
			c.trace(5, false, "unsetting env variable '%s'", name)
		}
		return
	}
	name, value, _ := strings.Cut(spec, ":")
	c.r.Env.Set(name, value)
	if c.level >= 5 {
		c.trace(5, false, "setting env variable '%s' to '%s'", name, value)
	}
}

// force remembers what T and H say; setTypes carries it out.
func (c *context) force(p *Rule) {
	file := c.r.Target.Filename
	if p.mime != nil {
		if v := lower(p.mime.expand(c, p, nil)); v != "" {
			if c.level >= 2 {
				c.trace(2, true, "remember %s to have MIME-type '%s'", file, v)
			}
			c.r.Notes.Set(noteMime, v)
		}
	}
	if p.handler != nil {
		if v := lower(p.handler.expand(c, p, nil)); v != "" {
			if c.level >= 2 {
				c.trace(2, true, "remember %s to have Content-handler '%s'", file, v)
			}
			c.r.Notes.Set(noteHandler, v)
		}
	}
}

// state is what rules leave behind for a client's request and those that it is redirected to.
type state struct {
	end     bool     // a rule with END has been applied
	cookies []string // names of those set
}

// state returns that of r, shared along its redirects.
func (m *module) state(r *server.Request) *state {
	r = r.Original()
	s := m.note.Get(r)
	if s == nil {
		s = &state{}
		m.note.Set(r, s)
	}
	return s
}

// ended tells whether END was applied to r, or to one that it was redirected from.
func (m *module) ended(r *server.Request) bool {
	s := m.note.Get(r.Original())
	return s != nil && s.end
}
