package apacheconf

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func printed(t testing.TB, f *File) string {
	t.Helper()
	var b bytes.Buffer
	if err := Fprint(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkTrue fails if the tree is not what its text reads as.
func checkTrue(t testing.TB, f *File) {
	t.Helper()
	f.Renumber()
	text := printed(t, f)
	if again := Parse(f.Name, []byte(text)); dump(again.Nodes) != dump(f.Nodes) {
		t.Fatalf("%q\nis the tree %s\nbut reads as %s", text, dump(f.Nodes), dump(again.Nodes))
	}
}

func TestSetWords(t *testing.T) {
	for _, c := range []struct {
		line  string
		words []string
		want  string
	}{
		{"Listen 80\n", []string{"8080"}, "Listen 8080\n"},
		{"  Listen\t80  \r\n", []string{"8080"}, "  Listen\t8080  \r\n"},
		{"Listen 80", []string{"127.0.0.1:80", "http"}, "Listen 127.0.0.1:80 http"},
		{"<VirtualHost  *:80 >\n", []string{"*:8080"}, "<VirtualHost  *:8080 >\n"},
		{"<VirtualHost *:80 \\\n  [::]:80>\n", []string{"*:8080", "[::]:8080"}, "<VirtualHost *:8080 \\\n  [::]:8080>\n"},
		{"<VirtualHost>\n", []string{"*:80"}, "<VirtualHost *:80>\n"},
		{"<IfModule a b>\n", nil, "<IfModule>\n"},
		{"DocumentRoot '/a'\n", []string{"/b's"}, "DocumentRoot '/b\\'s'\n"},
		{"DocumentRoot /a\n", []string{"/b c"}, "DocumentRoot \"/b c\"\n"},
		{"A \"x\"y z\n", []string{"x", "new", "z"}, "A \"x\"new z\n"},
		{"A \"x\"y\n", []string{"", "y"}, "A \"\"y\n"},
		{"A 1 2 3\n", []string{"1"}, "A 1\n"},
		{"A 1\t2\n", []string{"1", "2", "c:\\dir\\", "\\\\h"}, "A 1\t2 \"c:\\dir\\\\\" \"\\\\\\h\"\n"},
		{"A 80\\\n80 x\n", []string{"81", "x"}, "A 81 x\n"},
		{"A\n", []string{"\"q\""}, "A \"\\\"q\\\"\"\n"},
		{"A x\n", nil, "A\n"},
	} {
		f := Parse("f", []byte(c.line))
		var err error
		var got []string
		switch n := f.Nodes[0].(type) {
		case *Directive:
			err = n.SetWords(c.words...)
			got = n.Words()
		case *Section:
			err = n.SetWords(c.words...)
			got = n.Words()
		}
		if err != nil || printed(t, f) != c.want || !slices.Equal(got, c.words) {
			t.Errorf("%q with %q is %q, want %q (words %q, error %v)", c.line, c.words, printed(t, f), c.want, got, err)
		}
		checkTrue(t, f)
	}
	f := Parse("f", []byte("A x\n"))
	if err := f.Nodes[0].(*Directive).SetWords("two\nlines"); err == nil || printed(t, f) != "A x\n" {
		t.Errorf("%v, %q", err, printed(t, f))
	}
}

func TestSetArgs(t *testing.T) {
	for _, c := range []struct{ line, args, want string }{
		{"Require all denied\r\n", "expr %{X} == 'a b'", "Require expr %{X} == 'a b'\r\n"},
		{"<If \"1\">\n", "%{X} > 3", "<If %{X} > 3>\n"},
		{"A x\n", "one \\\n two", "A one \\\n two\n"},
		{"A x\n", "", "A\n"},
		{"A x\n", "y\nB z", ""},
		{"A x\n", "y\\", ""},
		{"<A x>\n", "y>\n<B", ""},
	} {
		f := Parse("f", []byte(c.line))
		var err error
		switch n := f.Nodes[0].(type) {
		case *Directive:
			err = n.SetArgs(c.args)
		case *Section:
			err = n.SetArgs(c.args)
		}
		want := c.want
		if want == "" {
			want = c.line
		}
		if got := printed(t, f); got != want || (err != nil) != (c.want == "") {
			t.Errorf("%q with %q is %q, %v; want %q", c.line, c.args, got, err, c.want)
		}
		checkTrue(t, f)
	}
}

func TestSetName(t *testing.T) {
	for _, c := range []struct{ text, name, want string }{
		{"  Listen 80\n", "ListenX", "  ListenX 80\n"},
		{"<Directory /x>\nA\n</directory>\n", "Location", "<Location /x>\nA\n</Location>\n"},
		{"<A>\n</B>\n", "C", "<C>\n</B>\n"},
		{"<A>\n</A >\n", "C", "<C>\n</C >\n"},
		{"A x\n", "B y", ""}, {"A x\n", "", ""}, {"A x\n", "#B", ""}, {"A x\n", "<B", ""}, {"<A x>\n", "/B", ""},
	} {
		f := Parse("f", []byte(c.text))
		var err error
		switch n := f.Nodes[0].(type) {
		case *Directive:
			err = n.SetName(c.name)
		case *Section:
			err = n.SetName(c.name)
		}
		want := c.want
		if want == "" {
			want = c.text
		}
		if got := printed(t, f); got != want || (err != nil) != (c.want == "") {
			t.Errorf("%q as %q is %q, %v; want %q", c.text, c.name, got, err, c.want)
		}
		checkTrue(t, f)
	}
}

func TestInsertRemove(t *testing.T) {
	for _, c := range []struct {
		name, text, what, want string
		section                bool
		index                  int
	}{
		{"into an empty file", "", "A", "A\n", false, 0},
		{"after the last line without end", "A", "B", "A\nB\n", false, 1},
		{"after trailing white space", "A\n  ", "B", "A\n  \nB\n", false, 2},
		{"line ends as in the file", "A\r\nC\r\n", "B", "A\r\nB\r\nC\r\n", false, 1},
		{"section", "<A>\nB\n</A>", "<C>\nD\n</C>\n", "<A>\nB\n<C>\nD\n</C>\n</A>", true, 1},
		{"after a section without end", "<A>\nB\n</A>", "C", "<A>\nB\n</A>\nC\n", false, 1},
		{"open section", "<A>\nB\n", "C", "", true, 0},
		{"after an open section", "<A>\nB\n", "C", "", false, 1},
		{"open", "A\n", "<B>\n", "", false, 1},
		{"stray", "A\n", "</B>\n", "", false, 1},
		{"after a backslash", "A\\", "B", "", false, 1},
		{"a backslash", "A\n", "B\\", "", false, 0},
		{"no such place", "A\n", "B", "", false, 2},
	} {
		f := Parse("f", []byte(c.text))
		var s *Section
		if c.section {
			s = f.Nodes[0].(*Section)
		}
		err := f.Insert(s, c.index, Parse("", []byte(c.what)).Nodes...)
		want := c.want
		if want == "" {
			want = c.text
		}
		if got := printed(t, f); got != want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
		checkTrue(t, f)
	}
	f := Parse("f", []byte("A\n<B>\nC\n</B>\n# d\n"))
	b := f.Nodes[1].(*Section)
	if err := f.Remove(b.Nodes[0]); err != nil || printed(t, f) != "A\n<B>\n</B>\n# d\n" {
		t.Errorf("%q, %v", printed(t, f), err)
	}
	if err := f.Remove(b); err != nil || printed(t, f) != "A\n# d\n" {
		t.Errorf("%q, %v", printed(t, f), err)
	}
	if err := f.Remove(b); err == nil {
		t.Error("removed twice")
	}
}

func TestIndent(t *testing.T) {
	f := Parse("", []byte("  <A>\n    B\n\n  # c\n  </A>\n"))
	Indent(f.Nodes, "\t")
	if got := printed(t, f); got != "\t<A>\n\t  B\n\n\t# c\n\t</A>\n" {
		t.Errorf("%q", got)
	}
}

func TestFindParent(t *testing.T) {
	f := Parse("f", []byte("Listen 1\n<VirtualHost *>\nLISTEN 2\n<If a>\n  \\\n  listen \\\n 3\n</If>\n</VirtualHost>\nX\n"))
	var args []string
	for _, n := range Find(f.Nodes, "listen") {
		args = append(args, n.(*Directive).Args())
	}
	if !slices.Equal(args, []string{"1", "2", "3"}) {
		t.Errorf("%q", args)
	}
	last := Find(f.Nodes, "Listen")[2]
	s, i, ok := f.Parent(last)
	if !ok || i != 0 || s.Name() != "If" || last.Position().Line != 6 || last.EndLine() != 7 {
		t.Errorf("%v %d %v %v", s, i, ok, last.Position())
	}
	if len(Find(f.Nodes, "virtualhost")) != 1 || len(Find(f.Nodes, "<If")) != 0 {
		t.Error("sections")
	}
}

func TestProblems(t *testing.T) {
	f := Parse("f", []byte("A 'x\n<B\n<C x>\n</D>\n</B\n</E>\n<F>\nG \"a\\\"\n"))
	var got []string
	for _, e := range f.Problems() {
		got = append(got, e.Pos.String()+" "+e.Level+" "+e.Msg)
	}
	want := []string{"f:1 warn quote not closed: 'x", "f:2  <B> directive missing closing '>'", "f:4  Expected </C> but saw </D>",
		"f:5  </B> directive missing closing '>'", "f:6  </E> without matching <E> section", "f:7  <F> was not closed.",
		"f:8 warn quote not closed: \"a\\\""}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	if got := Parse("f", []byte("A 'x' \"y\\\\\"\n<B>\n</b>\n")).Problems(); len(got) != 0 {
		t.Errorf("%v", got[0])
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", "a b", `"`, `'`, `\`, `\\`, `a\\b`, `a\"`, `\"x\\`, "a\tb\r", "\xff", `x\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, word string) {
		for _, quote := range []byte{0, '"', '\''} {
			q, err := quoteAs(word, quote)
			if err != nil {
				if !strings.ContainsAny(word, "\n\x00") {
					t.Fatal(err)
				}
				continue
			}
			if got, rest := GetWordConf(q + " next"); got != word || rest != "next" {
				t.Fatalf("%q as %s reads as %q, then %q", word, q, got, rest)
			}
		}
	})
}

// FuzzEdit edits at random: each tree must be the one that its text reads as, and an error must leave it alone.
func FuzzEdit(f *testing.F) {
	for i, s := range traps {
		f.Add(s, "A 'b' c\\\n d\n# e\n<F>\n</F>", "w\\ \"", uint64(i))
	}
	f.Fuzz(func(t *testing.T, text, what, word string, seed uint64) {
		if len(text) > 2000 || len(what) > 500 {
			t.Skip()
		}
		r := rand.New(rand.NewPCG(seed, 1))
		file := Parse("f", []byte(text))
		for range 8 {
			before := printed(t, file)
			var all []Node
			Walk(file.Nodes, func(n Node) bool { all = append(all, n); return true })
			var err error
			pick := func() Node { return all[r.IntN(len(all))] }
			words := []string{word, "x", what}[:r.IntN(4)]
			switch op := r.IntN(5); {
			case op == 0 || len(all) == 0:
				var s *Section
				n := len(file.Nodes)
				if len(all) > 0 {
					if inner, ok := pick().(*Section); ok {
						s, n = inner, len(inner.Nodes)
					}
				}
				nodes := Parse("", []byte(what)).Nodes
				Indent(nodes, "  ")
				err = file.Insert(s, r.IntN(n+1), nodes...)
			case op == 1:
				err = file.Remove(pick())
			default:
				switch n := pick().(type) {
				case *Directive:
					spans := wordSpans(n.Rest, false)
					if len(spans) != len(n.Words()) {
						t.Fatalf("%q has the words %q, at %v", n.Rest, n.Words(), spans)
					}
					err = []func() error{func() error { return n.SetWords(words...) }, func() error { return n.SetArgs(word) },
						func() error { return n.SetName(word) }}[op-2]()
				case *Section:
					spans := wordSpans(n.Rest, true)
					if len(spans) != len(n.Words()) {
						t.Fatalf("%q has the words %q, at %v", n.Rest, n.Words(), spans)
					}
					err = []func() error{func() error { return n.SetWords(words...) }, func() error { return n.SetArgs(word) },
						func() error { return n.SetName(word) }}[op-2]()
				}
			}
			if err != nil {
				if after := printed(t, file); after != before {
					t.Fatalf("error %v, and %q became %q", err, before, after)
				}
			}
			checkTrue(t, file)
		}
	})
}
