package app

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/directives/modwsgi"
	"httpd-wsgi/mpm"
)

// daemonGroup is a daemon process group of a generation, in the master: its
// processes' Spec and the socket on which they listen.
type daemonGroup struct {
	daemon *modwsgi.Daemon
	path   string
	file   *os.File
	spec   mpm.Spec
}

// daemonGroup opens the n-th group's socket, as mod_wsgi names it, for the
// children of a generation alone.
func (m *parent) daemonGroup(c *config, d *modwsgi.Daemon, server *mpm.Identity, generation, n int) (*daemonGroup, error) {
	g := &daemonGroup{daemon: d}
	dir := c.runtimeDir(m.layout)
	if c.tree.DefaultRuntimeDir == "" {
		_ = os.MkdirAll(dir, 0o755) // below /run, which is empty after a boot
	}
	prefix := c.root(modwsgi.Of(c.plan).Python().SocketPrefix.Get(dir + "/wsgi"))
	g.path = fmt.Sprintf("%s.%d.%d.%d.sock", prefix, os.Getpid(), generation, n+1)
	if err := g.listen(server); err != nil {
		return nil, fmt.Errorf("WSGI0119: Couldn't bind unix domain socket '%s' of WSGI daemon process '%s': %w; "+
			"WSGISocketPrefix or DefaultRuntimeDir names another place", g.path, d.Name, err)
	}
	var err error
	if g.spec, err = daemonSpec(c, d, server); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// listen makes the socket. Only the user that the server's children run as
// may connect.
func (g *daemonGroup) listen(server *mpm.Identity) error {
	if err := os.Remove(g.path); err != nil && !os.IsNotExist(err) {
		return err
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	g.file = os.NewFile(uintptr(fd), g.path)
	// The mode is set before anyone can connect: bind obeys the mask that
	// fchmod on the unbound socket leaves.
	if err := unix.Fchmod(fd, 0o600); err != nil {
		g.close()
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: g.path}); err != nil {
		g.close()
		return err
	}
	err = os.Chmod(g.path, 0o600)
	owner := -1
	if d := g.daemon; d.SocketUser.Set {
		owner = d.SocketUser.V.ID
	} else if server != nil {
		owner = server.UID
	}
	if err == nil && owner >= 0 && os.Geteuid() == 0 {
		err = os.Chown(g.path, owner, -1)
	}
	if err == nil {
		err = unix.Listen(fd, g.daemon.ListenBacklog)
	}
	if err != nil {
		g.close()
	}
	return err
}

// close closes and removes the socket.
func (g *daemonGroup) close() {
	if g.file != nil {
		g.file.Close()
		_ = os.Remove(g.path)
	}
}

// daemonSpec says what the processes of a group are to be.
func daemonSpec(c *config, d *modwsgi.Daemon, server *mpm.Identity) (mpm.Spec, error) {
	sp := mpm.Spec{Kind: kindDaemon, Name: d.Name, Umask: d.Umask.Get(-1), Nice: d.CPUPriority, Dir: d.Home, Chroot: d.Chroot}
	switch d.DisplayName {
	case "":
	case "%{GROUP}":
		sp.Title = "(wsgi:" + d.Name + ")"
	default:
		sp.Title = d.DisplayName
	}
	if server != nil {
		who := modcore.ID{ID: server.UID, Name: server.User}
		if d.User.Set {
			who = d.User.V
		}
		gid := server.GID
		if d.Group.Set {
			gid = d.Group.V.ID
		}
		id, err := newIdentity(who, gid, d.Supplementary.Get(nil))
		if err != nil {
			return sp, err
		}
		sp.Identity = id
		if account, err := user.LookupId(strconv.Itoa(who.ID)); err == nil {
			sp.Env = append(sp.Env, "HOME="+account.HomeDir)
			for _, name := range [...]string{"USER", "USERNAME", "LOGNAME"} {
				if _, set := os.LookupEnv(name); set {
					sp.Env = append(sp.Env, name+"="+account.Username)
				}
			}
			if sp.Dir == "" && who.ID != server.UID {
				sp.Dir = account.HomeDir
			}
		}
	} else {
		sp.Chroot = ""
	}
	if d.Lang != "" {
		sp.Env = append(sp.Env, "LANG="+d.Lang)
	}
	if d.Locale != "" {
		sp.Env = append(sp.Env, "LC_ALL="+d.Locale)
	}
	limit := func(resource int, soft, max uint64) {
		if soft > 0 {
			sp.Limits = append(sp.Limits, mpm.Limit{Resource: resource, Soft: soft, Max: max})
		}
	}
	if d.CPUTimeLimit > 0 {
		cpu := uint64(d.CPUTimeLimit / time.Second)
		limit(unix.RLIMIT_CPU, cpu, cpu+1+uint64(d.ShutdownTimeout/time.Second))
	}
	return sp, nil
}

// splitPath is a python-path.
func splitPath(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, ":")
}

// unixListener is an inherited listening socket.
func unixListener(f *os.File) (*net.UnixListener, error) {
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	f.Close()
	u, ok := l.(*net.UnixListener)
	if !ok {
		l.Close()
		return nil, fmt.Errorf("descriptor of %s is no unix socket", f.Name())
	}
	return u, nil
}
