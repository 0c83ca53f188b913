package modautoindex

import (
	"slices"
	"testing"
	"time"

	"httpd-wsgi/directives"
)

// Figures of apr_strfsize.
func TestFormatSize(t *testing.T) {
	for n, want := range map[int64]string{-1: "  - ", 0: "  0 ", 1: "  1 ", 972: "972 ", 973: "1.0K", 1024: "1.0K", 1500: "1.5K", 9 << 10: "9.0K",
		9<<10 + 972: "9.9K", 9<<10 + 973: " 10K", 10 << 10: " 10K", 15000: " 15K", 972 << 10: "972K", 973 << 10: "1.0M", 2500000: "2.4M", 1 << 40: "1.0T", 1 << 62: "4.0E"} {
		if got := formatSize(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestNatural(t *testing.T) {
	for _, sorted := range [][]string{
		{"a1", "a2", "a10", "a11", "b"},
		{"1.001", "1.002", "1.010", "1.02", "1.1", "1.3"},
		{"x2-y08", "x2-y7", "x8-y8"}, // a run that begins with 0 is a fraction
		{"\xc3\xbc", "A", "a"},       // bytes are signed
		{"", "a"},
	} {
		for i := range sorted {
			for j := range sorted {
				got := natural(sorted[i], sorted[j], false)
				if (got < 0) != (i < j) || (got > 0) != (i > j) {
					t.Errorf("%q %q: %d", sorted[i], sorted[j], got)
				}
			}
		}
	}
	if natural("a 1", "a1", false) != 0 || natural("ABC2", "abc2", true) != 0 || natural("ABC2", "abc2", false) >= 0 {
		t.Error("spaces count, or case does not")
	}
}

// What IndexOptions lines of containers inside one another come to.
func TestIndexOptions(t *testing.T) {
	for _, tt := range []struct {
		lines [][]string // of one container each, the outermost first
		want  options
	}{
		{[][]string{{"FancyIndexing", "HTMLTable"}}, fancyIndexing | htmlTable},
		{[][]string{{"+FancyIndexing"}}, 0}, // nothing to add to
		{[][]string{{}, {"+FancyIndexing"}}, fancyIndexing},
		{[][]string{{"FancyIndexing"}, {"HTMLTable"}}, htmlTable},
		{[][]string{{"FancyIndexing"}, {"+HTMLTable"}}, fancyIndexing | htmlTable},
		{[][]string{{"FancyIndexing", "HTMLTable"}, {"-HTMLTable"}}, fancyIndexing},
		{[][]string{{"FancyIndexing"}, {"-FancyIndexing"}, {"+FancyIndexing"}}, 0}, // what was removed stays so
		{[][]string{{"FancyIndexing"}, {"None"}}, noOptions},
		{[][]string{{"FancyIndexing"}, {"None"}, {"+XHTML"}}, xhtml},
		{[][]string{{"FancyIndexing"}, {"Charset=x"}}, fancyIndexing},
		{[][]string{{"None"}, {}, {}}, 0},
		{[][]string{{"+FancyIndexing", "HTMLTable"}}, htmlTable},
	} {
		var d *Dir
		for _, words := range tt.lines {
			inner := new(Dir)
			if err := inner.setOptions(words); err != nil {
				t.Fatal(err)
			}
			if d == nil {
				d = inner
			} else {
				d = merge(d, inner)
			}
		}
		if d.options.bits != tt.want {
			t.Errorf("%q: %#x, want %#x", tt.lines, d.options.bits, tt.want)
		}
	}
}

func TestMerge(t *testing.T) {
	outer := &Dir{ignored: []item{newItem(byType, "a", "", "")}, icons: []item{newItem(byPath, "x", "", "outer")}, iconWidth: 5, key: keySize}
	inner := &Dir{ignored: []item{newItem(byType, "b", "", "")}, icons: []item{newItem(byPath, "x", "", "inner")}, iconHeight: 7}
	d := merge(outer, inner)
	if icon, _ := find(d.icons, subject{path: "/d/x"}); icon != "inner" || d.iconWidth != 5 || d.iconHeight != 7 || d.key != keySize {
		t.Errorf("%+v", d)
	}
	if !d.ignores("/d/a") || !d.ignores("/d/b") || d.ignores("/d/c") {
		t.Error("names of both are not ignored")
	}
	inner.ignoreReset = true
	if d = merge(outer, inner); d.ignores("/d/a") || !d.ignores("/d/b") {
		t.Error("IndexIgnoreReset does nothing")
	}
	if d = merge(d, &Dir{}); !d.ignores("/d/b") {
		t.Error("IndexIgnoreReset is inherited")
	}
}

func TestFind(t *testing.T) {
	items := []item{
		newItem(byEncoding, "x-gzip", "", "gz"),
		newItem(byType, "text/*", "", "text"),
		newItem(byPath, ".bin", "", "bin"),
		newItem(byPath, "/core", "/srv/", "core"),
		newItem(byPath, directoryName, "", "dir"),
		newItem(byPath, "README*", "", "never: the whole path is matched"),
		newItem(byType, "", "/all/", "all"),
	}
	for _, tt := range []struct {
		s    subject
		want string
	}{
		{subject{path: "/a/b.bin"}, "bin"},
		{subject{path: "/a/b.txt", contentType: "Text/Plain"}, "text"},
		{subject{path: "/a/b.txt", contentType: "text/plain", encoding: "x-gzip"}, "gz"},
		{subject{path: "/a/b.txt", contentType: "text/plain", encoding: "br"}, ""},
		{subject{path: "/a/b.txt", contentType: "text/plain", pathOnly: true}, ""},
		{subject{path: "/srv/core"}, "core"},
		{subject{path: "/other/core"}, ""},
		{subject{path: directoryName, pathOnly: true}, "dir"},
		{subject{path: "/a/README"}, ""},
		{subject{path: "/all/x"}, "all"},
	} {
		if got, _ := find(items, tt.s); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.s, got, tt.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	d := &Dir{descriptions: []description{newDescription("part", "ab"), newDescription("wild", "*.tx?"), newDescription("path", "sub/x")}}
	for path, want := range map[string]string{"/d/cabd": "part", "/ab/c": "", "/d/x.txt.en": "wild", "/d/sub/xyz": "path", "/d/mysub/x": "", "/d/c": ""} {
		if got := d.describe(path); got.V != want {
			t.Errorf("%s: %q, want %q", path, got.V, want)
		}
	}
}

func TestCut(t *testing.T) {
	p := &page{listing: listing{d: &Dir{description: width{given: true}}}}
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{
		{"short", 10, "short"},
		{"exactly te", 10, "exactly te"},
		{"longer than ten", 10, "longer th>"},
		{"<b>bold</b> text that is long", 10, "<b>bold</b> text>"},
		{"a&amp;b&auml;cdefghijk", 6, "a&amp;b&auml;c>"},
		{"unended <tag", 10, "unended <tag"},
		{"unended &entity", 10, "unended &entity"},
		{"", 5, ""},
	} {
		if got := p.cut(tt.text, tt.width); got != tt.want {
			t.Errorf("%q %d: %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
	// Without DescriptionWidth the room of other columns is used.
	p = &page{listing: listing{d: &Dir{}, options: suppressSize}}
	if got := p.cut("0123456789", 3); got != "0123456789" {
		t.Error(got)
	}
}

func TestSort(t *testing.T) {
	day := func(n int) time.Time { return time.Unix(int64(n)*86400, 0) }
	entries := []*entry{
		{name: "b", size: 1, modified: day(3)}, {name: "A", size: 3, modified: day(2)}, {name: "a10", size: 2, modified: day(1)},
		{name: "a9", size: 2, modified: day(4), description: directives.Some("x")}, {name: "d/", size: -1, modified: day(9), directory: true}, {name: "/up/", size: -1},
	}
	for _, tt := range []struct {
		key, direction byte
		options        options
		want           []string
	}{
		{keyName, ascending, 0, []string{"/up/", "d/", "A", "a10", "a9", "b"}},
		{keyName, descending, 0, []string{"/up/", "d/", "b", "a9", "a10", "A"}},
		{keyName, ascending, versionSort, []string{"/up/", "d/", "A", "a9", "a10", "b"}},
		{keyName, ascending, ignoreCase, []string{"/up/", "d/", "A", "a10", "a9", "b"}},
		{keySize, ascending, 0, []string{"/up/", "d/", "b", "a10", "a9", "A"}},
		{keyLastModified, descending, 0, []string{"/up/", "d/", "a9", "b", "A", "a10"}},
		{keyDescription, ascending, 0, []string{"/up/", "d/", "A", "a10", "b", "a9"}},
	} {
		l := &listing{d: &Dir{}, key: tt.key, direction: tt.direction, options: tt.options}
		list := slices.Clone(entries)
		l.sort(list)
		var got []string
		for _, e := range list {
			got = append(got, e.name)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%c %c: %q, want %q", tt.key, tt.direction, got, tt.want)
		}
	}
}

func TestQuery(t *testing.T) {
	for args, want := range map[string]listing{
		"":                    {key: keyName, direction: ascending},
		"C=S;O=D":             {key: keySize, direction: descending},
		"C=M&O=A&F=2":         {key: keyLastModified, direction: ascending, options: fancyIndexing | htmlTable, arguments: ";F=2"},
		"F=1;V=1":             {key: keyName, direction: ascending, options: fancyIndexing | versionSort, arguments: ";F=1;V=1"},
		"P=*.t%78t;C=D":       {key: keyDescription, direction: ascending, pattern: "*.txt", patterned: true, arguments: ";P=*.txt"},
		"P=;C=D":              {key: keyDescription, direction: ascending},
		"P=%2f;C=S":           {key: keySize, direction: ascending},
		"C=SX;O=D":            {key: keyName, direction: ascending},
		"O=D;nonsense;C=S":    {key: keyName, direction: descending},
		"C=S;C=D;O=A;O=D;V=2": {key: keyDescription, direction: descending},
	} {
		l := listing{key: keyName, direction: ascending}
		l.query(args)
		if l != want {
			t.Errorf("%s: %+v, want %+v", args, l, want)
		}
	}
}

func TestAddIcon(t *testing.T) {
	for _, tt := range []struct{ icon, data, alt string }{
		{"/i.gif", "/i.gif", ""},
		{"(TXT,/i.gif)", "/i.gif", "TXT"},
		{"(A,,/b.gif)c", "/b.gif", "A"},
		{"(NOCOMMA)", "", "NOCOMMA)"},
		{"(AFTER)x,/y", "/y", "AFTER)x"},
		{"(,/x)", "/x", ""},
	} {
		icon, alt, err := splitIcon(tt.icon)
		if err != nil || icon != tt.data || alt.V != tt.alt {
			t.Errorf("%s: %q %q %v", tt.icon, icon, alt.V, err)
		}
	}
	if _, _, err := splitIcon("(TXT,/i"); err == nil || err.Error() != "missing closing paren" {
		t.Error(err)
	}
}
