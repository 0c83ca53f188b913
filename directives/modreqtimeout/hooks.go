package modreqtimeout

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
	"httpd-wsgi/vhost"
)

// Module is mod_reqtimeout.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[Server, directives.None]) {
		h.ReadLimits = func(v *vhost.Server) *server.ReadLimits { return slots.Server.Of(v.Conf).Limits() }
	})
}
