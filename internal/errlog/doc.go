// Package errlog is Apache's error log: levels per module, the line formats of
// ErrorLogFormat, and the targets of ErrorLog.
//
// A Level of this package decides whether a line is written; logrus carries
// the accepted ones to the target, with a formatter of this package. The
// levels emerg, alert and crit travel as logrus errors: its Fatal and Panic
// are never used, since they end the process.
//
// The shapes are those of Apache 2.4 (manual: core, LogLevel, ErrorLog,
// ErrorLogFormat), compared with its output.
//
// A Logger belongs to one server (main or virtual host) and is immutable, so
// any goroutine may log. A line is one write(2), so that processes that share
// a file opened with O_APPEND never mix their lines.
package errlog
