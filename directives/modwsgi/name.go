package modwsgi

import (
	"os"
	"strconv"
	"strings"

	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/server"
)

// Name is the name of a group or callable as configured, taken apart: a
// literal, or a %{...} token that a request fills in.
type Name struct {
	kind nameKind
	text string // the literal, or the variable of %{ENV:...}
}

type nameKind uint8

const (
	literal nameKind = iota
	global
	serverName
	hostName
	resource
	variable
)

// ParseName reads a configured name; only one that begins with "%" as a whole is a token.
func ParseName(s string) Name {
	switch s {
	case "%{GLOBAL}":
		return Name{global, s}
	case "%{SERVER}":
		return Name{serverName, s}
	case "%{HOST}":
		return Name{hostName, s}
	case "%{RESOURCE}":
		return Name{resource, s}
	}
	if v, ok := strings.CutPrefix(s, "%{ENV:"); ok && strings.HasSuffix(v, "}") {
		return Name{variable, v[:len(v)-1]}
	}
	return Name{literal, s}
}

// Static returns the name if no request has a say in it.
func (n Name) Static() (string, bool) {
	switch n.kind {
	case literal:
		return n.text, !strings.Contains(n.text, "%{")
	case global:
		return "", true
	}
	return "", false
}

// expand is a group's name for a request (wsgi_process_group, wsgi_application_group).
// scriptName is the request's SCRIPT_NAME. A variable's value may be a token itself, once.
func (n Name) expand(r *server.Request, scriptName string) string {
	switch n.kind {
	case global:
		return ""
	case serverName:
		return withPort(r, r.Server.Name)
	case hostName:
		host := r.Line.Hostname
		if host == "" {
			host = r.Server.Name
		}
		return withPort(r, host)
	case resource:
		return withPort(r, r.Server.Name) + "|" + scriptName
	case variable:
		v, ok := environment(r, n.text)
		if !ok {
			return "%{ENV:" + n.text + "}"
		}
		if inner := ParseName(v); inner.kind != variable && inner.kind != literal {
			return inner.expand(r, scriptName)
		}
		return v
	}
	return n.text
}

// environment looks a variable up where %{ENV:...} does: notes, the request's
// environment, the process's.
func environment(r *server.Request, name string) (string, bool) {
	if v, ok := r.Notes.Get(name); ok {
		return v, true
	}
	if v, ok := r.Env.Get(name); ok {
		return v, true
	}
	return os.LookupEnv(name)
}

// withPort adds the server's port, unless it is 80 or 443. It is ServerName's
// or the listener's, never that of the client's Host header, which could make
// a new interpreter with each request.
func withPort(r *server.Request, name string) string {
	port := r.Server.Port
	switch {
	case r.Dir().CanonicalName.Get(modcore.CanonicalNameOff) != modcore.CanonicalNameOff:
		port = r.ServerPort()
	case port == 0:
		port = int(r.Conn.Local.Port())
	}
	if port == 80 || port == 443 {
		return name
	}
	return name + ":" + strconv.Itoa(port)
}
