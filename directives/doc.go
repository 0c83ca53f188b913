// Package directives says what a directive is: its name, its Apache module,
// where it may stand, how its arguments are split, what it sets, how the value
// merges from server to virtual host and from section to section, and one
// line of help. It compiles a loaded configuration tree into a Plan: servers,
// sections and one immutable Vector of module configurations for each.
//
// A module is a value: Module lists its directives in tables, Registry is
// built once from an explicit list of modules, and the same tables feed
// parsing, the dumps and the documentation. The package knows no HTTP and
// opens nothing but what a setter opens.
package directives
