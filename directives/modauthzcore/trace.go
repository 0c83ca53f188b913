package modauthzcore

import "httpd-wsgi/server"

// Asked tells a server.Tracer that the Require lines of a request were asked.
type Asked struct {
	// Root holds them; nil if there are none, which lets everybody in.
	Root   *Section
	Status server.AuthzStatus
	// Authenticated tells that it is known who asks.
	Authenticated bool
}

// Verdict tells it what one line or container said. Those that could not
// change the result any more are not asked.
type Verdict struct {
	Section *Section
	Status  server.AuthzStatus
	// Other tells that the part is for other methods than the request's.
	Other bool
}

// tell gives the Tracer, if there is one, the verdict of s.
func (s *Section) tell(r *server.Request, status server.AuthzStatus, other bool) server.AuthzStatus {
	if r.Tracer != nil {
		r.Tracer.Trace(r, Verdict{s, status, other})
	}
	return status
}
