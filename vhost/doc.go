// Package vhost is the compiled site: which server answers at an address and
// under a name, which sections apply to a path, and the merged configuration
// for each combination of them.
//
// A Site is built once from a directives.Plan and immutable, but for the merge
// trie, which grows while requests walk it; all of it may be used from any
// goroutine without locks. The package reads no request and opens no file.
package vhost
