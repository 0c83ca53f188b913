// Package http1 reads and writes HTTP/1.x messages as a server does: request
// heads, request bodies, and the pieces of a response. It knows no
// configuration, no log and no socket: it reads from an io.Reader, and tells
// what is wrong with a request by an *Error that carries the status, the log
// lines and the sentence of the error page that Apache 2.4 has for it.
//
// What is accepted and what is refused is what Apache does
// (HttpProtocolOptions, LimitRequestLine, LimitRequestFields,
// LimitRequestFieldSize), held by a corpus of raw requests in testdata whose
// answers were recorded from it.
//
// A Reader, a Head and a Body belong to one goroutine at a time and are meant
// to be used again for the next request of a connection. A head costs one
// allocation: all its strings are slices of one copy of the bytes received.
package http1
