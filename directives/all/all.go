// Package all is the one list of modules, in the order in which their hooks
// run where nothing else orders them (Apache's modules.c).
package all

import (
	"httpd-wsgi/directives/modaccesscompat"
	"httpd-wsgi/directives/modalias"
	"httpd-wsgi/directives/modallowmethods"
	"httpd-wsgi/directives/modauthbasic"
	"httpd-wsgi/directives/modauthncore"
	"httpd-wsgi/directives/modauthnfile"
	"httpd-wsgi/directives/modauthzcore"
	"httpd-wsgi/directives/modauthzgroupfile"
	"httpd-wsgi/directives/modauthzhost"
	"httpd-wsgi/directives/modauthzuser"
	"httpd-wsgi/directives/modautoindex"
	"httpd-wsgi/directives/moddeflate"
	"httpd-wsgi/directives/moddir"
	"httpd-wsgi/directives/modenv"
	"httpd-wsgi/directives/modexpires"
	"httpd-wsgi/directives/modfilter"
	"httpd-wsgi/directives/modheaders"
	"httpd-wsgi/directives/modlogconfig"
	"httpd-wsgi/directives/modmacro"
	"httpd-wsgi/directives/modmime"
	"httpd-wsgi/directives/modnegotiation"
	"httpd-wsgi/directives/modreqtimeout"
	"httpd-wsgi/directives/modrewrite"
	"httpd-wsgi/directives/modsetenvif"
	"httpd-wsgi/directives/modstatus"
	"httpd-wsgi/directives/modversion"
	"httpd-wsgi/directives/modwatchdog"
	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/server"
)

// Modules lists the modules after core's own. dial reaches daemon process
// groups from a child that serves.
func Modules(dial modwsgi.Dial) []server.Module {
	return []server.Module{
		modlogconfig.Module(),
		modlogconfig.LogIOModule(),
		modversion.Module(),
		modwatchdog.Module(),
		modsetenvif.Module(),
		modenv.Module(),
		modrewrite.Module(),
		modalias.Module(),
		modexpires.Module(),
		modheaders.Module(),
		modaccesscompat.Module(),
		modallowmethods.Module(),
		modauthncore.Module(),
		modauthnfile.Module(),
		modauthbasic.Module(),
		modauthzcore.Module(),
		modauthzhost.Module(),
		modauthzuser.Module(),
		modauthzgroupfile.Module(),
		modmime.Module(),
		modnegotiation.Module(),
		moddir.Module(),
		modautoindex.Module(),
		modfilter.Module(),
		moddeflate.Module(),
		modreqtimeout.Module(),
		modstatus.Module(),
		modmacro.Module(),
		modwsgi.Module(dial),
	}
}

// Link registers them, the modules that are known to be missing and the
// directives of other releases.
func Link(dial modwsgi.Dial) *server.Linked {
	l := server.Link(Modules(dial))
	for _, m := range Absent() {
		l.Registry.Absent(m)
	}
	for _, d := range Retired() {
		l.Registry.Retire(d)
	}
	return l
}
