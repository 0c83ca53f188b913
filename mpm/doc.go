// Package mpm owns processes: the master, its children by Apache's models
// (prefork, worker, event), daemon process groups, their listeners, signals,
// privileges and restarts. It knows nothing of HTTP, of Python or of
// configuration files.
//
// # Processes
//
// Go cannot fork, so a child is this same program executed again
// (/proc/self/exe) with its listeners, log files, shared memory and a control
// socket inherited, and a manifest that says which is which. The child calls
// [Inherited] first thing in main; it never opens a configuration file.
//
// The [Master] runs one goroutine that owns all state: signals, the words of
// children, deaths and timers reach it as events, so there is no lock. The
// same supervision serves the server's children and every daemon process
// group; they differ in their [Spec] and in who decides how many there are.
//
// # Generations
//
// One compiled configuration with the processes that serve it is a
// [Generation]. A graceful restart starts the next one, waits until it is
// ready and only then lets the old one drain; a restart stops the old one
// first, as Apache does. A generation that cannot be loaded or does not start
// leaves the old one at work.
//
// # What a master believes
//
// A child may be in anybody's hands. The master takes two words from it (it is
// ready; it wants a successor) and counts from the scoreboard; process
// numbers, descriptors and slots are the master's own. What a child leaves to
// its successors it hands on unread, a bounded amount of it, and only to
// children of the same group that run as the same user.
package mpm
