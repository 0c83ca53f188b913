package mpm

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestNewListen(t *testing.T) {
	for _, c := range []struct {
		host string
		port uint16
		want string
	}{
		{"", 80, "[::]:80 0.0.0.0:80 wild"},
		{"127.0.0.1", 8000, "127.0.0.1:8000"},
		{"::1", 8000, "[::1]:8000"},
		{"0.0.0.0", 80, "0.0.0.0:80"},
		{"nosuchhost.invalid", 80, "! Listen setup failed"},
	} {
		l, err := NewListen(c.host, c.port, "http")
		var got []string
		if err != nil {
			got = append(got, "! "+err.Error())
		}
		for _, a := range l.Addrs {
			got = append(got, addrText(a))
		}
		if l.Wild {
			got = append(got, "wild")
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q %d: got %q, want %q", c.host, c.port, s, c.want)
		}
	}
	a, _ := NewListen("", 80, "http")
	b, _ := NewListen("0.0.0.0", 80, "http")
	c, _ := NewListen("127.0.0.1", 80, "http")
	all, err := AddListen(nil, a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := AddListen(all, b); err == nil || err.Error() != "Cannot define multiple Listeners on the same IP:port" {
		t.Errorf("twice the same: %v", err)
	}
	if _, err := AddListen(all, c); err != nil {
		t.Error(err)
	}
}

func wild(t *testing.T, port int) Listen {
	t.Helper()
	l, err := NewListen("", uint16(port), "http")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWildcardTakesBothFamilies(t *testing.T) {
	p := &Sockets{}
	port := freePort(t)
	s, err := p.Bind([]Listen{wild(t, port)}, SocketOptions{Backlog: 5})
	if err != nil {
		t.Fatal(err)
	}
	if len(s) != 1 {
		t.Errorf("%d sockets", len(s))
	}
	c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	// The same address again is the same socket, until the last user gives
	// it back.
	again, err := p.Bind([]Listen{wild(t, port)}, SocketOptions{Backlog: 5})
	if err != nil || again[0].FD() != s[0].FD() {
		t.Errorf("%v, descriptors %d and %d", err, again[0].FD(), s[0].FD())
	}
	p.Release(s)
	if c, err = net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		t.Fatal("closed while in use")
	}
	c.Close()
	p.Release(again)
	if c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		c.Close()
		t.Error("still open")
	}
}

// As recorded from Apache: both addresses are tried and both failures shown.
func TestWildcardInUse(t *testing.T) {
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	free := freePort(t)
	var lines []string
	p := &Sockets{Log: func(e Entry) { lines = append(lines, e.String()) }}
	_, err = p.Bind([]Listen{wild(t, free), wild(t, port)}, SocketOptions{Backlog: 5})
	if err == nil || err.Error() != "no listening sockets available, shutting down" {
		t.Errorf("error %v", err)
	}
	want := []string{
		fmt.Sprintf("(98)Address already in use: AH00072: make_sock: could not bind to address [::]:%d", port),
		fmt.Sprintf("(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:%d", port),
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("logged\n%s", strings.Join(lines, "\n"))
	}
	if len(p.open) != 0 {
		t.Error("a failed Bind leaves sockets open")
	}
	if c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", free)); err == nil {
		c.Close()
		t.Error("a failed Bind goes on listening")
	}
}

func TestListenerOptions(t *testing.T) {
	p := &Sockets{}
	s, err := p.Bind([]Listen{wild(t, freePort(t))}, SocketOptions{Backlog: 5, ReusePort: true, ReceiveBuffer: 20000, DeferAccept: DeferAccept})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release(s)
	get := func(level, name int) int {
		v, err := unix.GetsockoptInt(s[0].FD(), level, name)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, o := range []struct {
		name        string
		level, what int
		min         int
	}{
		{"SO_REUSEADDR", unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{"SO_REUSEPORT", unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{"TCP_DEFER_ACCEPT", unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 1},
		{"SO_RCVBUF", unix.SOL_SOCKET, unix.SO_RCVBUF, 20000},
	} {
		if v := get(o.level, o.what); v < o.min {
			t.Errorf("%s is %d", o.name, v)
		}
	}
	again, err := p.Bind([]Listen{{Addrs: []netip.AddrPort{s[0].Addr}, Protocol: "http"}}, SocketOptions{Backlog: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release(again)
	if v := get(unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT); v != 0 {
		t.Errorf("TCP_DEFER_ACCEPT is %d", v)
	}
}

func TestSocketActivation(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := small(1, 1)
	s.Activate = true
	s.Listen = l.Addr().String()
	v := newServer(t, s)
	// The socket is held by this process: Bind could not have it otherwise.
	// LISTEN_PID is the master's own number, which a shell knows.
	exe, _ := os.Executable()
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0"`, exe)
	cmd.Env = append(os.Environ(), roleEnv+"="+v.path)
	cmd.ExtraFiles = []*os.File{f}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	defer func() {
		cmd.Process.Signal(unix.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	buf := make([]byte, 100)
	if n, _ := out.Read(buf); !strings.HasPrefix(string(buf[:n]), "adopted 1\n") {
		t.Errorf("said %q", buf[:n])
	}
	go func() {
		for {
			if _, err := out.Read(buf); err != nil {
				return
			}
		}
	}()
	v.who()
}
