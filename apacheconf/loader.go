package apacheconf

import (
	"strings"
)

// ApacheVersion is the version of Apache httpd which <IfVersion> compares with if Loader.Version is empty.
const ApacheVersion = "2.4.71"

// Loader runs Apache's read phase: it follows Include, Define, <IfModule>, Macro and the like in document order,
// and leaves the other directives for execution.
//
// Its fields are set before the first load and not changed after. It may be used by several goroutines at once if
// its functions may be.
type Loader struct {
	// ServerRoot is where relative paths begin until a ServerRoot directive says otherwise. It is absolute.
	ServerRoot string
	// Defines are the command line's -D, in order.
	Defines []Define
	// PreLines and PostLines are the command line's -C and -c directives.
	PreLines, PostLines []string
	// Optional lets the main file be absent, as Apache's default file may be if there are -C or -c directives.
	Optional bool
	// Version is the version of <IfVersion>, "2.4.71" for example; empty means ApacheVersion.
	Version string

	// Env looks up an environment variable for ${VAR}; nil means that there are none.
	Env func(name string) (string, bool)
	// HasModule answers <IfModule>: a module's identifier ("alias_module") or source file ("mod_alias.c"). The
	// directives of mod_macro and mod_version are also only understood if their modules are there. Nil means that
	// those two are, and no other.
	HasModule func(name string) bool
	// LoadModule is called for each LoadModule line, in order; an error ends the load with its text as message.
	// From its success on, HasModule and HasDirective answer for the module. LoadFile alike. Nil ignores the line.
	LoadModule func(name, path string, pos Pos) error
	LoadFile   func(path string, pos Pos) error
	// HasDirective and HasSection answer <IfDirective> and <IfSection>; a section is named without bracket. What
	// the Loader itself carries out, such as Include, need not be known to them.
	HasDirective, HasSection func(name string) bool
	// SectionName gives Apache's spelling of a section's name, or "" if there is no such section; messages use it
	// instead of what was written. May be nil.
	SectionName func(name string) string
	// ReadFile reads a configuration file; nil means the file system. Directories, wildcards and <IfFile> are
	// looked up in the file system in either case.
	ReadFile func(path string) ([]byte, error)
	// Warn is told each warning as it is found; they are in Tree.Warnings, too.
	Warn func(*Error)
	// OnRead is told each directive of the read phase before it is carried out, by Apache's spelling ("Include",
	// "<IfModule"); they leave no Item. May be nil.
	OnRead func(tag string, pos Pos)
	// Condition is told each container with a condition: one that is passed over after its end, one that is read
	// before its contents. May be nil.
	Condition func(Conditional)
	// AssumePaths lets the directories that ServerRoot and DefaultRuntimeDir name be missing, for a report on the
	// configuration of another machine. What is to be included must be there all the same.
	AssumePaths bool
	// Allow says whether AllowOverrideList has a directive of the read phase, "<ifmodule" for example, for .htaccess
	// files where AllowOverride permits no class. Nil permits those which Apache permits with any class.
	Allow func(lowerName string) bool
	// Nonfatal is AllowOverride Nonfatal=Override: what is not allowed in .htaccess is left out with a warning.
	Nonfatal bool
}

// Load reads the main configuration file; a relative path begins at ServerRoot. The error is an *Error. The tree
// is not nil even then: it holds what had been read, and the warnings.
func (l *Loader) Load(path string) (*Tree, error) {
	r := &reading{l: l, tree: &Tree{ServerRoot: l.ServerRoot}, max: maxLine, macroRoom: maxMacroText}
	for _, d := range l.Defines {
		r.defs.define(d.Name, d.Value, d.HasValue)
	}
	items, e := r.main(path)
	r.tree.Items = items
	r.tree.defs, r.tree.macros = r.defs, r.macros
	r.tree.Defines = r.defs.list()
	if e != nil {
		return r.tree, e
	}
	return r.tree, nil
}

func (r *reading) main(path string) ([]*Item, *Error) {
	items, e := r.commandLine(r.l.PreLines, nil)
	if e != nil {
		return items, e
	}
	path = mergePath(r.tree.ServerRoot, path)
	text, err := r.readFile(path)
	if err == nil || !r.l.Optional || exists(path) {
		if items, e = r.file(path, text, err, items); e != nil {
			return items, e
		}
	}
	return r.commandLine(r.l.PostLines, items)
}

// LoadHtaccess reads the .htaccess file named path, whose bytes are src, in the light of server's Define, macros
// and ServerRoot. Directives that Apache does not allow there end it with "... not allowed here". The Tree has
// only Items and Warnings.
func (l *Loader) LoadHtaccess(server *Tree, path string, src []byte) (*Tree, error) {
	r := &reading{l: l, tree: &Tree{ServerRoot: server.ServerRoot}, max: maxHtaccessLine, htaccess: true,
		macroRoom: maxHtaccessMacroText, defs: server.defs, macros: server.macros, sharedMacros: true}
	f := &fileReading{reading: r, lines: lineReader{src: &source{name: path, text: string(src)}, max: r.max}}
	items, e := f.build("", nil)
	r.tree.Items = items
	if e != nil {
		return r.tree, f.place(e)
	}
	return r.tree, nil
}

// reading is the state of one load.
type reading struct {
	l        *Loader
	tree     *Tree
	htaccess bool
	max      int

	defs defines
	// macros is nil until a <Macro is read. sharedMacros says that it is the server's and not to be written to.
	macros       map[string]*macro
	sharedMacros bool
	// macroRoom is how many bytes macros may still produce.
	macroRoom int
	// ignoreEmpty and ignoreNesting are MacroIgnoreEmptyArgs and MacroIgnoreBadNesting.
	ignoreEmpty, ignoreNesting bool

	// depth is how many Includes are under way, line that of the last one.
	depth, line int

	// nested is how many sections and conditional containers are open.
	nested int

	// buf is what files are read into.
	buf      []byte
	slab     []Item
	slabSize int
}

// maxNested keeps whatever walks the tree from running out of stack. Apache has no such limit, and crashes.
const maxNested = 10000

// enter counts a section or container that is opened.
func (r *reading) enter() *Error {
	if r.nested++; r.nested > maxNested {
		return &Error{Msg: "Sections are nested more than " + itoa(maxNested) + " deep"}
	}
	return nil
}

// newItem gives an Item from a block of them.
func (r *reading) newItem() *Item {
	if len(r.slab) == 0 {
		r.slabSize = min(max(8, 2*r.slabSize), 256)
		r.slab = make([]Item, r.slabSize)
	}
	it := &r.slab[0]
	r.slab = r.slab[1:]
	return it
}

func (r *reading) warn(pos Pos, module, level, msg string) {
	e := &Error{Pos: pos, Msg: msg, Module: module, Level: level}
	r.tree.Warnings = append(r.tree.Warnings, e)
	if r.l.Warn != nil {
		r.l.Warn(e)
	}
}

// fileReading is the reading of one file: what Apache has in cmd_parms.
type fileReading struct {
	*reading
	lines lineReader
	// at is the line which an error of this file will be reported on. It is Apache's err_directive: it stays
	// behind after each directive of the read phase, and some errors don't set it anew.
	at Pos
}

// commandLine reads -C or -c directives.
func (r *reading) commandLine(args []string, items []*Item) ([]*Item, *Error) {
	if len(args) == 0 {
		return items, nil
	}
	f := &fileReading{reading: r, lines: lineReader{src: &source{name: "-c/-C directives", args: args}, max: r.max}}
	items, e := f.build("", items)
	if e != nil {
		return items, &Error{Msg: "Syntax error in -C/-c directive: " + e.Error()}
	}
	return items, nil
}

// file appends the items of one configuration file, which has been read to text unless err says why not.
func (r *reading) file(path, text string, err error, items []*Item) ([]*Item, *Error) {
	if err != nil {
		return items, &Error{Msg: "Could not open configuration file " + path + ": " + strerror(err)}
	}
	r.tree.Included = append(r.tree.Included, Include{File: path, Line: r.line, Depth: r.depth})
	f := &fileReading{reading: r, lines: lineReader{src: &source{name: path, text: text}, max: r.max}}
	items, e := f.build("", items)
	if e != nil {
		return items, f.place(e)
	}
	return items, nil
}

// place adds to an error that leaves the file the line of the file that led to it.
func (f *fileReading) place(e *Error) *Error {
	switch {
	case f.at.IsZero():
	case e.Pos.IsZero():
		e.Pos = f.at
	default:
		e.Chain = append(e.Chain, f.at)
	}
	return e
}

// pos is where the line just read is.
func (f *fileReading) pos() Pos { return Pos{File: f.lines.src.name, Line: f.lines.src.line} }

func (f *fileReading) tooLong() *Error {
	p := f.pos()
	return &Error{Msg: "Error reading " + p.File + " at line " + itoa(p.Line) + ": Line too long"}
}

// fail reports msg at pos.
func (f *fileReading) fail(pos Pos, msg string) *Error {
	f.at = pos
	return &Error{Msg: msg}
}

// build reads lines up to the end or, if end is not empty, up to the closing tag of that name, and appends to
// items what they leave for execution. Of the two, Apache minds unclosed sections only at the end of a file: a
// container that is read conditionally may lack its closing tag, and so may the sections inside.
func (f *fileReading) build(end string, items []*Item) ([]*Item, *Error) {
	var open []*Item
	list := &items
	for {
		line, ok := f.lines.next()
		if !ok {
			break
		}
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '<' && end != "" && len(open) == 0 && isEnd(line, end) {
			return items, nil
		}
		if strings.IndexByte(line, '$') >= 0 {
			line = f.expand(line)
		}
		name, args := GetWordConf(line)
		if name == "" {
			continue
		}
		if len(name) < 2 || name[1] != '/' {
			name = strings.TrimSuffix(name, ">")
			if args == "" && name != "" && name[0] == '<' {
				args = ">"
			}
			if d := readPhase(name); d != nil && f.understands(d) {
				got, e := f.execute(d, args, *list)
				*list = got
				if e != nil {
					return items, e
				}
				continue
			}
		}
		switch {
		case name == "" || name[0] != '<':
			it := f.newItem()
			it.Name, it.Args, it.Pos = name, args, f.pos()
			*list = append(*list, it)
		case len(name) < 2 || name[1] != '/':
			it := f.newItem()
			it.Name, it.Pos, it.Section = name[1:], f.pos(), true
			if i := strings.LastIndexByte(args, '>'); i >= 0 {
				it.Args = trimRight(args[:i])
				it.Tail = args[len(it.Args):]
			} else {
				it.Args, it.Unclosed = args, true
			}
			*list = append(*list, it)
			if e := f.enter(); e != nil {
				return items, e
			}
			open = append(open, it)
			list = &it.Items
		case len(open) == 0:
			return items, f.fail(f.pos(), name+" without matching <"+name[2:]+" section")
		case name[len(name)-1] != '>':
			return items, f.fail(f.pos(), name+"> directive missing closing '>'")
		default:
			it := open[len(open)-1]
			if closing := strings.TrimSuffix(name[2:], ">"); !equalFold(closing, it.Name) {
				return items, f.fail(f.pos(), "Expected </"+f.sectionName(it)+"> but saw </"+closing+">")
			}
			it.EndPos = f.pos()
			f.nested--
			open = open[:len(open)-1]
			list = &items
			if len(open) > 0 {
				list = &open[len(open)-1].Items
			}
		}
	}
	if f.lines.tooLong {
		return items, f.tooLong()
	}
	f.nested -= len(open)
	if end == "" && len(open) > 0 {
		msg := ""
		for i := len(open) - 1; i >= 0; i-- {
			if msg != "" {
				msg += "\n"
			}
			msg += open[i].Pos.String() + ": <" + f.sectionName(open[i]) + "> was not closed."
		}
		return items, f.fail(open[0].Pos, msg)
	}
	return items, nil
}

func (f *fileReading) sectionName(it *Item) string {
	if f.l.SectionName != nil {
		if name := f.l.SectionName(it.Name); name != "" {
			return name
		}
	}
	return it.Name
}

// isEnd tells whether line is the closing tag of name and nothing else.
func isEnd(line, name string) bool {
	return len(line) == len(name)+3 && line[1] == '/' && line[len(line)-1] == '>' &&
		equalFold(line[2:len(line)-1], name)
}

// soak passes over a container whose condition is false. name is as in "<IfModule". Inside, sections must nest,
// but are not looked at otherwise.
//
// The lines inside are returned if someone wants to hear of them.
func (f *fileReading) soak(name string) ([]*Item, *Error) {
	var lines []*Item
	open := []string{name}
	for {
		name := open[len(open)-1]
		line, ok := f.lines.next()
		if !ok {
			if f.lines.tooLong {
				return lines, f.tooLong()
			}
			return lines, &Error{Msg: "Expected </" + name[1:] + "> before end of configuration"}
		}
		if f.l.Condition != nil {
			if it := f.soaked(line); it != nil {
				lines = append(lines, it)
			}
		}
		word, args := GetWordConf(line)
		if word == "" || word[0] != '<' {
			continue
		}
		if len(word) == 1 || word[1] != '/' {
			if args == "" {
				word = strings.TrimSuffix(word, ">")
			}
			open = append(open, word)
			continue
		}
		// Apache takes the last byte for the '>' without looking.
		word = word[:len(word)-1]
		closing := ""
		if len(word) > 2 {
			closing = word[2:]
		}
		if !equalFold(closing, name[1:]) {
			return lines, &Error{Msg: "Expected </" + name[1:] + "> but saw " + word + ">"}
		}
		if open = open[:len(open)-1]; len(open) == 0 {
			return lines, nil
		}
	}
}

// equalFold compares as strcasecmp does in the C locale.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// toLower is ap_str_tolower.
func toLower(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}
