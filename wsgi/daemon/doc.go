// Package daemon carries WSGI requests from the processes that serve HTTP to
// the processes of a daemon process group, over a Unix socket.
//
// A connection is persistent and carries one request at a time. The client
// sends a request frame (the script and the bytes of a wsgi.Form) and then
// whatever body the other side asks for; the server answers with the head of
// the response, body frames and an end frame. Both directions stream, and the
// socket's buffers are the back-pressure. A server that wants to go away says
// so before it closes, so that a client knows which requests were never begun
// and sends those elsewhere; one that closes without a word has died, and the
// request with it.
//
// The package knows no HTTP and no Apache, and Python only by package wsgi.
package daemon
