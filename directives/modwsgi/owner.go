package modwsgi

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"httpd-wsgi/server"
)

// Inside is a path as the group's processes see it; false if it lies outside their chroot.
func (d *Daemon) Inside(path string) (string, bool) {
	root := strings.TrimRight(d.Chroot, "/")
	if root == "" {
		return path, true
	}
	rest, ok := strings.CutPrefix(path, root+"/")
	return "/" + rest, ok
}

// enter makes the request's files be seen as the daemon process sees them.
func (t *target) enter() (ok bool) {
	if t.script, ok = t.daemon.Inside(t.script); !ok {
		return false
	}
	t.filename, ok = t.daemon.Inside(t.filename)
	if t.handlerScript != "" {
		t.handlerScript = t.script
	}
	return ok
}

// trusts checks script-user and script-group: the script and its directory
// must be the owner's, and nobody else may be able to change them.
func (d *Daemon) trusts(r *server.Request, t *target) server.Status {
	if !d.ScriptUser.Set && !d.ScriptGroup.Set {
		return server.OK
	}
	path := r.Target.Filename
	if t.handlerScript != "" {
		path = strings.TrimRight(d.Chroot, "/") + t.handlerScript
	}
	if why := d.distrustsScript(path); why != "" {
		return deny(r, 403, "WSGI0154", why)
	}
	return server.OK
}

// Trusts tells whether the group's processes may load a script by script-user
// and script-group; path is as the caller sees it.
func (d *Daemon) Trusts(path string) bool {
	return !d.ScriptUser.Set && !d.ScriptGroup.Set || d.distrustsScript(path) == ""
}

// distrustsScript says why the script may not be run; "" if it may.
func (d *Daemon) distrustsScript(path string) string {
	for _, p := range [...]struct{ what, path string }{{"WSGI script file", path}, {"directory containing WSGI script file", filepath.Dir(path)}} {
		info, err := os.Stat(p.path)
		if err != nil {
			return "Unable to stat " + p.what
		}
		if why := d.distrusts(p.what, info); why != "" {
			return why
		}
	}
	return ""
}

func (d *Daemon) distrusts(what string, info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return "The " + what + " has no owner"
	case d.ScriptUser.Set && int(st.Uid) != d.ScriptUser.V.ID:
		return fmt.Sprintf("Owner of %s does not match required user for daemon process, uid=%d", what, st.Uid)
	case d.ScriptGroup.Set && int(st.Gid) != d.ScriptGroup.V.ID:
		return fmt.Sprintf("Group for %s does not match required group for daemon process, gid=%d", what, st.Gid)
	case info.Mode()&0o002 != 0:
		return "The " + what + " is writable to world"
	case d.ScriptUser.Set && info.Mode()&0o020 != 0:
		return "The " + what + " is writable by its group"
	}
	return ""
}
