// Package modheaders is Apache's mod_headers: Header and RequestHeader.
//
// RequestHeader lines change the request as the last of the fixups; those with
// "early" at the very first, for which only lines outside sections count.
// Header lines change the response just before its head is made: "always"
// lines those fields that are sent with errors too, others (onsuccess) the
// fields of a response that a handler has made, whatever its status. An error
// page of the server's own gets the "always" lines alone. Outer lines come
// before inner ones.
//
// The formats %i and %b (idle and busy workers) are refused.
package modheaders
