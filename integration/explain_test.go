package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"httpd-wsgi/integration/httpdtest"
	"httpd-wsgi/internal/explain"
)

// explainLog is the log that tells what the server made of a request: when it began, virtual host, handler, status.
const explainLog = `CustomLog logs/explain_log "%{begin:usec}t|%v|%>R|%>s"` + "\n"

// explainLeast is how many requests must be compared.
const explainLeast = 200

// serverPage begins the pages that the server writes itself. A 500 may be the application's fault.
var serverPage = []byte("<!DOCTYPE HTML PUBLIC")

// undecided are the requests, "case" or "case:line", whose outcome explain cannot know, and why.
var undecided = map[string]string{
	"wsgi_mapping:63": "the script has no callable of that name, which only loading it shows",
	"wsgi_input:131":  "the body is broken, which the application finds when it reads it",
	"wsgi_daemon:29":  "the application answers with a Location that the server follows",
	"wsgi_daemon:37":  "WSGIErrorOverride puts a page of the server's in place of the application's",
}

// TestExplainAgrees serves the cases of testdata/diff and explains each of their requests beside it: the status that the client gets,
// where the configuration decides it, the virtual host and the handler must be the same.
func TestExplainAgrees(t *testing.T) {
	program := target(t)
	if program.Apache {
		t.Skip("Apache explains nothing")
	}
	paths, err := filepath.Glob("testdata/diff/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var mu sync.Mutex
	var total agreement
	t.Run("cases", func(t *testing.T) {
		for _, path := range paths {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
				t.Parallel()
				got := explainCase(t, program, path)
				mu.Lock()
				defer mu.Unlock()
				total.add(&got)
			})
		}
	})
	t.Logf("%d requests compared: %d by status, %d left to the application; %d by virtual host and handler; %d exceptions\n  %s",
		total.status+total.application, total.status, total.application, total.handler, len(total.exceptions), strings.Join(total.exceptions, "\n  "))
	if n := total.status + total.application; n < explainLeast && !t.Failed() {
		t.Errorf("%d requests compared, want %d", n, explainLeast)
	}
}

// agreement counts what was compared.
type agreement struct {
	status, application, handler int
	exceptions                   []string
}

func (a *agreement) add(b *agreement) {
	a.status, a.application, a.handler = a.status+b.status, a.application+b.application, a.handler+b.handler
	a.exceptions = append(a.exceptions, b.exceptions...)
}

// explainCase serves one case, explains its requests and compares.
func explainCase(t *testing.T, program httpdtest.Program, path string) (got agreement) {
	c, err := httpdtest.ReadCase(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Root != "" && os.Getuid() != 0 {
		t.Skip(c.Root)
	}
	if why := undecided[c.Name]; why != "" {
		got.exceptions = append(got.exceptions, c.Name+": "+why)
		return got
	}
	for i := range c.Archive.Files {
		if f := &c.Archive.Files[i]; f.Name == "httpd.conf" || f.Name == "full.conf" {
			f.Data = strings.ReplaceAll(f.Data, "</VirtualHost>", explainLog+"</VirtualHost>") + explainLog
		}
	}
	c.Logs = append(c.Logs, "explain_log")
	dir := filepath.Join(tempDir(t), "site")
	o, err := c.Run(program, dir)
	if err != nil {
		t.Fatal(err)
	}
	if o.Refused != "" {
		return got
	}
	served := servedRequests(o.Logs["explain_log"])
	answers := 0
	for _, s := range o.Steps {
		answers += len(s.Responses)
	}
	reports := explainSteps(t, program, c, o.Site)
	at := 0
	for i, step := range c.Steps {
		key := fmt.Sprintf("%s:%d", c.Name, step.Line)
		responses := o.Steps[i].Responses
		line := at
		at += len(responses)
		if len(responses) == 0 || responses[0].Proto == "" {
			continue // no status to compare
		}
		if why := undecided[key]; why != "" {
			got.exceptions = append(got.exceptions, key+": "+step.Name+": "+why)
			continue
		}
		r := &reports[i]
		if r.Error != "" {
			t.Errorf("%s: %s: %s", key, step.Name, r.Error)
			continue
		}
		switch status := responses[0].Status; {
		case len(r.Questions) > 0:
			if yes, no := r.IfYes, r.IfNo; yes.Status != 0 && yes.Status != status && (no == nil || no.Status != status) {
				t.Errorf("%s: %s: explained as %+v or %+v; served as %d", key, step.Name, yes, no, status)
			}
			got.exceptions = append(got.exceptions, fmt.Sprintf("%s: %s: decided by %s at run time", key, step.Name, r.Questions[0].Directive))
		case r.Status == 0 && status >= 400 && status < 500 && bytes.HasPrefix(responses[0].Body, serverPage):
			t.Errorf("%s: %s: explained as %s; served as %d by the server itself", key, step.Name, r.Outcome, status)
		case r.Status == 0:
			got.application++
		case r.Status == status:
			got.status++
		default:
			t.Errorf("%s: %s: explained as %d (%s), served as %d", key, step.Name, r.Status, r.Outcome, status)
		}
		if len(served) != answers {
			continue // a request of the case ended without a line: which is whose is not known
		}
		got.handler++
		if s := served[line]; r.Server.Name != s.server || r.Handler != s.handler {
			t.Errorf("%s: %s: explained as of server %s, handler %q; served by %s, %q", key, step.Name, r.Server.Name, r.Handler, s.server, s.handler)
		}
	}
	return got
}

// explainSteps has the requests of a case explained, each as if it were the first of its connection.
func explainSteps(t *testing.T, program httpdtest.Program, c *httpdtest.Case, site *httpdtest.Site) []explain.Report {
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, s := range c.Steps {
		raw := site.Expand(string(s.Head), s.Port) + string(s.Body)
		if err := enc.Encode(explain.Request{Raw: latin1(raw), From: "127.0.0.1", To: "127.0.0.1:" + strconv.Itoa(site.Ports[s.Port])}); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program.Path, "explain", "--batch", "-d", site.Dir, "-f", filepath.Join(site.Dir, "conf", "httpd.conf"))
	cmd.Env, cmd.Dir = httpdtest.Environ(), "/"
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("explain: %v\n%s", err, errs.String())
	}
	reports := make([]explain.Report, len(c.Steps))
	dec := json.NewDecoder(&out)
	for i := range reports {
		if err := dec.Decode(&reports[i]); err != nil {
			t.Fatalf("explanation %d of %d: %v", i+1, len(reports), err)
		}
	}
	return reports
}

func latin1(s string) string {
	out := make([]rune, len(s))
	for i := 0; i < len(s); i++ {
		out[i] = rune(s[i])
	}
	return string(out)
}

// servedRequest is a line of the log.
type servedRequest struct {
	began           int64
	server, handler string
}

// servedRequests are the lines in the order in which the requests began.
func servedRequests(log string) []servedRequest {
	var out []servedRequest
	for line := range strings.Lines(log) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 4 {
			continue
		}
		s := servedRequest{server: f[1], handler: f[2]}
		s.began, _ = strconv.ParseInt(f[0], 10, 64)
		if s.handler == "-" {
			s.handler = ""
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b servedRequest) int { return int(a.began - b.began) })
	return out
}
