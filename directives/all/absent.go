package all

import (
	"strings"

	"httpd-wsgi/directives"
)

// Scopes by the names of Apache's tables.
const (
	rsrc       = directives.RsrcConf
	access     = directives.AccessConf
	either     = rsrc | access
	orAll      = directives.OrAll
	authConfig = directives.OrAuthCfg
	fileInfo   = directives.OrFileInfo
	indexes    = directives.OrIndexes
	options    = directives.OrOptions
	limit      = directives.OrLimit
)

// Absent lists the modules of Apache and well-known others that are not part of
// httpd-wsgi, by what they are for.
func Absent() []directives.AbsentModule {
	var out []directives.AbsentModule
	for _, family := range [][]directives.AbsentModule{absentTLS(), absentProxy(), absentAuth(), absentScripts(),
		absentStorage(), absentContent(), absentObserve(), absentOld(), thirdParties()} {
		out = append(out, family...)
	}
	return out
}

// list joins the directives of a module.
func list(parts ...[]directives.AbsentDirective) []directives.AbsentDirective {
	var out []directives.AbsentDirective
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// in gives the names, separated by white space, one scope.
func in(scope directives.Scope, names string) []directives.AbsentDirective {
	var out []directives.AbsentDirective
	for _, name := range strings.Fields(names) {
		out = append(out, directives.AbsentDirective{Name: name, Scope: scope})
	}
	return out
}
