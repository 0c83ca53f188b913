package check

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/directives/modwsgi"
)

// account is whom a process runs as.
type account struct {
	name string
	uid  int
	gids []int
}

// webAccount is User and Group of the server's children; false where they are
// not configured or not known on this machine.
func (s *Site) webAccount() (account, bool) {
	u := s.Core.Unixd.Of(s.Plan.Main.Conf)
	if !u.User.Set {
		return account{}, false
	}
	gid := -1
	if u.Group.Set {
		gid = u.Group.V.ID
	}
	return newAccount(u.User.V, gid, nil)
}

// daemonAccount is that of a daemon process group's processes.
func (s *Site) daemonAccount(d *modwsgi.Daemon) (account, bool) {
	u := s.Core.Unixd.Of(s.Plan.Main.Conf)
	who := d.User.Or(u.User)
	if !who.Set {
		return account{}, false
	}
	gid := -1
	if g := d.Group.Or(u.Group); g.Set {
		gid = g.V.ID
	}
	return newAccount(who.V, gid, d.Supplementary.Get(nil))
}

// newAccount has the groups that initgroups would give, or those of the list in their place.
func newAccount(id modcore.ID, gid int, groups []int) (account, bool) {
	if id.ID < 0 {
		return account{}, false
	}
	a := account{name: id.Name, uid: id.ID, gids: groups}
	if gid >= 0 {
		a.gids = append(a.gids[:len(a.gids):len(a.gids)], gid)
	}
	if groups != nil {
		return a, true
	}
	u, err := user.LookupId(strconv.Itoa(id.ID))
	if err != nil {
		return a, true // a bare number
	}
	list, err := u.GroupIds()
	if err != nil {
		return a, true
	}
	for _, g := range list {
		// The account's own group counts only where Group does not name another.
		if n, err := strconv.Atoi(g); err == nil && (gid < 0 || g != u.Gid) && !slices.Contains(a.gids, n) {
			a.gids = append(a.gids, n)
		}
	}
	return a, true
}

// may judges by a file's owner and mode. want is 4 to read, 1 to enter a directory.
func (a account) may(st *syscall.Stat_t, want uint32) bool {
	switch {
	case a.uid == 0:
		return true
	case int(st.Uid) == a.uid:
		return st.Mode>>6&want == want
	case slices.Contains(a.gids, int(st.Gid)):
		return st.Mode>>3&want == want
	}
	return st.Mode&want == want
}

// obstacle is what keeps a process from a file.
type obstacle struct {
	// missing: there is no such file. unseen: whoever runs the check may not look. unsure: an access control list
	// may say something else than the mode does.
	missing, unseen, unsure bool
	text                    string
}

// maxLinks bounds symbolic links on one path, as the kernel does.
const maxLinks = 40

// reach looks for what keeps the account (nil: nobody in particular) from
// reading a file, or from entering a directory; nil if nothing does. The path is
// walked from the root, links followed, and judged by owner and mode.
func reach(path string, who *account) *obstacle {
	rest, at, links := strings.Split(filepath.Clean("/"+path), "/"), "/", 0
	if o := enter(at, who); o != nil {
		return o
	}
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		if part == "" || part == "." {
			continue
		}
		if part == ".." {
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, part)
		info, err := os.Lstat(next)
		if err != nil {
			return missing(next, path, err)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(next)
			if links++; err != nil || links > maxLinks {
				return missing(next, path, syscall.ELOOP)
			}
			if strings.HasPrefix(to, "/") {
				at = "/"
			}
			rest = append(strings.Split(to, "/"), rest...)
			continue
		}
		if at = next; info.IsDir() {
			if o := enter(at, who); o != nil {
				return o
			}
		} else if len(rest) > 0 {
			return missing(next, path, syscall.ENOTDIR)
		}
	}
	if info, err := os.Stat(at); err == nil && info.IsDir() {
		return nil // entered above
	}
	return judge(at, who, 4, "may not be read")
}

func missing(part, path string, err error) *obstacle {
	o := &obstacle{missing: true, text: fmt.Sprintf("%s: %v", part, reason(err))}
	if part != path {
		o.text = fmt.Sprintf("%s: %v (for %s)", part, reason(err), path)
	}
	if os.IsPermission(err) {
		o.missing, o.unseen = false, true
	}
	return o
}

// reason is an error without Go's name of the call.
func reason(err error) error {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err
	}
	return err
}

func enter(dir string, who *account) *obstacle {
	return judge(dir, who, 1, "may not be entered")
}

func judge(path string, who *account, want uint32, what string) *obstacle {
	info, err := os.Stat(path)
	if err != nil {
		return missing(path, path, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if who == nil || !ok || who.may(st, want) {
		return nil
	}
	kind := "file"
	if info.IsDir() {
		kind = "directory"
	}
	_, err = unix.Getxattr(path, "system.posix_acl_access", nil)
	return &obstacle{unsure: err == nil, text: fmt.Sprintf("%s %s %s by user %s (owner %s, group %s, mode %04o)", kind, path, what, who.name,
		ownerName(st.Uid), groupName(st.Gid), st.Mode&0o7777)}
}

func ownerName(uid uint32) string {
	id := strconv.Itoa(int(uid))
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func groupName(gid uint32) string {
	id := strconv.Itoa(int(gid))
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}
