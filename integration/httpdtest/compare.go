package httpdtest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Report is the outcome of comparing two observations of one case.
type Report struct {
	// Problems are undeclared differences and missed expectations, each for a human.
	Problems []string
	// Declared are the declared differences of the case.
	Declared []string
}

// Compare holds what the server under test showed against what Apache showed and what the case wants.
func (c *Case) Compare(apache, target *Observation) *Report {
	r := &Report{}
	for _, d := range c.Differ {
		r.Declared = append(r.Declared, c.Name+": "+d.String())
	}
	for _, s := range c.Steps {
		for _, d := range s.Differ {
			r.Declared = append(r.Declared, fmt.Sprintf("%s: %s: %s", c.Name, s.Name, d))
		}
	}
	if apache.Refused != "" {
		r.add("Apache refuses the configuration: %s", apache.Refused)
		return r
	}
	for _, d := range c.Differ {
		if d.What == "refused" && !target.Program.Apache {
			switch re := regexp.MustCompile(d.Arg); {
			case target.Refused == "":
				r.add("the server starts; declared is that it refuses: %s", d)
			case !re.MatchString(target.Refused):
				r.add("refused, but not with %q: %s", d.Arg, target.Refused)
			}
			return r
		}
	}
	if target.Refused != "" {
		r.add("the server does not start: %s", target.Refused)
		return r
	}
	an, tn := NewNormaliser(apache.Site), NewNormaliser(target.Site)
	for i, s := range c.Steps {
		before := len(r.Problems)
		r.step(&s, append(slices.Clone(c.Differ), s.Differ...), apache.Steps[i], target.Steps[i], an, tn, target.Program.Apache)
		for j := before; j < len(r.Problems); j++ {
			r.Problems[j] = fmt.Sprintf("requests:%d: %s: %s", s.Line, s.Name, r.Problems[j])
		}
	}
	var drop []*regexp.Regexp
	for _, d := range c.differences("log") {
		drop = append(drop, regexp.MustCompile(d.Arg))
	}
	r.lines("error log", without(an.ErrorLines(apache.ErrorLog), drop), without(tn.ErrorLines(target.ErrorLog), drop))
	al, tl := without(an.AccessLines(apache.AccessLog), drop), without(tn.AccessLines(target.AccessLog), drop)
	if c.sizesDiffer(apache, target) {
		al, tl = withoutSize(al), withoutSize(tl)
	}
	if len(c.differences("sent")) > 0 {
		al, tl = withoutSent(al), withoutSent(tl)
	}
	r.lines("access log", al, tl)
	for _, name := range c.Logs {
		r.lines(name, without(an.AccessLines(apache.Logs[name]), drop), without(tn.AccessLines(target.Logs[name]), drop))
	}
	return r
}

// sizesDiffer tells whether some bodies rightly have different lengths, so that sizes in the access log say nothing.
func (c *Case) sizesDiffer(apache, target *Observation) bool {
	if len(c.differences("body"))+len(c.differences("line"))+len(c.differences("status")) > 0 {
		return true
	}
	for i, s := range apache.Steps {
		for j := range min(len(s.Responses), len(target.Steps[i].Responses)) {
			if len(s.Responses[j].Body) != len(target.Steps[i].Responses[j].Body) {
				return true
			}
		}
	}
	return false
}

func withoutSize(lines []string) []string {
	for i, line := range lines {
		if at := strings.LastIndexByte(line, ' '); at >= 0 {
			lines[i] = line[:at]
		}
	}
	return lines
}

var sent = regexp.MustCompile(`" (\d{3}) \d+ "`)

// withoutSent masks the size in lines of the form "combined".
func withoutSent(lines []string) []string {
	for i, line := range lines {
		lines[i] = sent.ReplaceAllString(line, `" $1 SIZE "`)
	}
	return lines
}

func (c *Case) differences(what string) []Difference {
	var list []Difference
	for _, d := range c.Differ {
		if d.What == what {
			list = append(list, d)
		}
	}
	for _, s := range c.Steps {
		for _, d := range s.Differ {
			if d.What == what {
				list = append(list, d)
			}
		}
	}
	return list
}

func (r *Report) add(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

func (r *Report) step(s *Step, differ []Difference, a, t StepResult, an, tn *Normaliser, self bool) {
	if a.Err != nil {
		r.add("Apache: %v", a.Err)
		return
	}
	if t.Err != nil {
		r.add("%v", t.Err)
		return
	}
	skip := map[string]bool{}
	headers := map[string]bool{}
	var drop []*regexp.Regexp
	want := s.Want
	for _, d := range differ {
		switch d.What {
		case "header":
			headers[strings.ToLower(d.Arg)] = true
		case "line":
			drop = append(drop, regexp.MustCompile(d.Arg))
			headers["content-length"] = true
		case "status":
			if self {
				continue
			}
			want = nil
			for _, w := range strings.Fields(d.Arg) {
				code, err := strconv.Atoi(w)
				if err != nil {
					r.add("declared status %q", d.Arg)
				}
				want = append(want, code)
			}
			skip["body"], skip["framing"], skip["header"] = true, true, true
		case "body":
			skip["body"] = true
			headers["content-length"] = true
		default:
			skip[d.What] = true
		}
	}
	if !s.Wanted {
		r.add("no expected status: run the tests with -update and read what it writes")
	}
	if got := statuses(a); !slices.Equal(got, s.Want) {
		r.add("Apache answers %v, the case wants %v", got, s.Want)
	}
	if got := statuses(t); want != nil && !slices.Equal(got, want) || want == nil && !slices.Equal(got, statuses(a)) {
		r.add("status %v, Apache %v%s", got, statuses(a), declared(want, s.Want))
		for _, resp := range t.Responses {
			r.add("answer was: %s", clip(string(resp.Body)))
		}
		return
	}
	if !skip["end"] && a.End != t.End {
		r.add("connection: %s, Apache %s", t.End, a.End)
	}
	for i := range min(len(a.Responses), len(t.Responses)) {
		x, y := a.Responses[i], t.Responses[i]
		if x.Proto != y.Proto || x.Reason != y.Reason && !skip["header"] {
			r.add("status line %q, Apache %q", y.Proto+" "+y.Reason, x.Proto+" "+x.Reason)
		}
		if !skip["framing"] && (x.Framing != y.Framing || x.Broken != y.Broken) {
			r.add("framing %s %s, Apache %s %s", y.Framing, y.Broken, x.Framing, x.Broken)
		}
		if !skip["interim"] && !slices.Equal(x.Interim, y.Interim) {
			r.add("interim answers %v, Apache %v", y.Interim, x.Interim)
		}
		if !skip["header"] {
			ax, ty := headerLines(an.Header(x), headers), headerLines(tn.Header(y), headers)
			r.lines("header", ax, ty)
		}
		if !skip["body"] {
			ab, tb := bodyLines(an.Text(string(x.Content())), drop), bodyLines(tn.Text(string(y.Content())), drop)
			if !slices.Equal(ab, tb) {
				r.add("body differs:\n%s", diff(ab, tb))
			}
		}
	}
}

func declared(want, apache []int) string {
	if want != nil && !slices.Equal(want, apache) {
		return fmt.Sprintf(", declared %v", want)
	}
	return ""
}

func statuses(r StepResult) []int {
	var list []int
	for _, resp := range r.Responses {
		list = append(list, resp.Status)
	}
	return list
}

func headerLines(lines []string, drop map[string]bool) []string {
	return slices.DeleteFunc(lines, func(s string) bool {
		name, _, _ := strings.Cut(s, ":")
		return drop[name]
	})
}

func bodyLines(body string, drop []*regexp.Regexp) []string {
	return without(strings.SplitAfter(body, "\n"), drop)
}

func without(lines []string, drop []*regexp.Regexp) []string {
	return slices.DeleteFunc(lines, func(s string) bool {
		return slices.ContainsFunc(drop, func(re *regexp.Regexp) bool { return re.MatchString(s) })
	})
}

// lines compares two sorted lists and reports what one has and the other has not.
func (r *Report) lines(what string, apache, target []string) {
	if !slices.Equal(apache, target) {
		r.add("%s differs:\n%s", what, diff(apache, target))
	}
}

// diff shows the lines that only one side has, "-" Apache's, "+" the server's; in order of a longest common subsequence for lists
// short enough, else the first that differ.
func diff(a, b []string) string {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) > 400 || len(b) > 400 {
		a, b = a[:min(3, len(a))], b[:min(3, len(b))]
	}
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out strings.Builder
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			fmt.Fprintf(&out, "    - %s\n", clip(a[i]))
			i++
		default:
			fmt.Fprintf(&out, "    + %s\n", clip(b[j]))
			j++
		}
	}
	return out.String()
}

func clip(s string) string {
	s = strings.TrimRight(s, "\n")
	if len(s) > 300 {
		s = s[:300] + fmt.Sprintf("... (%d bytes)", len(s))
	}
	return strconv.Quote(s)
}

// Update writes the statuses that Apache gave into the case's requests, and returns the case's text.
func (c *Case) Update(apache *Observation) string {
	for i, f := range c.Archive.Files {
		if f.Name != "requests" {
			continue
		}
		lines := strings.Split(f.Data, "\n")
		for j, s := range c.Steps {
			line, _, _ := strings.Cut(lines[s.Line-1], " => ")
			line += " =>"
			for _, code := range statuses(apache.Steps[j]) {
				line += " " + strconv.Itoa(code)
			}
			if len(apache.Steps[j].Responses) == 0 {
				line += " -"
			}
			lines[s.Line-1] = line
		}
		c.Archive.Files[i].Data = strings.Join(lines, "\n")
	}
	return c.Archive.String()
}
