// Package check reports on a configuration before it is moved to httpd-wsgi:
// what becomes of each line, which blocks are not read, and what the file
// system, the accounts and the network of this machine will make of it.
//
// A [Reader] listens while package apacheconf reads and package directives
// compiles; [Reader.Report] then runs the audits, each of which is a function
// of a [Site] in a file of its own. Nothing is started, opened for writing or
// changed: sockets are bound for a moment to see whether they are free.
//
// What comes out is in docs/check.md.
package check
