package modcore

import "httpd-wsgi/directives"

// So is mod_so.c. LoadModule is the loader's.
func So() directives.Module[directives.None, directives.None] {
	return directives.Module[directives.None, directives.None]{ID: "so_module", File: "mod_so.c", Static: true,
		Server: directives.Table[directives.None]{
			directives.Take2("LoadModule", rsrc, nil, func(*directives.Cmd, *directives.None, string, string) error { return nil },
				"a module name and the name of a shared object file to load it from").
				Differs("it turns on a module that is built in and does not look at the file"),
			noEffect[directives.None]("LoadFile", rsrc, "modules are built in; libpython is found by WSGIPythonHome or python3",
				"shared object file or library to load into the server at runtime").Not(directives.GlobalOnly),
		}}
}
