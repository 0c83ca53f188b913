// Package modcore holds the tables of Apache's core.c, http_core.c, mod_so.c
// and mod_unixd.c: the containers, the identity of servers, limits, Options,
// AllowOverride, error documents, logging. It has configuration structs and no
// hooks: vhost and server read them through Slots.
//
// Directives of the read phase (Include, Define, IfModule, LoadModule ...) are
// listed for httpd -L and <IfDirective>; the loader carries them out, so the
// compiler never meets them.
package modcore
