package errlog

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"

	"httpd-wsgi/internal/apr"
)

// Status is an error number of the Apache Portable Runtime that no errno
// stands for.
type Status int

const (
	EAboveRoot Status = 20023 // APR_EABOVEROOT
	EBadPath   Status = 20024 // APR_EBADPATH
	Timeup     Status = 70007 // APR_TIMEUP
	EOF        Status = 70014 // APR_EOF
)

// Error returns APR's text.
func (s Status) Error() string {
	switch s {
	case EAboveRoot:
		return "The given path was above the root path"
	case EBadPath:
		return "The given path is misformatted or contained invalid characters"
	case Timeup:
		return "The timeout specified has expired"
	case EOF:
		return "End of file found"
	}
	return "Error " + strconv.Itoa(int(s))
}

// AppendStatus appends "(2)No such file or directory" for an error, the form
// of "%E": the number and text of the errno or Status in err's chain; the
// error's own text, escaped, where there is none.
func AppendStatus(dst []byte, err error) []byte {
	var (
		errno  syscall.Errno
		status Status
	)
	switch {
	case errors.As(err, &errno):
		dst = append(dst, '(')
		dst = strconv.AppendInt(dst, int64(errno), 10)
		dst = append(dst, ')')
		return append(dst, strerror(errno)...)
	case errors.As(err, &status):
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		status = Timeup
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		status = EOF
	default:
		return apr.AppendEscapeErrorlogItem(dst, err.Error())
	}
	dst = append(dst, '(')
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ')')
	return append(dst, status.Error()...)
}

// StatusText is AppendStatus as a string.
func StatusText(err error) string { return string(AppendStatus(nil, err)) }

// strerror is the C library's text, of which Go's has the first letter small.
func strerror(e syscall.Errno) string {
	s := e.Error()
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	b := []byte(s)
	b[0] -= 'a' - 'A'
	return string(b)
}
