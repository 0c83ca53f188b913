// Package modwsgi is mod_wsgi: its directives, the mapping of URLs to WSGI
// scripts, environ, and the hand-over to Python, which runs either in the
// child that has the request (embedded mode) or in a process of a daemon
// process group. The engine is package wsgi.
//
// Names and behaviour follow mod_wsgi 6; what differs stands in
// docs/differences.md.
package modwsgi
