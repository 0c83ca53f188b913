package mpm

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// A Socket is a bound and listening TCP socket. The same address is the same
// socket in every generation, so no connection is lost between two.
type Socket struct {
	Addr     netip.AddrPort
	Protocol string

	shared *sharedSocket
}

// FD is the descriptor; the pool owns it.
func (s *Socket) FD() int { return s.shared.fd }

// sharedSocket is a bare descriptor: an os.File would be watched by the
// runtime, and the master be woken by every connection of its children.
type sharedSocket struct {
	fd   int
	refs int // generations that use it
}

// SocketOptions are what directives say about all listening sockets.
type SocketOptions struct {
	Backlog       int  // ListenBacklog
	SendBuffer    int  // SendBufferSize; 0: the system's
	ReceiveBuffer int  // ReceiveBufferSize; 0: the system's
	ReusePort     bool // ListenCoresBucketsRatio
	// DeferAccept is how many seconds the kernel keeps a connection without
	// data to itself (ListenTCPDeferAccept); 0: not at all.
	DeferAccept int
}

// DeferAccept is Apache's default of SocketOptions.DeferAccept.
const DeferAccept = 30

// Sockets is the master's pool of listening sockets. Only the goroutine that
// loads generations uses it.
type Sockets struct {
	open map[netip.AddrPort]*sharedSocket
	// Log receives Apache's make_sock lines.
	Log func(Entry)
}

// Bind opens what listens asks for, reusing what is open already. On error
// nothing stays open that was not before. The caller releases the result.
func (p *Sockets) Bind(listens []Listen, o SocketOptions) ([]*Socket, error) {
	var out []*Socket
	fail := func() ([]*Socket, error) {
		p.Release(out)
		return nil, errors.New("no listening sockets available, shutting down")
	}
	for _, l := range listens {
		// Of a wildcard, [::] takes IPv4 too; 0.0.0.0 is tried when it fails.
		bound := false
		for i, a := range l.Addrs {
			if l.Wild && bound {
				break
			}
			s, err := p.get(a, l, o)
			if err == nil {
				out = append(out, s)
				bound = true
				continue
			}
			if l.Wild && i == 0 && noIPv6(err) {
				continue
			}
			p.report(err)
			if !l.Wild || i == len(l.Addrs)-1 {
				return fail()
			}
		}
	}
	if len(out) == 0 {
		return fail()
	}
	return out, nil
}

// Release gives the sockets back; what no generation uses any more is closed.
func (p *Sockets) Release(socks []*Socket) {
	for _, s := range socks {
		s.shared.refs--
		if s.shared.refs == 0 {
			unix.Close(s.shared.fd)
			delete(p.open, s.Addr)
		}
	}
}

func (p *Sockets) report(err error) {
	var b *bindError
	if p.Log != nil && errors.As(err, &b) {
		p.Log(Entry{Level: Crit, Module: "core", Errno: errnoOf(err), ID: b.id, Text: b.text, Console: true})
	}
}

// bindError is one of Apache's make_sock lines.
type bindError struct {
	id, text string
	err      error
}

func (e *bindError) Error() string { return e.text + ": " + e.err.Error() }
func (e *bindError) Unwrap() error { return e.err }

// noIPv6 tells whether the error means that this machine has no IPv6.
func noIPv6(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)
}

func (p *Sockets) get(a netip.AddrPort, l Listen, o SocketOptions) (*Socket, error) {
	sh := p.open[a]
	if sh == nil {
		fd, err := listenOn(a, o)
		if err != nil {
			return nil, err
		}
		sh = &sharedSocket{fd: fd}
		if p.open == nil {
			p.open = make(map[netip.AddrPort]*sharedSocket)
		}
		p.open[a] = sh
	} else {
		// The backlog may be changed on an open socket.
		if err := unix.Listen(sh.fd, o.Backlog); err != nil {
			return nil, &bindError{"AH00073", "make_sock: unable to listen for connections on address " + addrText(a), err}
		}
	}
	// A kernel that has no such option is served without.
	_ = unix.SetsockoptInt(sh.fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, o.DeferAccept)
	sh.refs++
	return &Socket{Addr: a, Protocol: l.Protocol, shared: sh}, nil
}

// listenOn makes the socket. Options that accepted connections inherit are
// set here once, so that accepting costs no call for them.
func listenOn(a netip.AddrPort, o SocketOptions) (int, error) {
	family, sa, err := sockaddr(a)
	if err != nil {
		return -1, &bindError{"AH00077", "alloc_listener: failed to set up sockaddr for " + addrText(a), err}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, &bindError{"AH00078", "alloc_listener: failed to get a socket for " + a.Addr().String(), err}
	}
	ok := false
	defer func() {
		if !ok {
			unix.Close(fd)
		}
	}()
	type opt struct {
		level, name, value int
		id, what           string
	}
	opts := []opt{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1, "AH00067", "(SO_REUSEADDR)"},
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1, "AH00068", "(SO_KEEPALIVE)"},
	}
	if family == unix.AF_INET6 {
		opts = append(opts, opt{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0, "AH00069", "(IPV6_V6ONLY)"})
	}
	if o.ReusePort {
		opts = append(opts, opt{unix.SOL_SOCKET, unix.SO_REUSEPORT, 1, "AH02638", "(SO_REUSEPORT)"})
	}
	for _, x := range opts {
		if err := unix.SetsockoptInt(fd, x.level, x.name, x.value); err != nil {
			return -1, &bindError{x.id, fmt.Sprintf("make_sock: for address %s, apr_socket_opt_set: %s", addrText(a), x.what), err}
		}
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if o.SendBuffer > 0 {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, o.SendBuffer)
	}
	if o.ReceiveBuffer > 0 {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, o.ReceiveBuffer)
	}
	if err := unix.Bind(fd, sa); err != nil {
		return -1, &bindError{"AH00072", "make_sock: could not bind to address " + addrText(a), err}
	}
	if err := unix.Listen(fd, o.Backlog); err != nil {
		return -1, &bindError{"AH00073", "make_sock: unable to listen for connections on address " + addrText(a), err}
	}
	ok = true
	return fd, nil
}

func sockaddr(a netip.AddrPort) (int, unix.Sockaddr, error) {
	if a.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}, nil
	}
	sa := &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	if z := a.Addr().Zone(); z != "" {
		n, err := strconv.Atoi(z)
		if err != nil {
			ifs, err2 := interfaceIndex(z)
			if err2 != nil {
				return 0, nil, err2
			}
			n = ifs
		}
		sa.ZoneId = uint32(n)
	}
	return unix.AF_INET6, sa, nil
}

// addrPort is a socket address as netip has it; IPv4 within IPv6 is IPv4, as
// Apache shows it.
func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(a.Addr).Unmap()
		if a.ZoneId != 0 && ip.Is6() {
			ip = ip.WithZone(strconv.Itoa(int(a.ZoneId)))
		}
		return netip.AddrPortFrom(ip, uint16(a.Port))
	}
	return netip.AddrPort{}
}
