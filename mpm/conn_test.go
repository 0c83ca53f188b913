package mpm

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/scoreboard"
)

// testChild is a child in the test's own process, that accepts on a port.
func testChild(t testing.TB, h Handler) (*Child, string) {
	t.Helper()
	p := &Sockets{}
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listen{Addrs: []netip.AddrPort{probe.Addr().(*net.TCPAddr).AddrPort()}}
	probe.Close()
	s, err := p.Bind([]Listen{l}, SocketOptions{Backlog: 64})
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs, err := socketpair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	c := &Child{Model: Event, Threads: 4, control: mine, m: &manifest{Slot: -1, AsyncFactor: 100, Crowd: -1,
		Listeners: []manifestSocket{{s[0].Addr, "http", s[0].FD()}}},
		draining: make(chan struct{}), stopping: make(chan struct{}), empty: make(chan struct{}), proc: new(scoreboard.Process)}
	c.Log = func(e Entry) { t.Log(e) }
	c.conns.next, c.conns.prev = &c.conns, &c.conns
	c.Slots = newSlots(make([]atomic.Uint64, 1), 4)
	done := make(chan error)
	go func() { done <- c.Serve(h) }()
	t.Cleanup(func() {
		c.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return c, l.Addrs[0].String()
}

type handlerFunc func(*Conn)

func (f handlerFunc) ServeConn(c *Conn) { f(c) }

// A Conn behaves as a net.Conn, deadlines and errors included.
func TestConn(t *testing.T) {
	got := make(chan error, 10)
	_, addr := testChild(t, handlerFunc(func(c *Conn) {
		var nc net.Conn = c
		buf := make([]byte, 10)
		n, err := nc.Read(buf)
		if err != nil || string(buf[:n]) != "hello" {
			t.Errorf("read %q, %v", buf[:n], err)
		}
		if c.Remote().String() != nc.RemoteAddr().String() || c.Local() != c.Socket.Addr || !c.Remote().Addr().Is4() {
			t.Errorf("addresses %v %v", c.Local(), c.Remote())
		}
		nc.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err = nc.Read(buf)
		got <- err
		nc.SetReadDeadline(time.Time{})
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
		_, err = nc.Read(buf)
		got <- err
		nc.Close()
		_, err = nc.Read(buf)
		got <- err
		got <- nc.Close()
	}))
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "hello")
	var ne net.Error
	if err := <-got; !errors.As(err, &ne) || !ne.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after CloseWrite: %v", err)
	}
	c.Close()
	if err := <-got; err != io.EOF {
		t.Errorf("end: %v", err)
	}
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Errorf("close after close: %v", err)
	}
}

func TestWritevAndSendfile(t *testing.T) {
	// More than a socket's buffer and more than IOV_MAX pieces.
	var want bytes.Buffer
	var pieces [][]byte
	for i := range 3000 {
		p := bytes.Repeat([]byte{byte(i)}, i%2000)
		pieces = append(pieces, p)
		want.Write(p)
	}
	file := filepath.Join(t.TempDir(), "f")
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if err := os.WriteFile(file, body, 0o644); err != nil {
		t.Fatal(err)
	}
	want.Write(body)        // Sendfile
	want.Write(body[5:105]) // io.CopyN
	want.Write(body[105:])  // io.Copy
	want.WriteString("x")   // no file
	_, addr := testChild(t, handlerFunc(func(c *Conn) {
		buf := make([]byte, 1)
		c.Read(buf)
		var total int64
		for _, p := range pieces {
			total += int64(len(p))
		}
		if n, err := c.Writev(pieces...); n != total || err != nil {
			t.Errorf("Writev: %d of %d, %v", n, total, err)
		}
		f, err := os.Open(file)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		if n, err := c.Sendfile(f, 0, 1<<40); n != int64(len(body)) || err != nil {
			t.Errorf("Sendfile: %d, %v", n, err)
		}
		f.Seek(5, io.SeekStart)
		if n, err := io.CopyN(c, f, 100); n != 100 || err != nil {
			t.Errorf("CopyN: %d, %v", n, err)
		}
		if n, err := io.Copy(c, f); n != int64(len(body)-105) || err != nil {
			t.Errorf("Copy: %d, %v", n, err)
		}
		if n, err := c.ReadFrom(bytes.NewReader([]byte("x"))); n != 1 || err != nil {
			t.Errorf("ReadFrom: %d, %v", n, err)
		}
	}))
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte("."))
	c.SetReadDeadline(time.Now().Add(patience))
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("got %d bytes, want %d, %v", len(got), want.Len(), err)
	}
}

// In a drain an idle connection is closed, one that has begun a request is
// not, and the two cannot be mistaken for each other.
func TestIdleAndBusy(t *testing.T) {
	type step struct {
		conn *Conn
		name string
	}
	at := make(chan step)
	go1 := make(chan bool)
	c, addr := testChild(t, handlerFunc(func(c *Conn) {
		buf := make([]byte, 1)
		c.Read(buf)
		c.Idle()
		at <- step{c, "idle"}
		_, err := c.Read(buf)
		at <- step{c, "read"}
		<-go1
		if ok := c.Busy(); ok != (err == nil) {
			t.Errorf("Busy is %v after %v", ok, err)
		}
	}))
	dialed, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer dialed.Close()
	dialed.Write([]byte("a"))
	s := <-at
	if n := c.Process().KeepAlive.Load(); n != 1 {
		t.Errorf("%d idle connections", n)
	}
	c.Drain() // spares idle ones for MaxWait, which is 0 here
	if s = <-at; s.name != "read" {
		t.Errorf("step %s", s.name)
	}
	go1 <- true
	if _, err := dialed.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("client: %v", err)
	}
	<-c.empty
	if p := c.Process(); p.KeepAlive.Load() != 0 || p.Connections.Load() != 0 {
		t.Errorf("left: %d idle, %d open", p.KeepAlive.Load(), p.Connections.Load())
	}
	if p := c.Process(); p.State() != scoreboard.Quiescing {
		t.Errorf("state %d", p.State())
	}
}

func BenchmarkAccept(b *testing.B) {
	b.Run("mpm", func(b *testing.B) {
		_, addr := testChild(b, handlerFunc(func(c *Conn) {
			var buf [1]byte
			c.Read(buf[:])
			c.Write(buf[:])
		}))
		benchConnect(b, addr)
	})
	b.Run("net", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					var buf [1]byte
					c.Read(buf[:])
					c.Write(buf[:])
					c.Close()
				}()
			}
		}()
		benchConnect(b, l.Addr().String())
	})
}

func benchConnect(b *testing.B, addr string) {
	ta, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	sa := &unix.SockaddrInet4{Port: ta.Port, Addr: [4]byte{127, 0, 0, 1}}
	b.RunParallel(func(pb *testing.PB) {
		buf := make([]byte, 1)
		for pb.Next() {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				b.Error(err)
				return
			}
			unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			if err := unix.Connect(fd, sa); err != nil {
				b.Error(err)
				return
			}
			unix.Write(fd, buf)
			if n, err := unix.Read(fd, buf); n != 1 {
				b.Error("no answer", err)
				return
			}
			unix.Close(fd)
		}
	})
}
