package logfile

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"httpd-wsgi/internal/errlog"
)

// newSet returns a master's Set and the reports that it makes.
func newSet(t *testing.T, root string) (*Set, chan string) {
	t.Helper()
	reports := make(chan string, 16)
	return NewSet(Options{Root: root, Program: "httpd-wsgi", Report: func(e errlog.Entry) { reports <- e.Code + ": " + e.Message }}), reports
}

// fifo returns a pipe in the file system for a program to write to, and a
// function that reads the next line from it.
func fifo(t *testing.T, dir string) func() string {
	t.Helper()
	name := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	_ = f.SetReadDeadline(time.Now().Add(20 * time.Second))
	r := bufio.NewReader(f)
	return func() string {
		t.Helper()
		s, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(s, "\n")
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSet(t, dir)
	a, err := s.Open(MainErrorLog, "logs/../a.log")
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Open(TransferLog, filepath.Join(dir, "a.log"))
	if err != nil || a != b {
		t.Errorf("one file, two descriptors: %v", err)
	}
	names, files := s.Files()
	if !reflect.DeepEqual(names, []string{filepath.Join(dir, "a.log")}) || len(files) != 1 {
		t.Errorf("Files: %q", names)
	}

	// A child process writes to the descriptor, and a Set made of it opens nothing new.
	cmd := exec.Command("/bin/sh", "-c", "echo child >&3")
	cmd.ExtraFiles = files
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	c, err := Inherit(dir, names, files)
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Open(TransferLog, "a.log")
	if err != nil || f != a {
		t.Errorf("inherited: %v", err)
	}
	if _, err := c.Open(TransferLog, "b.log"); err == nil {
		t.Error("a child opened a log")
	}
	if _, err := os.Stat(filepath.Join(dir, "b.log")); err == nil {
		t.Error("a child made a file")
	}

	// A new generation opens the name anew after rotation.
	a.WriteString("old\n")
	if err := os.Rename(filepath.Join(dir, "a.log"), filepath.Join(dir, "a.log.1")); err != nil {
		t.Fatal(err)
	}
	next, _ := newSet(t, dir)
	n, err := next.Open(MainErrorLog, "a.log")
	if err != nil {
		t.Fatal(err)
	}
	a.WriteString("late\n")
	n.WriteString("new\n")
	<-s.Close(0)
	<-next.Close(0)
	for name, want := range map[string]string{"a.log.1": "child\nold\nlate\n", "a.log": "new\n"} {
		if got, _ := os.ReadFile(filepath.Join(dir, name)); string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The texts are those of Apache 2.4.71.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	s, _ := newSet(t, dir)
	for _, c := range []struct {
		kind       Kind
		spec, want string
	}{
		{MainErrorLog, "/nope/x", "(2)No such file or directory: AH00091: httpd-wsgi: could not open error log file /nope/x."},
		{ErrorLog, ".", "(21)Is a directory: AH00091: httpd-wsgi: could not open error log file " + dir + "."},
		{TransferLog, dir, "(21)Is a directory: AH00649: could not open transfer log file " + dir + "."},
		{TransferLog, "|/nope/prog", "(2)No such file or directory: AH00104: unable to start piped log program '/nope/prog'"},
		{ErrorLog, "||/nope/prog x", "(2)No such file or directory: AH00089: Couldn't start ErrorLog process '|/nope/prog x'."},
		{ErrorLog, "|  cat", "(2)No such file or directory: AH00089: Couldn't start ErrorLog process '  cat'."},
		{TransferLog, "|", "(2)No such file or directory: AH00104: unable to start piped log program ''"},
	} {
		_, err := s.Open(c.kind, c.spec)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.spec, err, c.want)
		}
		if e := new(Error); !errors.As(err, &e) || e.Code == "" || e.Text == "" {
			t.Errorf("%s: %#v", c.spec, err)
		}
	}
	for _, c := range []struct{ spec, want string }{
		{"/nope/x.log", "(2)No such file or directory: AH02291: Cannot access directory '/nope/' for main error log"},
		{"/etc/passwd/x", "(20)Not a directory: AH02291: Cannot access directory '/etc/passwd/' for main error log"},
		{"x", "<nil>"}, {"/x", "<nil>"}, {"|/nope/x", "<nil>"}, {"syslog:user", "<nil>"},
	} {
		err := CheckErrorLog(dir, c.spec, "main error log")
		if got := text(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.spec, got, c.want)
		}
	}
	want := "(2)No such file or directory: AH02297: Cannot access directory '/nope/' for log file '/nope/a' defined at httpd.conf:27"
	if got := text(CheckTransferLog(dir, "/nope/a", "httpd.conf:27")); got != want {
		t.Error(got)
	}
}

func text(err error) string {
	if err == nil {
		return "<nil>"
	}
	return err.Error()
}

// What Apache's programs got as arguments for the same text.
func TestCommand(t *testing.T) {
	for _, c := range []struct {
		spec, name string
		argv       []string
	}{
		{`|/x/argv a\ b 'c d' e"f g" \\h "i j"k \z \\\\y 'q"r' \'s`, `/x/argv a\ b 'c d' e"f g" \\h "i j"k \z \\\\y 'q"r' \'s`,
			[]string{"/x/argv", "a b", "c d", `e"f`, `g"`, `\h`, "i j", "k", "z", `\\y`, `q"r`, "'s"}},
		{"||bin/rotatelogs logs/a 86400", "bin/rotatelogs logs/a 86400", []string{"bin/rotatelogs", "logs/a", "86400"}},
		{"|$ awk '{print $1}' >  x", " awk '{print $1}' >  x", []string{"/bin/sh", "-c", "awk {print $1} > x"}},
		{"|", "", nil},
	} {
		name, argv := command(c.spec)
		if name != c.name || !reflect.DeepEqual(argv, c.argv) {
			t.Errorf("%s: %q %q", c.spec, name, argv)
		}
	}
}

func TestPipedProgram(t *testing.T) {
	dir := t.TempDir()
	read := fifo(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "log"), []byte("#!/bin/sh\n{ echo start $$ $1; while read l; do echo got $l; done; echo end; } >fifo\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, reports := newSet(t, dir)
	w, err := s.Open(TransferLog, "|./log arg")
	if err != nil {
		t.Fatal(err)
	}
	started := func() int {
		t.Helper()
		f := strings.Fields(read())
		if len(f) != 3 || f[0] != "start" || f[2] != "arg" {
			t.Fatalf("%q", f)
		}
		pid, err := strconv.Atoi(f[1])
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	pid := started()
	w.WriteString("one\n")
	if got := read(); got != "got one" {
		t.Errorf("%q", got)
	}
	// Killed, it is started again and reads what was written meanwhile.
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got, want := <-reports, "AH00106: piped log program './log arg' failed unexpectedly"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	w.WriteString("two\n")
	if again := started(); again == pid {
		t.Error("the same process")
	}
	if got := read(); got != "got two" {
		t.Errorf("%q", got)
	}
	// Closed, it ends by itself, once the last process that has the pipe is gone.
	child := exec.Command("/bin/sh", "-c", "read x; echo last >&3")
	child.ExtraFiles = []*os.File{w}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	done := s.Close(-1)
	select {
	case <-done:
		t.Error("ended while a child may write")
	default:
	}
	in.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"got last", "end"} {
		if got := read(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	<-done
	if len(reports) != 0 {
		t.Errorf("report: %s", <-reports)
	}
}

func TestStubbornProgram(t *testing.T) {
	dir := t.TempDir()
	read := fifo(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "log"), []byte("#!/bin/sh\ntrap 'echo TERM >fifo; exit' TERM\necho up >fifo\nwhile :; do read l; done\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, _ := newSet(t, dir)
	if _, err := s.Open(TransferLog, "|./log"); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != "up" {
		t.Fatalf("%q", got)
	}
	<-s.Close(0)
	if got := read(); got != "TERM" {
		t.Errorf("%q", got)
	}
}

func TestRedirectStderr(t *testing.T) {
	if os.Getenv("LOGFILE_TEST_CHILD") != "" {
		s := NewSet(Options{Root: os.Getenv("LOGFILE_TEST_CHILD")})
		f, err := s.Open(MainErrorLog, "e.log")
		if err != nil || RedirectStderr(f) != nil {
			os.Exit(3)
		}
		println("from the runtime")
		os.Exit(0)
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestRedirectStderr$")
	cmd.Env = append(os.Environ(), "LOGFILE_TEST_CHILD="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "e.log")); string(got) != "from the runtime\n" {
		t.Errorf("%q", got)
	}
}

// A standard error that is a socket has no path that can be opened.
func TestSocketAsStderr(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer ours.Close()
	s, _ := newSet(t, t.TempDir())
	f, err := s.Open(MainErrorLog, "/dev/fd/"+strconv.Itoa(fds[1]))
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("line\n")
	theirs.Close()
	<-s.Close(0)
	b := make([]byte, 16)
	n, _ := ours.Read(b)
	if string(b[:n]) != "line\n" {
		t.Errorf("%q", b[:n])
	}
}
