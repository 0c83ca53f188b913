// Package bind is apacheconf as gopy can make a Python extension module of it: functions and methods that take and give integers and
// strings, and nothing else. Nodes go by number. The package python/apacheconf is what Python programs see.
//
// Configurations are bytes in no particular encoding, but gopy passes strings as UTF-8 that a NUL ends. So a string crosses as text in which
// each character from U+0000 to U+00FF stands for one byte, U+0100 for NUL; pure ASCII is itself. A list of strings is one string with
// U+0101 after each element, a list of numbers one with a blank after each.
//
// Every method may be called from several threads at once: Python's lock is not held meanwhile, so each Document has its own.
package bind
