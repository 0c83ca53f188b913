package server

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/vhost"
)

// htaccess lays the .htaccess file of a directory over n, whose configuration
// says what the file may hold; n itself where there is none
// (ap_parse_htaccess). dir ends in a slash.
//
// The file is asked for at every request. What it says is taken from memory as
// long as device, inode, size and times stay the same.
func (r *Request) htaccess(n *vhost.Node, dir string) (*vhost.Node, Status) {
	cache := &r.Site.htaccess
	e := cache.find(n, dir)
	fresh := e == nil
	if fresh {
		e = r.newHtaccessEntry(n, dir)
	}
	for i, file := range e.files {
		var fi fileInfo
		switch err := fi.stat(file); {
		case err == nil:
		case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR):
			continue
		default:
			return nil, r.denyHtaccess(err, file, dir)
		}
		if !fresh && e.present == i+1 && e.id == fi.id() {
			return e.next, OK
		}
		return r.readHtaccess(e, i)
	}
	if fresh || e.present != 0 {
		absent := *e
		absent.present, absent.next = 0, n
		cache.store(&absent)
	}
	return n, OK
}

// newHtaccessEntry names the files to look for.
func (r *Request) newHtaccessEntry(n *vhost.Node, dir string) *htaccessEntry {
	e := &htaccessEntry{node: n, dir: dir}
	names := r.Server.Core.AccessFileName
	if !names.Set {
		e.files = []string{dir + ".htaccess"}
		return e
	}
	for _, name := range names.V {
		e.files = append(e.files, joinPath(dir, name))
	}
	return e
}

// denyHtaccess refuses a request under a .htaccess file that cannot be read.
func (r *Request) denyHtaccess(err error, file, dir string) Status {
	r.LogErr(err, errlog.Crit, errlog.Core, "AH00529", "%s pcfg_openfile: unable to check htaccess file, ensure it is readable and that '%s' is executable", file, dir)
	r.Reply.ErrorText = "Server unable to read htaccess file, denying access to be safe"
	return 403
}

// readHtaccess reads and compiles the file of e with index i.
func (r *Request) readHtaccess(e *htaccessEntry, i int) (*vhost.Node, Status) {
	file := e.files[i]
	text, id, err := readRegular(file)
	if err != nil {
		if errors.Is(err, errNotRegular) {
			r.Site.logs[r.Site.VHosts.Main.Index].Logf(errlog.Core, errlog.Error, nil, "AH00554", "Access to file %s denied by server: not a regular file", file)
			err = syscall.EBADF
		}
		return nil, r.denyHtaccess(err, file, e.dir)
	}
	section, lasting, err := r.compileHtaccess(e, file, text)
	if err != nil {
		msg := err.Error()
		var ce *apacheconf.Error
		if errors.As(err, &ce) {
			msg = ce.Msg
			r.Acted(ce.Pos)
		}
		r.Logf(errlog.Alert, errlog.Core, "", "%s: %s", file, msg)
		return nil, 500
	}
	out := *e
	out.id, out.present, out.next = id, i+1, e.node.Detached(section)
	if lasting && id.settled(r.Received) {
		r.Site.htaccess.store(&out)
	}
	return out.next, OK
}

// compileHtaccess makes the section of a file. lasting tells that it depends on the file's text alone: with <IfFile>
// other files decide.
func (r *Request) compileHtaccess(e *htaccessEntry, file string, text []byte) (section *directives.Section, lasting bool, err error) {
	plan := r.Site.Plan
	conf := r.Site.Core.Dir.Of(e.node.Conf)
	override := conf.AllowOverride.V
	list := conf.OverrideList.V
	loader := apacheconf.Loader{
		HasModule:    plan.Loaded.Has,
		HasDirective: plan.Loaded.HasDirective,
		HasSection:   plan.Loaded.HasSection,
		Nonfatal:     override.NonfatalOverride,
		OnRead:       func(tag string, _ apacheconf.Pos) { lasting = lasting && tag != "<IfFile" },
	}
	lasting = true
	if override.Classes == 0 {
		loader.Allow = func(name string) bool { return list[name] }
	}
	tree, err := loader.LoadHtaccess(plan.Tree, file, text)
	if err != nil {
		return nil, false, err
	}
	section, notices, err := plan.Registry.CompileHtaccess(plan, tree, directives.Htaccess{
		Dir:      e.dir,
		Server:   r.Server.Plan,
		Override: override.Classes,
		Options:  uint32(override.Options),
		List:     list,
		Nonfatal: directives.Nonfatal{Override: override.NonfatalOverride, Unknown: override.NonfatalUnknown},
	})
	for _, n := range notices {
		lv := errlog.Info
		if n.Warn {
			lv = errlog.Warn
		}
		r.logger().Logf(errlog.Core, lv, nil, "", "%s", n.Text)
	}
	return section, lasting, err
}

var errNotRegular = errors.New("not a regular file")

// readRegular reads a whole file. The identity is the one before reading: a
// change meanwhile makes it differ from the next.
func readRegular(name string) ([]byte, fileID, error) {
	// Without blocking on what turns out to be a FIFO.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, fileID{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fileID{}, err
	}
	if !st.Mode().IsRegular() && name != os.DevNull {
		return nil, fileID{}, errNotRegular
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, fileID{}, err
	}
	return text, idOf(st.Sys().(*syscall.Stat_t)), nil
}

// fileID tells one content of a file from another.
type fileID struct {
	dev, ino     uint64
	size         int64
	mtime, ctime syscall.Timespec
}

func idOf(st *syscall.Stat_t) fileID {
	return fileID{uint64(st.Dev), st.Ino, st.Size, st.Mtim, st.Ctim}
}

func (f *fileInfo) id() fileID { return idOf(&f.st) }

// unsettled is how long after a change a file may change again without its
// times showing it: those of some file systems count whole seconds.
const unsettled = 2 * time.Second

// settled tells whether the identity can be relied on: the last change is long
// enough ago. Until then the file is read again at each request.
func (id fileID) settled(now time.Time) bool {
	changed := time.Unix(id.ctime.Unix())
	if m := time.Unix(id.mtime.Unix()); m.After(changed) {
		changed = m
	}
	return now.Sub(changed) > unsettled
}

// htaccessEntry is what is known of the .htaccess file of one directory, as
// seen from one configuration. It is immutable.
type htaccessEntry struct {
	node  *vhost.Node
	dir   string
	files []string // the paths to try
	// present is the place of the file that was there, counted from 1; 0 if none was.
	present int
	id      fileID
	next    *vhost.Node // node with the file's section
	link    *htaccessEntry
}

const (
	htaccessBuckets = 1024
	htaccessDepth   = 16 // entries kept in a bucket
)

// htaccessCache is a hash table of immutable lists: reading takes no lock. It
// holds a bounded number of entries, the newest ones.
type htaccessCache struct {
	buckets [htaccessBuckets]atomic.Pointer[htaccessEntry]
}

func (c *htaccessCache) bucket(dir string) *atomic.Pointer[htaccessEntry] {
	h := uint32(2166136261) // FNV-1a
	for i := 0; i < len(dir); i++ {
		h = (h ^ uint32(dir[i])) * 16777619
	}
	return &c.buckets[h%htaccessBuckets]
}

func (c *htaccessCache) find(n *vhost.Node, dir string) *htaccessEntry {
	for e := c.bucket(dir).Load(); e != nil; e = e.link {
		if e.node == n && e.dir == dir {
			return e
		}
	}
	return nil
}

// store adds e in place of an older entry for the same directory.
func (c *htaccessCache) store(e *htaccessEntry) {
	b := c.bucket(e.dir)
	for {
		old := b.Load()
		var kept []*htaccessEntry
		for o := old; o != nil && len(kept) < htaccessDepth-1; o = o.link {
			if o.node != e.node || o.dir != e.dir {
				kept = append(kept, o)
			}
		}
		head := *e
		head.link = nil
		var tail *htaccessEntry
		for i := len(kept) - 1; i >= 0; i-- {
			k := *kept[i]
			k.link = tail
			tail = &k
		}
		head.link = tail
		if b.CompareAndSwap(old, &head) {
			return
		}
	}
}
