// Package explain answers for one request, without serving it: which virtual
// host takes it, what its URL maps to, which sections and .htaccess files make
// up its configuration, who is allowed, and what answers.
//
// An Explainer carries the request through the very code that serves requests
// (server.Site.Explain) with a server.Tracer listening, and orders what the
// Tracer heard into a Report. So a Report cannot disagree with the server,
// except where a program has a say that is not run here: those places are
// Questions of the Report.
package explain
