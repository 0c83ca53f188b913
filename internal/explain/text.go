package explain

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text writes reports for people.
type Text struct {
	// Root is ServerRoot: files below it are shown from there on.
	Root string
	// Color marks the outcome and what is of less interest, for a terminal.
	Color bool
}

// Columns of the text.
const (
	labelWidth = 12
	textWidth  = 58
	fewRules   = 3 // rules in a row that did not match are shown up to this number
)

// Write writes a report.
func (t Text) Write(w io.Writer, r *Report) error {
	p := &printer{Text: t}
	p.report(r)
	_, err := io.WriteString(w, p.b.String())
	return err
}

type printer struct {
	Text
	b    strings.Builder
	rows []row
}

// row is a line of a block: its text, and a place of the configuration in a column of its own.
type row struct{ label, text, at string }

func (p *printer) row(label string, indent int, text, at string) {
	p.rows = append(p.rows, row{label, strings.Repeat("  ", indent) + text, at})
}

func (p *printer) line(label string, indent int, l Line) {
	p.row(label, indent+l.Depth, l.Text, p.place(l.File, l.Line))
}

// flush writes the block, the places aligned.
func (p *printer) flush() {
	width := 0
	for _, r := range p.rows {
		if n := utf8.RuneCountInString(r.text); r.at != "" && n <= textWidth {
			width = max(width, n)
		}
	}
	for _, r := range p.rows {
		p.b.WriteString(p.paint("1", fmt.Sprintf("%-*s", labelWidth, r.label)))
		if r.at == "" {
			p.b.WriteString(r.text + "\n")
			continue
		}
		fmt.Fprintf(&p.b, "%s%s  %s\n", r.text, strings.Repeat(" ", max(0, width-utf8.RuneCountInString(r.text))), p.paint("2", r.at))
	}
	p.rows = p.rows[:0]
}

// paint puts s between the terminal's codes.
func (p *printer) paint(code, s string) string {
	if !p.Color || strings.TrimSpace(s) == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *printer) place(file string, line int) string {
	if file == "" {
		return ""
	}
	file = p.short(file)
	if line == 0 {
		return file
	}
	return file + ":" + strconv.Itoa(line)
}

func (p *printer) short(file string) string {
	if root := strings.TrimSuffix(p.Root, "/"); root != "" {
		if rest, ok := strings.CutPrefix(file, root+"/"); ok {
			return rest
		}
	}
	return file
}

func (p *printer) report(r *Report) {
	fmt.Fprintf(&p.b, "%s\n%s\n", r.Request, p.paint("2", "from "+r.From+" to "+r.To))
	if r.Error != "" {
		p.b.WriteString(r.Error + "\n")
		return
	}
	color := "32"
	switch {
	case len(r.Questions) > 0:
		color = "33"
	case r.Status >= 400:
		color = "31"
	case r.Status >= 300:
		color = "36"
	}
	p.b.WriteByte('\n')
	if len(r.Questions) > 0 {
		p.questions(r, color)
	} else {
		fmt.Fprintf(&p.b, "%s\n", p.paint("1;"+color, r.Outcome))
	}
	for _, l := range r.Because {
		p.line("  because", 0, l)
	}
	p.flush()
	for _, n := range r.Notes {
		fmt.Fprintf(&p.b, "%s\n", p.paint("33", "note: "+n))
	}
	p.b.WriteByte('\n')
	p.server(r.Server)
	p.flush()
	for i := range r.Steps {
		if i > 0 {
			p.b.WriteByte('\n')
			fmt.Fprintf(&p.b, "%s\n", p.paint("1", fmt.Sprintf("then %s %s  (%s)", r.Steps[i].Method, r.Steps[i].URI, r.Steps[i].Via)))
		}
		var before *Step
		if i > 0 {
			before = &r.Steps[i-1]
		}
		p.step(&r.Steps[i], before)
	}
	for i, h := range r.Headers {
		p.row(label("headers", i), 0, h, "")
	}
	p.flush()
}

// questions writes what is for scripts to say: those of one script together.
func (p *printer) questions(r *Report, color string) {
	for i := 0; i < len(r.Questions); {
		q := r.Questions[i]
		functions := q.Function + "()"
		for i++; i < len(r.Questions) && r.Questions[i].Script == q.Script && r.Questions[i].Directive == q.Directive; i++ {
			functions += ", " + r.Questions[i].Function + "()"
		}
		fmt.Fprintf(&p.b, "%s\n", p.paint("1;"+color, fmt.Sprintf("undecided: %s of %s %s decides at run time; %s", functions, q.Directive, q.Script, q.Say)))
	}
	if r.IfNo == nil {
		fmt.Fprintf(&p.b, "whatever it says: %s\n", r.IfYes.Outcome)
		return
	}
	fmt.Fprintf(&p.b, "if yes: %s\nif no:  %s\n", r.IfYes.Outcome, r.IfNo.Outcome)
}

// label is name for the first of several rows.
func label(name string, i int) string {
	if i > 0 {
		return ""
	}
	return name
}

func (p *printer) server(s *Server) {
	if s == nil {
		return
	}
	name := s.Name
	if s.Main {
		name += " (main server)"
	}
	p.row("server", 0, name, p.place(s.File, s.Line))
	how := s.Why
	if s.Address != "" {
		how = "address " + s.Address + "; " + how
	}
	at := ""
	if s.By != nil {
		at = p.place(s.By.File, s.By.Line)
	}
	p.row("", 0, how, at)
}

// step writes a step; before is the one that led to it, nil for none.
func (p *printer) step(s, before *Step) {
	if before == nil || applied(s.Rewrites) {
		p.rewrites(s.Rewrites)
	} else if n := len(s.Rewrites); n > 0 {
		p.row("rewrite", 0, fmt.Sprintf("none of %d rules applies", n), "")
	}
	p.mapping(s)
	p.flush()
	if before != nil && len(s.Sections) > 0 && reflect.DeepEqual(s.Sections, before.Sections) {
		p.row("sections", 0, "the same", "")
	} else {
		p.sections(s.Sections)
	}
	p.flush()
	for i, a := range s.Access {
		p.row(label("access", i), a.Depth, fmt.Sprintf("%-*s  %s", 40-2*a.Depth, a.Text, a.Verdict), p.place(a.File, a.Line.Line))
	}
	if a := s.Authentication; a != nil {
		who := a.Verdict
		if a.User != "" {
			who = "user " + a.User + ": " + who
		}
		p.row("user", 0, fmt.Sprintf("%s, realm %q, provider %s: %s", a.Type, a.Realm, p.short(strings.Join(a.Providers, ", ")), who), "")
		if len(a.Providers) == 0 {
			p.rows[len(p.rows)-1].text = fmt.Sprintf("%s, realm %q: %s", a.Type, a.Realm, who)
		}
	}
	p.flush()
	p.handler(s)
	p.flush()
	for i := 0; i < len(s.Environment); {
		text := s.Environment[i]
		first := i == 0
		for i++; i < len(s.Environment) && len(text)+2+len(s.Environment[i]) <= 80; i++ {
			text += "  " + s.Environment[i]
		}
		p.row(map[bool]string{true: "variables"}[first], 0, text, "")
	}
	for i, l := range s.Log {
		p.row(label("error log", i), 0, l, "")
	}
	p.flush()
}

func (p *printer) sections(list []Section) {
	for i, c := range list {
		at := ""
		if c.Line.Line > 0 { // a .htaccess file is its own place
			at = p.place(c.File, c.Line.Line)
		}
		p.row(label("sections", i), 0, c.Text, at)
		for _, l := range c.Lines {
			p.line("", 1, l)
		}
	}
}

func applied(list []Rewrite) bool {
	return slices.ContainsFunc(list, func(w Rewrite) bool { return w.Outcome == "applied" })
}

func (p *printer) rewrites(all []Rewrite) {
	var list []Rewrite
	for _, w := range all {
		if !w.Subrequest || w.Outcome == "applied" {
			list = append(list, w)
		}
	}
	name := "rewrite"
	for i := 0; i < len(list); {
		skip := i
		for skip < len(list) && list[skip].Outcome == "no match" {
			skip++
		}
		if skip-i > fewRules {
			p.row(name, 0, fmt.Sprintf("%d rules do not match", skip-i), p.place(list[i].File, list[i].Line.Line)+" to "+p.place(list[skip-1].File, list[skip-1].Line.Line))
			name, i = "", skip
			continue
		}
		w := list[i]
		i++
		for _, c := range w.Conditions {
			held := "no:  "
			if c.Held {
				held = "yes: "
			}
			p.row(name, 0, held+c.Text+"   ["+strconv.Quote(c.Input)+"]", p.place(c.File, c.Line.Line))
			name = ""
		}
		p.row(name, 0, map[string]string{"applied": "yes: ", "no match": "no:  ", "conditions failed": "no:  "}[w.Outcome]+w.Text+"   ["+strconv.Quote(w.Input)+"]",
			p.place(w.File, w.Line.Line))
		name = ""
		switch {
		case w.Result != "" && w.Status != 0:
			p.row("", 1, fmt.Sprintf("   -> %s  (%d)", w.Result, w.Status), "")
		case w.Result != "":
			p.row("", 1, "   -> "+w.Result, "")
		case w.Status != 0:
			p.row("", 1, fmt.Sprintf("   -> %d", w.Status), "")
		}
	}
}

func (p *printer) mapping(s *Step) {
	name := "mapped"
	if s.Mapped != "" {
		text, at := s.Mapped, ""
		if l := s.MappedBy; l != nil {
			at = p.place(l.File, l.Line)
			if l.Text != "" {
				text = l.Text
			}
		}
		p.row(name, 0, text, at)
		name = ""
	}
	for _, b := range s.Became {
		p.row(name, 0, "-> "+b, "")
		name = ""
	}
	if s.File != "" {
		text := "-> " + s.File
		switch s.Kind {
		case "file":
			text += fmt.Sprintf("  (file, %d bytes", s.Size)
			if s.Type != "" {
				text += ", " + s.Type
			}
			text += ")"
		case "directory", "missing":
			text += "  (" + s.Kind + ")"
		}
		if s.PathInfo != "" {
			text += "  path info " + s.PathInfo
		}
		p.row(name, 0, text, "")
	}
}

func (p *printer) handler(s *Step) {
	if s.Status != 0 {
		text := statusText(s.Status)
		if s.Phase != "" {
			text += " from phase " + s.Phase
		}
		if s.ErrorDocument != "" {
			text += ", ErrorDocument " + short(s.ErrorDocument)
		}
		p.row("ended", 0, text, "")
		return
	}
	if s.Module == "" {
		return
	}
	text := s.Module
	if s.Module == "core" {
		text = "static file (core)"
	}
	if s.Handler != "" && s.Module != "core" {
		text = s.Handler + " (" + s.Module + ")"
	}
	p.row("handler", 0, text, "")
	w := s.WSGI
	if w == nil {
		return
	}
	at, group := "", "none: embedded, in the server's own processes"
	if w.ProcessGroup != "" {
		group = fmt.Sprintf("%s (%d x %d threads)", w.ProcessGroup, w.Processes, w.Threads)
		if w.Daemon != nil {
			at = p.place(w.Daemon.File, w.Daemon.Line)
		}
	}
	application := w.ApplicationGroup
	if application == "" {
		application = "the main interpreter (%{GLOBAL})"
	}
	p.row("", 0, "script             "+w.Script, "")
	p.row("", 0, "callable           "+w.Callable, "")
	p.row("", 0, "process group      "+group, at)
	p.row("", 0, "application group  "+application, "")
	p.row("", 0, fmt.Sprintf("SCRIPT_NAME        %q  PATH_INFO %q", w.ScriptName, w.PathInfo), "")
}
