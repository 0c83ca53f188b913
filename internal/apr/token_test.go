package apr

import (
	"testing"
	"unsafe"
)

func TestGetToken(t *testing.T) {
	for _, tt := range []struct {
		line        string
		white       bool
		token, rest string
	}{
		{"", false, "", ""},
		{"  gzip;q=1", false, "gzip", ";q=1"},
		{"a b, c", false, "a", "b, c"},
		{"a b, c", true, "a b", ", c"},
		{"a \t, c", false, "a", ", c"},
		{"a \t, c", true, "a \t", ", c"},
		{`x="a;b,c" d;e`, false, `x="a;b,c"`, "d;e"},
		{`x="a;b`, true, `x="a;b`, ""},
		{`"a" "b,c",d`, true, `"a" "b,c"`, ",d"},
		{",a", false, "", ",a"},
	} {
		if token, rest := GetToken(tt.line, tt.white); token != tt.token || rest != tt.rest {
			t.Errorf("%q, %v: %q %q, want %q %q", tt.line, tt.white, token, rest, tt.token, tt.rest)
		}
	}
}

func TestToLower(t *testing.T) {
	for s, want := range map[string]string{"": "", "abc": "abc", "aBC[Z": "abc[z", "ÄÀb\xc3K": "ÄÀb\xc3k"} {
		if got := ToLower(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
	if s := "as it is"; unsafe.StringData(ToLower(s)) != unsafe.StringData(s) {
		t.Error("a copy is made for nothing")
	}
}

func FuzzGetToken(f *testing.F) {
	f.Add(`a;b="c,d" e, f`)
	f.Fuzz(func(t *testing.T, line string) {
		for rest := line; rest != ""; {
			token, after := GetToken(rest, len(line)%2 == 0)
			if len(token)+len(after) > len(rest) {
				t.Fatalf("%q gives %q and %q", rest, token, after)
			}
			if after != "" && (after[0] == ',' || after[0] == ';') {
				after = after[1:]
			} else if token == "" && after != "" {
				t.Fatalf("%q: no token before %q", rest, after)
			}
			rest = after
		}
	})
}
