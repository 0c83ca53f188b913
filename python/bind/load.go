package bind

import (
	"errors"
	"path"
	"strings"

	"httpd-wsgi/apacheconf"
)

// Loader reads a main file and all that it includes as Apache's read phase does. It is set up and used by one thread.
type Loader struct {
	l apacheconf.Loader
	// modules are the names that <IfModule> takes, identifiers and source files.
	modules map[string]bool
	// directives are those that <IfDirective> and <IfSection> take, in small letters, sections with a bracket. Nil means all.
	directives map[string]bool
	env        map[string]string
}

// NewLoader begins at the directory root, which is absolute.
func NewLoader(root string) *Loader {
	l := &Loader{modules: map[string]bool{}, env: map[string]string{}}
	l.l = apacheconf.Loader{
		ServerRoot: fromWire(root),
		Env:        func(name string) (string, bool) { v, ok := l.env[name]; return v, ok },
		HasModule:  func(name string) bool { return l.modules[name] },
		LoadModule: func(name, file string, _ apacheconf.Pos) error {
			l.module(name, file)
			return nil
		},
		HasDirective: func(name string) bool { return l.directives == nil || l.directives[strings.ToLower(name)] },
		HasSection:   func(name string) bool { return l.directives == nil || l.directives["<"+strings.ToLower(name)] },
	}
	return l
}

// module notes the names of a module: its identifier, and its source file as it follows from the identifier and from the shared object.
func (l *Loader) module(name, file string) {
	l.modules[name] = true
	short := strings.TrimSuffix(name, "_module")
	l.modules["mod_"+short+".c"] = true
	if mpm, ok := strings.CutPrefix(short, "mpm_"); ok {
		l.modules[mpm+".c"] = true
	}
	if object, ok := strings.CutSuffix(path.Base(file), ".so"); ok {
		l.modules[object+".c"] = true
	}
}

// Modules says that modules are there from the start: a list of names as <IfModule> takes them.
func (l *Loader) Modules(names string) int {
	for _, name := range fromList(names) {
		l.modules[name] = true
	}
	return len(l.modules)
}

// Directives says which directives there are, a list; sections are written <Name.
func (l *Loader) Directives(names string) int {
	l.directives = map[string]bool{}
	for _, name := range fromList(names) {
		l.directives[strings.ToLower(name)] = true
	}
	return len(l.directives)
}

// Environment sets the variables that ${NAME} finds, a list of names and values by turns.
func (l *Loader) Environment(pairs string) int {
	p := fromList(pairs)
	for i := 0; i+1 < len(p); i += 2 {
		l.env[p[i]] = p[i+1]
	}
	return len(l.env)
}

// Defines adds the command line's -D, a list of names.
func (l *Loader) Defines(names string) int {
	for _, name := range fromList(names) {
		l.l.Defines = append(l.l.Defines, apacheconf.Define{Name: name})
	}
	return len(l.l.Defines)
}

// Lines sets the command line's -C and -c directives, two lists.
func (l *Loader) Lines(before, after string) int {
	l.l.PreLines, l.l.PostLines = fromList(before), fromList(after)
	return len(l.l.PreLines) + len(l.l.PostLines)
}

// Load reads the file. What went wrong is in the Result.
func (l *Loader) Load(file string) *Result {
	tree, err := l.l.Load(fromWire(file))
	return &Result{tree, err}
}

// Result is what a load gave. It does not change.
type Result struct {
	tree *apacheconf.Tree
	err  error
}

// Failure lists the error's file, line, message and whole text, then file and line of each Include that led to it, innermost first. It is empty
// if there was none.
func (r *Result) Failure() string {
	var l list
	if e := (*apacheconf.Error)(nil); errors.As(r.err, &e) {
		l.add(e.Pos.File)
		l.addInt(e.Pos.Line)
		l.add(e.Msg, e.Error())
		for _, p := range e.Chain {
			l.add(p.File)
			l.addInt(p.Line)
		}
	}
	return l.String()
}

// Items lists the directives and sections that are left for execution, depth first, seven strings for each: name, arguments, file, line,
// the closing tag's line (0 for a directive), 1 for a section or else 0, and how deep it is.
func (r *Result) Items() string {
	var l list
	addItems(&l, r.tree.Items, 0)
	return l.String()
}

func addItems(l *list, items []*apacheconf.Item, depth int) {
	for _, it := range items {
		l.add(it.Name, it.Args, it.Pos.File)
		l.addInt(it.Pos.Line)
		l.addInt(it.EndPos.Line)
		if it.Section {
			l.add("1")
		} else {
			l.add("0")
		}
		l.addInt(depth)
		addItems(l, it.Items, depth+1)
	}
}

// Included lists the files that were read, three strings for each: file, the line of the Include, how deep it is.
func (r *Result) Included() string {
	var l list
	for _, in := range r.tree.Included {
		l.add(in.File)
		l.addInt(in.Line)
		l.addInt(in.Depth)
	}
	return l.String()
}

// Defines lists the names left at the end and their values by turns.
func (r *Result) Defines() string {
	var l list
	for _, d := range r.tree.Defines {
		l.add(d.Name, d.Value)
	}
	return l.String()
}

// Warnings lists what Apache would log while reading, four strings for each: file, line, level, message.
func (r *Result) Warnings() string {
	var l list
	for _, w := range r.tree.Warnings {
		l.add(w.Pos.File)
		l.addInt(w.Pos.Line)
		l.add(w.Level, w.Msg)
	}
	return l.String()
}

// ServerRoot is the one in force at the end.
func (r *Result) ServerRoot() string { return toWire(r.tree.ServerRoot) }

// Quote writes a list of arguments so that Apache reads them as they are, with a blank between them.
func Quote(words string) (string, error) {
	var quoted []string
	for _, w := range fromList(words) {
		q, err := apacheconf.Quote(w)
		if err != nil {
			return "", err
		}
		quoted = append(quoted, q)
	}
	return toWire(strings.Join(quoted, " ")), nil
}

// Split splits an arguments' text as Apache does, into a list.
func Split(args string) string {
	var l list
	l.add(apacheconf.Words(fromWire(args))...)
	return l.String()
}
