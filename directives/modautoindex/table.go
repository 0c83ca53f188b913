package modautoindex

import (
	"errors"
	"strconv"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
)

var tables = directives.Module[directives.None, Dir]{ID: "autoindex_module", File: "mod_autoindex.c", MergeDir: merge, Dir: directives.Table[Dir]{
	addIcon("AddIcon", byPath, "an icon URL followed by one or more filenames"),
	addIcon("AddIconByType", byType, "an icon URL followed by one or more MIME types"),
	addIcon("AddIconByEncoding", byEncoding, "an icon URL followed by one or more content encodings"),
	addAlt("AddAlt", byPath, "alternate descriptive text followed by one or more filenames"),
	addAlt("AddAltByType", byType, "alternate descriptive text followed by one or more MIME types"),
	addAlt("AddAltByEncoding", byEncoding, "alternate descriptive text followed by one or more content encodings"),
	directives.Argv("IndexOptions", directives.OrIndexes, nil, func(_ *directives.Cmd, d *Dir, words []string) error { return d.setOptions(words) },
		"one or more index options [+|-][]"),
	directives.Take2("IndexOrderDefault", directives.OrIndexes, nil, setOrder, "{Ascending,Descending} {Name,Size,Description,Date}"),
	directives.Iterate("IndexIgnore", directives.OrIndexes, nil, func(c *directives.Cmd, d *Dir, name string) error {
		// Unlike AddIcon it takes the name as it is, without a leading "*".
		d.ignored = append(d.ignored, newItem(byType, name, c.Path, ""))
		return nil
	}, "one or more file extensions"),
	directives.FlagFunc("IndexIgnoreReset", directives.OrIndexes, nil, func(_ *directives.Cmd, d *Dir, on bool) error {
		d.ignoreReset = on
		return nil
	}, "Reset the inherited list of IndexIgnore filenames"),
	directives.Iterate2("AddDescription", directives.OrIndexes, nil, func(_ *directives.Cmd, d *Dir, text, name string) error {
		d.descriptions = append(d.descriptions, newDescription(text, name))
		return nil
	}, "Descriptive text followed by one or more filenames"),
	directives.String("HeaderName", directives.OrIndexes, func(d *Dir) *directives.Opt[string] { return &d.Header }, "a filename"),
	directives.String("ReadmeName", directives.OrIndexes, func(d *Dir) *directives.Opt[string] { return &d.Readme }, "a filename"),
	directives.RawArgs("FancyIndexing", directives.OrAll, nil, func(*directives.Cmd, *Dir, string) error {
		return errors.New(noFancyIndexing)
	}, noFancyIndexing),
	directives.String("DefaultIcon", directives.OrIndexes, func(d *Dir) *directives.Opt[string] { return &d.DefaultIcon }, "an icon URL"),
	directives.String("IndexStyleSheet", directives.OrIndexes, func(d *Dir) *directives.Opt[string] { return &d.StyleSheet }, "URL to style sheet"),
	directives.String("IndexHeadInsert", directives.OrIndexes, func(d *Dir) *directives.Opt[string] { return &d.HeadInsert }, "String to insert in HTML HEAD section"),
}}

const noFancyIndexing = "The FancyIndexing directive is no longer supported. Use IndexOptions FancyIndexing."

// target is what a line applies to, as its directive keeps it.
func target(kind by, to string) string {
	switch {
	case kind == byPath && to == "**DIRECTORY**":
		return directoryName
	case kind == byEncoding:
		return apr.ToLower(to)
	}
	return to
}

func addAlt(name string, kind by, help string) directives.Directive[Dir] {
	return directives.Iterate2(name, directives.OrIndexes, nil, func(c *directives.Cmd, d *Dir, text, to string) error {
		d.alts = append(d.alts, newItem(kind, target(kind, to), c.Path, text))
		return nil
	}, help)
}

func addIcon(name string, kind by, help string) directives.Directive[Dir] {
	return directives.Iterate2(name, directives.OrIndexes, nil, func(c *directives.Cmd, d *Dir, icon, to string) error {
		to = target(kind, to)
		url, alt, err := splitIcon(icon)
		if err != nil {
			return err
		}
		if alt.Set {
			d.alts = append(d.alts, newItem(kind, to, c.Path, alt.V))
		}
		d.icons = append(d.icons, newItem(kind, to, c.Path, url))
		return nil
	}, help)
}

// splitIcon takes an icon's URL, or "(text,URL)" that gives the alternative text as well.
func splitIcon(icon string) (url string, alt directives.Opt[string], err error) {
	rest, ok := strings.CutPrefix(icon, "(")
	if !ok {
		return icon, alt, nil
	}
	end := strings.IndexByte(rest, ')')
	if end < 0 {
		return "", alt, errors.New("missing closing paren")
	}
	comma := strings.IndexByte(rest, ',')
	if comma < 0 {
		return "", directives.Some(rest), nil
	}
	url = strings.TrimLeft(rest[comma:], ",")
	if start := len(rest) - len(url); end >= start {
		url = rest[start:end]
	}
	return url, directives.Some(rest[:comma]), nil
}

func setOrder(_ *directives.Cmd, d *Dir, direction, key string) error {
	switch strings.ToLower(direction) {
	case "ascending":
		d.direction = ascending
	case "descending":
		d.direction = descending
	default:
		return errors.New("First keyword must be 'Ascending' or 'Descending'")
	}
	switch strings.ToLower(key) {
	case "name":
		d.key = keyName
	case "date":
		d.key = keyLastModified
	case "size":
		d.key = keySize
	case "description":
		d.key = keyDescription
	default:
		return errors.New("Second keyword must be 'Name', 'Date', 'Size', or 'Description'")
	}
	return nil
}

var optionNames = map[string]options{
	"fancyindexing": fancyIndexing, "foldersfirst": foldersFirst, "htmltable": htmlTable, "iconsarelinks": iconsAreLinks,
	"ignorecase": ignoreCase, "ignoreclient": ignoreClient, "scanhtmltitles": scanHTMLTitles,
	"suppresscolumnsorting": suppressColumnSorting, "suppressdescription": suppressDescription,
	"suppresshtmlpreamble": suppressHTMLPreamble, "suppressicon": suppressIcon, "suppresslastmodified": suppressLastModified,
	"suppresssize": suppressSize, "suppressrules": suppressRules, "trackmodified": trackModified, "versionsort": versionSort,
	"xhtml": xhtml, "showforbidden": showForbidden, "addaltclass": addAltClass,
}

// Dimensions of the icons that come with Apache.
const defaultIconWidth, defaultIconHeight = 20, 22

// setOptions is the IndexOptions directive.
func (d *Dir) setOptions(words []string) error {
	o := d.options
	for _, w := range words {
		sign := byte(0)
		if w != "" && (w[0] == '+' || w[0] == '-') {
			sign, w = w[0], w[1:]
		}
		name, value, valued := strings.Cut(apr.ToLower(w), "=")
		raw := w[min(len(name)+1, len(w)):]
		option, isOption := optionNames[name]
		isOption = isOption && !valued
		switch {
		case isOption:
		case name == "none" && !valued:
			if sign != 0 {
				return errors.New("Cannot combine '+' or '-' with 'None' keyword")
			}
			o = o.onlyNone()
		case name == "iconwidth":
			if err := setIcon(&d.iconWidth, "IconWidth", defaultIconWidth, sign, value, valued); err != nil {
				return err
			}
		case name == "iconheight":
			if err := setIcon(&d.iconHeight, "IconHeight", defaultIconHeight, sign, value, valued); err != nil {
				return err
			}
		case name == "namewidth":
			if err := d.name.set("NameWidth", 5, sign, value, valued); err != nil {
				return err
			}
		case name == "descriptionwidth":
			if err := d.description.set("DescriptionWidth", 12, sign, value, valued); err != nil {
				return err
			}
		case name == "type" && valued:
			d.contentType = directives.Some(raw)
		case name == "charset" && valued:
			d.charset = directives.Some(raw)
		case name == "useolddateformat" && !valued:
			d.oldDates = true
		default:
			return errors.New("Invalid directory indexing option")
		}
		switch sign {
		case '+':
			o.add |= option
			o.remove &^= option
		case '-':
			o.remove |= option
			o.add &^= option
		default:
			o.bits |= option
			o.add, o.remove = 0, 0
		}
	}
	if o.bits.has(noOptions) && o.bits&^noOptions != 0 {
		return errors.New("Cannot combine other IndexOptions keywords with 'None'")
	}
	d.options = o
	return nil
}

func setIcon(dst *int, name string, def int, sign byte, value string, valued bool) error {
	switch {
	case valued && sign == '-':
		return errors.New("Cannot combine '-' with " + name + "=n")
	case valued:
		*dst = atoi(value)
	case sign == '-':
		*dst = 0
	default:
		*dst = def
	}
	return nil
}

func (w *width) set(name string, least int, sign byte, value string, valued bool) error {
	switch {
	case !valued && sign != '-':
		return errors.New(name + " with no value may only appear as '-" + name + "'")
	case !valued:
		*w = width{n: defaultWidth, given: true}
	case sign == '-':
		return errors.New("Cannot combine '-' with " + name + "=n")
	case strings.HasPrefix(value, "*"):
		*w = width{n: w.columns(), adjust: true, given: true}
	default:
		n := atoi(value)
		if n != 0 && n < least {
			return errors.New(name + " value must be greater than " + strconv.Itoa(least))
		}
		*w = width{n: n, given: true}
	}
	return nil
}

// atoi is C's: what is no number counts as far as it is one.
func atoi(s string) int {
	s = strings.TrimLeft(s, " \t")
	end := 0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		end = 1
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}
