package server

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/vhost"
)

// locationWalk lays the <Location> sections for r's URI over its configuration
// (ap_location_walk).
func (r *Request) locationWalk() Status {
	sections := r.Server.Locations
	if len(sections) == 0 {
		return OK
	}
	uri := r.URI
	if strings.HasPrefix(uri, "/") {
		uri = apr.No2Slash(uri)
	}
	n := r.Node
	for _, s := range sections {
		if s.Regexp == nil {
			if vhost.MatchesURL(s, uri) {
				n = n.Step(s)
			}
			continue
		}
		ok, status := r.matchSection(s, r.URI)
		if status != OK {
			return status
		}
		if ok {
			n = n.Step(s)
		}
	}
	r.setNode(n)
	return OK
}

// fileWalk lays the <Files> sections for r's file over its configuration
// (ap_file_walk). Sections inside those that match are not looked at.
func (r *Request) fileWalk() Status {
	n := r.Node
	sections := n.Files
	if len(sections) == 0 || r.Target.Filename == "" {
		return OK
	}
	name := r.Target.Filename
	name = name[strings.LastIndexByte(name, '/')+1:]
	for _, s := range sections {
		if s.Regexp == nil {
			if vhost.MatchesFile(s, name) {
				n = n.Step(s)
			}
			continue
		}
		ok, status := r.matchSection(s, name)
		if status != OK {
			return status
		}
		if ok {
			n = n.Step(s)
		}
	}
	r.setNode(n)
	return OK
}

// ifWalk lays the <If> sections whose condition holds over r's configuration;
// after all of them, those inside them (ap_if_walk).
func (r *Request) ifWalk() Status {
	n := r.Node
	if len(n.Ifs) == 0 {
		return OK
	}
	for sections := n.Ifs; len(sections) > 0; {
		n, sections = r.walkIfs(n, sections)
	}
	r.setNode(n)
	return OK
}

// walkIfs steps from n and returns the sections inside those that were taken.
func (r *Request) walkIfs(n *vhost.Node, sections []*directives.Section) (_ *vhost.Node, inside []*directives.Section) {
	taken := false // an earlier section of the chain held
	for _, s := range sections {
		if s.Kind != directives.KindIf && taken {
			continue
		}
		if taken = true; s.Kind != directives.KindElse {
			ok, err := s.Cond.Eval(r.ExprEnv())
			if err != nil {
				r.Logf(errlog.Error, errlog.Core, "AH00039", "Failed to evaluate <If > condition: %v", err)
			}
			taken = ok
		}
		if !taken {
			continue
		}
		n = n.Step(s)
		inside = append(inside, s.Ifs...)
	}
	return n, inside
}

func (r *Request) setNode(n *vhost.Node) {
	r.Node = n
	r.Conf = n.Conf
}

// maxGroups bounds the groups of a section's pattern that become variables.
const maxGroups = 64

// matchSection matches the regular expression of a section. Its named groups
// become variables of the environment, MATCH_NAME. A match that was given up
// answers the request with 500: whether the section would have protected it is
// not known.
func (r *Request) matchSection(s *directives.Section, subject string) (bool, Status) {
	names := s.Regexp.Names()
	var ok bool
	var err error
	if names == nil {
		ok, err = s.Regexp.Match(subject)
	} else {
		ok, err = r.matchNamed(s, subject, names)
	}
	if err != nil {
		r.Logf(errlog.Error, errlog.Core, "", "<%s> at %s: cannot match %q: %v", s.Kind, s.Pos, s.Name, err)
		return false, 500
	}
	return ok, OK
}

// directoryWalk goes down r's file name component by component
// (ap_directory_walk): it lays <Directory> sections and .htaccess files over
// the configuration, sees that symbolic links are allowed, and finds where the
// file ends and the path info begins.
//
// Like Apache it asks for the whole name first (or, to the same end, for the
// script that it begins with: Target.Script). Where that exists and every
// configuration on the way has FollowSymLinks, components are not asked for.
func (r *Request) directoryWalk() Status {
	t := &r.Target
	switch {
	case t.Filename == "":
		r.Logf(errlog.Info, errlog.Core, "AH00029", "Module bug?  Request filename is missing for URI %s", r.URI)
		return OK
	case t.Filename[0] != '/':
		r.Logf(errlog.Info, errlog.Core, "AH00030", "Module bug?  Request filename path %s is invalid or not absolute for uri %s", t.Filename, r.URI)
		return OK
	}
	name, rest := cleanName(t.Filename), ""
	if t.Info == nil || t.Info.Mode()&fs.ModeSymlink != 0 {
		t.Info = nil
		if n := len(t.Script); n > 0 && len(name) > n && name[n] == '/' && name[:n] == t.Script &&
			r.info.stat(t.Script) == nil && r.info.Mode().IsRegular() {
			t.Info, name, rest = &r.info, name[:n], name[n:]
		} else if err := r.info.stat(name); err == nil && (r.info.IsDir() || name[len(name)-1] != '/') {
			t.Info = &r.info
		}
	}
	saved := t.PathInfo
	if saved != "" && t.Info != nil && t.Info.IsDir() {
		// A directory with a path info: the file may lie further down.
		below := apr.Getparents(strings.TrimLeft(saved, "/"))
		if below == "" && strings.Trim(saved, "/") != "" {
			r.Logf(errlog.Error, errlog.Core, "AH00033", "dir_walk error, path_info %s is not relative to the filename path %s for uri %s", saved, name, r.URI)
			return 500
		}
		name, saved = joinPath(name, below), ""
	}
	w := walk{r: r, name: name, node: r.Node, known: t.Info}
	status := w.down()
	t.Filename, t.PathInfo = name[:w.end], name[w.end:]+rest
	if w.stuck != "" {
		t.Filename = w.stuck
	}
	if status != OK {
		if r.Tracer != nil {
			r.Tracer.Trace(r, Walked{w.node})
		}
		return status
	}
	switch {
	case saved == "":
	case t.PathInfo == "":
		t.PathInfo = saved
	default:
		t.PathInfo = joinPath(t.PathInfo, strings.TrimPrefix(saved, "/"))
	}
	if t.Info == nil {
		t.Info = w.found
	}
	for _, s := range r.Server.Dirs.Regexps {
		ok, status := r.matchSection(s, t.Filename)
		if status != OK {
			return status
		}
		if ok {
			w.node = w.node.Step(s)
		}
	}
	r.setNode(w.node)
	return OK
}

// walk is the state of a directory walk.
type walk struct {
	r     *Request
	name  string // the whole path
	end   int    // of the part that has been gone through
	node  *vhost.Node
	known fs.FileInfo // of the whole path; nil if it does not exist
	found fs.FileInfo // of the last component asked for; nil if it does not exist
	stuck string      // the directory of a .htaccess file that ends the walk
}

// down goes from the root to the end of the path or to what is no directory.
func (w *walk) down() Status {
	r := w.r
	core := r.Site.Core.Dir
	dirs := &r.Server.Dirs
	w.node = dirs.Step(w.node, "/", 0)
	w.end = 1
	for depth := 1; ; depth++ {
		dir := w.name[:w.end]
		if dir[len(dir)-1] != '/' {
			if w.end < len(w.name) {
				dir = w.name[:w.end+1]
			} else if depth <= dirs.Depth() || r.overrides(w.node) {
				dir += "/"
			}
		}
		w.node = dirs.Step(w.node, dir, depth)
		conf := core.Of(w.node.Conf)
		if (conf.AllowOverride.V.Classes != 0 || conf.OverrideList.Set) && !w.atFile() {
			n, s := r.htaccess(w.node, dir)
			if s != OK {
				w.stuck = dir
				return s
			}
			w.node = n
			conf = core.Of(n.Conf)
		}
		links := conf.Options.Bits() & (modcore.OptFollowSymLinks | modcore.OptSymLinksIfOwnerMatch)
		free := w.known != nil && links == modcore.OptFollowSymLinks
		if free && depth >= dirs.Depth() && conf.AllowOverride.V.Classes == 0 && !conf.OverrideList.Set {
			w.end = len(w.name) // nothing on the rest of the way can change anything
			return OK
		}
		rest := w.name[w.end:]
		if rest == "" {
			return OK
		}
		next := strings.IndexByte(rest[1:], '/') + 1
		if rest[0] != '/' { // at the root, whose slash has been passed
			next = strings.IndexByte(rest, '/')
		}
		if next <= 0 {
			next = len(rest)
		}
		w.end += next
		if rest[:next] == "/" {
			return OK
		}
		if free {
			continue
		}
		if s := w.look(links); s != OK {
			return s
		}
		if w.found == nil || !w.found.IsDir() {
			return OK
		}
	}
}

// atFile tells that the whole path has been gone through and is known to be no directory.
func (w *walk) atFile() bool {
	return w.end == len(w.name) && w.known != nil && !w.known.IsDir()
}

// look asks for the component that the path now ends with and follows it if it
// is a symbolic link and may be followed.
func (w *walk) look(links modcore.OptionBits) Status {
	r := w.r
	name := w.name[:w.end]
	w.found = nil
	err := r.link.lstat(name)
	switch {
	case errors.Is(err, syscall.ENOENT):
		return OK
	case errors.Is(err, syscall.EACCES):
		r.LogErr(err, errlog.Error, errlog.Core, "AH00035", "access to %s denied (filesystem path '%s') because search permissions are missing on a component of the path", r.URI, name)
		return 403
	case err != nil:
		r.LogErr(err, errlog.Error, errlog.Core, "AH00036", "access to %s failed (filesystem path '%s')", r.URI, name)
		return 403
	}
	if r.link.Mode()&fs.ModeSymlink != 0 && !r.followLink(name, links) {
		r.Logf(errlog.Error, errlog.Core, "AH00037", "Symbolic link not allowed or link target not accessible: %s", name)
		return 403
	}
	w.found = &r.link
	if m := r.link.Mode(); !m.IsDir() && !m.IsRegular() {
		r.Logf(errlog.Error, errlog.Core, "AH00038", "Forbidden: %s doesn't point to a file or directory", name)
		return 403
	}
	return OK
}

// followLink replaces what is known of a symbolic link by what it leads to
// (resolve_symlink). With SymLinksIfOwnerMatch both must have one owner,
// whatever FollowSymLinks says.
func (r *Request) followLink(name string, links modcore.OptionBits) bool {
	if links == 0 {
		return false
	}
	owner := r.link.st.Uid
	if r.link.stat(name) != nil {
		return false
	}
	return links&modcore.OptSymLinksIfOwnerMatch == 0 || r.link.st.Uid == owner
}

// overrides tells whether .htaccess files are looked for under a configuration.
func (r *Request) overrides(n *vhost.Node) bool {
	conf := r.Site.Core.Dir.Of(n.Conf)
	return conf.AllowOverride.V.Classes != 0 || conf.OverrideList.Set
}

// cleanName removes empty and dot components of an absolute name and keeps a final slash.
func cleanName(name string) string {
	if isCleanName(name) {
		return name
	}
	clean := path.Clean(name)
	if clean != "/" && (strings.HasSuffix(name, "/") || strings.HasSuffix(name, "/.") || strings.HasSuffix(name, "/..")) {
		clean += "/"
	}
	return clean
}

func isCleanName(name string) bool {
	for i := 0; i+1 < len(name); i++ {
		if name[i] == '/' && (name[i+1] == '/' || name[i+1] == '.' && (i+2 == len(name) || name[i+2] == '/' || name[i+2] == '.')) {
			return false
		}
	}
	return true
}
