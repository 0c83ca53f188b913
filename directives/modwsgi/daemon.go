package modwsgi

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/wsgi"
)

// Daemon is one WSGIDaemonProcess: a daemon process group.
type Daemon struct {
	Pos  apacheconf.Pos
	Name string
	// Server is where it was defined; requests of other servers may use it by the rules of Accessible.
	Server *directives.Server

	Processes    int
	Multiprocess bool // processes= was written, whatever its value
	Threads      int  // 0: a service that runs its import script and no requests

	User, Group   directives.Opt[modcore.ID]
	Supplementary directives.Opt[[]int]
	Umask         directives.Opt[int]
	Home          string
	Chroot        string
	Lang, Locale  string
	DisplayName   string
	CPUPriority   int

	PythonHome, PythonPath, PythonEggs string
	SwitchInterval                     float64 // seconds, 0 is CPython's

	StackSize       int
	ListenBacklog   int
	MaximumRequests int
	// RequestsJitter is added to MaximumRequests, for each process a random part of it, so that the group's processes do not all end at
	// once; RestartRSS is the resident memory, in bytes, at which a process makes room for another. 0 is none. mod_wsgi has neither.
	RequestsJitter int
	RestartRSS     int64
	// Time-outs; 0 is none.
	RestartInterval, InactivityTimeout, RequestTimeout, InterruptTimeout, GracefulTimeout, EvictionTimeout time.Duration
	ShutdownTimeout, DeadlockTimeout, StartupTimeout, ConnectTimeout, SocketTimeout, QueueTimeout          time.Duration
	ResponseSocketTimeout, CPUTimeLimit                                                                    time.Duration

	MemoryLimit, VirtualMemoryLimit int64 // bytes, 0 is none
	HeaderBufferSize                int
	ResponseBufferSize              int
	SendBufferSize, ReceiveBuffer   int
	SocketUser                      directives.Opt[modcore.ID]
	ScriptUser, ScriptGroup         directives.Opt[modcore.ID]
}

// flags say how the group's processes run applications.
func (d *Daemon) flags() wsgi.FormFlags {
	var f wsgi.FormFlags
	if d.Threads != 1 {
		f |= wsgi.Multithread
	}
	if d.Multiprocess {
		f |= wsgi.Multiprocess
	}
	if d.Threads == 1 && d.MaximumRequests == 1 && d.RequestsJitter == 0 {
		f |= wsgi.RunOnce
	}
	return f
}

// addDaemon reads "name [options]" (wsgi_add_daemon_process).
func addDaemon(cmd *directives.Cmd, s *Server, args string) error {
	name, args := apacheconf.GetWordConf(args)
	if name == "" {
		return errors.New("Name of WSGI daemon process not supplied.")
	}
	d := &Daemon{Pos: cmd.Pos, Name: name, Server: cmd.Server, Processes: 1, Threads: 15, ListenBacklog: 100,
		ShutdownTimeout: 5 * time.Second, DeadlockTimeout: 300 * time.Second, GracefulTimeout: 15 * time.Second, ConnectTimeout: 15 * time.Second}
	for args != "" {
		opt, value, rest, ok := option(args)
		if !ok {
			return errors.New("Invalid option to WSGI daemon process definition.")
		}
		args = rest
		if err := d.set(cmd, opt, value); err != nil {
			return err
		}
	}
	if d.Threads == 0 {
		cmd.Infof("threads=0: processes of '%s' run its import scripts and take no requests, so options about requests have no effect", name)
	}
	if d.ScriptUser.Set && d.ScriptGroup.Set {
		return errors.New("Only one of script-user and script-group allowed.")
	}
	if defined(cmd, name) != nil {
		return errors.New("Name duplicates previous WSGI daemon definition.")
	}
	s.Daemons = append(s.Daemons, d)
	plan(cmd).daemons = append(plan(cmd).daemons, d)
	return nil
}

func (d *Daemon) set(cmd *directives.Cmd, opt, value string) error {
	invalid := func(what string) error { return fmt.Errorf("Invalid %s for WSGI daemon process.", what) }
	count := func(to *int, least int, what string) error {
		n := atoi(value)
		if value == "" || n < least || n == 0 && least > 0 {
			return invalid(what)
		}
		*to = n
		return nil
	}
	seconds := func(to *time.Duration, what string) error {
		var n int
		if err := count(&n, 0, what); err != nil {
			return err
		}
		*to = time.Duration(n) * time.Second
		return nil
	}
	bytes := func(to *int64, what string) error {
		n, _ := strconv.ParseInt(value, 10, 64)
		if value == "" || n < 0 {
			return invalid(what)
		}
		*to = n
		return nil
	}
	buffer := func(to *int, least int, what, says string) error {
		n := atoi(value)
		if value == "" {
			return invalid(what)
		}
		if n != 0 && n < least {
			return errors.New(says)
		}
		*to = n
		return nil
	}
	id := func(to *directives.Opt[modcore.ID], what string, group bool) error {
		if value == "" {
			return invalid(what)
		}
		lookup := modcore.UserArg
		if group {
			lookup = modcore.GroupArg
		}
		v, err := lookup(cmd, value)
		if err != nil {
			return err
		}
		*to = directives.Some(v)
		return nil
	}
	switch opt {
	case "processes":
		d.Multiprocess = true
		return count(&d.Processes, 1, "process count")
	case "threads":
		if n := atoi(value); value == "" || n < 0 || n >= 65534 {
			return invalid("thread count")
		}
		d.Threads = atoi(value)
	case "user":
		if err := id(&d.User, "user", false); err != nil {
			return err
		}
		if d.User.V.ID == 0 {
			return errors.New("WSGI process blocked from running as root.")
		}
	case "group":
		return id(&d.Group, "group", true)
	case "supplementary-groups":
		var ids []int
		if value == "" { // none
			d.Supplementary = directives.Some(ids)
			return nil
		}
		for name := range strings.SplitSeq(value, ",") {
			g, err := modcore.GroupArg(cmd, strings.TrimSpace(name))
			if err != nil {
				return err
			}
			ids = append(ids, g.ID)
		}
		d.Supplementary = directives.Some(ids)
	case "umask":
		n, err := strconv.ParseUint(value, 8, 32)
		if err != nil {
			return invalid("umask")
		}
		d.Umask = directives.Some(int(n))
	case "home":
		if !filepath.IsAbs(value) {
			return invalid("home directory")
		}
		d.Home = value
	case "chroot":
		if !filepath.IsAbs(value) {
			return invalid("chroot directory")
		}
		d.Chroot = value
		if os.Geteuid() != 0 {
			d.Chroot = ""
		}
	case "lang":
		d.Lang = value
	case "locale":
		d.Locale = value
	case "display-name":
		d.DisplayName = value
	case "python-home":
		d.PythonHome = value
	case "python-path":
		d.PythonPath = value
	case "python-eggs":
		d.PythonEggs = value
	case "stack-size":
		return count(&d.StackSize, 1, "stack size")
	case "maximum-requests":
		return count(&d.MaximumRequests, 0, "request count")
	case "maximum-requests-jitter":
		return count(&d.RequestsJitter, 0, "request count jitter")
	case "restart-rss":
		return bytes(&d.RestartRSS, "resident memory")
	case "listen-backlog":
		return count(&d.ListenBacklog, 1, "listen backlog")
	case "restart-interval":
		return seconds(&d.RestartInterval, "restart interval")
	case "inactivity-timeout":
		return seconds(&d.InactivityTimeout, "inactivity timeout")
	case "request-timeout":
		return seconds(&d.RequestTimeout, "request timeout")
	case "interrupt-timeout":
		return seconds(&d.InterruptTimeout, "interrupt timeout")
	case "graceful-timeout":
		return seconds(&d.GracefulTimeout, "graceful timeout")
	case "eviction-timeout":
		return seconds(&d.EvictionTimeout, "eviction timeout")
	case "shutdown-timeout":
		return seconds(&d.ShutdownTimeout, "shutdown timeout")
	case "deadlock-timeout":
		return seconds(&d.DeadlockTimeout, "deadlock timeout")
	case "startup-timeout":
		return seconds(&d.StartupTimeout, "startup timeout")
	case "connect-timeout":
		return seconds(&d.ConnectTimeout, "connect timeout")
	case "socket-timeout":
		return seconds(&d.SocketTimeout, "socket timeout")
	case "queue-timeout":
		return seconds(&d.QueueTimeout, "queue timeout")
	case "response-socket-timeout":
		cmd.Infof("response-socket-timeout has no effect here: Timeout bounds writing to clients")
		return seconds(&d.ResponseSocketTimeout, "response socket timeout")
	case "cpu-time-limit":
		return seconds(&d.CPUTimeLimit, "CPU time limit")
	case "cpu-priority":
		if value == "" {
			return invalid("CPU priority")
		}
		d.CPUPriority = atoi(value)
	case "memory-limit":
		return bytes(&d.MemoryLimit, "memory limit")
	case "virtual-memory-limit":
		return bytes(&d.VirtualMemoryLimit, "virtual memory limit")
	case "header-buffer-size":
		return buffer(&d.HeaderBufferSize, 8192, "header buffer size", "Header buffer size must be >= 8192 bytes, or 0 for default.")
	case "response-buffer-size":
		cmd.Infof("response-buffer-size has no effect here: output of daemon processes is sent on as it arrives")
		return buffer(&d.ResponseBufferSize, 65536, "response buffer size", "Response buffer size must be >= 65536 bytes, or 0 for default.")
	case "send-buffer-size":
		return buffer(&d.SendBufferSize, 512, "send buffer size", "Send buffer size must be >= 512 bytes, or 0 for system default.")
	case "receive-buffer-size":
		return buffer(&d.ReceiveBuffer, 512, "receive buffer size", "Receive buffer size must be >= 512 bytes, or 0 for system default.")
	case "socket-user":
		return id(&d.SocketUser, "socket user", false)
	case "script-user":
		return id(&d.ScriptUser, "script user", false)
	case "script-group":
		return id(&d.ScriptGroup, "script group", true)
	case "response-flush-delay":
		cmd.Infof("response-flush-delay has no effect here: output of daemon processes is sent on as it arrives")
	case "switch-interval":
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || n <= 0 {
			return invalid("switch interval")
		}
		d.SwitchInterval = n
	case "server-metrics":
		if !strings.EqualFold(value, "on") && !strings.EqualFold(value, "off") {
			return invalid("server metrics flag")
		}
		if strings.EqualFold(value, "on") {
			cmd.Infof("server-metrics has no effect here: server_metrics() returns None")
		}
	case "newrelic-config-file", "newrelic-environment":
		cmd.Infof("%s has no effect here: the New Relic agent is no longer part of mod_wsgi", opt)
	default:
		return errors.New("Invalid option to WSGI daemon process definition.")
	}
	return nil
}

// planState is what spans the servers while the configuration is compiled.
type planState struct{ daemons []*Daemon }

func plan(cmd *directives.Cmd) *planState {
	return directives.State(cmd.Plan(), "modwsgi", func() *planState { return &planState{} })
}

func defined(cmd *directives.Cmd, name string) *Daemon {
	for _, d := range plan(cmd).daemons {
		if d.Name == name {
			return d
		}
	}
	return nil
}
