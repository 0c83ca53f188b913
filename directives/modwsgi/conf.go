package modwsgi

import (
	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/pcre"
)

// Settings are the directives that servers and sections share. A request's
// value is its section's if set, else its server's.
type Settings struct {
	ProcessGroup      directives.Opt[Name] // default %{GLOBAL}
	ApplicationGroup  directives.Opt[Name] // default %{RESOURCE}
	CallableObject    directives.Opt[Name] // default "application"
	RestrictProcess   directives.Opt[[]string]
	PassAuthorization directives.Opt[bool] // default off
	ScriptReloading   directives.Opt[bool] // default on
	ErrorOverride     directives.Opt[bool] // default off
	ChunkedRequest    directives.Opt[bool] // default off
	EnableSendfile    directives.Opt[bool] // default off
	IgnoreActivity    directives.Opt[bool] // default off
	MapHEAD           directives.Opt[MapHEAD]
	DispatchScript    directives.Opt[HookScript]
	HandlerScripts    []HandlerScript
	ProxyHeaders      []string // upper case, as environ keys: HTTP_X_FORWARDED_FOR
	Proxies           []apr.Subnet
}

// MapHEAD is WSGIMapHEADToGET's value.
type MapHEAD uint8

const (
	MapAuto MapHEAD = iota // when a content filter is in place
	MapOff
	MapOn
)

// Server is a server's configuration.
type Server struct {
	Settings
	// Aliases are the server's own, then the main server's.
	Aliases []*Alias
	// Imports are WSGIImportScript's; they belong to the server that has them and are gathered by Plan.
	Imports []Import
	// Daemons are the process groups that this server defines.
	Daemons []*Daemon
	Python  Python
}

// Dir is a section's configuration.
type Dir struct {
	Settings
	AccessScript, AuthUserScript, AuthGroupScript directives.Opt[HookScript]
}

// Python are the settings of the interpreters, read from the main server's.
type Python struct {
	Home               directives.Opt[string]
	Path               directives.Opt[string]
	Eggs               directives.Opt[string]
	Optimize           directives.Opt[int]
	HashSeed           directives.Opt[int64] // a seed, or -1 for random
	Warnings           []string
	DontWriteBytecode  directives.Opt[bool]
	RestrictEmbedded   directives.Opt[bool]
	RestrictStdin      directives.Opt[bool]
	RestrictStdout     directives.Opt[bool]
	RestrictSignal     directives.Opt[bool] // default on
	DestroyInterpreter directives.Opt[bool] // default on
	CaseSensitivity    directives.Opt[bool] // default on
	SwitchInterval     directives.Opt[float64]
	SocketPrefix       directives.Opt[string]
	SocketRotation     directives.Opt[bool]
}

// Alias is one WSGIScriptAlias or WSGIScriptAliasMatch.
type Alias struct {
	Pos      apacheconf.Pos
	Location string       // URL prefix; "" with Regexp
	Regexp   *pcre.Regexp // the Match form
	Target   string       // file or directory
	// ProcessGroup, ApplicationGroup, CallableObject and PassAuthorization override the directives of those names.
	ProcessGroup, ApplicationGroup directives.Opt[Name]
	CallableObject                 directives.Opt[string]
	PassAuthorization              directives.Opt[bool]
}

// Import is one WSGIImportScript, or an alias that names both groups and so is
// loaded at start.
type Import struct {
	Pos              apacheconf.Pos
	Script           string
	ProcessGroup     string // "" is embedded mode
	ApplicationGroup string // "" is the main interpreter
}
