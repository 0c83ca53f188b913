// Package modrewrite is Apache's mod_rewrite: RewriteEngine, RewriteOptions,
// RewriteBase, RewriteCond, RewriteRule and RewriteMap, in server context (the
// translate phase, before every other module) and in directory context (the
// fixups, followed by an internal redirect).
//
// Rules, conditions and what they substitute are compiled once; a request
// evaluates templates of literals, back-references, variables and map lookups.
// What each directive, flag and variable means is said in Apache's manual
// under its name; the behaviour, its security checks (UnsafeAllow3F,
// UnsafePrefixStat, UNC) included, is that of 2.4.71.
//
// Not here: the proxy, hence [P], and maps that are programs or databases
// (prg, dbm, dbd, fastdbd). They are refused when the configuration is read.
package modrewrite
