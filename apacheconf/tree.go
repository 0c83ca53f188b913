package apacheconf

// Item is one directive or section which the read phase left for execution.
type Item struct {
	// Name is the directive's name as written, "ServerName"; for a section without its bracket, "Directory".
	Name string
	// Args is the logical text after the name: continuation lines joined, ${VAR} replaced, outer white space cut.
	// It is what Apache hands to the directive, still quoted. For a section, Args ends before the last '>'.
	Args string
	// Tail is what follows Args in a section's opening line: the '>', with the white space before it and what stands
	// behind. Only a tree that Load made has it, for -D DUMP_CONFIG.
	Tail string
	// Pos is where Apache says the directive is: the last physical line of a continued line.
	Pos Pos
	// Section tells a container.
	Section bool
	// Unclosed tells a section whose opening line has no '>'. Executing it is the error
	// "<Directory> directive missing closing '>'", in the walk phase, after the name has been looked up.
	Unclosed bool
	// Items are a section's contents in order.
	Items []*Item
	// EndPos is the line of the closing tag; zero for a directive.
	EndPos Pos
}

// Tag is the name as directive tables spell it: a section's with its "<".
func (it *Item) Tag() string {
	if it.Section {
		return "<" + it.Name
	}
	return it.Name
}

// Include is one file that was read, for -t -D DUMP_INCLUDES.
type Include struct {
	// File is the path as Apache prints it.
	File string
	// Line is the line, in the including file, of the Include; 0 for the main file.
	Line int
	// Depth is 0 for the main file, 1 for what it includes, and so on.
	Depth int
}

// Define is a name of Define or -D with its value, in order of definition.
type Define struct {
	Name, Value string
	// HasValue is false for a name without a value (-D NAME, Define NAME).
	HasValue bool
}

// Tree is the outcome of the read phase. It is not changed after Load returns.
type Tree struct {
	Items []*Item
	// Included lists the files that were read, in order.
	Included []Include
	// Defines are those left at the end, -D ones first.
	Defines []Define
	// ServerRoot is the one in force at the end. Like Apache's it ends in a slash if it was written with one.
	ServerRoot string
	// DefaultRuntimeDir is that directive's path, absolute; empty if there was none.
	DefaultRuntimeDir string
	// Warnings are what Apache logs while reading, such as AH00111 for an undefined variable.
	Warnings []*Error

	// What .htaccess files may use.
	defs   defines
	macros map[string]*macro
}

// WithoutItems is the tree without what has been compiled: what LoadHtaccess needs.
func (t *Tree) WithoutItems() *Tree {
	u := *t
	u.Items, u.Included, u.Warnings = nil, nil, nil
	return &u
}
