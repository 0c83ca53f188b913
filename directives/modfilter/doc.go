// Package modfilter is Apache's mod_filter: output filters that are put in place
// by the type of the response or by an expression, AddOutputFilterByType among
// them (manual: mod_filter).
package modfilter
