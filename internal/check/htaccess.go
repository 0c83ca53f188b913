package check

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/vhost"
)

// Bounds of the walk for .htaccess files.
const (
	maxHtaccessDirs  = 20000
	maxHtaccessDepth = 64
	maxHtaccessSize  = 1 << 20 // bytes
)

type inode struct {
	dev, ino uint64
}

// walker looks for .htaccess files below what the configuration serves.
type walker struct {
	reader  *Reader
	site    *Site
	report  *Report
	visited map[inode]bool
	dirs    int
	full    bool
}

// addHtaccess looks at the .htaccess files below each DocumentRoot, alias and
// <Directory> for which AllowOverride lets there be any. Links to directories
// are followed, each directory is looked at once.
func (r *Report) addHtaccess(reader *Reader, s *Site) {
	if !s.Htaccess {
		return
	}
	w := &walker{reader: reader, site: s, report: r, visited: map[inode]bool{}}
	var aliases []directives.Use
	for _, u := range s.named("Alias", "ScriptAlias") {
		if len(words(u.Item)) == 2 && u.Err == nil && u.Section == nil {
			aliases = append(aliases, u)
		}
	}
	for _, v := range s.Hosts.Servers {
		var starts []string
		if v.Core.DocumentRoot.Set {
			starts = append(starts, s.root(v.Core.DocumentRoot.V))
		}
		for _, u := range aliases {
			if u.Server == v.Plan {
				starts = append(starts, s.root(words(u.Item)[1]))
			}
		}
		for _, x := range v.Dirs.All {
			if x.Regexp == nil && !x.Glob && x.Name != "/" {
				starts = append(starts, x.Name)
			}
		}
		for _, dir := range starts {
			w.walk(v, strings.TrimSuffix(filepath.Clean(dir), "/")+"/", 0)
		}
	}
	if w.full {
		r.Findings = append(r.Findings, Finding{Audit: "htaccess", Severity: hint,
			Message: fmt.Sprintf("The walk for .htaccess files ended after %d directories.", maxHtaccessDirs),
			Advice:  "Set AllowOverride None where there are none: Apache and httpd-wsgi look for them with each request."})
	}
}

// walk looks at a directory, whose name ends in a slash, and those below.
func (w *walker) walk(v *vhost.Server, dir string, depth int) {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() || depth > maxHtaccessDepth {
		return
	}
	_, n := w.site.sections(v, dir, "")
	conf := w.site.Core.Dir.Of(n.Conf)
	if conf.AllowOverride.V.Classes == 0 && len(conf.OverrideList.V) == 0 {
		return // sections further down are places to start, too
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		id := inode{uint64(st.Dev), st.Ino}
		if w.visited[id] {
			return
		}
		w.visited[id] = true
	}
	if w.dirs++; w.dirs > maxHtaccessDirs {
		w.full = true
		return
	}
	names := v.Core.AccessFileName.Get([]string{".htaccess"})
	for _, name := range names {
		if w.file(v, conf, dir, dir+name) {
			break // the first that is there counts
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() || e.Type()&os.ModeSymlink != 0 {
			w.walk(v, dir+e.Name()+"/", depth+1)
		}
	}
}

// file checks one .htaccess file; false if there is none.
func (w *walker) file(v *vhost.Server, conf *modcore.Dir, dir, name string) bool {
	text, err := readHtaccess(name)
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	w.report.Htaccess = append(w.report.Htaccess, name)
	if err != nil {
		w.report.Findings = append(w.report.Findings, Finding{Audit: "htaccess", Severity: hint, Place: Place{File: name},
			Message: fmt.Sprintf("The file cannot be read: %v.", reason(err)), Advice: "Run the check as root to have it looked at."})
		return true
	}
	plan := w.site.Plan
	override, list := conf.AllowOverride.V, conf.OverrideList.V
	r := NewReader(w.reader.registry)
	r.loaded = w.reader.loaded
	loader := apacheconf.Loader{HasModule: plan.Loaded.Has, HasDirective: plan.Loaded.HasDirective, HasSection: plan.Loaded.HasSection}
	if override.Classes == 0 {
		loader.Allow = func(name string) bool { return list[name] }
	}
	r.Listen(&loader)
	tree, err := loader.LoadHtaccess(plan.Tree, name, text)
	if err != nil {
		l := Line{Class: refused, Place: Place{File: name}, Message: err.Error()}
		var e *apacheconf.Error
		if errors.As(err, &e) {
			l.Message = e.Msg
			if !e.Pos.IsZero() {
				l.Place = placeOf(e.Pos)
			}
		}
		w.report.Directives = append(w.report.Directives, l)
		return true
	}
	_, notices, _ := plan.Registry.CompileHtaccess(plan, tree, directives.Htaccess{Dir: dir, Server: v.Plan, Override: override.Classes,
		Options: uint32(override.Options), List: list,
		Nonfatal: directives.Nonfatal{Override: override.NonfatalOverride, Unknown: override.NonfatalUnknown}, Each: r.Each})
	r.decide()
	w.report.Directives = append(w.report.Directives, r.lines(tree)...)
	w.report.Blocks = append(w.report.Blocks, r.passedOver()...)
	w.site.uses = append(w.site.uses, r.uses...)
	w.site.blocks = append(w.site.blocks, r.blocks...)
	for _, n := range notices {
		if n.Warn {
			w.report.Notices = append(w.report.Notices, Notice{"warn", placeOf(n.Pos), n.Text})
		}
	}
	return true
}

// readHtaccess reads a regular file, which must not be large.
func readHtaccess(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxHtaccessSize:
		return nil, errors.New("larger than a megabyte")
	}
	return io.ReadAll(f)
}
