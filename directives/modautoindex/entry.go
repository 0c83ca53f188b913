package modautoindex

import (
	"cmp"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
)

// Keys and directions of the order, as the query arguments C= and O= name them.
const (
	keyName         = 'N'
	keyLastModified = 'M'
	keySize         = 'S'
	keyDescription  = 'D'

	ascending  = 'A'
	descending = 'D'
)

// entry is a line of a listing.
type entry struct {
	name        string // of a directory with its final slash; the parent's URL for the parent
	icon, alt   directives.Opt[string]
	description directives.Opt[string]
	size        int64 // -1: not shown
	modified    time.Time
	dated       bool
	directory   bool // comes before files (FoldersFirst)
}

// parent tells that the entry leads up.
func (e *entry) parent() bool { return e.name[0] == '/' }

// listing is one page in the making.
type listing struct {
	r              *server.Request
	d              *Dir
	options        options
	key, direction byte
	arguments      string // what the links of the column heads keep of the query
	pattern        string // P=: only names that match
	patterned      bool
}

func (l *listing) has(x options) bool { return l.options.has(x) }

// parentEntry is the way up; false at the root and where IndexIgnore hides "..".
func (l *listing) parentEntry() (*entry, bool) {
	up, ok := apr.NormalizePath(join(l.r.URI, "../"), apr.AllowRelative|apr.NotAboveRoot)
	if !ok || up == "" {
		return nil, false
	}
	// Icons and descriptions name the way up "..".
	path := join(l.r.Target.Filename, "..")
	if l.d.ignores(path) {
		return nil, false
	}
	e := &entry{name: up, size: -1}
	if l.has(fancyIndexing) {
		subjects := []subject{{path: path, pathOnly: true}, {path: directoryName, pathOnly: true}}
		e.icon = first(l.d.icons, subjects...)
		e.alt = first(l.d.alts, subjects...).Or(directives.Some("PARENTDIR"))
		e.description = l.d.describe(path)
	}
	return e, true
}

// entry makes the line of a file of the directory; false if it is not to be
// listed. info is the file's, links followed.
func (l *listing) entry(name string, info os.FileInfo) (*entry, bool) {
	if l.patterned && !apr.Fnmatch(l.pattern, name, apr.FnmNoescape|apr.FnmPeriod) ||
		l.d.ignores(join(l.r.Target.Filename, name)) {
		return nil, false
	}
	sub := l.r.LookupEntry(name, info.IsDir(), server.EntryPlain)
	t := &sub.Target
	if t.Info == nil || !t.Info.IsDir() && !t.Info.Mode().IsRegular() || !l.shows(sub.Reply.Status) {
		return nil, false
	}
	e := &entry{name: name, size: -1}
	if info.IsDir() {
		e.name += "/"
	}
	if !l.has(fancyIndexing | htmlTable) {
		return e, true
	}
	e.modified, e.dated = t.Info.ModTime(), true
	path := t.Filename
	contentType, _, _ := strings.Cut(sub.Reply.ContentType, ";")
	s := subject{path: path, contentType: strings.TrimSpace(contentType), encoding: sub.Reply.ContentEncoding}
	if info.IsDir() {
		e.directory = l.has(foldersFirst)
		// The lookup may have gone on to the index file: the directory is meant.
		path = strings.TrimSuffix(path[:strings.LastIndexByte(path, '/')+1], "/")
		s.path, s.pathOnly = path, true
		subjects := []subject{s, {path: directoryName, pathOnly: true}}
		e.icon, e.alt = first(l.d.icons, subjects...), first(l.d.alts, subjects...).Or(directives.Some("DIR"))
	} else {
		e.icon, e.alt = first(l.d.icons, s), first(l.d.alts, s)
		e.size = t.Info.Size()
	}
	e.description = l.d.describe(path)
	if !e.description.Set && l.has(scanHTMLTitles) {
		e.description = title(sub)
	}
	return e, true
}

// shows tells whether a file is listed whose lookup ended with status.
func (l *listing) shows(status int) bool {
	return status >= 200 && status < 400 || l.has(showForbidden) && (status == 401 || status == 403)
}

// maxTitleScan is how much of a file is looked at for its title (MAX_STRING_LEN).
const maxTitleScan = 8192 - 1

// title is the title of an HTML page.
func title(r *server.Request) (none directives.Opt[string]) {
	if r.Reply.Status != 200 || r.Reply.ContentEncoding != "" ||
		!isHTML(r.Reply.ContentType) && r.Reply.ContentType != "text/x-server-parsed-html" {
		return none
	}
	f, err := os.Open(r.Target.Filename)
	if err != nil {
		return none
	}
	defer f.Close()
	buf := make([]byte, maxTitleScan)
	n, _ := io.ReadFull(f, buf)
	text, _, _ := strings.Cut(string(buf[:n]), "\x00")
	const mark = "<title>"
	matched := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != mark[matched] {
			matched = 0
			continue
		}
		if matched++; matched == len(mark) {
			found, _, _ := strings.Cut(text[i+1:], "<")
			found = strings.TrimLeft(found, "\r\n")
			return directives.Some(strings.NewReplacer("\r", " ", "\n", " ").Replace(found))
		}
	}
	return none
}

func isHTML(contentType string) bool {
	base, _, _ := strings.Cut(contentType, ";")
	base = strings.TrimSpace(base)
	return strings.EqualFold(base, "text/html") || strings.EqualFold(base, "application/xhtml+xml")
}

// sort puts the entries in order, the way up first.
func (l *listing) sort(entries []*entry) {
	slices.SortStableFunc(entries, func(a, b *entry) int {
		switch {
		case a.parent() && b.parent():
			return 0
		case a.parent():
			return -1
		case b.parent():
			return 1
		case a.directory != b.directory:
			if a.directory {
				return -1
			}
			return 1
		}
		if l.direction != ascending {
			a, b = b, a
		}
		return l.compare(a, b)
	})
}

func (l *listing) compare(a, b *entry) int {
	c := 0
	switch l.key {
	case keyLastModified:
		c = a.modified.Compare(b.modified)
	case keySize:
		c = cmp.Compare(a.size, b.size)
	case keyDescription:
		if l.has(versionSort) {
			c = natural(a.description.V, b.description.V, false)
		} else {
			c = strings.Compare(a.description.V, b.description.V)
		}
	}
	if c == 0 && l.has(versionSort) {
		if l.has(ignoreCase) {
			c = natural(a.name, b.name, true)
		}
		if c == 0 {
			c = natural(a.name, b.name, false)
		}
	}
	if c == 0 && l.has(ignoreCase) {
		c = compareFold(a.name, b.name)
	}
	if c == 0 {
		c = strings.Compare(a.name, b.name)
	}
	return c
}

// join is ap_make_full_path.
func join(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}
