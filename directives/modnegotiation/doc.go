// Package modnegotiation is Apache's mod_negotiation: the choice among variants
// of a resource by what the client accepts. Variants come from files beside one
// another (Options MultiViews) or from a type map; the choice is Apache's own
// algorithm or, where the client asks for it, RFC 2296's (manual:
// content-negotiation).
package modnegotiation
