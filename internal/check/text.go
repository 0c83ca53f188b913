package check

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
)

// TextOptions say how a report is written for people.
type TextOptions struct {
	// All lists supported directives and blocks that Apache passes over, too.
	All bool
	// Color marks headings and severities for a terminal.
	Color bool
}

// Colours of a terminal (ECMA-48).
const (
	red    = "31;1"
	yellow = "33"
	green  = "32;1"
	bold   = "1"
	dim    = "2"
)

type printer struct {
	*bufio.Writer
	color bool
}

func (p *printer) paint(color, text string) string {
	if !p.color {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (p *printer) heading(color, format string, args ...any) {
	fmt.Fprintf(p, "\n%s\n", p.paint(color, fmt.Sprintf(format, args...)))
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	p := &printer{bufio.NewWriter(w), o.Color}
	if r.Error != nil {
		fmt.Fprintf(p, "%s\n%s\n", r.Error.Message, p.paint(red, "Verdict: the configuration cannot be read."))
		return p.Flush()
	}
	fmt.Fprintf(p, "%s: %s in %s\n", p.paint(bold, r.Configuration), count(len(r.Directives), "directive"), count(r.Counts.Files, "file"))
	if r.AssumePaths {
		fmt.Fprintln(p, "Files, directories, users and groups are assumed to be there.")
	}
	title := "Refused: httpd-wsgi does not start with these"
	if len(r.Htaccess) > 0 {
		title += ", and those in .htaccess files are answered with 500"
	}
	p.class(r, refused, red, title)
	p.blocks(r, o.All)
	p.class(r, approximated, yellow, "Approximated: they do what Apache does, with a difference")
	p.class(r, withoutEffect, yellow, "Without effect here, and nothing is lost")
	p.modules(r)
	p.supported(r, o.All)
	p.findings(r)
	p.notices(r)
	p.verdict(r)
	return p.Flush()
}

// group are lines of which the same is to be said.
type group struct {
	names           []string
	message, advice string
	places          []Place
	within          int // lines in it that share its fate
}

// grouped puts lines of a class together, in order of their first.
func grouped(lines []Line, class string) []*group {
	type key struct{ directive, message, advice string }
	byKey := map[key]*group{}
	var out []*group
	last := map[string]*group{} // by directive
	for i := range lines {
		l := &lines[i]
		if l.Class != class {
			continue
		}
		if l.Within != "" {
			if g := last[l.Within]; g != nil {
				g.within++
			}
			continue
		}
		// Apache's sentence for an unknown command names it, and so does the group.
		k := key{message: strings.Replace(l.Message, "Invalid command '"+l.Directive+"'", "Invalid command", 1), advice: l.Advice}
		if k.message == "" {
			k.directive = l.Directive
		}
		g := byKey[k]
		if g == nil {
			g = &group{message: k.message, advice: k.advice}
			byKey[k] = g
			out = append(out, g)
		}
		if name := tagName(l.Directive); !slices.Contains(g.names, name) {
			g.names = append(g.names, name)
		}
		g.places = append(g.places, l.Place)
		last[l.Directive] = g
	}
	return out
}

// tagName is a directive's name as it is read: a section's with its brackets.
func tagName(directive string) string {
	switch {
	case directive == "":
		return "(the whole)"
	case directive[0] == '<':
		return directive + ">"
	}
	return directive
}

func (p *printer) class(r *Report, class, color, title string) {
	groups := grouped(r.Directives, class)
	if len(groups) == 0 {
		return
	}
	p.heading(color, "%s", title)
	for _, g := range groups {
		fmt.Fprintf(p, "  %s", p.paint(bold, strings.Join(g.names, ", ")))
		if g.within > 0 {
			fmt.Fprintf(p, " and %s in it", count(g.within, "line"))
		}
		fmt.Fprintln(p)
		if strings.HasPrefix(g.message, "Invalid command") {
			p.text(g.message+"\n"+g.advice, "") // what is known of an unknown command is no order
		} else {
			p.text(g.message, g.advice)
		}
		p.places(g.places)
	}
}

// text is a message and what to do.
func (p *printer) text(message, advice string) {
	for line := range strings.SplitSeq(message, "\n") {
		if line != "" {
			fmt.Fprintf(p, "      %s\n", line)
		}
	}
	if advice != "" {
		fmt.Fprintf(p, "      do: %s\n", advice)
	}
}

// places lists lines by file: "at F:1, 2, 3".
func (p *printer) places(places []Place) {
	var files []string
	lines := map[string][]string{}
	for _, x := range places {
		if x.File == "" {
			continue
		}
		if !slices.Contains(files, x.File) {
			files = append(files, x.File)
		}
		if x.Line > 0 {
			lines[x.File] = append(lines[x.File], fmt.Sprint(x.Line))
		}
	}
	for _, f := range files {
		at := f
		if len(lines[f]) > 0 {
			at += ":" + strings.Join(lines[f], ", ")
		}
		fmt.Fprintf(p, "      %s\n", p.paint(dim, "at "+at))
	}
}

func (p *printer) blocks(r *Report, all bool) {
	title := false
	for i := range r.Blocks {
		b := &r.Blocks[i]
		if b.Class == asInApache && !all {
			continue
		}
		if !title {
			p.heading(red, "Blocks that are not read")
			title = true
		}
		fmt.Fprintf(p, "  %s %s, %s\n", p.paint(bold, b.Condition), p.paint(dim, fmt.Sprintf("%s:%d-%d", b.File, b.Line, b.EndLine)), count(b.Lines, "directive"))
		p.text(b.Message, "")
		if len(b.Guards) > 0 && b.Class == refused {
			fmt.Fprintf(p, "      counts as refused, for what is in it: %s\n", strings.Join(names(b.Guards), ", "))
		}
		p.text("", b.Advice)
	}
	if n := r.Counts.Blocks[asInApache]; n > 0 && !all {
		fmt.Fprintf(p, "\nNot read, nor by Apache, for want of a LoadModule line: %s (--all lists them)\n", count(n, "block"))
	}
}

func names(tags []string) []string {
	out := make([]string, len(tags))
	for i, t := range tags {
		out[i] = tagName(t)
	}
	return out
}

func (p *printer) modules(r *Report) {
	if len(r.Modules) == 0 {
		return
	}
	p.heading(yellow, "LoadModule lines of modules that are not part of httpd-wsgi: directives refused, <IfModule> false")
	for _, m := range r.Modules {
		fmt.Fprintf(p, "  %s %s\n", p.paint(bold, m.Module), p.paint(dim, fmt.Sprintf("%s:%d", m.File, m.Line)))
		p.text("", m.Advice)
	}
}

func (p *printer) supported(r *Report, all bool) {
	byModule := map[string]int{}
	for i := range r.Directives {
		if l := &r.Directives[i]; l.Class == supported {
			byModule[l.Module]++
		}
	}
	if len(byModule) == 0 {
		return
	}
	modules := make([]string, 0, len(byModule))
	for m := range byModule {
		modules = append(modules, m)
	}
	sort.Slice(modules, func(i, j int) bool {
		a, b := modules[i], modules[j]
		if byModule[a] != byModule[b] {
			return byModule[a] > byModule[b]
		}
		return a < b
	})
	p.heading(green, "Supported, as in Apache")
	for i, m := range modules {
		modules[i] = fmt.Sprintf("%s %d", m, byModule[m])
	}
	fmt.Fprintf(p, "  %s\n", strings.Join(modules, ", "))
	if !all {
		return
	}
	for _, g := range grouped(r.Directives, supported) {
		fmt.Fprintf(p, "  %s\n", strings.Join(g.names, ", "))
		p.places(g.places)
	}
}

func (p *printer) findings(r *Report) {
	if len(r.Findings) == 0 {
		return
	}
	p.heading(bold, "Findings")
	for _, severity := range [...]string{severe, warning, hint} {
		for i := range r.Findings {
			f := &r.Findings[i]
			if f.Severity != severity {
				continue
			}
			color := map[string]string{severe: red, warning: yellow, hint: dim}[severity]
			fmt.Fprintf(p, "  %s (%s)\n", p.paint(color, f.Severity), f.Audit)
			p.text(f.Message, f.Advice)
			p.places([]Place{f.Place})
		}
	}
}

func (p *printer) notices(r *Report) {
	if len(r.Notices) == 0 {
		return
	}
	p.heading(bold, "What the server says at its start")
	for _, n := range r.Notices {
		fmt.Fprintf(p, "  %s: %s\n", n.Level, n.Message)
		p.places([]Place{n.Place})
	}
}

func (p *printer) verdict(r *Report) {
	c := &r.Counts
	fmt.Fprintf(p, "\n%d supported, %d approximated, %d without effect, %d refused; %s not read; %s, %s, %s.\n", c.Supported, c.Approximated,
		c.WithoutEffect, c.Refused, count(c.Blocks[refused]+c.Blocks[notRead], "block"),
		count(c.Findings[severe], "error"), count(c.Findings[warning], "warning"), count(c.Findings[hint], "hint"))
	if r.Verdict == Ready {
		fmt.Fprintln(p, p.paint(green, "Verdict: ready."))
		return
	}
	var why []string
	add := func(n int, what string) {
		if n > 0 {
			why = append(why, count(n, what))
		}
	}
	add(c.Refused, "refused line")
	add(c.Blocks[refused], "block that is not read and must be")
	add(c.Findings[severe], "error")
	fmt.Fprintln(p, p.paint(red, "Verdict: not ready: "+strings.Join(why, ", ")+"."))
}

// count is "1 line" or "2 lines".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if head, tail, ok := strings.Cut(what, " that is "); ok {
		return fmt.Sprintf("%d %ss that are %s", n, head, tail)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
