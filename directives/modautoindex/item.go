package modautoindex

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

// by says what an AddIcon or AddAlt line goes by.
type by uint8

const (
	byPath by = iota
	byType
	byEncoding
)

// item is a line of AddIcon, AddAlt or IndexIgnore.
type item struct {
	by   by
	to   string // what it applies to, a pattern
	path string // the files below which it holds, a pattern
	data string // the icon or the text
}

// newItem makes an item of a line in the container of path.
func newItem(kind by, to, path, data string) item {
	if kind == byPath && !apr.IsMatchexp(to) {
		to = "*" + to
	}
	return item{by: kind, to: to, path: path + "*", data: data}
}

// Names of entries that are no files.
const (
	directoryName = "^^DIRECTORY^^"
	blankName     = "^^BLANKICON^^"
)

// subject is what an item is sought for: a file's name with its type and
// encoding, or one of the names above.
type subject struct {
	path, contentType, encoding string
	pathOnly                    bool
}

// find returns the data of the first item that fits.
func find(items []item, s subject) (string, bool) {
	special := strings.HasPrefix(s.path, "^")
	for i := range items {
		it := &items[i]
		if !special && !apr.StrcmpMatch(s.path, it.path) {
			continue
		}
		var ok bool
		switch {
		case it.to == "":
			ok = true
		case it.by == byPath || special:
			ok = apr.StrcmpMatch(s.path, it.to)
		case s.pathOnly:
		case s.encoding == "":
			ok = it.by == byType && s.contentType != "" && apr.StrcasecmpMatch(s.contentType, it.to)
		default:
			ok = it.by == byEncoding && apr.StrcasecmpMatch(s.encoding, it.to)
		}
		if ok {
			return it.data, true
		}
	}
	return "", false
}

// first is find for several subjects in turn.
func first(items []item, subjects ...subject) directives.Opt[string] {
	for _, s := range subjects {
		if data, ok := find(items, s); ok {
			return directives.Some(data)
		}
	}
	return directives.Opt[string]{}
}

// ignores tells whether the file is not to be listed (IndexIgnore).
func (d *Dir) ignores(path string) bool {
	name := base(path)
	for i := range d.ignored {
		it := &d.ignored[i]
		if apr.StrcmpMatch(path, it.path) && apr.StrcmpMatch(name, base(it.to)) {
			return true
		}
	}
	return false
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// description is a line of AddDescription.
type description struct {
	pattern, text   string
	fullPath, match bool // look at the whole path; the pattern has wildcards
}

func newDescription(text, to string) description {
	d := description{pattern: to, text: text, fullPath: strings.Contains(to, "/")}
	d.match = d.fullPath || apr.IsFnmatch(to)
	switch {
	case d.fullPath:
		d.pattern = "*/" + to + "*"
	case d.match:
		d.pattern = "*" + to + "*"
	}
	return d
}

// describe returns the first description that fits the file.
func (d *Dir) describe(path string) (none directives.Opt[string]) {
	for i := range d.descriptions {
		t := &d.descriptions[i]
		name := base(path)
		if t.fullPath {
			name = path
		}
		if t.match && apr.Fnmatch(t.pattern, name, 0) || !t.match && strings.Contains(name, t.pattern) {
			return directives.Some(t.text)
		}
	}
	return none
}
