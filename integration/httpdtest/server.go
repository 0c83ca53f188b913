package httpdtest

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Patience bounds every wait for a condition: starting, stopping, answering. It is long because the machine may be busy; a wait ends
// as soon as its condition holds.
const Patience = 30 * time.Second

// A Server is a running httpd in the foreground.
type Server struct {
	Program Program
	// Dir is the server's directory: ServerRoot, logs, everything that it writes.
	Dir string
	// Ports it was waited for on 127.0.0.1.
	Ports []int

	cmd  *exec.Cmd
	done chan error
}

// Options of [Start] beyond the program.
type Options struct {
	Dir   string   // the server's directory, with logs/ in it
	Root  string   // ServerRoot, given by -d; empty: Dir
	Conf  string   // configuration file, given by -f
	Args  []string // more arguments, e.g. -DNAME
	Env   []string // whole environment; nil: PATH and LC_ALL only
	Ports []int    // ports to wait for
}

// Start runs program -d Root -f Conf -DFOREGROUND and returns when every port accepts connections.
// Console output goes to Dir/console. An error holds what the server printed and logged.
func Start(program Program, o Options) (*Server, error) {
	console, err := os.Create(filepath.Join(o.Dir, "console"))
	if err != nil {
		return nil, err
	}
	defer console.Close()
	serverRoot := o.Root
	if serverRoot == "" {
		serverRoot = o.Dir
	}
	cmd := exec.Command(program.Path, append([]string{"-d", serverRoot, "-f", o.Conf, "-DFOREGROUND"}, o.Args...)...)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.Env = o.Env
	if cmd.Env == nil {
		cmd.Env = Environ()
	}
	cmd.Dir = "/"
	// A test binary that dies takes its servers with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{Program: program, Dir: o.Dir, Ports: o.Ports, cmd: cmd, done: make(chan error, 1)}
	go func() { s.done <- cmd.Wait() }()
	for _, port := range o.Ports {
		if err := s.await(port); err != nil {
			s.Stop()
			return nil, fmt.Errorf("%s: %w\nconsole:\n%serror log:\n%s", program.Path, err, s.Console(), s.Log("error_log"))
		}
	}
	return s, nil
}

// Environ is the environment that servers get: that of an init script, whatever the tests' own.
func Environ() []string {
	return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
}

func (s *Server) await(port int) error {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for deadline := time.Now().Add(Patience); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return nil
		}
		select {
		case err := <-s.done:
			s.done <- err
			return fmt.Errorf("ended before it listened on %s: %v", addr, err)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("does not listen on %s: %v", addr, err)
		}
	}
}

// Pid is the process id of the parent process.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Signal sends sig to the parent process.
func (s *Server) Signal(sig syscall.Signal) error { return s.cmd.Process.Signal(sig) }

// Alive tells whether the parent process runs.
func (s *Server) Alive() bool {
	select {
	case err := <-s.done:
		s.done <- err
		return false
	default:
		return true
	}
}

// Stop ends the server by SIGTERM and waits. What is left of its process tree after that is killed, and reported as an error,
// since a server must not leave processes behind.
func (s *Server) Stop() error {
	tree := Processes(s.Pid())
	s.cmd.Process.Signal(syscall.SIGTERM)
	if s.Program.Apache {
		// mod_wsgi 4.9 hangs in its children while it destroys interpreters, until Apache kills them ten seconds later (AH00046).
		for _, p := range tree[min(1, len(tree)):] {
			syscall.Kill(p.Pid, syscall.SIGKILL)
		}
	}
	var err error
	select {
	case <-s.done:
		s.done <- nil
	case <-time.After(Patience):
		err = fmt.Errorf("did not stop on SIGTERM within %v", Patience)
		s.cmd.Process.Kill()
		<-s.done
		s.done <- nil
	}
	deadline := time.Now().Add(Patience)
	for _, p := range tree {
		for p.Alive() && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		if p.Alive() {
			syscall.Kill(p.Pid, syscall.SIGKILL)
			err = errors.Join(err, fmt.Errorf("process %d (%s) outlived its server", p.Pid, p.Command))
		}
	}
	return err
}

// Console is what the server wrote to its standard output and error.
func (s *Server) Console() string { return readAll(filepath.Join(s.Dir, "console")) }

// Log is the content of Dir/logs/name, empty if there is none.
func (s *Server) Log(name string) string { return readAll(filepath.Join(s.Dir, "logs", name)) }

func readAll(path string) string {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err.Error()
	}
	return string(b)
}

// FreePorts finds n ports on which nothing listens, of five digits (so that bodies that name them have one length) and below the range
// that the system takes client ports from.
func FreePorts(n int) ([]int, error) {
	var ports []int
	for tries := 0; len(ports) < n; tries++ {
		if tries > 1000 {
			return nil, errors.New("no free port between 20000 and 32000")
		}
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		l.Close()
		ports = append(ports, port)
	}
	return ports, nil
}

// TempDir makes a directory that other users may enter (servers started by root read as www-data), and the function that removes it.
// With HTTPD_WSGI_KEEP set it stays.
func TempDir(name string) (string, func(), error) {
	dir, err := os.MkdirTemp("", "httpd-"+strings.NewReplacer("/", "-", " ", "-").Replace(name)+".")
	if err != nil {
		return "", nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", nil, err
	}
	return dir, func() {
		if os.Getenv("HTTPD_WSGI_KEEP") != "" {
			return
		}
		// What a case locks is locked to an ordinary user who removes it, too.
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				os.Chmod(path, 0o700)
			}
			return nil
		})
		os.RemoveAll(dir)
	}, nil
}

// WebUser is the user (and group) that servers run as when root starts them: www-data on Debian, apache on RHEL, else nobody.
func WebUser() string {
	for _, name := range []string{"www-data", "apache"} {
		if _, err := user.Lookup(name); err == nil {
			return name
		}
	}
	return "nobody"
}

// ChownWeb gives everything under dir to the web user when root runs the tests.
func ChownWeb(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(WebUser())
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
