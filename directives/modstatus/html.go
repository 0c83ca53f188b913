package modstatus

import (
	"time"

	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/scoreboard"
)

// scoreboardWidth is how many workers a line of the scoreboard shows.
const scoreboardWidth = 64

// writeHTML is the report for people.
func (p *page) writeHTML() {
	p.printf("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n"+
		"<html><head>\n<title>Apache Status</title>\n</head><body>\n<h1>Apache Server Status for %s (via %s)</h1>\n\n",
		apr.EscapeHTML(p.r.ServerName()), p.r.Conn.LocalIP())
	p.printf("<dl><dt>Server Version: %s</dt>\n<dt>Server MPM: %s</dt>\n<dt>Server Built: %s\n</dt></dl><hr /><dl>\n", p.r.Site.Banner, p.child.MPM, p.child.Built)
	p.printf("<dt>Current Time: %s</dt>\n<dt>Restart Time: %s</dt>\n", timestamp(p.now), timestamp(p.restarted))
	p.printf("<dt>Parent Server Config. Generation: %d</dt>\n<dt>Parent Server MPM Generation: %d</dt>\n", p.generation+1, p.generation)
	p.printf("<dt>Server uptime: %s</dt>\n<dt>Server load: %.2f %.2f %.2f</dt>\n", timeText(p.uptime), p.load[0], p.load[1], p.load[2])
	if p.extended {
		p.writeTotals()
	}
	p.printf("<dt>%d requests currently being processed, %d workers gracefully restarting, %d idle workers</dt>\n</dl>", p.busy, p.graceful, p.ready)
	if p.async() {
		p.writeChildren()
	}
	p.writeBoard()
	switch {
	case !p.extended:
		p.printf("<hr />To obtain a full report with current status information you need to use the <code>ExtendedStatus On</code> directive.\n")
	case p.noTable:
		p.printf("<hr /><h2>Server Details</h2>\n\n")
		p.eachWorker(p.writeWorker)
	default:
		p.writeTable()
	}
	p.b = p.r.AppendSignature(p.b, "<hr />\n")
	p.printf("</body></html>\n")
}

// writeTotals is what all requests come to.
func (p *page) writeTotals() {
	p.printf("<dt>Total accesses: %d - Total Traffic: %s - Total Duration: %d</dt>\n", p.accesses, kBytesText(p.kBytes), p.milliseconds())
	c := p.cpu
	p.printf("<dt>CPU Usage: u%s s%s cu%s cs%s", seconds(c.user), seconds(c.system), seconds(c.childUser), seconds(c.childSystem))
	if c.all() != 0 {
		p.printf(" - %s%% CPU load", general(p.cpuLoad(), 3))
	}
	p.printf("</dt>\n<dt>")
	count, bytes := float64(p.accesses), float64(p.kBytes)*kByte
	if p.uptime > 0 {
		p.printf("%s requests/sec - %s/second", general(quotient(count, float64(p.uptime)), 3), bytesText(quotient(bytes, float64(p.uptime))))
	}
	if p.accesses > 0 {
		if p.uptime > 0 {
			p.printf(" - ")
		}
		p.printf("%s/request - %s ms/request", bytesText(quotient(bytes, count)), general(quotient(float64(p.milliseconds()), count), 6))
	}
	p.printf("</dt>\n")
}

// writeChildren is a line for each child, and their sum.
func (p *page) writeChildren() {
	p.printf("\n\n<table rules=\"all\" cellpadding=\"1%%\">\n" +
		"<tr><th rowspan=\"2\">Slot</th><th rowspan=\"2\">PID</th><th rowspan=\"2\">Stopping</th><th colspan=\"2\">Connections</th>\n" +
		"<th colspan=\"3\">Threads</th><th colspan=\"4\">Async connections</th></tr>\n" +
		"<tr><th>total</th><th>accepting</th><th>busy</th><th>graceful</th><th>idle</th><th>wait-io</th><th>writing</th><th>keep-alive</th><th>closing</th></tr>\n")
	for i := range p.processes {
		c := &p.processes[i]
		if c.pid == 0 {
			continue
		}
		stopping, accepting := "no", "yes"
		if c.quiescing {
			stopping, accepting = "yes", "no"
		}
		if int64(c.generation) != p.generation {
			stopping += " (old gen)"
		}
		p.printf("<tr><td>%d</td><td>%d</td><td>%s</td><td>%d</td><td>%s</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td></tr>\n",
			i, c.pid, stopping, c.connections, accepting, c.busy, c.graceful, c.idle, c.queued, c.writing, c.keepAlive, c.closing)
	}
	s := p.sums()
	p.printf("<tr><td>Sum</td><td>%d</td><td>%d</td><td>%d</td><td>&nbsp;</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td></tr>\n</table>\n",
		s.processes, s.stopping, s.connections, s.busy, s.graceful, s.idle, s.queued, s.writing, s.keepAlive, s.closing)
}

// writeBoard is a letter for each worker, and what the letters mean.
func (p *page) writeBoard() {
	p.printf("<pre>")
	written := 0
	for i := range p.processes {
		for j := range p.processes[i].workers {
			c, ok := p.processes[i].workers[j].letter()
			if !ok {
				continue
			}
			p.b = append(p.b, c)
			if written++; written%scoreboardWidth == 0 {
				p.b = append(p.b, '\n')
			}
		}
	}
	p.printf("</pre>\n<p>Scoreboard Key:<br />\n")
	for _, key := range [...]string{"_</code></b>\" Waiting for Connection, \n", "S</code></b>\" Starting up, \n", "R</code></b>\" Reading Request,<br />\n",
		"W</code></b>\" Sending Reply, \n", "K</code></b>\" Keepalive (read), \n", "D</code></b>\" DNS Lookup,<br />\n",
		"C</code></b>\" Closing connection, \n", "L</code></b>\" Logging, \n", "G</code></b>\" Gracefully finishing,<br /> \n",
		"I</code></b>\" Idle cleanup of worker, \n", ".</code></b>\" Open slot with no current process<br />\n"} {
		p.printf("\"<b><code>%s", key)
	}
	p.printf("</p>\n")
	if p.extended {
		return
	}
	p.printf("PID Key: <br />\n<pre>\n")
	k := 0
	for i := range p.processes {
		for j := range p.processes[i].workers {
			c, ok := p.processes[i].workers[j].letter()
			if !ok || c == '.' {
				continue
			}
			p.printf("   %d in state: %c ", p.processes[i].pid, c)
			if k++; k == 3 {
				p.printf("\n")
				k = 0
			} else {
				p.printf(",")
			}
		}
	}
	p.printf("\n</pre>\n")
}

// details are what a worker's line shows.
type details struct {
	slot                      int
	child                     *process
	w                         *worker
	onConn                    uint32 // requests on the connection
	since, took, sum          int64  // seconds since it was used, milliseconds of the last request and of all
	client, vhost, proto, req string
}

// eachWorker writes those that have done or are doing anything.
func (p *page) eachWorker(write func(*details)) {
	for i := range p.processes {
		for j := range p.processes[i].workers {
			w := &p.processes[i].workers[j]
			if !w.seen() {
				continue
			}
			row := w.row
			d := &details{slot: i, child: &p.processes[i], w: w, sum: row.Duration.Load() / 1000}
			if w.status != scoreboard.Ready && w.status != scoreboard.Dead {
				d.onConn = row.ConnCount.Load() + 1
			}
			d.since = int64(p.now.Sub(time.UnixMicro(row.LastUsed.Load())) / time.Second)
			if start := row.Started.Load(); start != 0 {
				d.took = max((row.Stopped.Load()-start)/1000, 0)
			}
			d.client, d.vhost, d.proto, d.req = row.Text()
			d.client, d.vhost, d.proto = apr.EscapeHTML(d.client), apr.EscapeHTML(d.vhost), apr.EscapeHTML(d.proto)
			d.req = apr.EscapeHTML(string(apr.AppendEscapeLogitem(nil, d.req)))
			write(d)
		}
	}
}

var statusWords = map[scoreboard.Status]string{scoreboard.Ready: "Ready", scoreboard.StartUp: "Starting", scoreboard.BusyRead: "<b>Read</b>",
	scoreboard.BusyWrite: "<b>Write</b>", scoreboard.KeepAlive: "<b>Keepalive</b>", scoreboard.Log: "<b>Logging</b>",
	scoreboard.DNS: "<b>DNS lookup</b>", scoreboard.Closing: "<b>Closing</b>", scoreboard.Dead: "Dead", scoreboard.Graceful: "Graceful",
	scoreboard.IdleKill: "Dying"}

// writeWorker is a worker's paragraph of the report without tables.
func (p *page) writeWorker(d *details) {
	row, c := d.w.row, d.child.cpu
	p.printf("<b>Server %d-%d</b> (", d.slot, d.child.generation)
	if d.w.status == scoreboard.Dead {
		p.printf("-")
	} else {
		p.printf("%d", d.child.pid)
	}
	p.printf("): %d|%d|%d [", d.onConn, row.MyAccesses.Load(), row.Accesses.Load())
	if word, ok := statusWords[d.w.status]; ok {
		p.printf("%s", word)
	} else {
		p.printf("?STATE?")
	}
	p.printf("] u%s s%s cu%s cs%s\n %d %d %d(", seconds(c.user), seconds(c.system), seconds(c.childUser), seconds(c.childSystem), d.since, d.took, d.sum)
	p.printf("%s|%s|%s)\n", bytesText(float64(row.ConnBytes.Load())), bytesText(float64(row.MyBytes.Load())), bytesText(float64(row.Bytes.Load())))
	p.printf(" <i>%s {%s}</i> <i>(%s)</i> <b>[%s]</b><br />\n\n", d.client, d.req, d.proto, d.vhost)
}

// writeTable is a row for each worker, and what the columns mean.
func (p *page) writeTable() {
	p.printf("\n\n<table border=\"0\"><tr><th>Srv</th><th>PID</th><th>Acc</th><th>M</th><th>CPU\n</th><th>SS</th><th>Req</th><th>Dur</th>" +
		"<th>Conn</th><th>Child</th><th>Slot</th><th>Client</th><th>Protocol</th><th>VHost</th><th>Request</th></tr>\n\n")
	p.eachWorker(p.writeRow)
	p.printf("</table>\n <hr /> <table>\n <tr><th>Srv</th><td>Child Server number - generation</td></tr>\n" +
		" <tr><th>PID</th><td>OS process ID</td></tr>\n" +
		" <tr><th>Acc</th><td>Number of accesses this connection / this child / this slot</td></tr>\n" +
		" <tr><th>M</th><td>Mode of operation</td></tr>\n" +
		"<tr><th>CPU</th><td>CPU usage, number of seconds</td></tr>\n" +
		"<tr><th>SS</th><td>Seconds since beginning of most recent request</td></tr>\n" +
		" <tr><th>Req</th><td>Milliseconds required to process most recent request</td></tr>\n" +
		" <tr><th>Dur</th><td>Sum of milliseconds required to process all requests</td></tr>\n" +
		" <tr><th>Conn</th><td>Kilobytes transferred this connection</td></tr>\n" +
		" <tr><th>Child</th><td>Megabytes transferred this child</td></tr>\n" +
		" <tr><th>Slot</th><td>Total megabytes transferred this slot</td></tr>\n </table>\n")
}

func (p *page) writeRow(d *details) {
	row := d.w.row
	p.printf("<tr><td><b>%d-%d</b></td><td>", d.slot, d.child.generation)
	if d.w.status == scoreboard.Dead {
		p.printf("-")
	} else {
		p.printf("%d", d.child.pid)
	}
	p.printf("</td><td>%d/%d/%d</td><td>", d.onConn, row.MyAccesses.Load(), row.Accesses.Load())
	switch c := d.w.status.Letter(); d.w.status {
	case scoreboard.Ready, scoreboard.Dead, scoreboard.Graceful, scoreboard.IdleKill:
		p.printf("%c", c)
	default:
		p.printf("<b>%c</b>", c)
	}
	p.printf("\n</td><td>%.2f</td><td>%d</td><td>%d</td><td>%d", float64(d.child.cpu.all())/ticks, d.since, d.took, d.sum)
	p.printf("</td><td>%.1f</td><td>%.2f</td><td>%.2f\n", float64(row.ConnBytes.Load())/kByte, float64(row.MyBytes.Load())/mByte, float64(row.Bytes.Load())/mByte)
	p.printf("</td><td>%s</td><td>%s</td><td nowrap>%s</td><td nowrap>%s</td></tr>\n\n", d.client, d.proto, d.vhost, d.req)
}
