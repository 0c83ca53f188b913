package pcre

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func must(t testing.TB, pattern string, flags Flags) *Regexp {
	t.Helper()
	re, err := Compile(pattern, flags)
	if err != nil {
		t.Fatal(err)
	}
	return re
}

func TestExec(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		flags   Flags
		subject string
		want    string // captures joined by "|", "-" for none; "no" for a non-match
	}{
		{`^/a(.*)$`, DefaultFlags, "/abc", "/abc|bc"},
		{`^/a(.*)$`, DefaultFlags, "/b", "no"},
		{`^/A`, DefaultFlags, "/abc", "no"},
		{`^/A`, DefaultFlags | Caseless, "/abc", "/a"},
		{`(?i)^/A`, DefaultFlags, "/abc", "/a"},
		{`^(.*)$`, DefaultFlags, "a\nb", "a\nb|a\nb"}, // DOTALL
		{`^(.*)$`, DollarEndonly, "a\nb", "no"},
		{`a$`, DefaultFlags, "a\n", "no"}, // DOLLAR_ENDONLY
		{`a$`, DotAll, "a\n", "a"},
		{`^b$`, Multiline, "a\nb", "b"},
		{`a b # comment`, Extended, "ab", "ab"},
		{`b`, Anchored, "ab", "no"},
		{`(a+)(a*)`, Ungreedy, "aaa", "a|a|"},
		{`^(?!/.well-known/acme-challenge).*`, DefaultFlags, "/x", "/x"},
		{`^(?!/.well-known/acme-challenge).*`, DefaultFlags, "/.well-known/acme-challenge/1", "no"},
		{`^/++[^/]*+/(.*)$`, DefaultFlags, "//x/y", "//x/y|y"},
		{`^/([a-z])/\1/(.*)$`, DefaultFlags, "/a/a/b", "/a/a/b|a|b"},
		{`(?<n>a)|(?<n>b)`, DefaultFlags, "b", "b|-|b"}, // DUPNAMES
		{`(x)?a(y)?`, DefaultFlags, "a", "a|-"},         // (y) beyond the last set pair
		{`a\Kb`, DefaultFlags, "ab", "b"},
		{``, DefaultFlags, "", ""},
		{`^$`, DefaultFlags, "", ""},
		{`.`, DefaultFlags, "\xff", "\xff"},                                                         // bytes, not UTF-8
		{`^..$`, DefaultFlags, "\u00e9", "\u00e9"},                                                  // two bytes
		{`(*UTF)^.$`, DefaultFlags, "\u00e9", "\u00e9"},                                             // one character
		{`(*NO_JIT)^/a(.*)$`, DefaultFlags, "/abc", "/abc|bc"},                                      // the interpreter
		{`a\x00b`, DefaultFlags, "xa\x00b", "a\x00b"},                                               // NUL in the subject
		{strings.Repeat(`(a)`, 12), DefaultFlags, "aaaaaaaaaaaa", "aaaaaaaaaaaa|a|a|a|a|a|a|a|a|a"}, // more groups than $9
	} {
		re := must(t, tt.pattern, tt.flags)
		var caps Captures
		ok, err := re.Exec(tt.subject, &caps)
		got := "no"
		if err != nil {
			got = err.Error()
		} else if ok {
			var parts []string
			last := 0
			for i, c := range caps {
				if i <= re.NumCaptures() && c.Matched() {
					last = i
				}
			}
			for i := range caps[:last+1] {
				if !caps[i].Matched() {
					parts = append(parts, "-")
				} else {
					parts = append(parts, caps[i].In(tt.subject))
				}
			}
			// One marker is enough to show that a group took no part.
			if last < re.NumCaptures() && last == 0 {
				parts = append(parts, "-")
			}
			got = strings.Join(parts, "|")
		}
		if got != tt.want {
			t.Errorf("%q on %q: got %q, want %q", tt.pattern, tt.subject, got, tt.want)
		}
		if m, _ := re.Match(tt.subject); m != ok {
			t.Errorf("%q on %q: Match %v, Exec %v", tt.pattern, tt.subject, m, ok)
		}
	}
}

func TestExecSpans(t *testing.T) {
	re := must(t, strings.Repeat(`(.)`, 40), DefaultFlags)
	subject := strings.Repeat("ab", 20)
	spans := make([]Span, 41)
	if ok, err := re.ExecSpans(subject, 0, spans); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for i := 1; i <= 40; i++ {
		if spans[i] != (Span{int32(i - 1), int32(i)}) {
			t.Fatalf("group %d: %v", i, spans[i])
		}
	}
	few := make([]Span, 2)
	if ok, _ := re.ExecSpans(subject, 0, few); !ok || few[1] != (Span{0, 1}) {
		t.Fatal(few)
	}
	if ok, _ := must(t, "^a", DefaultFlags).ExecSpans("a", NotBOL, nil); ok {
		t.Error("NotBOL ignored")
	}
	if ok, _ := must(t, "a$", DefaultFlags).ExecSpans("a", NotEOL, nil); ok {
		t.Error("NotEOL ignored")
	}
	if ok, _ := must(t, "a*", DefaultFlags).ExecSpans("b", NotEmpty, nil); ok {
		t.Error("NotEmpty ignored")
	}
}

func TestNames(t *testing.T) {
	re := must(t, `(?<year>\d+)/(x)/(?P<site>\w+)`, DefaultFlags)
	if got := fmt.Sprintf("%q", re.Names()); got != `["" "year" "" "site"]` {
		t.Error(got)
	}
	if n := must(t, `(x)`, DefaultFlags).Names(); n != nil {
		t.Error(n)
	}
}

func TestCompileError(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		offset  int
		msg     string
	}{
		{`a(b`, 3, "missing closing parenthesis"},
		{`[a`, 2, "missing terminating ] for character class"},
		{`*a`, 0, "quantifier does not follow a repeatable item"},
	} {
		_, err := Compile(tt.pattern, DefaultFlags)
		var ce *CompileError
		if !errors.As(err, &ce) {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		if ce.Offset != tt.offset || ce.Msg != tt.msg || ce.Pattern != tt.pattern || ce.Code == 0 {
			t.Errorf("%q: %+v", tt.pattern, ce)
		}
	}
}

func TestMatchLimit(t *testing.T) {
	for _, pattern := range []string{`^(a+)+$`, `(*NO_JIT)^(a+)+$`} {
		re, err := CompileLimit(pattern, DefaultFlags, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		subject := strings.Repeat("a", 30) + "!"
		if ok, err := re.Match(subject); ok || !errors.Is(err, ErrMatchLimit) {
			t.Errorf("%s: %v %v", pattern, ok, err)
		}
		// The limit is per match: another regex on the same thread has its own.
		if ok, err := must(t, `^(a|b)*!$`, DefaultFlags).Match(subject); !ok || err != nil {
			t.Errorf("%s: %v %v", pattern, ok, err)
		}
	}
}

// A subject that overflows the JIT's machine stack is matched by the
// interpreter instead.
func TestDeepRecursion(t *testing.T) {
	re := must(t, `^(\((?:[^()]|(?1))*\))$`, DefaultFlags)
	const depth = 2000
	subject := strings.Repeat("(", depth) + strings.Repeat(")", depth)
	if ok, err := re.Match(subject); !ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestInvalidUTF(t *testing.T) {
	_, err := must(t, `(*UTF).`, DefaultFlags).Match("\xff")
	var me *MatchError
	if !errors.As(err, &me) || errors.Is(err, ErrMatchLimit) {
		t.Fatal(err)
	}
}

func TestConcurrent(t *testing.T) {
	re := must(t, `^/([0-9]{4})/([^/]+)/?$`, DefaultFlags)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			want := fmt.Sprintf("p%d", g)
			subject := "/2024/" + want
			for range 500 {
				var caps Captures
				if ok, _ := re.Exec(subject, &caps); !ok || caps[2].In(subject) != want {
					t.Errorf("%v", caps)
					return
				}
			}
		}()
	}
	wg.Wait()
}

// Regexps are freed by the garbage collector, never while a match runs.
func TestCleanup(t *testing.T) {
	for i := range 200 {
		re := must(t, fmt.Sprintf(`^%d(.*)$`, i), DefaultFlags)
		if i%20 == 0 {
			runtime.GC()
		}
		if ok, _ := re.Match(fmt.Sprintf("%dx", i)); !ok {
			t.Fatal(i)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	re := must(t, `^/a(.*)$`, DefaultFlags)
	subject := "/abc"
	if n := testing.AllocsPerRun(100, func() {
		var caps Captures
		re.Exec(subject, &caps)
		re.Match(subject)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The expected values are what Apache 2.4's ap_pregsub returns.
func TestExpand(t *testing.T) {
	for _, tt := range []struct{ template, want string }{
		{`/x?a=1&b=$1`, `/x?a=1&b=foo`},
		{`$1\$1\&z$9\\ $ $a $0\`, `foo$1&z\ $ $a /afoo\`},
		{`\n\t`, `nt`},
		{`$$1`, `$foo`},
		{`\\$1`, `\foo`},
		{`$10`, `foo0`},
		{`$2.`, `.`},
		{``, ``},
		{`plain`, `plain`},
	} {
		subject := "/afoo"
		var caps Captures
		if ok, _ := must(t, `^/a(.*)`, DefaultFlags).Exec(subject, &caps); !ok {
			t.Fatal()
		}
		if got := string(Expand([]byte("<"), tt.template, subject, caps[:])); got != "<"+tt.want {
			t.Errorf("%q: got %q, want %q", tt.template, got, "<"+tt.want)
		}
	}
	if got := string(Expand(nil, `a\b$1`, "", nil)); got != `a\b$1` {
		t.Error(got)
	}
}

func FuzzExpand(f *testing.F) {
	f.Add(`$1\$1`, "/afoo", int32(2), int32(5))
	f.Add(`\`, "", int32(-1), int32(-1))
	f.Fuzz(func(t *testing.T, template, subject string, so, eo int32) {
		Expand(nil, template, subject, []Span{{so, eo}, {eo, so}})
	})
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`^/a(.*)$`, `(?<n>a)(?<n>b)`, `(*UTF).`, `a(`, `[[:alpha:]]`, `(?1)(a)`, `\`} {
		f.Add(s, "/abc")
	}
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		re, err := CompileLimit(pattern, DefaultFlags, 10_000)
		if err != nil {
			return
		}
		var caps Captures
		ok, err := re.Exec(subject, &caps)
		if ok && err != nil {
			t.Fatal("matched with an error")
		}
		if ok {
			for _, c := range caps {
				c.In(subject)
			}
		}
	})
}

func BenchmarkExec(b *testing.B) {
	for _, bb := range []struct{ name, pattern, subject string }{
		{"wellknown", `^/\.well-known/(cal|card)dav$`, "/.well-known/caldav"},
		{"all", `^(.*)$`, "/some/path/of/a/page.html"},
		{"static_hit", `\.(css|js|png|jpg|gif|ico|svg|woff2?)$`, "/static/css/site.min.css"},
		{"static_miss", `\.(css|js|png|jpg|gif|ico|svg|woff2?)$`, "/some/path/of/a/page.html"},
		{"date", `^/([0-9]{4})/([0-9]{2})/([^/]+)/?$`, "/2024/06/a-post-title/"},
		{"bots", `(?i)(googlebot|bingbot|slurp|duckduckbot|baiduspider|yandexbot|msie 7)`,
			"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"},
		{"lookahead", `^(?!/.well-known/acme-challenge).*`, "/some/path/of/a/page.html"},
		{"possessive", `^/++[^/]*+/(.*)$`, "/wiki/Main_Page"},
		{"backref", `^/([a-z])/\1/(.*)$`, "/a/a/page"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			re := must(b, bb.pattern, DefaultFlags)
			b.ReportAllocs()
			var caps Captures
			for b.Loop() {
				re.Exec(bb.subject, &caps)
			}
		})
	}
}

func BenchmarkExpand(b *testing.B) {
	subject := "/2024/06/a-post-title/"
	var caps Captures
	must(b, `^/([0-9]{4})/([0-9]{2})/([^/]+)/?$`, DefaultFlags).Exec(subject, &caps)
	buf := make([]byte, 0, 128)
	b.ReportAllocs()
	for b.Loop() {
		buf = Expand(buf[:0], `/index.py?y=$1&m=$2&t=$3`, subject, caps[:])
	}
}
