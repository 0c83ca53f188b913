package check

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"httpd-wsgi/directives/modcore"
)

// listens finds addresses that are taken, by Apache that still runs for
// example, or that this machine does not have. A socket is bound for a moment.
func listens(s *Site) []Finding {
	var out []Finding
	for _, u := range s.named("Listen") {
		w := words(u.Item)
		if len(w) == 0 || u.Err != nil {
			continue
		}
		host, port, err := modcore.ParseAddrPort(w[0])
		if err != nil || port == 0 {
			continue
		}
		if host == "*" {
			host = ""
		}
		err = bindable(net.JoinHostPort(host, strconv.Itoa(port)))
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			out = append(out, taken(u.Item.Pos.File, u.Item.Pos.Line, port))
		case errors.Is(err, syscall.EACCES):
			if h := holder(port); h != "" {
				out = append(out, taken(u.Item.Pos.File, u.Item.Pos.Line, port))
			}
		case err != nil:
			var inner *net.OpError
			if errors.As(err, &inner) {
				err = inner.Err
			}
			out = append(out, at(severe, u.Item.Pos, "Listen on an address of this machine, or have it set up before the server starts.", "The address %s cannot be listened on: %v.", w[0], err))
		}
	}
	return out
}

func taken(file string, line, port int) Finding {
	by := holder(port)
	if by == "" {
		by = "a process that cannot be seen from here"
	}
	return Finding{Severity: warning, Place: Place{file, line}, Message: fmt.Sprintf("Port %d is in use by %s.", port, by),
		Advice: "Stop what has it before httpd-wsgi is started; two servers cannot share it."}
}

// bindable binds an address and lets go of it.
func bindable(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}

// holder names the process that listens on a port, as far as /proc shows it; "" for none.
func holder(port int) string {
	inodes := listeners(port)
	if len(inodes) == 0 {
		return ""
	}
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	lowest := 0 // the parent of a server's children has the lowest number, as a rule
	for _, fd := range fds {
		to, err := os.Readlink(fd)
		if err != nil || !slices.Contains(inodes, to) {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(fd, "/")[2]); err == nil && (lowest == 0 || pid < lowest) {
			lowest = pid
		}
	}
	if lowest == 0 {
		return "a process that cannot be seen from here"
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", lowest))
	if err != nil {
		return fmt.Sprintf("process %d", lowest)
	}
	return fmt.Sprintf("%s (process %d)", strings.TrimSpace(string(name)), lowest)
}

// listeners are the links "socket:[inode]" of the sockets that listen on a port.
func listeners(port int) []string {
	var out []string
	for _, table := range [...]string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err == nil {
			out = append(out, parseListeners(string(text), port)...)
		}
	}
	return out
}

// parseListeners reads a table of /proc/net (proc_net_tcp in the kernel's documentation).
func parseListeners(table string, port int) []string {
	const listening = "0A"
	var out []string
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[3] != listening {
			continue
		}
		_, hex, _ := strings.Cut(f[1], ":")
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil && int(n) == port {
			out = append(out, "socket:["+f[9]+"]")
		}
	}
	return out
}
