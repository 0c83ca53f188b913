package modautoindex

import "httpd-wsgi/directives"

// options is a set of IndexOptions.
type options uint32

// The values are Apache's.
const (
	noOptions options = 1 << iota // None
	iconsAreLinks
	scanHTMLTitles
	suppressIcon
	suppressLastModified
	suppressSize
	suppressDescription
	suppressHTMLPreamble
	suppressColumnSorting
	suppressRules
	foldersFirst
	versionSort
	trackModified
	fancyIndexing
	htmlTable
	ignoreClient
	ignoreCase
	xhtml
	showForbidden
	addAltClass
)

func (o options) has(x options) bool { return o&x != 0 }

// indexOptions is what the IndexOptions lines of a container say: a set, and
// changes to the outer container's. As in Apache the changes count only where
// a container is merged with an outer one.
type indexOptions struct {
	bits        options
	none        bool // None was given, here or outside: the set is empty on purpose
	add, remove options
}

// untouched tells that no option without a sign was given.
func (o indexOptions) untouched() bool { return o.bits == 0 && !o.none }

// merge lays add over base (merge_autoindex_configs).
func (base indexOptions) merge(add indexOptions) indexOptions {
	if add.none && add.bits == noOptions {
		return add.onlyNone()
	}
	var out indexOptions
	if add.untouched() {
		out.add = (base.add | add.add) &^ add.remove
		out.remove = base.remove | add.remove
		out.bits, out.none = base.bits&^noOptions, base.none
	} else {
		out.bits, out.none = add.bits, add.none
	}
	out.bits = (out.bits | out.add) &^ out.remove
	return out
}

func (indexOptions) onlyNone() indexOptions { return indexOptions{bits: noOptions, none: true} }

// width is NameWidth or DescriptionWidth.
type width struct {
	n      int
	adjust bool // "*": as wide as the widest
	given  bool
}

// defaultWidth is that of both columns.
const defaultWidth = 23

func (w width) columns() int {
	if !w.given {
		return defaultWidth
	}
	return w.n
}

// merge keeps the outer width where none is set.
func (base width) merge(add width) width {
	if add.given {
		return add
	}
	return base
}

// Dir is mod_autoindex's per-directory configuration.
type Dir struct {
	DefaultIcon, StyleSheet, HeadInsert, Header, Readme directives.Opt[string]

	options               indexOptions
	iconWidth, iconHeight int // 0: not told in the page
	name, description     width
	contentType, charset  directives.Opt[string] // Type=, Charset=
	oldDates              bool                   // UseOldDateFormat

	// key and direction are IndexOrderDefault's, 0 where unset.
	key, direction byte

	icons, alts, ignored []item
	descriptions         []description
	ignoreReset          bool // IndexIgnoreReset: outer containers' names count no more
}

// merge lays an inner container over an outer one. Lists of the inner one come first.
func merge(base, add *Dir) *Dir {
	either := func(a, b int) int {
		if a != 0 {
			return a
		}
		return b
	}
	out := &Dir{
		DefaultIcon: add.DefaultIcon.Or(base.DefaultIcon),
		StyleSheet:  add.StyleSheet.Or(base.StyleSheet),
		HeadInsert:  add.HeadInsert.Or(base.HeadInsert),
		Header:      add.Header.Or(base.Header),
		Readme:      add.Readme.Or(base.Readme),

		options:     base.options.merge(add.options),
		iconWidth:   either(add.iconWidth, base.iconWidth),
		iconHeight:  either(add.iconHeight, base.iconHeight),
		name:        base.name.merge(add.name),
		description: base.description.merge(add.description),
		contentType: add.contentType.Or(base.contentType),
		charset:     add.charset.Or(base.charset),
		oldDates:    add.oldDates || base.oldDates,
		key:         byte(either(int(add.key), int(base.key))),
		direction:   byte(either(int(add.direction), int(base.direction))),

		icons:        concat(add.icons, base.icons),
		alts:         concat(add.alts, base.alts),
		descriptions: concat(add.descriptions, base.descriptions),
		ignored:      add.ignored,
	}
	if !add.ignoreReset {
		out.ignored = concat(add.ignored, base.ignored)
	}
	return out
}

func concat[T any](a, b []T) []T { return append(append(make([]T, 0, len(a)+len(b)), a...), b...) }
