// Package modmpm holds the tables of Apache's multi-processing modules
// (prefork.c, worker.c, event.c) and of what all of them share (mpm_common.c,
// listen.c): processes, threads, listeners. Which of the three a configuration
// loads decides the defaults and the model; without any it is event.
//
// The numbers are read as Apache reads them, with C's atoi; package mpm knows
// their defaults and bounds.
package modmpm
