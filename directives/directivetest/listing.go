package directivetest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"httpd-wsgi/directives"
)

// Listed is one directive as httpd -L prints it.
type Listed struct {
	// Name and File are those of its first line: "ServerName (core.c)".
	Name, File string
	// Help is the line of help without its tab, Where the lines that say where it is allowed, as Entry.Describe.
	Help, Where string
}

var listedLine = regexp.MustCompile(`^(\S+) \((\w+\.c)\)\n`)

// ReadListing reads the output of httpd -L. Lines of help that go on without a
// tab, as some modules have them, belong to the help.
func ReadListing(text string) []Listed {
	var out []Listed
	var body string
	end := func() {
		if len(out) == 0 {
			return
		}
		d := &out[len(out)-1]
		at := max(strings.LastIndex(body, "\tAllowed in "), 0)
		d.Help = strings.TrimPrefix(strings.TrimSuffix(body[:at], "\n"), "\t")
		d.Where = strings.TrimSuffix(body[at:], "\n")
		body = ""
	}
	for line := range strings.Lines(text) {
		if m := listedLine.FindStringSubmatch(line); m != nil {
			end()
			out = append(out, Listed{Name: m[1], File: m[2]})
		} else {
			body += line
		}
	}
	end()
	return out
}

// Listing compares a registry with what httpd -L printed, in a file: for each
// directive its name with its module's source file, the line of help, and where
// it may stand. Every directive of the file must be there; one that is not in
// the file must be named in extra.
func Listing(t *testing.T, r *directives.Registry, file string, extra ...string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	Compare(t, r.Entries(), ReadListing(string(data)), extra...)
}

// Compare is Listing with what was read and some of the entries.
func Compare(t *testing.T, entries []*directives.Entry, listed []Listed, extra ...string) {
	t.Helper()
	type key struct{ name, file string }
	want := map[key]Listed{}
	for _, l := range listed {
		want[key{l.Name, l.File}] = l
	}
	for _, e := range entries {
		k := key{e.Name, e.Module.File}
		l, ok := want[k]
		delete(want, k)
		switch {
		case !ok:
			if !slices.Contains(extra, e.Name) {
				t.Errorf("%s (%s) is not Apache's", e.Name, e.Module.File)
			}
		case e.Help != l.Help || e.Describe() != l.Where:
			t.Errorf("%s (%s)\n got %q %q\nwant %q %q", e.Name, e.Module.File, e.Help, e.Describe(), l.Help, l.Where)
		}
	}
	for k := range want {
		t.Errorf("%s (%s) is missing", k.name, k.file)
	}
}
