package vhost

import (
	"fmt"
	"io"
	"net"
	"strconv"
)

// Describe writes the address and name tables as httpd -S does, with the
// heading "VirtualHost configuration:".
func (s *Site) Describe(w io.Writer) {
	fmt.Fprintln(w, "VirtualHost configuration:")
	for _, chains := range s.addrs.buckets {
		for _, c := range chains {
			c.describe(w)
		}
	}
	for _, c := range s.addrs.defaults {
		c.describe(w)
	}
}

func (c *chain) describe(w io.Writer) {
	host, port := "*", "*"
	if !c.addr.any() {
		host = c.addr.ip.String()
	}
	if c.addr.port != 0 {
		port = strconv.Itoa(c.addr.port)
	}
	addr := net.JoinHostPort(host, port)
	first := c.names[0].server
	if len(c.names) == 1 {
		fmt.Fprintf(w, "%-22s %s\n", addr, first.place())
		return
	}
	fmt.Fprintf(w, "%-22s is a NameVirtualHost\n         default server %s\n", addr, first.place())
	for _, n := range c.names {
		fmt.Fprintf(w, "         port %s namevhost %s\n", port, n.server.place())
		for _, a := range n.server.Aliases {
			fmt.Fprintf(w, "                 alias %s\n", a)
		}
		for _, a := range n.server.WildAliases {
			fmt.Fprintf(w, "                 wild alias %s\n", a)
		}
	}
}

// place is "name (file:line)".
func (s *Server) place() string {
	return s.Name + " (" + s.Plan.Pos.File + ":" + strconv.Itoa(s.Plan.Pos.Line) + ")"
}

// Defaults are the program's paths for what a configuration leaves out.
type Defaults struct {
	DocumentRoot, ErrorLog, PidFile, RuntimeDir, User, Group string
}

// DescribeRun writes what httpd -t -D DUMP_RUN_CFG does: directories, files,
// defines and the user of the main server.
func (s *Site) DescribeRun(w io.Writer, d Defaults) {
	core := s.Main.Core
	rel := func(name string) string { return serverRootRelative(s.Plan.ServerRoot, name) }
	fmt.Fprintf(w, "ServerRoot: \"%s\"\n", s.Plan.ServerRoot)
	fmt.Fprintf(w, "Main DocumentRoot: \"%s\"\n", core.DocumentRoot.Get(rel(d.DocumentRoot)))
	fmt.Fprintf(w, "Main ErrorLog: \"%s\"\n", logName(core.ErrorLog.Get(d.ErrorLog), rel))
	run := s.Plan.Tree.DefaultRuntimeDir
	if run == "" {
		run = rel(d.RuntimeDir)
	}
	fmt.Fprintf(w, "Mutex default: dir=\"%s\" mechanism=default \n", slash(run))
	fmt.Fprintf(w, "PidFile: \"%s\"\n", rel(core.Global.PidFile.Get(d.PidFile)))
	for _, def := range s.Plan.Tree.Defines {
		if def.HasValue {
			fmt.Fprintf(w, "Define: %s=%s\n", def.Name, def.Value)
		} else {
			fmt.Fprintf(w, "Define: %s\n", def.Name)
		}
	}
	u := s.Core.Unixd.Of(s.Main.Conf)
	describeID(w, "User", u.User, d.User)
	describeID(w, "Group", u.Group, d.Group)
}
