package apr

import (
	"bufio"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
)

// recorded reads testdata/name.txt, whose lines are cases recorded from Apache,
// and calls f for each with its fields; quoted fields are unquoted.
func recorded(t *testing.T, name string, f func(line int, field []string)) {
	t.Helper()
	file, err := os.Open("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sc := bufio.NewScanner(file)
	n, cases := 0, 0
	for sc.Scan() {
		n++
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		field := strings.Split(sc.Text(), "\t")
		for i, s := range field {
			if strings.HasPrefix(s, `"`) {
				if field[i], err = strconv.Unquote(s); err != nil {
					t.Fatalf("%s:%d: %v", name, n, err)
				}
			}
		}
		cases++
		f(n, field)
	}
	if err := sc.Err(); err != nil || cases == 0 {
		t.Fatalf("%s: %d cases, %v", name, cases, err)
	}
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

func TestFnmatchRecorded(t *testing.T) {
	recorded(t, "fnmatch", func(line int, f []string) {
		if got, want := Fnmatch(f[0], f[1], FnmatchFlags(atoi(f[2]))), f[3] == "0"; got != want {
			t.Errorf("line %d: Fnmatch(%q, %q, %s) = %v, Apache %v", line, f[0], f[1], f[2], got, want)
		}
	})
	recorded(t, "fnmatch_test", func(line int, f []string) {
		if got, want := IsFnmatch(f[0]), f[1] == "1"; got != want {
			t.Errorf("line %d: IsFnmatch(%q) = %v, Apache %v", line, f[0], got, want)
		}
	})
}

func TestNormalizePathRecorded(t *testing.T) {
	recorded(t, "normalize", func(line int, f []string) {
		got, ok := NormalizePath(f[0], NormalizeFlags(atoi(f[1])))
		if ok != (f[2] == "1") || got != f[3] {
			t.Errorf("line %d: NormalizePath(%q, %s) = %q %v, Apache %q %s", line, f[0], f[1], got, ok, f[3], f[2])
		}
	})
	recorded(t, "getparents", func(line int, f []string) {
		if got := Getparents(f[0]); got != f[1] {
			t.Errorf("line %d: Getparents(%q) = %q, Apache %q", line, f[0], got, f[1])
		}
		if got := No2Slash(f[0]); got != f[2] {
			t.Errorf("line %d: No2Slash(%q) = %q, Apache %q", line, f[0], got, f[2])
		}
	})
}

func TestUnescapeRecorded(t *testing.T) {
	recorded(t, "unescape", func(line int, f []string) {
		got, status := Unescape(f[0], UnescapeFlags(atoi(f[1])))
		// Apache's string ends at a NUL.
		if i := strings.IndexByte(got, 0); i >= 0 {
			got = got[:i]
		}
		if status != atoi(f[2]) || got != f[3] {
			t.Errorf("line %d: Unescape(%q, %s) = %q %d, Apache %q %s", line, f[0], f[1], got, status, f[3], f[2])
		}
	})
}

func TestEscapeRecorded(t *testing.T) {
	recorded(t, "escape", func(line int, f []string) {
		var got []byte
		switch f[0] {
		case "os_escape":
			got = AppendOSEscapePath(nil, f[2], f[1] == "1")
			if s := OSEscapePath(f[2], f[1] == "1"); s != string(got) {
				t.Errorf("line %d: OSEscapePath %q, AppendOSEscapePath %q", line, s, got)
			}
		case "segment":
			got = AppendEscapePathSegment(nil, f[2])
		case "urlencoded":
			got = AppendEscapeURLEncoded(nil, f[2])
		case "html":
			got = AppendEscapeHTML(nil, f[2])
			if s := EscapeHTML(f[2]); s != string(got) {
				t.Errorf("line %d: EscapeHTML %q, AppendEscapeHTML %q", line, s, got)
			}
		case "logitem":
			got = AppendEscapeLogitem(nil, f[2])
		case "errlog":
			got = AppendEscapeErrorlogItem(nil, f[2])
		case "quotes":
			got = AppendEscapeQuotes(nil, f[2])
		default:
			t.Fatalf("line %d: %q", line, f[0])
		}
		if string(got) != f[3] {
			t.Errorf("line %d: %s(%q) = %q, Apache %q", line, f[0], f[2], got, f[3])
		}
	})
}

func TestParseHTTPDateRecorded(t *testing.T) {
	recorded(t, "date", func(line int, f []string) {
		got, ok := ParseHTTPDate(f[0])
		want, _ := strconv.ParseInt(f[1], 10, 64)
		if !ok {
			got = 0
		}
		if got != want {
			t.Errorf("line %d: ParseHTTPDate(%q) = %d, Apache %d", line, f[0], got, want)
		}
	})
}

func TestSubnetRecorded(t *testing.T) {
	recorded(t, "subnet", func(line int, f []string) {
		s, err := ParseSubnet(f[0])
		got := "0"
		switch {
		case err == ErrNotIP:
			got = "notip"
		case err == ErrBadIP:
			got = "badip"
		case err == ErrBadMask:
			got = "badmask"
		case s.Contains(netip.MustParseAddr(f[1])):
			got = "1"
		}
		if err == nil && s.String() != f[0] {
			t.Errorf("line %d: String() = %q", line, s.String())
		}
		if got != f[2] {
			t.Errorf("line %d: %q contains %s: %s, Apache %s", line, f[0], f[1], got, f[2])
		}
	})
	s, _ := ParseSubnet("0.0.0.0/1")
	var zero Subnet
	if s.Contains(netip.Addr{}) || zero.Contains(netip.MustParseAddr("0.0.0.0")) || zero.Contains(netip.MustParseAddr("::")) {
		t.Error("the zero address or the zero subnet matched")
	}
}

func FuzzParseSubnet(f *testing.F) {
	for _, s := range []string{"10.1", "10.0.0.0/8", "1.2.3.4/255.0.255.0", "fe80::/10", "::ffff:1.2.3.4", "1.2..", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := ParseSubnet(spec)
		if err != nil {
			return
		}
		addr, _, slash := strings.Cut(spec, "/")
		if a, err := netip.ParseAddr(addr); err == nil && !s.Contains(a) {
			t.Fatalf("%q does not contain its own address (mask %v)", spec, slash)
		}
	})
}
