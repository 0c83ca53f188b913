package apacheconf

import (
	"reflect"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \t\v\f\r\n ", nil},
		{"a # b", []string{"a", "#", "b"}},
		{`a"b c"d`, []string{`a"b`, `c"d`}},
		{`"a b`, []string{"a b"}},
		{`'a b`, []string{"a b"}},
		{`"a b"c`, []string{"a b", "c"}},
		{`"a""b"`, []string{"a", "b"}},
		{`"a'b" 'c"d'`, []string{"a'b", `c"d`}},
		{`"a \" b"`, []string{`a " b`}},
		{`'a \' b'`, []string{`a ' b`}},
		{`'a \" b'`, []string{`a \" b`}},
		{`"a \\ b"`, []string{`a \ b`}},
		{`"a\\"b`, []string{`a\`, "b"}},
		{`"a\b"`, []string{`a\b`}},
		{`"a\`, []string{`a\`}},
		{`"a\"`, []string{`a"`}},
		{`a\ b`, []string{`a\`, "b"}},
		{`a\\b`, []string{`a\b`}},
		{`a\\\b`, []string{`a\\b`}},
		{`a\\\\`, []string{`a\\`}},
		{`a\"b`, []string{`a\"b`}},
		{`\\"a b"`, []string{`\"a`, `b"`}},
		{`"" a`, []string{"", "a"}},
		{`"`, []string{""}},
		{"\xa0a\xa0", []string{"\xa0a\xa0"}},
	} {
		if got := Words(c.text); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Words(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

// getWordConf is ap_getword_conf read off Apache's manual rules byte by byte, for comparison.
func getWordConf(s string) (word, rest string) {
	const space = " \t\n\v\f\r"
	s = strings.TrimLeft(s, space)
	var b strings.Builder
	quote := ""
	if strings.HasPrefix(s, `"`) || strings.HasPrefix(s, `'`) {
		quote, s = s[:1], s[1:]
	}
	for s != "" {
		switch {
		case strings.HasPrefix(s, `\\`), quote != "" && strings.HasPrefix(s, `\`+quote):
			b.WriteString(s[1:2])
			s = s[2:]
			continue
		case quote != "" && strings.HasPrefix(s, quote):
			return b.String(), strings.TrimLeft(s[1:], space)
		case quote == "" && strings.Contains(space, s[:1]):
			return b.String(), strings.TrimLeft(s, space)
		}
		b.WriteString(s[:1])
		s = s[1:]
	}
	return b.String(), ""
}

func FuzzWords(f *testing.F) {
	for _, s := range traps {
		f.Add(s)
	}
	f.Add(`"a \" \\ ' b"'c'd\\\e \\\\`)
	f.Fuzz(func(t *testing.T, s string) {
		word, rest := GetWordConf(s)
		if w, r := getWordConf(s); w != word || r != rest {
			t.Fatalf("GetWordConf(%q) = %q, %q, want %q, %q", s, word, rest, w, r)
		}
		if n := len(Words(s)); n > len(s) {
			t.Fatalf("%d words in %q", n, s)
		}
	})
}

func BenchmarkGetWordConf(b *testing.B) {
	const args = `"/srv/www/a site" process-group=a application-group=%{GLOBAL}`
	b.ReportAllocs()
	for b.Loop() {
		for s := args; s != ""; {
			_, s = GetWordConf(s)
		}
	}
}
