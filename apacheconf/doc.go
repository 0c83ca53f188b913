// Package apacheconf reads Apache httpd's configuration language: it knows lines, words, sections and the
// read phase (Include, Define, <IfModule>, Macro ...), and no directive's meaning.
//
// There are two ways in:
//
//   - Parse gives the syntax tree of one file. It is total: any bytes parse, and Fprint writes the same bytes
//     back. Comments, blank lines and layout are kept. Nothing is expanded and nothing is an error.
//   - Loader.Load follows Apache's read phase over a file and all that it includes, in document order. The
//     resulting Tree has neither conditionals nor macros nor ${VAR} left in it; each Item carries the position
//     which Apache would name in a message.
//
// Arguments stay the raw text of their line in both: how they split into words is decided by each directive
// (GetWordConf, Words).
package apacheconf
