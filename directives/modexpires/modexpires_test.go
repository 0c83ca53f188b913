package modexpires

import (
	"io/fs"
	"math/rand"
	"testing"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
	"httpd-wsgi/server"
)

func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[directives.None, Dir] { return tables },
		directivetest.Gen(func(r *rand.Rand) map[string]Code {
			return map[string]Code{[]string{"a/b", "c/d", "e/*"}[r.Intn(3)]: {Seconds: r.Int63n(9) + 1}}
		}))
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables)
	directivetest.Listing(t, r, "testdata/L.txt")
}

func TestParseCode(t *testing.T) {
	const day = 86400
	for text, want := range map[string]Code{
		"A3600":                    {false, 3600},
		"A-10":                     {false, -10},
		"Ax":                       {false, 0},
		"M":                        {true, 0},
		"access":                   {false, 0},
		"now plus 1 day":           {false, day},
		"n 2 d":                    {false, 2 * day},
		"modification plus 1 week": {true, 7 * day},
		"access plus 1 year 2 months 3 weeks 4 days 5 hours 6 minutes 7 seconds": {false, (365+60+21+4)*day + 5*3600 + 6*60 + 7},
		"a p 1 mi":              {false, 60},
		"a p 1 mo":              {false, 30 * day},
		"access plus 100 years": {false, -1141367296},
	} {
		if got, err := parseCode(text); err != nil || got != want {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"foo plus 1 day":    "bad expires code, unrecognised <base> 'foo'",
		"access plus x day": "bad expires code, numeric value expected <num> 'x'",
		"access plus 1":     "bad expires code, missing <type>",
		"access plus 1 foo": "bad expires code, unrecognised <type>'foo'",
		"now plus 1 m":      "bad expires code, unrecognised <type>'m'",
	} {
		if _, err := parseCode(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

type file struct {
	fs.FileInfo
	at time.Time
}

func (f file) ModTime() time.Time { return f.at }

func TestSet(t *testing.T) {
	now := time.Unix(1700000000, 900e6)
	for _, test := range []struct {
		code     Code
		modified time.Time // zero for no file
		age, at  string
	}{
		{Code{false, 100}, time.Time{}, "max-age=100", "Tue, 14 Nov 2023 22:15:00 GMT"},
		{Code{false, -100}, time.Time{}, "max-age=0", "Tue, 14 Nov 2023 22:13:20 GMT"},
		{Code{true, 60}, now.Add(-20 * time.Second), "max-age=40", "Tue, 14 Nov 2023 22:14:00 GMT"},
		{Code{true, 60}, now.Add(-time.Hour), "max-age=0", "Tue, 14 Nov 2023 22:13:20 GMT"},
		{Code{true, 60}, time.Time{}, "", ""},
	} {
		r := &server.Request{Received: now}
		if !test.modified.IsZero() {
			r.Target.Info = file{at: test.modified}
		}
		test.code.set(r)
		if age, at := r.Reply.Header.Get("Cache-Control"), r.Reply.Header.Get("Expires"); age != test.age || at != test.at {
			t.Errorf("%v: %q %q, want %q %q", test.code, age, at, test.age, test.at)
		}
	}
}
