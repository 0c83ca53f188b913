package modaccesscompat

import (
	"httpd-wsgi/apacheconf"
	"httpd-wsgi/server"
)

// Verdict tells a server.Tracer what Order, Allow and Deny made of a request.
type Verdict struct {
	Allowed bool
	// DenyFirst tells "Order deny,allow", the default, from "allow,deny" and "mutual-failure".
	DenyFirst bool
	// Order, Allow and Deny are the lines that fit the client and its method; zero if none does.
	Order, Allow, Deny apacheconf.Pos
}

// tell gives the Tracer the verdict, unless there are no such lines.
func (d *Dir) tell(r *server.Request, ok bool) {
	if len(d.Orders)+len(d.Allows)+len(d.Denys) == 0 {
		return
	}
	v := Verdict{Allowed: ok, DenyFirst: last(d.Orders, r.Line.Number, denyThenAllow) == denyThenAllow}
	for _, o := range d.Orders {
		if o.methods.Has(r.Line.Number) {
			v.Order = o.pos
		}
	}
	if a := matching(r, d.Allows); a != nil {
		v.Allow = a.pos
	}
	if a := matching(r, d.Denys); a != nil {
		v.Deny = a.pos
	}
	r.Tracer.Trace(r, v)
}
