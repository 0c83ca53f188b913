// Package httpdtest runs an httpd (the server under test or Apache itself) from a configuration in a directory of its own,
// talks to it in raw bytes, and compares what two of them answered and logged.
//
// The pieces, each usable alone:
//
//   - [Program] and [Start]: a server process in the foreground on free ports of 127.0.0.1, stopped with all it started;
//   - [Case]: one txtar file with a configuration, files and requests (the form is described there);
//   - [Exchange]: one connection, one or more requests, all that came back;
//   - [Normaliser]: takes out of answers and logs what must differ between two runs (directories, ports, dates, versions);
//   - [Processes], [CPUTime], [PSS]: what a server's process tree costs, from /proc.
//
// Nothing here depends on package testing, so that the benchmark uses the same harness.
package httpdtest
