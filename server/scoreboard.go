package server

import (
	"strconv"

	"httpd-wsgi/internal/scoreboard"
	"httpd-wsgi/vhost"
)

// shown is what the scoreboard says of a connection's server: "name:port". It is
// made once for a connection, but where that has requests for several servers.
type shown struct {
	server *vhost.Server
	text   string
}

// requestText is how much of a request line the scoreboard has room for.
const requestText = 192

// show tells the scoreboard what a worker is about (ap_update_child_status).
func (c *Conn) show(r *Request, w *scoreboard.Worker) {
	core := &c.site.VHosts.Main.Core.Global
	if !core.ExtendedStatus.Get(c.site.extendedStatus) {
		w.Begin(r.Received, "", "", "", "")
		return
	}
	if c.shown.server != r.Server {
		c.shown = shown{r.Server, r.Server.Name + ":" + strconv.Itoa(int(c.Local.Port()))}
	}
	text := r.Line.Text
	if len(text) > requestText && core.SeeRequestTail.Get(false) {
		text = text[len(text)-requestText:]
	}
	w.Begin(r.Received, r.ClientIP(), c.shown.text, "http/1.1", text)
}
