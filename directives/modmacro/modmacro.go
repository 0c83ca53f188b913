// Package modmacro is Apache's mod_macro. The loader of the configuration
// carries its directives out; the table is for the dumps and <IfDirective>.
package modmacro

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

func table() directives.Module[directives.None, directives.None] {
	read := func(name, help string) directives.Directive[directives.None] {
		return directives.RawArgs(name, directives.OrAll, nil, func(*directives.Cmd, *directives.None, string) error { return nil }, help)
	}
	return directives.Module[directives.None, directives.None]{ID: "macro_module", File: "mod_macro.c",
		Server: directives.Table[directives.None]{
			read("<Macro", "Beginning of a macro definition section."),
			read("Use", "Use of a macro."),
			read("UndefMacro", "Remove a macro definition."),
			read("MacroIgnoreEmptyArgs", "Globally ignore warnings about empty arguments."),
			read("MacroIgnoreBadNesting", "Globally ignore warnings about bad nesting."),
		}}
}

// Module is mod_macro.
func Module() server.Module { return server.Bind(table(), nil, nil) }
