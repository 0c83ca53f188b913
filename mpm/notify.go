package mpm

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A Notifier tells systemd of the server's state (sd_notify(3)). All methods
// may be called on nil, and none of them fails: a service manager that does
// not listen is no reason to stop.
type Notifier struct {
	addr     net.UnixAddr
	watchdog time.Duration
}

// NewNotifier is the notifier of NOTIFY_SOCKET, or nil. The variables are
// removed: they are not meant for children.
func NewNotifier() *Notifier {
	path := os.Getenv("NOTIFY_SOCKET")
	usec, _ := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		usec = 0
	}
	for _, v := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		os.Unsetenv(v)
	}
	if path == "" {
		return nil
	}
	return &Notifier{addr: net.UnixAddr{Name: path, Net: "unixgram"}, watchdog: time.Duration(usec) * time.Microsecond}
}

func (n *Notifier) send(text string) {
	if n == nil {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &n.addr)
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(text))
}

// Ready says that the server serves.
func (n *Notifier) Ready() { n.send(fmt.Sprintf("READY=1\nMAINPID=%d", os.Getpid())) }

// Reloading says that a restart begins; Ready ends it.
func (n *Notifier) Reloading() {
	var ts unix.Timespec
	if n == nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return
	}
	n.send(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", ts.Nano()/1000))
}

// Stopping says that the server ends.
func (n *Notifier) Stopping() { n.send("STOPPING=1") }

// Status is shown by systemctl status.
func (n *Notifier) Status(text string) { n.send("STATUS=" + text) }

// Watchdog says that the master is alive.
func (n *Notifier) Watchdog() { n.send("WATCHDOG=1") }

func (n *Notifier) watchdogAt(now time.Time) time.Time {
	if n == nil || n.watchdog <= 0 {
		return time.Time{}
	}
	return now.Add(n.watchdog / 2)
}
