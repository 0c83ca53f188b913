// Package logfile opens what ErrorLog, CustomLog and TransferLog write to.
//
// The master opens every log once per generation, before it gives up
// privileges: files with O_APPEND, and pipes to the programs of piped logs,
// which it starts, watches and starts again. The processes it starts inherit
// the descriptors and open nothing themselves, so a log may be in a directory
// that their user can't even enter.
//
// A restart makes a new Set, which opens the same names anew: that is how a
// file that logrotate has moved away is let go of.
package logfile
