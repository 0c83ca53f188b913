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

// enter makes the request's files be seen from within a chroot; false if they lie outside.
func (t *target) enter(root string) bool {
	root = strings.TrimRight(root, "/")
	if root == "" {
		return true
	}
	script, ok1 := strings.CutPrefix(t.script, root+"/")
	filename, ok2 := strings.CutPrefix(t.filename, root+"/")
	t.script, t.filename = "/"+script, "/"+filename
	if t.handlerScript != "" {
		t.handlerScript = t.script
	}
	return ok1 && ok2
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
	for _, p := range [...]struct{ what, path string }{{"WSGI script file", path}, {"directory containing WSGI script file", filepath.Dir(path)}} {
		info, err := os.Stat(p.path)
		if err != nil {
			return deny(r, 403, "WSGI0154", "Unable to stat "+p.what)
		}
		if why := d.distrusts(p.what, info); why != "" {
			return deny(r, 403, "WSGI0154", why)
		}
	}
	return server.OK
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
