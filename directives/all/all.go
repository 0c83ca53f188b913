// Package all is the one list of modules, in the order in which their hooks
// run where nothing else orders them (Apache's modules.c).
package all

import (
	"httpd-wsgi/directives/modaccesscompat"
	"httpd-wsgi/directives/modalias"
	"httpd-wsgi/directives/modauthbasic"
	"httpd-wsgi/directives/modauthncore"
	"httpd-wsgi/directives/modauthnfile"
	"httpd-wsgi/directives/modauthzcore"
	"httpd-wsgi/directives/modauthzgroupfile"
	"httpd-wsgi/directives/modauthzhost"
	"httpd-wsgi/directives/modauthzuser"
	"httpd-wsgi/directives/moddir"
	"httpd-wsgi/directives/modenv"
	"httpd-wsgi/directives/modlogconfig"
	"httpd-wsgi/directives/modmime"
	"httpd-wsgi/directives/modsetenvif"
	"httpd-wsgi/server"
)

// Modules lists the modules after core's own.
func Modules() []server.Module {
	return []server.Module{
		modlogconfig.Module(),
		modlogconfig.LogIOModule(),
		modsetenvif.Module(),
		modenv.Module(),
		modalias.Module(),
		modaccesscompat.Module(),
		modauthncore.Module(),
		modauthnfile.Module(),
		modauthbasic.Module(),
		modauthzcore.Module(),
		modauthzhost.Module(),
		modauthzuser.Module(),
		modauthzgroupfile.Module(),
		modmime.Module(),
		moddir.Module(),
	}
}

// Link registers them.
func Link() *server.Linked {
	l := server.Link(Modules())
	for id, advice := range absent {
		l.Registry.Absent(id, advice)
	}
	return l
}
