package apacheconf

// Loader runs Apache's read phase. Its fields are set before Load and not changed during it; a Loader may be
// used again, but by one goroutine at a time.
type Loader struct {
	// ServerRoot is where relative paths begin until a ServerRoot directive says otherwise.
	ServerRoot string
	// Defines are the command line's -D, in order.
	Defines []Define
	// Env looks up an environment variable for ${VAR}; nil means that there are none.
	Env func(name string) (string, bool)
	// HasModule answers <IfModule>: a module's identifier ("alias_module") or source file ("mod_alias.c").
	HasModule func(name string) bool
	// LoadModule is called for each LoadModule line, in order; an error ends the load with its text as message.
	// From its success on, HasModule and HasDirective answer for the module.
	LoadModule func(name, path string, pos Pos) error
	// HasDirective and HasSection answer <IfDirective> and <IfSection>; a section is named without bracket.
	HasDirective, HasSection func(name string) bool
}
