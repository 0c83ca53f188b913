// Package modreqtimeout is Apache's mod_reqtimeout: bounds on the time that
// clients take to send a request's head and body, with more of it for those
// that send at a certain rate (manual: mod_reqtimeout). The clock itself is the
// connection's, in package server.
package modreqtimeout
