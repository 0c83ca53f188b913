package httpdtest

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A Normaliser takes out of what a server shows all that must differ from one run to another.
type Normaliser struct {
	replace []struct {
		from *regexp.Regexp
		to   string
	}
}

// NewNormaliser knows the directory and ports of site.
func NewNormaliser(site *Site) *Normaliser {
	n := &Normaliser{}
	add := func(from, to string) {
		n.replace = append(n.replace, struct {
			from *regexp.Regexp
			to   string
		}{regexp.MustCompile(from), to})
	}
	add(regexp.QuoteMeta(site.Dir), "@W@")
	for i, port := range site.Ports {
		name := "@PORT@"
		if i > 0 {
			name = fmt.Sprintf("@PORT%d@", i+1)
		}
		add(`\b`+strconv.Itoa(port)+`\b`, name)
	}
	add(`(Apache|httpd-wsgi)/[0-9][-+.~\w]*( \([^)]*\))?( [-\w]+/[-+.~\w]+)*`, "SERVER")
	add(`\b(Apache|httpd-wsgi) Server at`, "SERVER Server at")
	add(` at 0x[0-9a-f]+`, " at 0xADDRESS")
	add(`expires=\w+, \d+-\w+-\d+ [0-9:]+ GMT`, "expires=TIME")
	return n
}

// Text normalises any text.
func (n *Normaliser) Text(s string) string {
	for _, r := range n.replace {
		s = r.from.ReplaceAllString(s, r.to)
	}
	return s
}

var errorLine = regexp.MustCompile(`^\[[^\]]*\] \[([^:\]]*):([^\]]*)\] \[pid [^\]]*\] (.*)$`)
var errorPeer = regexp.MustCompile(`\[(client|remote) ([0-9.a-fA-F:]+):\d+\]`)
var scriptTag = regexp.MustCompile(`\[script [^\]]*\] `)
var wsgiOwn = regexp.MustCompile(`^(\(\d+\)[^:]*: )?(\[(client|remote) [^\]]*\] )?` +
	`(mod_wsgi \(pid=|WSGI\d{4}: |Attempt to invoke |Options ExecCGI is off |Target WSGI script |AcceptPathInfo off |No WSGI daemon process |Daemon process called |Owner of WSGI script file |Received request requiring |Client denied by server configuration)`)

// ErrorLines are the lines of an error log that belong to requests, as "[module:level] [client address] message", sorted. Of what the
// WSGI module logs only the application's own output is kept, since the module's texts change from release to release.
func (n *Normaliser) ErrorLines(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		m := errorLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil || !errorPeer.MatchString(m[3]) {
			continue
		}
		text := scriptTag.ReplaceAllString(errorPeer.ReplaceAllString(m[3], "[$1 $2]"), "")
		if m[1] == "wsgi" && (m[2] != "error" || wsgiOwn.MatchString(text)) {
			continue
		}
		lines = append(lines, fmt.Sprintf("[%s:%s] %s", m[1], m[2], n.Text(text)))
	}
	sort.Strings(lines)
	return lines
}

var accessTime = regexp.MustCompile(`\[\d\d/\w\w\w/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`)

// AccessLines are the lines of an access log without their time, sorted.
func (n *Normaliser) AccessLines(log string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		lines = append(lines, n.Text(accessTime.ReplaceAllString(strings.TrimRight(line, "\n"), "[TIME]")))
	}
	sort.Strings(lines)
	return lines
}

// Header lists an answer's header lines as "name: value", names in lower case, sorted by name. Date is left out, Server is reduced to
// its presence, the methods of Allow are sorted, and a Content-Length that tells the truth about the body is told about the normalised body.
func (n *Normaliser) Header(r *Response) []string {
	var lines []string
	for _, f := range r.Header {
		name := strings.ToLower(f.Name)
		value := n.Text(f.Value)
		switch name {
		case "date":
			continue
		case "server":
			value = "SERVER"
		case "allow": // Apache's order is that of a hash table
			methods := strings.Split(value, ",")
			sort.Strings(methods)
			value = strings.Join(methods, ",")
		case "content-length":
			if f.Value == strconv.Itoa(len(r.Body)) {
				value = strconv.Itoa(len(n.Text(string(r.Content()))))
			}
		}
		lines = append(lines, name+": "+value)
	}
	slices.SortStableFunc(lines, func(a, b string) int {
		an, _, _ := strings.Cut(a, ":")
		bn, _, _ := strings.Cut(b, ":")
		return strings.Compare(an, bn)
	})
	return lines
}
