package errlog

import (
	"net/netip"
	"time"
)

// Entry is one message. A Logger does not keep it.
type Entry struct {
	// Time is when it happened; now, if zero.
	Time   time.Time
	Level  Level
	Module Module
	// Status is the error behind the message, "(2)No such file or directory: "; nil if none.
	Status error
	// Code is the message's number, "AH01630" or "WSGI0174"; it comes first in the message.
	Code string
	// Script is the WSGI script that the message is about, shown as "[script F] ".
	Script string
	// Message is the text. Newlines in it are escaped: a text of several lines is several entries.
	Message string
	// Source and Line name the place in the code, "mod_wsgi.c(12): "; shown from debug on.
	Source string
	Line   int
	// Thread is the thread's number for "tid"; 0 stands for the thread that logs.
	Thread int
	// Context is the connection or request that the message is about; nil for the server's own messages.
	Context Context
	// Startup drops time, module and process, as for messages to the terminal
	// and those that Apache gives its log before it serves.
	Startup bool
}

// Context is what a line may tell of a connection or request. It is called
// only while Log runs, on the same goroutine.
type Context interface {
	// RequestID is the request's log ID, nil for a connection without request.
	RequestID() *LogID
	// ConnectionID is the connection's log ID.
	ConnectionID() *LogID
	// ClientAddr is the client as the request sees it (mod_remoteip may change
	// it), PeerAddr the other end of the connection, LocalAddr this end.
	ClientAddr() netip.AddrPort
	PeerAddr() netip.AddrPort
	LocalAddr() netip.AddrPort
	// Remote tells that the address is shown as "remote", not "client": the
	// connection was not accepted by this process's listeners (daemon processes).
	Remote() bool
	// ServerName is the request's server name by UseCanonicalName.
	ServerName() string
	// Header, Env and Note read the request's tables.
	Header(name string) (string, bool)
	Env(name string) (string, bool)
	Note(name string) (string, bool)
	// Keepalives counts the requests on the connection before this one.
	Keepalives() int
}
