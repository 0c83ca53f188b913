package modwsgi

import (
	"errors"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/vhost"
)

// accessible tells whether a preload at cmd may use the group, by the rules
// for virtual hosts that mod_wsgi applies while it reads the configuration.
func (d *Daemon) accessible(cmd *directives.Cmd) error {
	if !d.Server.Virtual || d.Server == cmd.Server {
		return nil
	}
	mine, its := cmd.Server.Name, d.Server.Name
	switch {
	case (mine == "") != (its == ""):
		return errors.New("WSGI process group not matchable.")
	case !strings.EqualFold(mine, its):
		return errors.New("WSGI process group not accessible.")
	}
	return nil
}

// Visible tells whether a request of server may use the group: one of the main
// server's, of its own, or of a virtual host of the same name.
func (d *Daemon) Visible(server *vhost.Server) bool {
	return !d.Server.Virtual || d.Server == server.Plan || d.Server.Name != "" && strings.EqualFold(d.Server.Name, server.Name)
}
