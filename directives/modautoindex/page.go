package modautoindex

import (
	"strconv"
	"strings"

	"httpd-wsgi/internal/apr"
)

const (
	doctypeHTML  = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n"
	doctypeXHTML = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"
)

// page collects the markup of a listing.
type page struct {
	listing
	b []byte
}

func (p *page) put(texts ...string) {
	for _, t := range texts {
		p.b = append(p.b, t...)
	}
}

// escape puts text as HTML.
func (p *page) escape(text string) { p.b = apr.AppendEscapeHTML(p.b, text) }

// styled chooses by whether there is a style sheet.
func (p *page) styled(with, without string) string {
	if p.d.StyleSheet.Set {
		return with
	}
	return without
}

// slash closes an empty element where XHTML wants that.
func (p *page) slash() {
	if p.has(xhtml) {
		p.put(" /")
	}
}

// preamble opens the page.
func (p *page) preamble(title string) {
	if p.has(xhtml) {
		p.put(doctypeXHTML, "<html xmlns=\"http://www.w3.org/1999/xhtml\">\n <head>\n")
	} else {
		p.put(doctypeHTML, "<html>\n <head>\n")
	}
	p.put("  <title>Index of ", title, "</title>\n")
	if p.d.StyleSheet.Set {
		p.put("  <link rel=\"stylesheet\" href=\"", p.d.StyleSheet.V, "\" type=\"text/css\"")
		p.slash()
		p.put(">\n")
	}
	p.put(p.d.HeadInsert.V, " </head>\n <body>\n")
}

// image puts an icon's element, but for the end of its tag.
func (p *page) image(url, alt string) {
	p.put("<img src=\"")
	p.escape(url)
	p.put("\" alt=\"", alt, "\"")
	if w := p.d.iconWidth; w != 0 {
		p.put(" width=\"", strconv.Itoa(w), "\"")
	}
	if h := p.d.iconHeight; h != 0 {
		p.put(" height=\"", strconv.Itoa(h), "\"")
	}
	p.slash()
}

// head puts a column's head: a link that sorts by it, in the other direction
// where it is the present key.
func (p *page) head(text string, key byte) {
	if p.has(suppressColumnSorting) {
		p.put(text)
		return
	}
	direction := byte(ascending)
	if p.key == key && p.direction == ascending {
		direction = descending
	}
	p.put("<a href=\"?C=")
	p.b = append(p.b, key, ';', 'O', '=', direction)
	p.put(p.arguments, "\">", text, "</a>")
}

// blank is the icon that stands over the icons.
func (p *page) blank() (string, bool) {
	return find(p.d.icons, subject{path: blankName, pathOnly: true})
}

// list puts the entries in the form that is asked for.
func (p *page) list(entries []*entry) {
	switch {
	case p.has(htmlTable):
		p.table(entries)
	case p.has(fancyIndexing):
		p.fancy(entries)
	default:
		p.plain(entries)
	}
}

// plain puts a list of names.
func (p *page) plain(entries []*entry) {
	p.put("<ul>")
	for i, e := range entries {
		p.put("<li><a href=\"")
		p.anchor(e)
		p.put("\"> ")
		p.escape(label(i, e))
		p.put("</a></li>\n")
	}
	p.put("</ul>\n")
}

// anchor puts the entry's URL.
func (p *page) anchor(e *entry) { p.escape(apr.OSEscapePath(e.name, false)) }

// label is the name that is shown.
func label(i int, e *entry) string {
	if i == 0 && e.parent() {
		return "Parent Directory"
	}
	return e.name
}

// columns is how wide names and descriptions are.
func (p *page) columns(entries []*entry) (name, description int) {
	name, description = p.d.name.columns(), p.d.description.columns()
	if p.has(htmlTable) {
		return name, description
	}
	for _, e := range entries {
		if p.d.name.adjust {
			name = max(name, len(e.name))
		}
		if p.d.description.adjust && e.description.Set {
			description = max(description, len(e.description.V))
		}
	}
	return name, description
}

// shorten cuts a name that is too wide for its column, and tells the padding that fills it.
func shorten(name string, width int) (string, int) {
	switch {
	case len(name) <= width:
		return name, width - len(name)
	case width < 3:
		return name, 0
	}
	return name[:width-3] + "..>", 0
}

// icon puts an entry's icon; none is what stands for none.
func (p *page) icon(e *entry, none string) {
	link := p.has(iconsAreLinks)
	if link {
		p.put("<a href=\"")
		p.anchor(e)
		p.put("\">")
	}
	if url := e.icon.Or(p.d.DefaultIcon); url.Set {
		p.image(url.V, "["+e.alt.Get("   ")+"]")
		p.put(">")
	} else {
		p.put(none)
	}
	if link {
		p.put("</a>")
	}
}

// link puts a name that leads to the entry, and what fills its column.
func (p *page) link(e *entry, text string, padding int) {
	p.put("<a href=\"")
	p.anchor(e)
	p.put("\">")
	p.escape(text)
	p.put("</a>", strings.Repeat(" ", padding))
}

// date is when the entry was modified, in local time.
func (p *page) date(e *entry) string {
	layout := "2006-01-02 15:04"
	if p.d.oldDates {
		layout = "02-Jan-2006 15:04"
	}
	return e.modified.Local().Format(layout)
}

// fancy puts lines with columns of fixed width.
func (p *page) fancy(entries []*entry) {
	name, description := p.columns(entries)
	p.put("<pre>")
	if !p.has(suppressIcon) {
		if url, ok := p.blank(); ok {
			p.image(url, "Icon ")
			p.put("> ")
		} else {
			p.put("      ")
		}
	}
	p.head("Name", keyName)
	p.put(strings.Repeat(" ", max(name-len("Name"), 0)), " ")
	if !p.has(suppressLastModified) {
		p.head("Last modified", keyLastModified)
		p.put("      ")
	}
	if !p.has(suppressSize) {
		p.head("Size", keySize)
		p.put("  ")
	}
	if !p.has(suppressDescription) {
		p.head("Description", keyDescription)
	}
	if p.has(suppressRules) {
		p.put("\n")
	} else {
		p.put("<hr")
		p.slash()
		p.put(">")
	}
	for i, e := range entries {
		if !p.has(suppressIcon) {
			p.icon(e, "     ")
			p.put(" ")
		}
		text, padding := shorten(label(i, e), name)
		p.link(e, text, padding)
		p.put(" ")
		if !p.has(suppressLastModified) {
			if e.dated {
				p.put(p.date(e), "  ")
			} else {
				p.put("                   ")
			}
		}
		if !p.has(suppressSize) {
			p.put(formatSize(e.size), "  ")
		}
		if !p.has(suppressDescription) && e.description.Set {
			p.put(p.cut(e.description.V, description))
		}
		p.put("\n")
	}
	if !p.has(suppressRules) {
		p.put("<hr")
		p.slash()
		p.put(">")
	}
	p.put("</pre>\n")
}

// cell opens the next cell of a row.
func (p *page) cell(tag, class, plain string) {
	p.put("<", tag, p.styled(" class=\""+class+"\">", plain))
}

// table puts an HTML table.
func (p *page) table(entries []*entry) {
	name, description := p.columns(entries)
	p.put(p.styled("  <table id=\"indexlist\">\n   <tr class=\"indexhead\">", "  <table>\n   <tr>"))
	columns := 1
	if !p.has(suppressIcon) {
		p.cell("th", "indexcolicon", " valign=\"top\">")
		if url, ok := p.blank(); ok {
			p.image(url, "[ICO]")
			p.put("></th>")
		} else {
			p.put("&nbsp;</th>")
		}
		columns++
	}
	p.cell("th", "indexcolname", ">")
	p.head("Name", keyName)
	for _, c := range [...]struct {
		off         options
		class, text string
		key         byte
	}{
		{suppressLastModified, "indexcollastmod", "Last modified", keyLastModified},
		{suppressSize, "indexcolsize", "Size", keySize},
		{suppressDescription, "indexcoldesc", "Description", keyDescription},
	} {
		if !p.has(c.off) {
			p.put("</th>")
			p.cell("th", c.class, ">")
			p.head(c.text, c.key)
			columns++
		}
	}
	p.put("</th></tr>\n")
	p.rule(columns)
	for i, e := range entries {
		p.row(i, e, name, description)
	}
	p.rule(columns)
	p.put("</table>\n")
}

// rule puts a line across a table.
func (p *page) rule(columns int) {
	if p.has(suppressRules) {
		return
	}
	p.put("   <tr", p.styled(" class=\"indexbreakrow\"", ""), "><th colspan=\"", strconv.Itoa(columns), "\"><hr")
	p.slash()
	p.put("></th></tr>\n")
}

// row puts an entry's row of a table.
func (p *page) row(i int, e *entry, name, description int) {
	if p.d.StyleSheet.Set {
		class := [2]string{"even", "odd"}[i&1]
		if e.alt.Set && p.has(addAltClass) {
			class += "-" + apr.ToLower(e.alt.V)
		}
		p.put("   <tr class=\"", class, "\">")
	} else {
		p.put("<tr>")
	}
	if !p.has(suppressIcon) {
		p.cell("td", "indexcolicon", " valign=\"top\">")
		p.icon(e, "&nbsp;")
		p.put("</td>")
	}
	text, padding := label(i, e), 0
	if !p.d.name.adjust {
		text, padding = shorten(text, name)
	}
	p.cell("td", "indexcolname", ">")
	p.link(e, text, padding)
	if !p.has(suppressLastModified) {
		p.put("</td>")
		if e.dated {
			p.cell("td", "indexcollastmod", " align=\"right\">")
			p.put(p.date(e), "  ")
		} else {
			p.cell("td", "indexcollastmod", ">")
			p.put("&nbsp;")
		}
	}
	if !p.has(suppressSize) {
		p.put("</td>")
		p.cell("td", "indexcolsize", " align=\"right\">")
		p.put(formatSize(e.size))
	}
	if !p.has(suppressDescription) {
		p.put("</td>")
		p.cell("td", "indexcoldesc", ">")
		switch {
		case !e.description.Set:
			p.put("&nbsp;")
		case p.d.description.adjust:
			p.put(e.description.V)
		default:
			p.put(p.cut(e.description.V, description))
		}
	}
	p.put("</td></tr>\n")
}

// cut shortens a description to its column: tags take no room, an entity that of
// one character (terminate_description). Where DescriptionWidth is not set,
// the room of suppressed columns is the description's.
func (p *page) cut(text string, width int) string {
	if !p.d.description.given {
		if p.has(suppressIcon) {
			width += 6
		}
		if p.has(suppressLastModified) {
			width += 19
		}
		if p.has(suppressSize) {
			width += 7
		}
	}
	i := 0
	for ; i < len(text) && (width > 0 || text[i] == '<'); i++ {
		stop := byte(0)
		switch text[i] {
		case '<':
			stop = '>'
		case '&':
			stop = ';'
			width--
		default:
			width--
			continue
		}
		for text[i] != stop {
			if i++; i == len(text) {
				return text
			}
		}
	}
	if width == 0 && i < len(text) && i > 0 {
		return text[:i-1] + ">"
	}
	return text
}

// formatSize is a size in four characters (apr_strfsize).
func formatSize(n int64) string {
	if n < 0 {
		return "  - "
	}
	pad := func(n int64, unit string) string {
		s := strconv.FormatInt(n, 10) + unit
		return strings.Repeat(" ", max(4-len(s), 0)) + s
	}
	if n < 973 {
		return pad(n, " ")
	}
	for _, unit := range "KMGTPE" {
		rest := n & 1023
		if n >>= 10; n >= 973 {
			continue
		}
		if n < 9 || n == 9 && rest < 973 {
			tenth := (rest*5 + 256) / 512
			if tenth >= 10 {
				n, tenth = n+1, 0
			}
			return strconv.FormatInt(n, 10) + "." + strconv.FormatInt(tenth, 10) + string(unit)
		}
		if rest >= 512 {
			n++
		}
		return pad(n, string(unit))
	}
	return "****"
}
