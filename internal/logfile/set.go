package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/errlog"
)

// Kind tells which directives name a log. It decides the words of errors, and
// where a piped program's own errors go.
type Kind uint8

const (
	// MainErrorLog is ErrorLog of the main server: a program that takes it has
	// the master's standard output as its standard error, since the standard
	// error is that very log.
	MainErrorLog Kind = iota
	// ErrorLog is ErrorLog of a virtual host.
	ErrorLog
	// TransferLog is an access log: CustomLog, TransferLog, GlobalLog.
	TransferLog
)

// Options are a master's Set's.
type Options struct {
	// Root is ServerRoot: names are relative to it, and programs start in it.
	Root string
	// Program is the name that the server gives itself in messages.
	Program string
	// Report receives what becomes of piped programs, for the main server's
	// error log, as a startup entry. It is called from goroutines of the Set.
	Report func(errlog.Entry)
}

// Set is one generation's open logs. In the master it is used by one
// goroutine.
type Set struct {
	opt       Options
	inherited bool
	names     []string
	files     []*os.File
	index     map[string]int
	programs  []*program
}

// NewSet returns an empty Set for the master.
func NewSet(o Options) *Set { return &Set{opt: o, index: map[string]int{}} }

// Inherit returns the Set of a process that the master started with the names
// and files that its Set.Files gave, in the same order.
func Inherit(root string, names []string, files []*os.File) (*Set, error) {
	if len(names) != len(files) {
		return nil, fmt.Errorf("logfile: %d names of logs, but %d descriptors", len(names), len(files))
	}
	s := NewSet(Options{Root: root})
	s.inherited = true
	for i, n := range names {
		s.add(n, files[i])
	}
	return s, nil
}

// Open returns the file or pipe that spec, the argument of a directive of the
// given kind, names: a path relative to the Root, or "|program", "||program"
// or "|$command". A spec that was opened before gives the same *os.File, so
// one program serves all servers that name it alike. The Set keeps the
// ownership. Errors are Apache's sentences, without a file name and line.
func (s *Set) Open(kind Kind, spec string) (*os.File, error) {
	name := s.name(spec)
	if i, ok := s.index[name]; ok {
		return s.files[i], nil
	}
	if s.inherited {
		return nil, fmt.Errorf("log %s was not opened by the master process", name)
	}
	if strings.HasPrefix(spec, "|") {
		p, err := s.start(kind, spec)
		if err != nil {
			return nil, err
		}
		s.programs = append(s.programs, p)
		s.add(name, p.w)
		return p.w, nil
	}
	f, err := openFile(name)
	switch {
	case err == nil:
		s.add(name, f)
		return f, nil
	case kind == TransferLog:
		return nil, &Error{err, "AH00649", fmt.Sprintf("could not open transfer log file %s.", name)}
	}
	return nil, &Error{err, "AH00091", fmt.Sprintf("%s: could not open error log file %s.", s.opt.Program, name)}
}

// Files returns the names and files that Inherit takes in a child. The slices
// are the Set's own; a file's place is its place among the opened ones.
func (s *Set) Files() (names []string, files []*os.File) { return s.names, s.files }

// Close closes the master's descriptors. Files are then closed as soon as the
// last process that inherited them ends. Programs read to the end of their
// input, which comes at that time too, and end; one that has not ended after
// grace is sent SIGTERM, and a second later SIGKILL. A grace below zero
// has no end: on a graceful restart the old processes may live long. The
// channel is closed when all programs have ended.
func (s *Set) Close(grace time.Duration) <-chan struct{} {
	for _, f := range s.files {
		f.Close()
	}
	var wg sync.WaitGroup
	for _, p := range s.programs {
		wg.Go(func() { p.stop(grace) })
	}
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	return done
}

func (s *Set) add(name string, f *os.File) {
	s.index[name] = len(s.files)
	s.names = append(s.names, name)
	s.files = append(s.files, f)
}

// name is what spec is known by: a program's whole text, a file's full path.
func (s *Set) name(spec string) string {
	if strings.HasPrefix(spec, "|") {
		return spec
	}
	return path(s.opt.Root, spec)
}

func path(root, spec string) string {
	if filepath.IsAbs(spec) {
		return filepath.Clean(spec)
	}
	return filepath.Join(root, spec)
}

// Error is a log that could not be opened.
type Error struct {
	// Status is the system's error, Code Apache's number, Text its sentence.
	Status     error
	Code, Text string
}

// Error returns "(2)No such file or directory: AH00091: ...".
func (e *Error) Error() string { return errlog.StatusText(e.Status) + ": " + e.Code + ": " + e.Text }

// Unwrap returns the system's error.
func (e *Error) Unwrap() error { return e.Status }

// openFile opens for appending and makes the file if need be, its mode left to
// the umask, as Apache does. It avoids os.OpenFile, which would make the
// descriptor of a pipe or terminal non-blocking: other programs share it.
func openFile(name string) (*os.File, error) {
	for {
		fd, err := unix.Open(name, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_CLOEXEC, 0o666)
		switch err {
		case nil:
			return os.NewFile(uintptr(fd), name), nil
		case unix.EINTR:
			continue
		case unix.ENXIO:
			// A descriptor that is a socket, such as the journal's, can't be opened by its path.
			if n := descriptor(name); n >= 0 {
				if fd, err := unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 3); err == nil {
					return os.NewFile(uintptr(fd), name), nil
				}
			}
		}
		return nil, err
	}
}

// descriptor is the number that a path such as /dev/stderr stands for, -1 if none.
func descriptor(name string) int {
	switch name {
	case "/dev/stdout":
		return 1
	case "/dev/stderr":
		return 2
	}
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if s, ok := strings.CutPrefix(name, dir); ok {
			if n, err := strconv.Atoi(s); err == nil {
				return n
			}
		}
	}
	return -1
}

// RedirectStderr makes f the process's standard error too, as Apache does with
// the main server's error log: what libraries, programs and the runtime print
// goes there. Before the last Close of a master whose error log is piped, it
// must be pointed elsewhere, or the program never sees the end of its input.
func RedirectStderr(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var dup error
	if err := c.Control(func(fd uintptr) { dup = unix.Dup3(int(fd), 2, 0) }); err != nil {
		return err
	}
	return dup
}
