package modrewrite

import (
	"testing"
)

func TestParseLine(t *testing.T) {
	for _, test := range []struct {
		line string
		want [3]string
		n    int
		ok   bool
	}{
		{"", [3]string{}, 1, false},
		{"a", [3]string{"a"}, 1, false},
		{"a b", [3]string{"a", "b"}, 2, true},
		{`"a"`, [3]string{"a", ""}, 2, true},
		{"a  b\t[L]", [3]string{"a", "b", "[L]"}, 3, true},
		{`"a b" 'c d' "[E=x:y z]"`, [3]string{"a b", "c d", "[E=x:y z]"}, 3, true},
		{`a\ b c\\ d`, [3]string{`a\ b`, `c\\ d`, ""}, 2, true},
		{`^\.x$ y`, [3]string{`^\.x$`, "y"}, 2, true},
		{`a "b [L]`, [3]string{"a", "b [L]"}, 2, true},
		{"a b [L] rest", [3]string{"a", "b", "[L]"}, 3, true},
		{`a "" [R]`, [3]string{"a", "", "[R]"}, 3, true},
	} {
		got, n, ok := parseLine(test.line)
		if got != test.want || n != test.n || ok != test.ok {
			t.Errorf("%q: %q %d %v", test.line, got, n, ok)
		}
	}
}

func TestAtoi(t *testing.T) {
	for s, want := range map[string]int{"": 0, "12": 12, " 7x": 7, "-3": -3, "+4": 4, "x": 0, "4294967306": 10, "2147483648": -2147483648,
		"99999999999999999999": -1} {
		if got := atoi(s); got != want {
			t.Errorf("atoi(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestCondTests(t *testing.T) {
	for _, test := range []struct {
		pattern string
		test    test
		not     bool
		operand string
	}{
		{"-f", testFile, false, "-f"},
		{"!-d", testDir, true, "-d"},
		{"-fx", testRegex, false, "-fx"},
		{"-", testRegex, false, "-"},
		{"-lt5", testIntLess, false, "5"},
		{"-lt", testRegex, false, "-lt"},
		{"-ne5", testIntEqual, true, "5"},
		{"!-ne5", testIntEqual, false, "5"},
		{"-xx5", testRegex, false, "-xx5"},
		{"<a", testLess, false, "a"},
		{"<=a", testLessEqual, false, "a"},
		{">a", testGreater, false, "a"},
		{">=", testGreaterEqual, false, ""},
		{"!>=b", testGreaterEqual, true, "b"},
		{"=a", testEqual, false, "a"},
		{`=""`, testEqual, false, ""},
		{"=", testRegex, false, "="},
		{"!", testRegex, true, ""},
		{"!^x", testRegex, true, "^x"},
	} {
		p := &Cond{pattern: test.pattern}
		p.parseTest("input")
		if p.test != test.test || p.not != test.not || p.operand != test.operand {
			t.Errorf("%s: test %d, not %v, operand %q", test.pattern, p.test, p.not, p.operand)
		}
	}
}

func TestEscape(t *testing.T) {
	for _, test := range []struct{ flags, in, want string }{
		{"B", "a b/c.d_e%", "a+b%2fc%2ed_e%25"},
		{"B,BNP", "a b", "a%20b"},
		{"B= ?", "a b?/", "a+b%3f/"},
		{"B,BNE=/.", "a/b.c?", "a/b.c%3f"},
		{"BCTLS", "a b\x01\x7f?\xe9", "a+b%01%7f?\xe9"},
		{"BCTLS,B=?", "a b?/", "a+b%3f/"},
		{"B=a", "aab", "aab"},
	} {
		p := &Rule{}
		if err := parseFlags("["+test.flags+"]", p.setFlag); err != nil {
			t.Fatal(err)
		}
		if got := p.escape(test.in); got != test.want {
			t.Errorf("[%s] %q: %q, want %q", test.flags, test.in, got, test.want)
		}
	}
}

func TestParseTextMap(t *testing.T) {
	m := parseTextMap([]byte("# c\none 1\ntwo  2 rest\n\ttab x\nthree\nfour\t4\none again\nlast end"))
	want := map[string]string{"one": "1", "two": "2", "four": "4", "last": "end"}
	if len(m) != len(want) {
		t.Errorf("%v", m)
	}
	for k, v := range want {
		if m[k] != v {
			t.Errorf("%s: %q, want %q", k, m[k], v)
		}
	}
}

func TestPick(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		seen[pick("a|b|c")] = true
	}
	if len(seen) != 3 || !seen["a"] || !seen["b"] || !seen["c"] {
		t.Errorf("%v", seen)
	}
	if pick("x") != "x" {
		t.Error("a single value")
	}
}
