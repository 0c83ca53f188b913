package explain

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/server"
)

// Listen is a Listen line: Host is "" or "*" for any address.
type Listen struct {
	Host string
	Port int
}

// Config is what an Explainer knows besides the site.
type Config struct {
	// Tree is what the site was compiled from.
	Tree *apacheconf.Tree
	// Listen are the Listen lines; none: nothing is said of who listens.
	Listen []Listen
	// Notes go into each Report.
	Notes []string
}

// Explainer explains requests to one site. It is used by one goroutine at a time.
type Explainer struct {
	site   *server.Site
	tree   *apacheconf.Tree
	lines  lines
	listen []Listen
	notes  []string
}

// New makes an Explainer of a site whose PostConfig and ChildInit hooks have
// run, the latter with Child.Dry.
func New(site *server.Site, c Config) *Explainer {
	e := &Explainer{site: site, tree: c.Tree, lines: lines{}, listen: c.Listen, notes: c.Notes}
	e.lines.add(c.Tree.Items)
	return e
}

// Explain explains a request. The error is one of the request's form.
func (e *Explainer) Explain(q *Request) (*Report, error) {
	c, err := q.parse()
	if err != nil {
		return nil, err
	}
	local, how, err := e.local(q, c)
	if err != nil {
		return nil, err
	}
	rec, out := e.run(q, c, local, true)
	if len(rec.questions) > 0 {
		for _, s := range rec.questions {
			out.Questions = append(out.Questions, Question(s))
		}
		out.IfYes = &Verdict{out.Status, out.Outcome}
		if _, no := e.run(q, c, local, false); no.Outcome != out.Outcome {
			out.IfNo = &Verdict{no.Status, no.Outcome}
		}
		out.Status, out.Outcome = 0, "undecided: "+rec.questions[0].Directive+" "+rec.questions[0].Script+" decides at run time"
	}
	if how != "" {
		out.Notes = append(out.Notes, fmt.Sprintf("taken to come in at %s, by %s; --to names another address", local, how))
	}
	out.Notes = append(out.Notes, e.notes...)
	if len(e.listen) > 0 && !e.heard(local) {
		out.Notes = append(out.Notes, fmt.Sprintf("nothing listens on %s: no Listen line names it, the client would not get through", local))
	}
	return out, nil
}

// run carries the request through, with one answer to all questions.
func (e *Explainer) run(q *Request, c *call, local netip.AddrPort, answer bool) (*record, *Report) {
	rec := &record{user: q.User, answer: answer, of: map[*server.Request]*heard{}, read: lines{}}
	out := &Report{ID: q.ID, From: c.remote.Addr().String(), To: local.String()}
	body := io.MultiReader(strings.NewReader(c.head), c.body())
	e.site.Explain(local, c.remote, c.secure, body, rec, func(r *server.Request, head []byte) {
		out.Request = q.Method + " " + q.URL
		if q.Raw != "" {
			out.Request = r.Line.Text
		} else if q.Method == "" {
			out.Request = "GET " + q.URL
		}
		e.report(out, rec, r, head)
	})
	return rec, out
}

// report fills out from what was heard of r.
func (e *Explainer) report(out *Report, rec *record, r *server.Request, head []byte) {
	out.Server = e.server(rec, r)
	for s := r; s != nil; s = s.Next {
		out.Steps = append(out.Steps, e.step(rec, s, r.Original() == s))
	}
	last := r.Last()
	h := rec.heard(last)
	status, fields := parseHead(head)
	if status == 0 {
		status = last.Reply.Status
	}
	out.Status, out.Handler = status, last.Target.Handler
	if h.refused() == nil && h.died == nil || h.handler() != "" {
		out.Module = h.handler()
	}
	application := h.wsgi != nil && h.died == nil
	for _, f := range fields {
		switch strings.ToLower(f.Name) {
		case "date", "server", "connection", "keep-alive":
			continue
		case "content-length", "content-type", "transfer-encoding":
			if application {
				continue
			}
		}
		if f.Name == "Location" {
			out.Location = f.Value
		}
		out.Headers = append(out.Headers, f.Name+": "+f.Value)
	}
	if application {
		out.Status = 0
	}
	e.conclude(out, rec, r, application)
}

// parseHead takes the head of a response apart; status is 0 if there is none.
func parseHead(head []byte) (status int, fields []server.Field) {
	line, rest, _ := bytes.Cut(head, []byte("\r\n"))
	words := strings.Fields(string(line))
	if len(words) < 2 {
		return 0, nil
	}
	status, _ = strconv.Atoi(words[1])
	for l := range strings.SplitSeq(string(rest), "\r\n") {
		if name, value, ok := strings.Cut(l, ":"); ok {
			fields = append(fields, server.Field{Name: name, Value: strings.TrimSpace(value)})
		}
	}
	return status, fields
}

// statusText is "404 Not Found".
func statusText(status int) string {
	if t := http.StatusText(status); t != "" {
		return strconv.Itoa(status) + " " + t
	}
	return strconv.Itoa(status)
}

// server tells which virtual host answers, and why.
func (e *Explainer) server(rec *record, r *server.Request) *Server {
	s := r.Server
	out := &Server{Name: s.Name, Main: !s.Plan.Virtual, File: s.Plan.Pos.File, Line: s.Plan.Pos.Line, Address: e.site.VHosts.AddrName(r.Conn.Local)}
	c := rec.server
	switch {
	case c == nil:
		out.Why = "the request was refused before its Host was looked at"
	case len(e.site.VHosts.Servers) == 1:
		out.Why = "there are no virtual hosts"
	case out.Address == "":
		out.Why = "no <VirtualHost> is for this address: the main server answers"
	case c.ByPath:
		out.Why = "by ServerPath, as the request names no host"
		out.By = e.ofServer(s.Plan, "ServerPath", nil)
	case c.Name == "":
		out.Why = "the first for this address, as the request names no host"
	case !c.Matched && len(c.Hosts.List()) == 1:
		out.Why = "the only one for this address, whatever the name"
	case !c.Matched:
		out.Why = fmt.Sprintf("the first of %d for this address, as none has the name %s", len(c.Hosts.List()), c.Name)
	default:
		directive, as := s.NameOf(c.Name)
		switch directive {
		case "ServerName":
			out.Why = "by its ServerName"
			out.By = e.ofServer(s.Plan, directive, nil)
		case "ServerAlias":
			out.Why = "by ServerAlias " + as
			out.By = e.ofServer(s.Plan, directive, func(args string) bool { return hasWord(args, as) })
		default:
			out.Why = "by the name in <VirtualHost " + as + ">"
		}
	}
	return out
}

func hasWord(args, word string) bool {
	for _, w := range apacheconf.Words(args) {
		if w == word {
			return true
		}
	}
	return false
}
