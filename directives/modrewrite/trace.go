package modrewrite

import (
	"httpd-wsgi/apacheconf"
	"httpd-wsgi/server"
)

// Tried tells a server.Tracer what became of a RewriteRule, after its
// conditions.
type Tried struct {
	Pos apacheconf.Pos
	// Directory is the directory of a rule in per-directory context, "" in server context.
	Directory string
	// Input is what the pattern was matched against, Pattern the pattern with its "!".
	Input, Pattern string
	// Matched tells that pattern and conditions held; Conditions that the pattern did and conditions did not.
	Matched, Conditions bool
	// Result is the URL or path after the rule, "" if it substitutes nothing; Status what it forces, 0 for nothing.
	Result string
	Status int
}

// Tested tells it what became of a RewriteCond. It comes before the Tried of the condition's rule.
type Tested struct {
	Pos            apacheconf.Pos
	Input, Pattern string
	Held           bool
}

// tell gives the Tracer, if there is one, the outcome of a rule.
func (c *context) tell(p *Rule, out outcome) outcome {
	r := c.r
	if r.Tracer == nil {
		return out
	}
	t := Tried{Pos: p.source, Input: c.uri, Pattern: p.pattern, Matched: out != ruleNoMatch}
	if p.flags&flagNot != 0 {
		t.Pattern = "!" + t.Pattern
	}
	if c.dir != nil {
		t.Directory = c.dir.Directory
	}
	if !t.Matched {
		t.Conditions = c.patternHeld
	}
	if t.Matched && p.flags&flagNoSub == 0 {
		t.Result = r.Target.Filename
		if r.HasArgs {
			t.Result += "?" + r.Args
		}
	}
	if t.Matched && (p.flags&(flagStatus|flagRedirect) != 0 || out == ruleError) {
		t.Status = r.Reply.Status
	}
	r.Tracer.Trace(r, t)
	return out
}

// tell gives the Tracer, if there is one, the outcome of a condition.
func (p *Cond) tell(r *server.Request, input string, held bool) {
	if r.Tracer != nil {
		r.Tracer.Trace(r, Tested{p.source, input, p.pattern, held})
	}
}
