package mpm

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// childEnv marks a process as a child. It is removed before anything of the
// caller's runs.
const childEnv = "HTTPD_WSGI_CHILD"

// manifestFD is where a child finds its manifest.
const manifestFD = 3

// manifest is what a child is told: a Spec with descriptors as numbers.
type manifest struct {
	Kind, Name, Title, Comm string
	Generation              int
	Instance                int
	Slot                    int // row of the scoreboard; -1: none
	Threads                 int
	Model                   Model
	MaxConnections          int
	AsyncFactor             float64
	MaxWait                 int // milliseconds for which an idle connection is kept in a drain

	Control   int
	Board     int // -1: none
	Crowd     int // -1: none
	Config    int // -1: none
	Files     []manifestFile
	Listeners []manifestSocket

	Identity *Identity
	Chroot   string
	Dir      string
	Umask    int
	Nice     int
	Limits   []Limit
	MaxProcs int
	CoreDump bool

	Legacy []string
}

type manifestFile struct {
	Name string
	FD   int
}

type manifestSocket struct {
	Addr     netip.AddrPort
	Protocol string
	FD       int
}

// spawner collects the descriptors of a child about to start.
type spawner struct {
	m     manifest
	files []uintptr
}

func (s *spawner) add(fd uintptr) int {
	s.files = append(s.files, fd)
	return len(s.files) - 1
}

// spawn starts a child: this program again, with the descriptors that sp
// names and the manifest in front of them. It returns the child's pid.
func (s *spawner) spawn(sp *Spec, exe string, argv, env []string) (int, error) {
	for _, f := range sp.Files {
		s.m.Files = append(s.m.Files, manifestFile{f.Name, s.add(f.File.Fd())})
	}
	for _, l := range sp.Listeners {
		s.m.Listeners = append(s.m.Listeners, manifestSocket{l.Addr, l.Protocol, s.add(uintptr(l.FD()))})
	}
	s.m.Config = -1
	if sp.Config != nil {
		s.m.Config = s.add(sp.Config.Fd())
	}
	data, err := json.Marshal(&s.m)
	if err != nil {
		return 0, err
	}
	mf, err := memfile("manifest", data)
	if err != nil {
		return 0, err
	}
	defer mf.Close()
	s.files[manifestFD] = mf.Fd()
	defer lendSlack()()
	return syscall.ForkExec(exe, argv, &syscall.ProcAttr{Env: env, Files: s.files})
}

// timerSlack is how late timers of a child's threads may be, in nanoseconds. Go's runtime has a thread (sysmon) that looks
// every 20 microseconds for threads that a system call or C keeps; with Linux' 50 microseconds of slack it took a fifth of
// the CPU time of a busy child (docs/adr/0007-python-threads.md). Nothing else in a child waits for times that short.
const timerSlack = 500_000

// lendSlack gives the present thread the timer slack that a child is to inherit; what it returns undoes that. Slack that
// is larger already stays.
func lendSlack() (undo func()) {
	runtime.LockOSThread()
	old, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || old >= timerSlack || unix.Prctl(unix.PR_SET_TIMERSLACK, timerSlack, 0, 0, 0) != nil {
		return runtime.UnlockOSThread
	}
	return func() {
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(old), 0, 0, 0)
		runtime.UnlockOSThread()
	}
}

// memfile is an anonymous file that holds data and can hold no other.
func memfile(name string, data []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("httpd-"+name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Write(data); err != nil {
		f.Close()
		return nil, err
	}
	const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		f.Close()
		return nil, fmt.Errorf("seal: %w", err)
	}
	return f, nil
}

// ConfigFile puts a generation's configuration into a sealed memory file, for
// Spec.Config: every child of it sees the same bytes, readable or not.
func ConfigFile(data []byte) (*os.File, error) { return memfile("config", data) }

// readAll reads a memory file from its beginning without moving its offset,
// which all children share.
func readAll(fd int) ([]byte, error) {
	f := os.NewFile(uintptr(fd), "memory file")
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, st.Size())
	if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

func readManifest() (*manifest, error) {
	b, err := readAll(manifestFD)
	if err != nil {
		return nil, fmt.Errorf("cannot read the manifest on descriptor %d: %w", manifestFD, err)
	}
	m := new(manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return m, nil
}
