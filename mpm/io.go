package mpm

import (
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// output is the state of a vectored write or a sendfile. It lives in the Conn
// so that neither allocates once the connection has done one.
type output struct {
	writev   func(uintptr) bool
	sendfile func(uintptr) bool

	iov  []unix.Iovec
	src  int // descriptor to send from
	off  int64
	left int64
	done int64
	err  error
}

// maxIov is IOV_MAX.
const maxIov = 1024

// Writev writes the buffers in order with as few calls as may be. It returns
// the bytes written; less than all only with an error.
func (c *Conn) Writev(bufs ...[]byte) (int64, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, c.opError("writev", err)
	}
	o := &c.out
	o.iov, o.done, o.err = o.iov[:0], 0, nil
	for _, b := range bufs {
		if len(b) > 0 {
			v := unix.Iovec{Base: unsafe.SliceData(b)}
			v.SetLen(len(b))
			o.iov = append(o.iov, v)
		}
	}
	if o.writev == nil {
		o.writev = o.writevSome
	}
	all := o.iov
	if len(o.iov) > 0 {
		err = raw.Write(o.writev)
	}
	clear(all) // hold nothing of the caller's
	o.iov = all[:0]
	if o.err != nil {
		err = o.err
	}
	return o.done, c.opError("writev", err)
}

// writevSome writes until all is written or the socket is full.
func (o *output) writevSome(fd uintptr) bool {
	for len(o.iov) > 0 {
		part := o.iov[:min(len(o.iov), maxIov)]
		n, _, e := unix.Syscall(unix.SYS_WRITEV, fd, uintptr(unsafe.Pointer(unsafe.SliceData(part))), uintptr(len(part)))
		switch e {
		case 0:
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		default:
			o.err = os.NewSyscallError("writev", e)
			return true
		}
		o.done += int64(n)
		left := uint64(n)
		for left > 0 {
			v := &o.iov[0]
			if left < v.Len {
				v.Base = (*byte)(unsafe.Add(unsafe.Pointer(v.Base), left))
				v.Len -= left
				break
			}
			left -= v.Len
			o.iov = o.iov[1:]
		}
	}
	return true
}

// Sendfile sends n bytes of f from offset off, not moving f's own offset. It
// returns the bytes sent; less than n without an error means that the file
// ends there.
func (c *Conn) Sendfile(f *os.File, off, n int64) (int64, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, c.opError("sendfile", err)
	}
	o := &c.out
	src, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	o.off, o.left, o.done, o.err = off, n, 0, nil
	if o.sendfile == nil {
		o.sendfile = o.sendfileSome
	}
	// The file stays open while its descriptor is in use.
	if serr := src.Control(func(fd uintptr) {
		o.src = int(fd)
		err = raw.Write(o.sendfile)
	}); serr != nil {
		return 0, serr
	}
	if o.err != nil {
		err = o.err
	}
	return o.done, c.opError("sendfile", err)
}

func (o *output) sendfileSome(fd uintptr) bool {
	const most = 1 << 30
	for o.left > 0 {
		n, err := unix.Sendfile(int(fd), o.src, &o.off, int(min(o.left, most)))
		switch err {
		case nil:
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		default:
			o.err = os.NewSyscallError("sendfile", err)
			return true
		}
		if n == 0 {
			return true
		}
		o.done += int64(n)
		o.left -= int64(n)
	}
	return true
}

// ReadFrom implements io.ReaderFrom, so that io.Copy of a file, limited or
// not, is a sendfile.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	limit := int64(1<<63 - 1)
	src := r
	lr, limited := r.(*io.LimitedReader)
	if limited {
		src, limit = lr.R, lr.N
	}
	if f, ok := src.(*os.File); ok {
		if off, err := f.Seek(0, io.SeekCurrent); err == nil {
			n, err := c.Sendfile(f, off, limit)
			if n > 0 || err == nil {
				if limited {
					lr.N -= n
				}
				if _, serr := f.Seek(off+n, io.SeekStart); err == nil {
					err = serr
				}
				return n, err
			}
		}
	}
	return io.Copy(struct{ io.Writer }{c}, r)
}
