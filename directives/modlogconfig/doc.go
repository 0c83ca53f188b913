// Package modlogconfig is Apache's mod_log_config and mod_logio: access logs.
//
// A format is compiled once to a list of functions that append to a pooled
// buffer; a line is one write(2) to a file opened for appending, and costs no
// allocation. Which logs a server writes is settled when the configuration is
// compiled: its own CustomLog and TransferLog lines with the main server's
// GlobalLogs, or, where it has none, the main server's logs, with the
// nicknames of the server itself.
//
// Source: the manual of mod_log_config and mod_logio, and the output of Apache
// 2.4.71.
package modlogconfig
