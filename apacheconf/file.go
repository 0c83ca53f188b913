package apacheconf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// errDirectory says that a path to be read is a directory.
var errDirectory = errors.New("is a directory")

// readFile reads a configuration file. Apache reads regular files and /dev/null only; others give errDirectory or
// a complaint in the log and EBADF. With plain system calls an Include costs a third of what os.ReadFile takes.
func (r *reading) readFile(path string) (string, error) {
	if r.l.ReadFile != nil {
		b, err := r.l.ReadFile(path)
		return string(b), err
	}
	fd, err := open(path)
	if err != nil {
		return "", err
	}
	defer syscall.Close(fd)
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return "", err
	}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFREG:
	case syscall.S_IFDIR:
		return "", errDirectory
	default:
		if path != "/dev/null" {
			r.warn(Pos{}, "core", "error", "AH00554: Access to file "+path+" denied by server: not a regular file")
			return "", syscall.EBADF
		}
	}
	if int64(len(r.buf)) < max(st.Size, 1) {
		r.buf = make([]byte, max(4096, st.Size+st.Size/4))
	}
	n := 0
	for {
		m, err := syscall.Read(fd, r.buf[n:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return "", err
		}
		// The size saves the read that would tell the end.
		if n += m; m == 0 || n == int(st.Size) {
			return string(r.buf[:n]), nil
		}
		if n == len(r.buf) {
			r.buf = append(r.buf, make([]byte, n)...)
		}
	}
}

// open opens for reading. O_NONBLOCK keeps a FIFO from holding up the start; it is refused after.
func open(path string) (int, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

// exists is Apache's stat, for <IfFile> and IncludeOptional.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isDirectory(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}

// mergePath is apr_filepath_merge, as ap_server_root_relative uses it: path, below root if it is relative, with
// "." and ".." and double slashes resolved by name. A final slash stays.
func mergePath(root, path string) string {
	if path == "" {
		return root
	}
	out := make([]byte, 0, len(root)+len(path)+1)
	if path[0] != '/' {
		out = append(out, root...)
		if len(out) == 0 || out[len(out)-1] != '/' {
			out = append(out, '/')
		}
	} else {
		out = append(out, '/')
	}
	for path != "" {
		segment, rest, slash := strings.Cut(path, "/")
		path = rest
		switch segment {
		case "", ".":
		case "..":
			for len(out) > 1 {
				out = out[:len(out)-1]
				if out[len(out)-1] == '/' {
					break
				}
			}
		default:
			out = append(out, segment...)
			if slash {
				out = append(out, '/')
			}
		}
	}
	return string(out)
}

// absolute is a path relative to the working directory.
func absolute(path string) string {
	if wd, err := os.Getwd(); err == nil && !filepath.IsAbs(path) {
		return mergePath(wd, path)
	}
	return mergePath("/", path)
}

// errno gives the system's error that err is about, or err.
func errno(err error) error {
	var no syscall.Errno
	if errors.As(err, &no) {
		return no
	}
	return err
}

// strerror gives an error as C's strerror does, which begins with a capital.
func strerror(err error) string {
	err = errno(err)
	s := err.Error()
	if _, ok := err.(syscall.Errno); ok && s != "" && 'a' <= s[0] && s[0] <= 'z' {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
