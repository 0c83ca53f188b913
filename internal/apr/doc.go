// Package apr holds the small text rules that Apache httpd takes from APR and
// from its own util.c: wildcard matching, URL path normalisation and escapes,
// HTTP dates, time formats and entity tags. Every function gives byte for byte
// what Apache 2.4 gives; the tables in the tests were recorded from it.
//
// Functions that build text append it to a buffer of the caller and return the
// extended buffer, like the append functions of strconv. Functions from string
// to string return their argument itself, without allocation, when there is
// nothing to change. Everything may be used by any number of goroutines.
package apr
