package apacheconf

import (
	"os"
	"slices"
	"strings"
	"syscall"

	"httpd-wsgi/internal/apr"
)

// How deep Includes, and directories in an included directory, may nest.
const (
	maxIncludeDepth = 128
	maxDirDepth     = 128
)

// includePrefix is before what Apache says of directories and wildcards.
const includePrefix = "Include/IncludeOptional: "

func (f *fileReading) include(d *onRead, args string, items []*Item) ([]*Item, *Error) {
	name, e := d.one(args)
	if e != nil {
		return items, e
	}
	f.depth++
	defer func() { f.depth-- }()
	if f.depth > maxIncludeDepth {
		return items, &Error{Msg: "Exceeded maximum include depth of " + itoa(maxIncludeDepth) +
			", There appears to be a recursion."}
	}
	f.line = f.pos().Line
	path := mergePath(f.tree.ServerRoot, name)
	in := includer{reading: f.reading, optional: d == &onIncludeOptional, items: items}
	if apr.IsFnmatch(path) {
		e = in.match("/", strings.TrimPrefix(path, "/"))
	} else {
		e = in.path(path, 0)
	}
	return in.items, e
}

// includer is one Include on its way through directories.
type includer struct {
	*reading
	optional bool
	items    []*Item
}

// path includes a file, or all that is in a directory and below. depth counts directories.
func (in *includer) path(path string, depth int) *Error {
	text, err := in.readFile(path)
	switch {
	case err == errDirectory || err == syscall.EACCES && isDirectory(path):
		return in.directory(path, depth)
	case err != nil && in.optional && !exists(path):
		return nil
	}
	items, e := in.file(path, text, err, in.items)
	in.items = items
	return e
}

func (in *includer) directory(path string, depth int) *Error {
	if depth++; depth > maxDirDepth {
		return &Error{Msg: includePrefix + "Directory '" + path + "' exceeds the maximum include directory nesting level of " +
			itoa(maxDirDepth) + ". You have probably a recursion somewhere."}
	}
	entries, err := readDirectory(path)
	if err != nil {
		return openDirError(path, err)
	}
	for _, entry := range entries {
		if e := in.path(joinPath(path, entry.Name()), depth); e != nil {
			return e
		}
	}
	return nil
}

// match includes what pattern, whose parts may be wildcards, matches below the directory path.
func (in *includer) match(path, pattern string) *Error {
	part, rest, more := strings.Cut(pattern, "/")
	for !apr.IsFnmatch(part) {
		path = joinPath(path, part)
		if !more {
			return in.path(path, 0)
		}
		part, rest, more = strings.Cut(rest, "/")
	}
	entries, err := readDirectory(path)
	if err != nil {
		if in.optional && err == syscall.ENOENT {
			return nil
		}
		return openDirError(path, err)
	}
	matched := false
	for _, entry := range entries {
		// Only a directory itself, not a link to one, is looked into for the parts that follow.
		if !apr.Fnmatch(part, entry.Name(), apr.FnmPeriod) || more && !entry.IsDir() {
			continue
		}
		matched = true
		full := joinPath(path, entry.Name())
		var e *Error
		if more {
			e = in.match(full, rest)
		} else {
			e = in.path(full, 0)
		}
		if e != nil {
			return e
		}
	}
	if !matched && !in.optional {
		return &Error{Msg: includePrefix + "No matches for the wildcard '" + part + "' in '" + path + "', failing"}
	}
	return nil
}

// readDirectory gives a directory's entries by name, in byte order.
func readDirectory(path string) ([]os.DirEntry, error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, errno(err)
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return nil, errno(err)
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// joinPath is ap_make_full_path.
func joinPath(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

func openDirError(path string, err error) *Error {
	return &Error{Msg: includePrefix + "Could not open directory " + path + ": " + strerror(err)}
}
