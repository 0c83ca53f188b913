package modalias

import (
	"testing"

	"httpd-wsgi/internal/apr"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		uri, fake string
		want      int
	}{
		{"/app", "/app", 4},
		{"/app/x", "/app", 4},
		{"/apple", "/app", 0},
		{"/app/", "/app/", 5},
		{"/app", "/app/", 0},
		{"/app//x", "/app/", 6},
		{"//app/x", "/app", 5},
		{"/a/b", "//a//b", 4},
		{"/x", "/", 1},
		{"", "/", 0},
		{"/App", "/app", 0},
		{"/a", "/a/b", 0},
	} {
		if got := apr.MatchPrefix(test.uri, test.fake); got != test.want {
			t.Errorf("match(%q, %q) = %d, want %d", test.uri, test.fake, got, test.want)
		}
	}
}

func TestRedirectStatus(t *testing.T) {
	for word, want := range map[string]int{"permanent": 301, "TEMP": 302, "seeother": 303, "gone": 410, "308": 308, "404": 404} {
		if got, ok := redirectStatus(word); !ok || got != want {
			t.Errorf("%q: %d %v, want %d", word, got, ok, want)
		}
	}
	for _, word := range []string{"", "/x", "moved"} {
		if got, ok := redirectStatus(word); ok {
			t.Errorf("%q is status %d", word, got)
		}
	}
}
