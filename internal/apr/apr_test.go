package apr

import (
	"crypto/sha1"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTimeFormats(t *testing.T) {
	zone := time.FixedZone("", -7*3600-30*60)
	east := time.FixedZone("", 5*3600+45*60)
	at := time.Date(2000, 10, 1, 13, 55, 36, 588824999, zone)
	for _, tt := range []struct{ got, want string }{
		{string(AppendHTTPDate(nil, 784111777)), "Sun, 06 Nov 1994 08:49:37 GMT"},
		{string(AppendHTTPDate(nil, 0)), "Thu, 01 Jan 1970 00:00:00 GMT"},
		{string(AppendCLFTime(nil, at)), "[01/Oct/2000:13:55:36 -0730]"},
		{string(AppendCLFTime(nil, at.UTC())), "[01/Oct/2000:21:25:36 +0000]"},
		{string(AppendCLFTime(nil, at.In(east))), "[02/Oct/2000:03:10:36 +0545]"},
		{string(AppendCtime(nil, at, true)), "Sun Oct 01 13:55:36.588824 2000"},
		{string(AppendCtime(nil, at, false)), "Sun Oct 01 13:55:36 2000"},
		{string(AppendStrftime(nil, "%d/%b/%Y:%H:%M:%S %z %s %% %j %e|%T", at)),
			"01/Oct/2000:13:55:36 -0730 970435536 % 275  1|13:55:36"},
		{string(AppendStrftime(nil, "%A, %d-%b-%Y %H:%M:%S", at)), "Sunday, 01-Oct-2000 13:55:36"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestTimeCache(t *testing.T) {
	calls := 0
	c := NewTimeCache(func(dst []byte, unix int64) []byte {
		calls++
		return fmt.Appendf(dst, "<%d>", unix)
	})
	b := []byte("x")
	for _, s := range []int64{5, 5, 6, 6, 5} {
		b = c.Append(b, s)
	}
	if string(b) != "x<5><5><6><6><5>" || calls != 3 {
		t.Errorf("%s, %d calls", b, calls)
	}
	if got := string(NewCLFTimeCache(time.UTC).Append(nil, 0)); got != "[01/Jan/1970:00:00:00 +0000]" {
		t.Error(got)
	}
	if got := string(NewHTTPDateCache().Append(nil, 0)); got != "Thu, 01 Jan 1970 00:00:00 GMT" {
		t.Error(got)
	}
	if got := string(NewStrftimeCache("%H.%M", time.UTC).Append(nil, 60)); got != "00.01" {
		t.Error(got)
	}

	d := NewHTTPDateCache()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range int64(300) {
				s := i%3 + int64(g)
				if got, want := string(d.Append(nil, s)), string(AppendHTTPDate(nil, s)); got != want {
					t.Errorf("%q, want %q", got, want)
					return
				}
			}
		}()
	}
	wg.Wait()
	if n := testing.AllocsPerRun(100, func() { b = d.Append(b[:0], 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The strong ones are what Apache 2.4 sent for files of 6 bytes with this mtime,
// 2024-01-02 03:04:05.678 UTC.
func TestAppendETag(t *testing.T) {
	const inode, size, mtime = 9977909, 6, 1704164645678000
	for _, tt := range []struct {
		bits ETagBits
		weak bool
		want string
	}{
		{DefaultETagBits, false, `"6-60dedc0582bb0"`},
		{DefaultETagBits, true, `W/"6-60dedc0582bb0"`},
		{ETagINode | ETagSize | ETagMTime, false, `"984035-6-60dedc0582bb0"`},
		{ETagINode, false, `"984035"`},
		{ETagMTime, false, `"60dedc0582bb0"`},
		{0, true, ``},
	} {
		if got := string(AppendETag(nil, tt.bits, tt.weak, inode, size, mtime)); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt, got, tt.want)
		}
	}
}

func TestAppendDigestETag(t *testing.T) {
	if got := string(AppendDigestETag(nil, sha1.Sum([]byte("hello\n")))); got != `"9XLTlvrpIGYocU+yzgD3LpTyJY8="` {
		t.Error(got)
	}
}

func TestStrcmpMatch(t *testing.T) {
	for _, tt := range []struct {
		s, expr   string
		want, any bool // StrcmpMatch, StrcasecmpMatch
	}{
		{"www.example.com", "*.example.com", true, true},
		{"WWW.Example.com", "*.example.com", false, true},
		{"example.com", "*.example.com", false, false},
		{"a", "?", true, true},
		{"", "*", true, true},
		{"", "?", false, false},
		{"abcbd", "a*b?", true, true},
		{"abc", "a*b", false, false},
		{"a[b", "a[b", true, true},
		{"ab", "a\\b", false, false},
	} {
		if got := StrcmpMatch(tt.s, tt.expr); got != tt.want {
			t.Errorf("StrcmpMatch(%q, %q) = %v", tt.s, tt.expr, got)
		}
		if got := StrcasecmpMatch(tt.s, tt.expr); got != tt.any {
			t.Errorf("StrcasecmpMatch(%q, %q) = %v", tt.s, tt.expr, got)
		}
	}
	if !IsMatchexp("a*") || !IsMatchexp("?") || IsMatchexp("a[b]") {
		t.Error("IsMatchexp")
	}
}

func TestUnescapeURLEncoded(t *testing.T) {
	if s, status := UnescapeURLEncoded("a+b%2Bc%2f"); s != "a b+c/" || status != UnescapeOK {
		t.Error(s, status)
	}
}

// What needs no change is returned as it is.
func TestNoAllocation(t *testing.T) {
	buf := make([]byte, 0, 256)
	for name, f := range map[string]func(){
		"NormalizePath": func() { NormalizePath("/some/path/page.html", NotAboveRoot|MergeSlashes) },
		"Unescape":      func() { Unescape("/some/path/page.html", ForbidSlashes) },
		"OSEscapePath":  func() { OSEscapePath("/some/path/page.html", true) },
		"EscapeHTML":    func() { EscapeHTML("/some/path/page.html") },
		"Fnmatch":       func() { Fnmatch("/srv/*/www/*.html", "/srv/site/www/index.html", FnmPathname) },
		"ParseHTTPDate": func() { ParseHTTPDate("Sun, 06 Nov 1994 08:49:37 GMT") },
		"appends": func() {
			buf = AppendHTTPDate(buf[:0], 784111777)
			buf = AppendEscapeLogitem(buf, "GET /\x01 \"x\"")
			buf = AppendETag(buf, DefaultETagBits, false, 1, 2, 3)
			buf = AppendCtime(buf, time.Unix(784111777, 0), true)
		},
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// An adversarial pattern costs no more than the product of the lengths.
func TestFnmatchWork(t *testing.T) {
	start := time.Now()
	if Fnmatch(strings.Repeat("a*", 200)+"b", strings.Repeat("a", 5000), 0) {
		t.Error("matched")
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

func FuzzNormalizePath(f *testing.F) {
	for _, s := range []string{"/", "/a/../..", "/%2e%2e/a", "//a//.//b", "*", "../a", "/.%2", "/a/.%2e"} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(15))
	}
	f.Fuzz(func(t *testing.T, s string, flags uint8) {
		flags &= 15
		clean, ok := NormalizePath(s, NormalizeFlags(flags))
		if !ok || clean == "*" {
			return
		}
		if NormalizeFlags(flags)&AllowRelative == 0 && !strings.HasPrefix(clean, "/") {
			t.Fatalf("%q -> %q does not begin with a slash", s, clean)
		}
		for _, seg := range strings.Split(clean, "/") {
			if seg == "." || seg == ".." {
				t.Fatalf("%q -> %q keeps a dot segment", s, clean)
			}
			if low := strings.ToLower(seg); NormalizeFlags(flags)&DecodeUnreserved != 0 &&
				(low == "%2e" || low == "%2e%2e" || low == ".%2e" || low == "%2e.") {
				t.Fatalf("%q -> %q keeps an escaped dot segment", s, clean)
			}
		}
		if NormalizeFlags(flags)&MergeSlashes != 0 && strings.Contains(clean, "//") {
			t.Fatalf("%q -> %q keeps slashes", s, clean)
		}
	})
}

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"/a%2fb", "%00", "%zz", "%", "%4", "%252f", "a+b"} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(7))
	}
	f.Fuzz(func(t *testing.T, s string, flags uint8) {
		got, status := Unescape(s, UnescapeFlags(flags&7))
		if len(got) > len(s) {
			t.Fatal("grew")
		}
		if status == UnescapeOK && strings.IndexByte(s, 0) < 0 && strings.IndexByte(got, 0) >= 0 {
			t.Fatal("NUL passed")
		}
		if status == UnescapeOK && UnescapeFlags(flags)&(ForbidSlashes|KeepSlashes) != 0 &&
			strings.Count(got, "/") != strings.Count(s, "/") {
			t.Fatalf("slash decoded: %q -> %q", s, got)
		}
		var safe []byte
		if back, st := Unescape(string(AppendEscapePathSegment(safe, s)), 0); strings.IndexByte(s, 0) < 0 && (back != s || st != 0) {
			t.Fatalf("%q does not survive: %q", s, back)
		}
	})
}

func FuzzFnmatch(f *testing.F) {
	f.Add("a*[!b]?\\", "axc", uint8(0))
	f.Add("[a-", "[a-", uint8(15))
	f.Fuzz(func(t *testing.T, pattern, s string, flags uint8) {
		if len(pattern)*len(s) > 1<<16 {
			return
		}
		Fnmatch(pattern, s, FnmatchFlags(flags&15))
		var b []byte
		for i := range len(s) {
			b = append(b, '\\', s[i])
		}
		if !strings.Contains(s, "/") && !Fnmatch(string(b), s, FnmatchFlags(flags&15)&^FnmNoescape) {
			t.Fatalf("%q does not match itself escaped", s)
		}
	})
}

func FuzzParseHTTPDate(f *testing.F) {
	for _, s := range []string{"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "", " ", "x "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		unix, ok := ParseHTTPDate(s)
		if !ok {
			return
		}
		if again, ok := ParseHTTPDate(string(AppendHTTPDate(nil, unix))); !ok || again != unix {
			t.Fatalf("%q: %d, then %d", s, unix, again)
		}
	})
}

func BenchmarkPath(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		p, _ := NormalizePath("/static/css/site.min.css", NotAboveRoot|MergeSlashes)
		Unescape(p, ForbidSlashes)
	}
}

func BenchmarkHTTPDateCached(b *testing.B) {
	c := NewHTTPDateCache()
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = c.Append(buf[:0], 784111777)
	}
}

func BenchmarkParseHTTPDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseHTTPDate("Sun, 06 Nov 1994 08:49:37 GMT")
	}
}
