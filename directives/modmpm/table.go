package modmpm

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
)

// Add registers the three models with r.
func Add(r *directives.Registry) Slots {
	var s Slots
	for m := range s {
		s[m] = directives.Add(r, Module(Model(m))).Server
	}
	return s
}

// Module is prefork.c, worker.c or event.c.
func Module(m Model) directives.Module[Conf, directives.None] {
	t := shared()
	if m == Prefork {
		t = append(t, prefork()...)
	} else {
		t = append(t, threaded()...)
	}
	if m == Event {
		t = append(t, global("AsyncRequestWorkerFactor", func(c *Conf) *directives.Opt[float64] { return &c.AsyncFactor }, setAsyncFactor,
			"How many additional connects will be accepted per idle worker thread"))
	}
	return directives.Module[Conf, directives.None]{ID: m.ID(), File: m.String() + ".c", Group: "MPM", Server: t}
}

func global[T any](name string, at func(*Conf) *directives.Opt[T], set func(*directives.Cmd, *Conf, string) error, help string) directives.Directive[Conf] {
	return directives.Take1(name, directives.RsrcConf, directives.Override(at), set, help).Not(directives.GlobalOnly)
}

// number is a directive whose value is C's atoi of its argument; mpm puts it right with Apache's warnings.
func number(name string, at func(*Conf) *directives.Opt[int], help string) directives.Directive[Conf] {
	return global(name, at, func(_ *directives.Cmd, c *Conf, w string) error {
		*at(c) = directives.Some(modcore.Atoi(w))
		return nil
	}, help)
}

func noEffect(name, why, help string) directives.Directive[Conf] {
	d := directives.Known[Conf](name, directives.RsrcConf, directives.NoEffect, why).Not(directives.GlobalOnly)
	d.Help = help
	return d
}

// shared are the directives of listen.c and mpm_common.c.
func shared() directives.Table[Conf] {
	listen := directives.Append(func(c *Conf) *[]Listen { return &c.Listen })
	return directives.Table[Conf]{
		global("ListenBacklog", func(c *Conf) *directives.Opt[int] { return &c.ListenBacklog }, setBacklog,
			"Maximum length of the queue of pending connections, as used by listen(2)"),
		noEffect("ListenCoresBucketsRatio", "each address has one listening socket, which all children accept from",
			"Ratio between the number of CPU cores (online) and the number of listeners buckets").Takes1(positive("ListenCoresBucketsRatio")),
		directives.Argv("Listen", directives.RsrcConf, listen, setListen,
			"A port number or a numeric IP address and a port number, and an optional protocol").Not(directives.GlobalOnly),
		buffer("SendBufferSize", func(c *Conf) *directives.Opt[int] { return &c.SendBuffer }, "Send buffer size in bytes"),
		buffer("ReceiveBufferSize", func(c *Conf) *directives.Opt[int] { return &c.ReceiveBuffer }, "Receive buffer size in bytes"),
		noEffect("ListenTCPDeferAccept", "listening sockets always have TCP_DEFER_ACCEPT with 30 seconds, Apache's default",
			"Value set for the socket option TCP_DEFER_ACCEPT if it is set").Takes1(positive("ListenTCPDeferAccept")),
		number("StartServers", func(c *Conf) *directives.Opt[int] { return &c.StartServers },
			"Number of child processes launched at server startup"),
		global("GracefulShutdownTimeout", func(c *Conf) *directives.Opt[time.Duration] { return &c.GracefulShutdown },
			func(_ *directives.Cmd, c *Conf, w string) error {
				c.GracefulShutdown = directives.Some(time.Duration(modcore.Atoi(w)) * time.Second)
				return nil
			}, "Maximum time in seconds to wait for child processes to complete transactions during shutdown"),
	}
}

func workers(t directives.Table[Conf], help string) directives.Table[Conf] {
	at := func(c *Conf) *directives.Opt[int] { return &c.MaxRequestWorkers }
	return append(t, number("MaxClients", at, "Deprecated name of MaxRequestWorkers"), number("MaxRequestWorkers", at, help))
}

func prefork() directives.Table[Conf] {
	t := directives.Table[Conf]{
		number("MinSpareServers", func(c *Conf) *directives.Opt[int] { return &c.MinSpare },
			"Minimum number of idle children, to handle request spikes"),
		number("MaxSpareServers", func(c *Conf) *directives.Opt[int] { return &c.MaxSpare }, "Maximum number of idle children"),
		number("ServerLimit", func(c *Conf) *directives.Opt[int] { return &c.ServerLimit },
			"Maximum value of MaxRequestWorkers for this run of Apache"),
	}
	return workers(t, "Maximum number of children alive at the same time")
}

func threaded() directives.Table[Conf] {
	t := directives.Table[Conf]{
		number("ServerLimit", func(c *Conf) *directives.Opt[int] { return &c.ServerLimit },
			"Maximum number of child processes for this run of Apache"),
		number("MinSpareThreads", func(c *Conf) *directives.Opt[int] { return &c.MinSpare },
			"Minimum number of idle threads, to handle request spikes"),
		number("MaxSpareThreads", func(c *Conf) *directives.Opt[int] { return &c.MaxSpare }, "Maximum number of idle threads"),
		number("ThreadsPerChild", func(c *Conf) *directives.Opt[int] { return &c.ThreadsPerChild },
			"Number of threads each child creates"),
		number("ThreadLimit", func(c *Conf) *directives.Opt[int] { return &c.ThreadLimit },
			"Maximum number of worker threads per child process for this run of Apache - Upper limit for ThreadsPerChild"),
	}
	return workers(t, "Maximum number of threads alive at the same time")
}

func setListen(cmd *directives.Cmd, c *Conf, words []string) error {
	if len(words) < 1 || len(words) > 2 {
		return errors.New("Listen requires 1 or 2 arguments.")
	}
	host, port, err := modcore.ParseAddrPort(words[0])
	if err != nil {
		return err
	}
	if port == 0 {
		return errors.New("Port must be specified")
	}
	if host == "*" {
		host = ""
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && !cmd.Plan().Files.Believed() {
		if _, err := net.LookupHost(host); err != nil {
			return errors.New("Listen setup failed")
		}
	}
	if slices.ContainsFunc(c.Listen, func(l Listen) bool { return l.Port == port && strings.EqualFold(l.Host, host) }) {
		return errors.New("Cannot define multiple Listeners on the same IP:port")
	}
	l := Listen{Host: host, Port: port, Protocol: "http"}
	if port == 443 {
		l.Protocol = "https"
	}
	if len(words) == 2 {
		l.Protocol = strings.ToLower(words[1])
	}
	c.Listen = append(c.Listen, l)
	return nil
}

// positive checks that C's atoi of an argument is.
func positive(name string) func(*directives.Cmd, string) error {
	return func(_ *directives.Cmd, w string) error {
		if modcore.Atoi(w) < 1 {
			return fmt.Errorf("%s must be > 0", name)
		}
		return nil
	}
}

func setBacklog(_ *directives.Cmd, c *Conf, w string) error {
	n := modcore.Atoi(w)
	if n < 1 {
		return errors.New("ListenBacklog must be > 0")
	}
	c.ListenBacklog = directives.Some(n)
	return nil
}

func buffer(name string, at func(*Conf) *directives.Opt[int], help string) directives.Directive[Conf] {
	return global(name, at, func(_ *directives.Cmd, c *Conf, w string) error {
		n := modcore.Atoi(w)
		if n < 512 && n != 0 {
			return fmt.Errorf("%s must be >= 512 bytes, or 0 for system default.", name)
		}
		*at(c) = directives.Some(n)
		return nil
	}, help)
}

func setAsyncFactor(_ *directives.Cmd, c *Conf, w string) error {
	f, err := strconv.ParseFloat(w, 64)
	if err != nil {
		return errors.New("error parsing value")
	}
	if !(f > 0) {
		return errors.New("AsyncRequestWorkerFactor argument must be a positive number")
	}
	c.AsyncFactor = directives.Some(f)
	return nil
}
