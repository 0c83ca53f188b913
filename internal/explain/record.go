package explain

import (
	"slices"

	"httpd-wsgi/directives/modaccesscompat"
	"httpd-wsgi/directives/modauthzcore"
	"httpd-wsgi/directives/modrewrite"
	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// record is a server.Tracer that keeps what it hears, by request.
type record struct {
	user      string
	answer    bool // to questions
	questions []server.Question
	server    *server.ServerChosen
	of        map[*server.Request]*heard
	read      lines // of .htaccess files
}

// heard is what was heard of one request.
type heard struct {
	acted      []server.Acted
	mapping    *mapping
	answered   []server.Answered
	became     *server.Request
	node       *vhost.Node // of a walk that ended early
	tested     []modrewrite.Tested
	tried      []tried
	asked      *modauthzcore.Asked
	verdicts   map[*modauthzcore.Section]modauthzcore.Verdict
	compat     *modaccesscompat.Verdict
	authn      *server.Authentication
	wsgi       *modwsgi.Placed
	said       []server.Said
	died       *server.Died
	subRequest []*server.Request
}

// mapping is what the translate phase ended in.
type mapping struct {
	module string
	status server.Status
	acted  *server.Acted
	file   string
}

// tried is a rule with its conditions.
type tried struct {
	modrewrite.Tried
	conds []modrewrite.Tested
}

func (c *record) heard(r *server.Request) *heard {
	h := c.of[r]
	if h == nil {
		h = &heard{}
		c.of[r] = h
		if r.Main != nil {
			main := c.heard(r.Main)
			main.subRequest = append(main.subRequest, r)
		}
	}
	return h
}

// User implements server.Tracer.
func (c *record) User() string { return c.user }

// Assume implements server.Tracer.
func (c *record) Assume(_ *server.Request, q server.Question) bool {
	for _, known := range c.questions {
		if known == q {
			return c.answer
		}
	}
	c.questions = append(c.questions, q)
	return c.answer
}

// asks tells whether a function of a script would be called.
func (c *record) asks(function string) bool {
	return slices.ContainsFunc(c.questions, func(q server.Question) bool { return q.Function == function })
}

// Trace implements server.Tracer.
func (c *record) Trace(r *server.Request, event any) {
	h := c.heard(r)
	switch e := event.(type) {
	case server.ServerChosen:
		c.server = &e
	case server.Acted:
		h.acted = append(h.acted, e)
	case server.Answered:
		h.answered = append(h.answered, e)
		if e.Phase == "translate_name" {
			h.mapping = &mapping{module: e.Module, status: e.Status, file: r.Target.Filename}
			if n := len(h.acted); n > 0 {
				h.mapping.acted = &h.acted[n-1]
			}
		}
	case server.Became:
		h.became = e.Sub
	case server.Walked:
		h.node = e.Node
	case server.Authentication:
		h.authn = &e
	case server.Said:
		if e.Level <= errlog.Info {
			h.said = append(h.said, e)
		}
	case server.Died:
		if h.died == nil {
			h.died = &e
		}
	case modrewrite.Tested:
		h.tested = append(h.tested, e)
	case modrewrite.Tried:
		h.tried = append(h.tried, tried{e, h.tested})
		h.tested = nil
	case modauthzcore.Verdict:
		if h.verdicts == nil || h.asked != nil {
			h.verdicts, h.asked = map[*modauthzcore.Section]modauthzcore.Verdict{}, nil
		}
		h.verdicts[e.Section] = e
	case modauthzcore.Asked:
		h.asked = &e
	case modaccesscompat.Verdict:
		h.compat = &e
	case modwsgi.Placed:
		h.wsgi = &e
	}
}

// refused is the hook that ended the request's phases with a status, nil if
// none did.
func (h *heard) refused() *server.Answered {
	for i := range h.answered {
		if a := &h.answered[i]; a.Status >= 100 {
			return a
		}
	}
	return nil
}

// handler is the module that answered, "" if none did.
func (h *heard) handler() string {
	for i := len(h.answered) - 1; i >= 0; i-- {
		if a := &h.answered[i]; a.Phase == "handler" {
			return a.Module
		}
	}
	return ""
}
