package apacheconf

import (
	"bytes"
	"strings"
	"testing"
)

// Nesting far beyond sense must not exhaust the stack.
func TestDeepNesting(t *testing.T) {
	const depth = 200_000
	text := strings.Repeat("<a>\n", depth)
	var b bytes.Buffer
	if err := Fprint(&b, Parse("f", []byte(text))); err != nil || b.String() != text {
		t.Errorf("deep nesting is not printed as it was read (%v)", err)
	}
	l := newTestLoader("/")
	for _, c := range []struct{ text, want string }{
		{text + strings.Repeat("</a>\n", depth), "nested more than 10000 deep"},
		{strings.Repeat("<IfModule so_module>\n", depth), "nested more than 10000 deep"},
		{strings.Repeat("<a>\n</a>\n<IfModule so_module>\n</IfModule>\n", depth), ""},
		{strings.Repeat("<a>\n", 9999) + strings.Repeat("</a>\n", 9999) + strings.Repeat("<IfModule so_module>\n", 9999), ""},
		{strings.Repeat("<IfModule x>\n", depth), "Expected </IfModule> before end of configuration"},
	} {
		l.ReadFile = func(string) ([]byte, error) { return []byte(c.text), nil }
		tree, err := l.Load("x")
		checkLoad(t, tree, err)
		if err == nil && c.want != "" || err != nil && (c.want == "" || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%.20q...: %v, want %q", c.text, err, c.want)
		}
	}
	// Backslashes must not take quadratic time.
	checkSyntax(t, strings.Repeat("\\", 1<<20)+strings.Repeat("\n", 1<<19)+"x")
}
