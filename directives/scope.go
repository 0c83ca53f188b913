package directives

import "strings"

// Scope says where a directive may stand. The bits are those of Apache's
// req_override (http_config.h): a context carries the set that it allows, and
// a directive is accepted when the two sets meet.
type Scope uint16

const (
	OrLimit    Scope = 1 << iota // .htaccess with AllowOverride Limit
	OrOptions                    // ... Options
	OrFileInfo                   // ... FileInfo
	OrAuthCfg                    // ... AuthConfig
	OrIndexes                    // ... Indexes
	AccessConf                   // inside <Directory>, <Location>, <Files>, <If>
	RsrcConf                     // outside sections: main server and <VirtualHost>
	execOnRead                   // carried out while reading; the loader owns these

	OrNone Scope = 0
	OrAll        = OrLimit | OrOptions | OrFileInfo | OrAuthCfg | OrIndexes
)

const (
	serverScope  = (RsrcConf | OrAll) &^ (OrAuthCfg | OrLimit)
	sectionScope = AccessConf | OrAll
)

// Not lists containers in which a directive may not occur although its Scope
// would allow it (Apache's ap_check_cmd_context).
type Not uint16

const (
	NotInVirtualHost Not = 1 << iota
	NotInLimit
	NotInDirectory
	NotInLocation
	NotInFiles
	NotInHtaccess
	NotInProxy

	NotInDirLocFile = NotInDirectory | NotInLocation | NotInFiles
	NotInDirContext = NotInLimit | NotInDirLocFile
	GlobalOnly      = NotInVirtualHost | NotInDirContext
)

// where names the override classes of s as httpd -L prints them.
func (s Scope) classes() string {
	var out []string
	for _, c := range []struct {
		bit  Scope
		name string
	}{{OrAuthCfg, "AuthConfig"}, {OrLimit, "Limit"}, {OrOptions, "Options"}, {OrFileInfo, "FileInfo"}, {OrIndexes, "Indexes"}} {
		if s&c.bit != 0 {
			out = append(out, c.name)
		}
	}
	return strings.Join(out, " or ")
}

// Describe writes the two lines that httpd -L prints under a directive's help:
// where it is allowed in *.conf and whether .htaccess may carry it.
func (s Scope) Describe() string {
	var b strings.Builder
	b.WriteString("\tAllowed in *.conf ")
	switch {
	case s&(OrOptions|OrFileInfo|OrIndexes) != 0 || s&(RsrcConf|AccessConf) == RsrcConf|AccessConf:
		b.WriteString("anywhere")
	case s&RsrcConf != 0:
		b.WriteString("only outside <Directory>, <Files>, <Location>, or <If>")
	default:
		b.WriteString("only inside <Directory>, <Files>, <Location>, or <If>")
	}
	if s&OrAll == OrAll {
		b.WriteString(" and in .htaccess\n\twhen AllowOverride isn't None")
	} else if s&OrAll != 0 {
		b.WriteString(" and in .htaccess\n\twhen AllowOverride includes " + s.classes())
	}
	return b.String()
}
