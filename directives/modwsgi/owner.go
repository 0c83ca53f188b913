package modwsgi

import (
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
	for _, p := range [...]string{path, filepath.Dir(path)} {
		info, err := os.Stat(p)
		if err != nil {
			return deny(r, 403, "WSGI0154", "Unable to stat '"+p+"' to check its owner")
		}
		if why := d.distrusts(info); why != "" {
			return deny(r, 403, "WSGI0154", "Script is not trusted by WSGI daemon process '"+d.Name+"', as '"+p+"' "+why)
		}
	}
	return server.OK
}

func (d *Daemon) distrusts(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return "has no owner"
	case d.ScriptUser.Set && int(st.Uid) != d.ScriptUser.V.ID:
		return "is not owned by script-user"
	case d.ScriptGroup.Set && int(st.Gid) != d.ScriptGroup.V.ID:
		return "is not of script-group"
	case info.Mode()&0o002 != 0:
		return "can be changed by anybody"
	case d.ScriptUser.Set && info.Mode()&0o020 != 0:
		return "can be changed by its group"
	}
	return ""
}
