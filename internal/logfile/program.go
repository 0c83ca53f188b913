package logfile

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/errlog"
)

const (
	// respawnDelay is the least time between two starts of a program; it
	// doubles, up to respawnMost, while the program can't be started.
	respawnDelay = time.Second
	respawnMost  = time.Minute
	// killDelay is how long a program has between SIGTERM and SIGKILL.
	killDelay = time.Second
)

// program is a piped log's program. The master holds both ends of its pipe,
// so that a program that is started again goes on where the pipe was left,
// and those who write never notice.
type program struct {
	name    string // for messages: the text without its marks
	argv    []string
	root    string
	errors  *os.File // its standard error
	r, w    *os.File
	report  func(errlog.Entry)
	process *os.Process
	started time.Time

	closing chan time.Duration // stop was called, with its grace
	done    chan struct{}      // run has returned
}

// start starts the program that spec names.
func (s *Set) start(kind Kind, spec string) (*program, error) {
	p := &program{root: s.opt.Root, errors: os.Stderr, report: s.opt.Report,
		closing: make(chan time.Duration, 1), done: make(chan struct{})}
	if kind == MainErrorLog {
		p.errors = os.Stdout
	}
	p.name, p.argv = command(spec)
	fail := func(err error) error {
		if kind == TransferLog {
			return &Error{err, "AH00104", fmt.Sprintf("unable to start piped log program '%s'", p.name)}
		}
		return &Error{err, "AH00089", fmt.Sprintf("Couldn't start ErrorLog process '%s'.", spec[1:])}
	}
	var fds [2]int
	// Blocking, since the program and the children share the descriptors' flags.
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, fail(err)
	}
	p.r, p.w = os.NewFile(uintptr(fds[0]), spec), os.NewFile(uintptr(fds[1]), spec)
	if err := p.spawn(); err != nil {
		p.r.Close()
		p.w.Close()
		return nil, fail(err)
	}
	go p.run()
	return p, nil
}

// command splits a spec: the program itself with its arguments, or for "|$" a
// shell's command line. As in Apache, a shell gets the words after they were
// split, joined by spaces: quotes meant for it must be escaped.
func command(spec string) (name string, argv []string) {
	name = strings.TrimPrefix(spec[1:], "|")
	name, shell := strings.CutPrefix(name, "$")
	argv = words(name)
	if shell {
		argv = []string{"/bin/sh", "-c", strings.Join(argv, " ")}
	}
	return name, argv
}

// words splits a command line as apr_tokenize_to_argv does: quotes count only
// around a whole word, and every backslash is taken for an escape.
func words(s string) []string {
	var out []string
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return out
		}
		quote := byte(0)
		if s[0] == '"' || s[0] == '\'' {
			quote, s = s[0], s[1:]
		}
		i := 0
		for ; i < len(s); i++ {
			c := s[i]
			if c == '\\' && i+1 < len(s) && strings.IndexByte(" \t\"'", s[i+1]) >= 0 {
				i++
				continue
			}
			if quote == 0 && (c == ' ' || c == '\t') || quote != 0 && c == quote {
				break
			}
		}
		out = append(out, unescape(s[:i]))
		s = s[min(i+1, len(s)):]
	}
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i, escaped := 0, false; i < len(s); i++ {
		if !escaped && s[i] == '\\' {
			escaped = true
			continue
		}
		escaped = false
		b = append(b, s[i])
	}
	return string(b)
}

func (p *program) spawn() error {
	p.started = time.Now()
	if len(p.argv) == 0 {
		return syscall.ENOENT
	}
	// No search of PATH: a relative name is relative to ServerRoot. A group of
	// its own keeps the terminal's interrupt from it: it ends after the server.
	proc, err := os.StartProcess(p.argv[0], p.argv, &os.ProcAttr{
		Dir:   p.root,
		Files: []*os.File{p.r, os.Stdout, p.errors},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return err
	}
	p.process = proc
	return nil
}

// run watches the program and starts it again until it is stopped and its
// input has ended.
func (p *program) run() {
	defer close(p.done)
	defer p.r.Close()
	var deadline <-chan time.Time
	closing, killed := false, false
	for {
		gone := make(chan struct{})
		go func() {
			_, _ = p.process.Wait()
			close(gone)
		}()
		for alive := true; alive; {
			select {
			case grace := <-p.closing:
				closing = true
				if grace >= 0 {
					deadline = time.After(grace)
				}
			case <-deadline:
				sig := syscall.SIGTERM
				if killed {
					sig = syscall.SIGKILL
				}
				_ = p.process.Signal(sig)
				killed, deadline = true, time.After(killDelay)
			case <-gone:
				alive = false
			}
		}
		if killed || closing && p.ended() {
			return
		}
		p.tell("AH00106", nil, "piped log program '%s' failed unexpectedly")
		delay := respawnDelay
		for wait := time.Until(p.started.Add(delay)); ; wait = delay {
			select {
			case grace := <-p.closing:
				closing = true
				if grace >= 0 {
					deadline = time.After(grace)
				}
			case <-deadline:
				return
			case <-time.After(wait):
			}
			if closing && p.ended() {
				return
			}
			if time.Since(p.started) < delay {
				continue
			}
			err := p.spawn()
			if err == nil {
				break
			}
			p.tell("AH00105", err, "piped_log_maintenance: unable to respawn '%s'")
			delay = min(2*delay, respawnMost)
		}
	}
}

// stop is told once that the master has closed its end; it returns when the
// program is gone.
func (p *program) stop(grace time.Duration) {
	p.closing <- grace
	<-p.done
}

// ended tells whether nobody can write to the pipe any more and all of it was read.
func (p *program) ended() bool {
	c, err := p.r.SyscallConn()
	if err != nil {
		return true
	}
	ended := true
	_ = c.Control(func(fd uintptr) {
		f := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(f, 0); err == nil {
			ended = n > 0 && f[0].Revents&unix.POLLIN == 0 && f[0].Revents&unix.POLLHUP != 0
		}
	})
	return ended
}

func (p *program) tell(code string, err error, format string) {
	p.report(errlog.Entry{Level: errlog.Error, Module: errlog.Core, Status: err, Code: code,
		Message: fmt.Sprintf(format, p.name), Startup: true})
}
