package modlogconfig

import (
	"strconv"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// LogIODir is mod_logio's per-directory configuration.
type LogIODir struct {
	// TrackTTFB is LogIOTrackTTFB: "%^FB" tells the time to the response's first byte.
	TrackTTFB directives.Opt[bool]
}

func logIOTables() directives.Module[directives.None, LogIODir] {
	return directives.Module[directives.None, LogIODir]{ID: "logio_module", File: "mod_logio.c", Static: true,
		Dir: directives.Table[LogIODir]{
			directives.Flag("LogIOTrackTTFB", directives.OrAll, func(d *LogIODir) *directives.Opt[bool] { return &d.TrackTTFB },
				"Set to 'ON' to enable tracking time to first byte"),
		}}
}

// LogIOModule is mod_logio: %I, %O, %S and %^FB.
func LogIOModule() server.Module {
	return server.Bind(logIOTables(), func(r *directives.Registry, slots directives.Slots[directives.None, LogIODir]) {
		provide := func(name string, fn func(dst []byte, r *server.Request) []byte) {
			r.Provide("logio_module", server.LogItemGroup, name, server.LogItem{
				Compile: func(string) func([]byte, *server.Request) []byte { return fn }})
		}
		provide("I", func(dst []byte, r *server.Request) []byte {
			in, _ := r.BytesIO()
			return strconv.AppendInt(dst, in, 10)
		})
		provide("O", func(dst []byte, r *server.Request) []byte {
			_, out := r.BytesIO()
			return strconv.AppendInt(dst, out, 10)
		})
		provide("S", func(dst []byte, r *server.Request) []byte {
			in, out := r.BytesIO()
			return strconv.AppendInt(dst, in+out, 10)
		})
		provide("^FB", func(dst []byte, r *server.Request) []byte {
			first := r.FirstByte()
			if !slots.Dir.Of(r.Conf).TrackTTFB.Get(false) || first.IsZero() {
				return append(dst, '-')
			}
			return strconv.AppendInt(dst, int64(first.Sub(r.Received)/time.Microsecond), 10)
		})
	}, nil)
}
