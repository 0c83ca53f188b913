package apacheconf

import "strconv"

// onRead is a directive that Apache carries out while it reads (EXEC_ON_READ).
type onRead struct {
	// name is Apache's spelling, with the bracket of a section.
	name string
	// module has the directive, as HasModule is asked; empty if it is always there.
	module string
	// serverOnly directives are not allowed in .htaccess.
	serverOnly bool
	// shape is Apache's phrase for the wrong number of arguments, help what follows it.
	shape, help string
}

const (
	take1   = "takes one argument"
	take12  = "takes 1-2 arguments"
	take2   = "takes two arguments"
	take123 = "takes one, two or three arguments"
	iterate = "requires at least one argument"
)

var (
	onInclude = onRead{"Include", "", true, take1,
		"Name(s) of the config file(s) to be included; fails if the wildcard does not match at least one file"}
	onIncludeOptional = onRead{"IncludeOptional", "", true, take1,
		"Name or pattern of the config file(s) to be included; ignored if the file does not exist or the pattern does not match any files"}
	onDefine = onRead{"Define", "", true, take12,
		"Define a variable, optionally to a value.  Same as passing -D to the command line."}
	onUnDefine = onRead{"UnDefine", "", true, take1,
		"Undefine the existence of a variable. Undo a Define."}
	onServerRoot = onRead{"ServerRoot", "", true, take1,
		"Common directory of server-related files (logs, confs, etc.)"}
	onDefaultRuntimeDir = onRead{"DefaultRuntimeDir", "", true, take1,
		"Common directory for run-time files (shared memory, locks, etc.)"}
	onLoadModule = onRead{"LoadModule", "", true, take2,
		"a module name and the name of a shared object file to load it from"}
	onLoadFile = onRead{"LoadFile", "", true, iterate,
		"shared object file or library to load into the server at runtime"}
	onIfModule    = onRead{"<IfModule", "", false, "", ""}
	onIfDefine    = onRead{"<IfDefine", "", false, "", ""}
	onIfFile      = onRead{"<IfFile", "", false, "", ""}
	onIfSection   = onRead{"<IfSection", "", false, "", ""}
	onIfDirective = onRead{"<IfDirective", "", false, "", ""}
	onIfVersion   = onRead{"<IfVersion", "version_module", false, take123,
		"a comparison operator, a version (and a delimiter)"}
	onMacro         = onRead{"<Macro", "macro_module", false, "", ""}
	onUse           = onRead{"Use", "macro_module", false, "", ""}
	onUndefMacro    = onRead{"UndefMacro", "macro_module", false, take1, "Remove a macro definition."}
	onIgnoreEmpty   = onRead{"MacroIgnoreEmptyArgs", "macro_module", false, "", ""}
	onIgnoreNesting = onRead{"MacroIgnoreBadNesting", "macro_module", false, "", ""}
)

// readPhase finds the directive of the read phase that name is, or nil. It is asked for every line.
func readPhase(name string) *onRead {
	const longest = len("MacroIgnoreBadNesting")
	if len(name) < 3 || len(name) > longest {
		return nil
	}
	switch name[0] {
	case '<':
		switch name[1] {
		case 'I', 'i', 'M', 'm':
		default:
			return nil
		}
	case 'D', 'd', 'I', 'i', 'S', 's', 'L', 'l', 'U', 'u', 'M', 'm':
	default:
		return nil
	}
	var buf [longest]byte
	for i := 0; i < len(name); i++ {
		buf[i] = lower(name[i])
	}
	switch string(buf[:len(name)]) {
	case "include":
		return &onInclude
	case "includeoptional":
		return &onIncludeOptional
	case "define":
		return &onDefine
	case "undefine":
		return &onUnDefine
	case "serverroot":
		return &onServerRoot
	case "defaultruntimedir":
		return &onDefaultRuntimeDir
	case "loadmodule":
		return &onLoadModule
	case "loadfile":
		return &onLoadFile
	case "<ifmodule":
		return &onIfModule
	case "<ifdefine":
		return &onIfDefine
	case "<iffile":
		return &onIfFile
	case "<ifsection":
		return &onIfSection
	case "<ifdirective":
		return &onIfDirective
	case "<ifversion":
		return &onIfVersion
	case "<macro":
		return &onMacro
	case "use":
		return &onUse
	case "undefmacro":
		return &onUndefMacro
	case "macroignoreemptyargs":
		return &onIgnoreEmpty
	case "macroignorebadnesting":
		return &onIgnoreNesting
	}
	return nil
}

// understands tells whether the directive's module is loaded; otherwise its lines are left for execution, where
// they will be unknown.
func (f *fileReading) understands(d *onRead) bool {
	return d.module == "" || f.l.HasModule == nil || f.l.HasModule(d.module)
}

// execute carries out a directive of the line just read, and appends what that leaves for execution.
func (f *fileReading) execute(d *onRead, args string, items []*Item) ([]*Item, *Error) {
	f.at = f.pos()
	if f.l.OnRead != nil {
		f.l.OnRead(d.name, f.at)
	}
	if f.htaccess && (d.serverOnly || f.l.Allow != nil && !f.l.Allow(toLower(d.name))) {
		if f.l.Nonfatal {
			f.warn(f.at, "core", "warn", "AH02295: "+d.name+" in .htaccess forbidden by AllowOverride")
			return items, nil
		}
		return items, &Error{Msg: d.name + " not allowed here"}
	}
	switch d {
	case &onInclude, &onIncludeOptional:
		return f.include(d, args, items)
	case &onIfModule, &onIfDefine, &onIfFile, &onIfSection, &onIfDirective:
		return f.condition(d, args, items)
	case &onIfVersion:
		return f.ifVersion(d, args, items)
	case &onUse:
		return items, f.useMacro(args)
	case &onMacro:
		return items, f.macroSection(args)
	case &onUndefMacro:
		return items, f.undefMacro(d, args)
	case &onIgnoreEmpty:
		f.ignoreEmpty = true
	case &onIgnoreNesting:
		f.ignoreNesting = true
	case &onDefine:
		return items, f.define(d, args)
	case &onUnDefine:
		return items, f.unDefine(d, args)
	case &onServerRoot:
		return items, f.serverRoot(d, args)
	case &onDefaultRuntimeDir:
		return items, f.defaultRuntimeDir(d, args)
	case &onLoadModule:
		return items, f.loadModule(d, args)
	case &onLoadFile:
		return items, f.loadFile(d, args)
	}
	return items, nil
}

// badArgs is the error for the wrong number of arguments.
func (d *onRead) badArgs() *Error {
	return &Error{Msg: d.name + " " + d.shape + ", " + d.help}
}

// one takes the one argument of a TAKE1 directive.
func (d *onRead) one(args string) (string, *Error) {
	w, rest := GetWordConf(args)
	if w == "" || rest != "" {
		return "", d.badArgs()
	}
	return w, nil
}

func (f *fileReading) serverRoot(d *onRead, args string) *Error {
	w, e := d.one(args)
	if e != nil {
		return e
	}
	path := absolute(w)
	if !f.l.AssumePaths && !isDirectory(path) {
		return &Error{Msg: "ServerRoot must be a valid directory"}
	}
	f.tree.ServerRoot = path
	return nil
}

func (f *fileReading) defaultRuntimeDir(d *onRead, args string) *Error {
	w, e := d.one(args)
	if e != nil {
		return e
	}
	path := mergePath(f.tree.ServerRoot, w)
	if !f.l.AssumePaths && !isDirectory(path) {
		return &Error{Msg: "DefaultRuntimeDir must be a valid directory, absolute or relative to ServerRoot"}
	}
	f.tree.DefaultRuntimeDir = path
	return nil
}

func (f *fileReading) loadModule(d *onRead, args string) *Error {
	name, rest := GetWordConf(args)
	path, rest := GetWordConf(rest)
	if name == "" || path == "" || rest != "" {
		return d.badArgs()
	}
	if f.l.LoadModule != nil {
		if err := f.l.LoadModule(name, path, f.pos()); err != nil {
			return &Error{Msg: err.Error()}
		}
	}
	return nil
}

func (f *fileReading) loadFile(d *onRead, args string) *Error {
	w, rest := GetWordConf(args)
	if w == "" {
		return d.badArgs()
	}
	for w != "" {
		if f.l.LoadFile != nil {
			if err := f.l.LoadFile(w, f.pos()); err != nil {
				return &Error{Msg: err.Error()}
			}
		}
		w, rest = GetWordConf(rest)
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
