package modwsgi

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

const (
	rsrc       = directives.RsrcConf
	everywhere = directives.RsrcConf | directives.AccessConf
	fileInfo   = directives.OrFileInfo
)

// onOff is a flag as mod_wsgi reads it: one argument, Off or On in any case.
func onOff[C any](name string, scope directives.Scope, at func(*C) *directives.Opt[bool], help string) directives.Directive[C] {
	return directives.Enum(name, scope, at, map[string]bool{"on": true, "off": false}, name+" must be one of: Off | On", help)
}

// name is a group's or callable's name.
func name[C any](n string, scope directives.Scope, at func(*C) *directives.Opt[Name], help string) directives.Directive[C] {
	return directives.Take1(n, scope, directives.Override(at), func(_ *directives.Cmd, c *C, w string) error {
		*at(c) = directives.Some(ParseName(w))
		return nil
	}, help)
}

// settings are the directives that servers and sections share.
func settings[C any](at func(*C) *Settings) directives.Table[C] {
	flag := func(field func(*Settings) *directives.Opt[bool]) func(*C) *directives.Opt[bool] {
		return func(c *C) *directives.Opt[bool] { return field(at(c)) }
	}
	restrict := func(c *C) *directives.Opt[[]string] { return &at(c).RestrictProcess }
	headers := directives.Replace(func(c *C) *[]string { return &at(c).ProxyHeaders })
	proxies := directives.Replace(func(c *C) *[]apr.Subnet { return &at(c).Proxies })
	return directives.Table[C]{
		name("WSGIProcessGroup", everywhere, func(c *C) *directives.Opt[Name] { return &at(c).ProcessGroup }, "Name of the WSGI process group."),
		name("WSGIApplicationGroup", everywhere, func(c *C) *directives.Opt[Name] { return &at(c).ApplicationGroup }, "Application interpreter group.").
			Differs("the port in the default group's name is that of ServerName or of the listener, not what the client says"),
		name("WSGICallableObject", fileInfo, func(c *C) *directives.Opt[Name] { return &at(c).CallableObject }, "Name of entry point in WSGI script file."),
		directives.RawArgs("WSGIRestrictProcess", everywhere, directives.Override(restrict), func(_ *directives.Cmd, c *C, args string) error {
			*restrict(c) = directives.Some(apacheconf.Words(args))
			return nil
		}, "Limit selectable WSGI process groups."),
		hookScript("WSGIDispatchScript", everywhere, "dispatch", func(c *C) *directives.Opt[HookScript] { return &at(c).DispatchScript }, "Location of WSGI dispatch script."),
		handlerScript(func(c *C) *[]HandlerScript { return &at(c).HandlerScripts }),
		onOff("WSGIPassAuthorization", fileInfo, flag(func(s *Settings) *directives.Opt[bool] { return &s.PassAuthorization }), "Enable/Disable WSGI authorization."),
		onOff("WSGIScriptReloading", fileInfo, flag(func(s *Settings) *directives.Opt[bool] { return &s.ScriptReloading }), "Enable/Disable script reloading mechanism."),
		onOff("WSGIErrorOverride", fileInfo, flag(func(s *Settings) *directives.Opt[bool] { return &s.ErrorOverride }), "Enable/Disable overriding of error pages."),
		onOff("WSGIChunkedRequest", fileInfo, flag(func(s *Settings) *directives.Opt[bool] { return &s.ChunkedRequest }), "Enable/Disable support for chunked requests."),
		onOff("WSGIEnableSendfile", fileInfo, flag(func(s *Settings) *directives.Opt[bool] { return &s.EnableSendfile }), "Enable/Disable support for kernel sendfile."),
		onOff("WSGIIgnoreActivity", fileInfo, flag(func(s *Settings) *directives.Opt[bool] { return &s.IgnoreActivity }), "Enable/Disable reset of inactvity timeout."),
		directives.Enum("WSGIMapHEADToGET", fileInfo, func(c *C) *directives.Opt[MapHEAD] { return &at(c).MapHEAD },
			map[string]MapHEAD{"off": MapOff, "on": MapOn, "auto": MapAuto}, "WSGIMapHEADToGET must be one of: Off | On | Auto", "Enable/Disable mapping of HEAD to GET."),
		directives.RawArgs("WSGITrustedProxyHeaders", fileInfo, headers, func(_ *directives.Cmd, c *C, args string) error {
			for _, w := range apacheconf.Words(args) {
				at(c).ProxyHeaders = append(at(c).ProxyHeaders, environKey(w))
			}
			return nil
		}, "Specify a list of trusted proxy headers."),
		directives.RawArgs("WSGITrustedProxies", fileInfo, proxies, func(_ *directives.Cmd, c *C, args string) error {
			for _, w := range apacheconf.Words(args) {
				n, err := apr.ParseSubnet(w)
				if err == apr.ErrNotIP {
					return fmt.Errorf("Unable to parse trusted proxy IP address/subnet of \"%s\".", w)
				} else if err != nil {
					return fmt.Errorf("Unable to parse trusted proxy IP address/subnet of \"%s\". %s", w, err)
				}
				at(c).Proxies = append(at(c).Proxies, n)
			}
			return nil
		}, "Specify a list of trusted proxies."),
	}
}

// noEffect is a directive that has no effect here, why, with mod_wsgi's line of help.
func noEffect[C any](name string, s directives.Scope, why, help string) directives.Directive[C] {
	d := directives.Known[C](name, s, directives.NoEffect, why)
	d.Help = help
	return d
}

// mainOnly is a directive of the main server only.
func mainOnly(d directives.Directive[Server]) directives.Directive[Server] {
	return d.Not(directives.NotInVirtualHost)
}

func python(f func(*Python) *directives.Opt[bool]) func(*Server) *directives.Opt[bool] {
	return func(s *Server) *directives.Opt[bool] { return f(&s.Python) }
}

func pythonString(name, help string, f func(*Python) *directives.Opt[string]) directives.Directive[Server] {
	return mainOnly(directives.String(name, rsrc, func(s *Server) *directives.Opt[string] { return f(&s.Python) }, help))
}

var serverTable = directives.Table[Server]{
	directives.RawArgs("WSGIScriptAlias", rsrc, aliases, addAlias(false), "Map location to target WSGI script file."),
	directives.RawArgs("WSGIScriptAliasMatch", rsrc, aliases, addAlias(true), "Map location pattern to target WSGI script file."),
	directives.RawArgs("WSGIDaemonProcess", rsrc, daemons, addDaemon, "Specify details of daemon processes to start.").
		Differs("response-flush-delay, response-buffer-size, response-socket-timeout and server-metrics have no effect"),
	directives.RawArgs("WSGIImportScript", rsrc, imports, addImport, "Location of WSGI import script."),
	pythonString("WSGIPythonHome", "Python prefix/exec_prefix absolute path names.", func(p *Python) *directives.Opt[string] { return &p.Home }),
	pythonString("WSGIPythonPath", "Python module search path.", func(p *Python) *directives.Opt[string] { return &p.Path }),
	pythonString("WSGIPythonEggs", "Python eggs cache directory.", func(p *Python) *directives.Opt[string] { return &p.Eggs }),
	pythonString("WSGISocketPrefix", "Path prefix for the daemon process sockets.", func(p *Python) *directives.Opt[string] { return &p.SocketPrefix }),
	mainOnly(directives.Take1("WSGIPythonOptimize", rsrc, directives.Override(func(s *Server) *directives.Opt[int] { return &s.Python.Optimize }),
		func(_ *directives.Cmd, s *Server, w string) error {
			s.Python.Optimize = directives.Some(atoi(w))
			return nil
		}, "Set level of Python compiler optimisations.")),
	mainOnly(directives.Take1("WSGIPythonHashSeed", rsrc, directives.Override(func(s *Server) *directives.Opt[int64] { return &s.Python.HashSeed }),
		setHashSeed, "Python hash seed.")).Differs("random is random; mod_wsgi makes it 0"),
	mainOnly(directives.Take1("WSGIPythonWarnings", rsrc, directives.Append(func(s *Server) *[]string { return &s.Python.Warnings }),
		func(_ *directives.Cmd, s *Server, w string) error {
			s.Python.Warnings = append(s.Python.Warnings, w)
			return nil
		}, "Control Python warning messages.")),
	mainOnly(directives.Take1("WSGISwitchInterval", rsrc, directives.Override(func(s *Server) *directives.Opt[float64] { return &s.Python.SwitchInterval }),
		func(_ *directives.Cmd, s *Server, w string) error {
			v, err := strconv.ParseFloat(w, 64)
			if err != nil || v <= 0 {
				return errors.New("WSGISwitchInterval must be a positive number of seconds.")
			}
			s.Python.SwitchInterval = directives.Some(v)
			return nil
		}, "Set the thread switch interval of Python.")),
	mainOnly(onOff("WSGIDontWriteBytecode", rsrc, python(func(p *Python) *directives.Opt[bool] { return &p.DontWriteBytecode }), "Enable/Disable writing of byte code.")),
	mainOnly(onOff("WSGIRestrictEmbedded", rsrc, python(func(p *Python) *directives.Opt[bool] { return &p.RestrictEmbedded }), "Enable/Disable use of embedded mode.")),
	mainOnly(onOff("WSGIRestrictStdin", rsrc, python(func(p *Python) *directives.Opt[bool] { return &p.RestrictStdin }), "Enable/Disable restrictions on use of STDIN.")),
	mainOnly(onOff("WSGIRestrictStdout", rsrc, python(func(p *Python) *directives.Opt[bool] { return &p.RestrictStdout }), "Enable/Disable restrictions on use of STDOUT.")),
	mainOnly(onOff("WSGIRestrictSignal", rsrc, python(func(p *Python) *directives.Opt[bool] { return &p.RestrictSignal }), "Enable/Disable restrictions on use of signal().")),
	mainOnly(onOff("WSGIDestroyInterpreter", rsrc, python(func(p *Python) *directives.Opt[bool] { return &p.DestroyInterpreter }), "Enable/Disable destruction of Python interpreter.")),
	mainOnly(onOff("WSGICaseSensitivity", rsrc, python(func(p *Python) *directives.Opt[bool] { return &p.CaseSensitivity }), "Define whether file system is case sensitive.")),
	mainOnly(onOff("WSGISocketRotation", rsrc, python(func(p *Python) *directives.Opt[bool] { return &p.SocketRotation }), "Enable/Disable rotation of daemon process sockets.")),
	noEffect[Server]("WSGIAcceptMutex", rsrc, "the processes of a group accept from one socket without a mutex", "Set accept mutex type for daemon processes.").Takes1(checkAcceptMutex).Not(directives.NotInVirtualHost),
	noEffect[Server]("WSGIVerboseDebugging", rsrc, "mod_wsgi has given it up; LogLevel wsgi:debug shows more", "Enable/Disable verbose debugging messages.").Takes1(checkOnOff("WSGIVerboseDebugging")).Not(directives.NotInVirtualHost),
	noEffect[Server]("WSGILazyInitialization", rsrc, "Python always starts in the child processes, never in the parent", "Enable/Disable lazy Python initialization.").Takes1(checkOnOff("WSGILazyInitialization")).Not(directives.NotInVirtualHost),
	noEffect[Server]("WSGIServerMetrics", rsrc, "mod_wsgi.server_metrics() always returns None, as with Off", "Enabled/Disable access to server metrics.").Takes1(checkOnOff("WSGIServerMetrics")).Not(directives.NotInVirtualHost),
	noEffect[Server]("WSGINewRelicConfigFile", rsrc, "mod_wsgi starts the New Relic agent no more; newrelic-admin or the application does", "New Relic monitoring agent configuration file.").Takes1(nil).Not(directives.NotInVirtualHost),
	noEffect[Server]("WSGINewRelicEnvironment", rsrc, "mod_wsgi starts the New Relic agent no more; newrelic-admin or the application does", "New Relic monitoring agent environment.").Takes1(nil).Not(directives.NotInVirtualHost),
	noEffect[Server]("WSGIPy3kWarningFlag", rsrc, "it was a switch of Python 2", "Enable/Disable Python 3.0 warnings."),
	directives.Known[Server]("WSGIPythonExecutable", rsrc, directives.Refused, "name the installation with WSGIPythonHome"),
	noEffect[Server]("WSGITelemetryService", rsrc, "no telemetry is sent; requests are served the same", "Set where telemetry records are sent."),
	noEffect[Server]("WSGITelemetryOptions", rsrc, "no telemetry is sent; requests are served the same", "Set what telemetry records tell."),
	noEffect[Server]("WSGISlowRequests", rsrc, "no telemetry is sent; requests are served the same", "Set which requests telemetry reports as slow."),
	directives.Known[Server]("WSGIPerInterpreterGIL", rsrc, directives.Refused, "sub interpreters share the GIL; use daemon process groups for isolation"),
	directives.Known[Server]("WSGIFreeThreading", rsrc, directives.Refused, "the GIL is always on; remove the directive"),
	directives.Known[Server]("<WSGIInterpreterOptions", rsrc, directives.Refused, "give each application a daemon process group with options of its own"),
}

// noSSL is how authentication scripts differ from mod_wsgi's.
const noSSL = "mod_ssl.is_https and mod_ssl.var_lookup are not in the environ"

var dirTable = directives.Table[Dir]{
	noEffect[Dir]("WSGIPassApacheRequest", everywhere, "there is no request_rec of Apache to pass to the application", "Enable/Disable Apache request object.").Takes1(checkOnOff("WSGIPassApacheRequest")),
	noEffect[Dir]("WSGIApacheExtensions", everywhere, "there is no request_rec of Apache to pass to the application", "Enable/Disable Apache extensions."),
	noEffect[Dir]("WSGIGroupAuthoritative", directives.OrAuthCfg, "mod_wsgi ignores it, too: Require and <RequireAll> decide since Apache 2.4", "Enable/Disable as being authoritative on groups.").Takes1(checkOnOff("WSGIGroupAuthoritative")),
	noEffect[Dir]("WSGIUserAuthoritative", directives.OrAuthCfg, "mod_wsgi ignores it, too: AuthBasicProvider says who is asked since Apache 2.4", "Enable/Disable as being authoritative on users."),
	noEffect[Dir]("WSGIReloadMechanism", fileInfo, "embedded mode reloads the script, a daemon process restarts", "Defines what is reloaded when a target WSGI script changes."),
	noEffect[Dir]("WSGIOutputBuffering", fileInfo, "output is sent as the application gives it", "Enable/Disable buffering of response."),
	hookScript("WSGIAccessScript", directives.OrAuthCfg, "access", func(d *Dir) *directives.Opt[HookScript] { return &d.AccessScript }, "Location of WSGI host access script file."),
	hookScript("WSGIAuthUserScript", directives.OrAuthCfg, "auth user", func(d *Dir) *directives.Opt[HookScript] { return &d.AuthUserScript }, "Location of WSGI user auth script file.").Differs(noSSL),
	hookScript("WSGIAuthGroupScript", directives.OrAuthCfg, "auth group", func(d *Dir) *directives.Opt[HookScript] { return &d.AuthGroupScript }, "Location of WSGI group auth script file.").Differs(noSSL),
}

func setHashSeed(_ *directives.Cmd, s *Server, w string) error {
	if w == "random" {
		s.Python.HashSeed = directives.Some(int64(-1))
		return nil
	}
	n, err := strconv.ParseUint(w, 10, 32)
	if err != nil {
		return errors.New("WSGIPythonHashSeed must be \"random\" or an integer in range [0; 4294967295]")
	}
	s.Python.HashSeed = directives.Some(int64(n))
	return nil
}

// environKey is HTTP_X_FORWARDED_FOR for X-Forwarded-For.
func environKey(header string) string {
	return "HTTP_" + strings.ReplaceAll(strings.ToUpper(header), "-", "_")
}

// tables are mod_wsgi's.
var tables = directives.Module[Server, Dir]{ID: "wsgi_module", File: "mod_wsgi.c",
	Server: serverTable, Dir: dirTable,
	Both:  directives.Pair(settings(func(s *Server) *Settings { return &s.Settings }), settings(func(d *Dir) *Settings { return &d.Settings })),
	Check: check,
}
