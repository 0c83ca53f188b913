package directivetest

import (
	"os"
	"strings"
	"testing"

	"httpd-wsgi/directives"
)

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
	want := map[string]string{}
	var name string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "\t") {
			name = strings.TrimSpace(line)
			want[name] = ""
		} else {
			want[name] += line
		}
	}
	for _, e := range r.Entries() {
		name := e.Name + " (" + e.Module.File + ")"
		text, ok := want[name]
		if !ok {
			known := false
			for _, x := range extra {
				known = known || x == e.Name
			}
			if !known {
				t.Errorf("%s is not in %s", name, file)
			}
			continue
		}
		delete(want, name)
		if got := "\t" + e.Help + "\n" + e.Describe() + "\n"; got != text {
			t.Errorf("%s\n got %q\nwant %q", name, got, text)
		}
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}
