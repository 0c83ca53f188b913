package server

import (
	"time"

	"httpd-wsgi/internal/http1"
	"httpd-wsgi/vhost"
)

// protocol is what a connection needs of a server's configuration, compiled
// once, by vhost.Server.Index.
type protocol struct {
	http             http1.Options
	timeout          time.Duration // Timeout
	keepAlive        bool
	keepAliveTimeout time.Duration
	maxKeepAlive     int // MaxKeepAliveRequests; 0 is no limit
	strictHost       bool
	mergeTrailers    bool
	read             *ReadLimits // nil without RequestReadTimeout
}

func (s *Site) compileProtocol(v *vhost.Server) protocol {
	core, http := v.Core, v.HTTP
	d := http1.DefaultLimits
	p := protocol{
		http: http1.Options{
			Limits: http1.Limits{Line: core.LimitRequestLine.Get(d.Line), Fields: core.LimitRequestFields.Get(d.Fields),
				FieldSize: core.LimitRequestFieldSize.Get(d.FieldSize)},
			Unsafe:    core.HTTPOptions.Unsafe.Get(false),
			Require10: core.HTTPOptions.Require10.Get(false),
		},
		timeout:          core.Timeout.Get(60 * time.Second),
		keepAlive:        http.KeepAlive.Get(true),
		keepAliveTimeout: http.KeepAliveTimeout.Get(5 * time.Second),
		maxKeepAlive:     max(http.MaxKeepAliveRequests.Get(100), 0),
		strictHost:       core.StrictHostCheck.Get(false),
		mergeTrailers:    core.MergeTrailers.Get(false),
	}
	if core.HTTPOptions.RegisteredMethods.Get(false) {
		p.http.Registered = s.Plan.Methods.Known
	}
	if s.Hooks.ReadLimits != nil {
		p.read = s.Hooks.ReadLimits(v)
	}
	if p.keepAliveTimeout <= 0 {
		p.keepAlive = false
	}
	return p
}

// Timeout is that of the request's server.
func (r *Request) Timeout() time.Duration { return r.protocol().timeout }

// protocol is that of the request's server.
func (r *Request) protocol() *protocol { return &r.Site.protocols[r.Server.Index] }
