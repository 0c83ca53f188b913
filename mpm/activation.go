package mpm

import (
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

func interfaceIndex(name string) (int, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	return i.Index, nil
}

// Adopt puts the listening sockets that systemd passed (LISTEN_FDS, see
// sd_listen_fds(3)) into the pool, where Bind finds them by address, and
// removes the variables. It returns how many it took.
func (p *Sockets) Adopt() int {
	defer os.Unsetenv("LISTEN_PID")
	defer os.Unsetenv("LISTEN_FDS")
	defer os.Unsetenv("LISTEN_FDNAMES")
	if pid, err := strconv.Atoi(os.Getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		return 0
	}
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil {
		return 0
	}
	took := 0
	for fd := 3; fd < 3+n; fd++ {
		unix.CloseOnExec(fd)
		sa, err := unix.Getsockname(fd)
		if err != nil {
			continue
		}
		a := addrPort(sa)
		if in6, ok := sa.(*unix.SockaddrInet6); ok && in6.Addr == [16]byte{} {
			a = netip.AddrPortFrom(netip.IPv6Unspecified(), uint16(in6.Port))
		}
		if !a.IsValid() || unix.SetNonblock(fd, true) != nil {
			continue
		}
		if p.open == nil {
			p.open = make(map[netip.AddrPort]*sharedSocket)
		}
		p.open[a] = &sharedSocket{fd: fd}
		took++
	}
	return took
}
