// Package modautoindex is Apache's mod_autoindex: the pages that list a
// directory without an index file, plain, fancy or as a table. A page is the
// one that Apache 2.4 makes, byte for byte (manual: mod_autoindex).
package modautoindex
