package bind

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

func FuzzWire(f *testing.F) {
	f.Add("plain")
	f.Add("caf\xe9 \x00 \xc3\xa9\xff")
	f.Add("\u0100\u0101")
	f.Fuzz(func(t *testing.T, s string) {
		w := toWire(s)
		if !utf8.ValidString(w) || strings.ContainsAny(w, "\x00\u0101") {
			t.Fatalf("%q is %q on the wire", s, w)
		}
		if got := fromWire(w); got != s {
			t.Fatalf("%q comes back as %q", s, got)
		}
		var l list
		l.add(s, "", s)
		if got := fromList(l.String()); !slices.Equal(got, []string{s, "", s}) {
			t.Fatalf("list of %q comes back as %q", s, got)
		}
	})
}

func TestEmptyList(t *testing.T) {
	if got := fromList(""); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// TestUnknownNumbers asks for nodes that are not there, as a program in error might.
func TestUnknownNumbers(t *testing.T) {
	d := Parse("f", "A b\n")
	for _, id := range []int{-1, 2, 1 << 40} {
		if d.Source(id) != "" || d.Kind(id) != KindFile || d.Parent(id) != removed || d.Line(id) != 0 || d.EndLine(id) != 0 ||
			d.Column(id) != 0 || d.Name(id) != "" || d.Args(id) != "" || d.Words(id) != "" || d.Children(id) != "" {
			t.Errorf("%d is a node", id)
		}
		if _, err := d.SetArgs(id, "x"); err == nil {
			t.Errorf("%d was edited", id)
		}
		if _, err := d.Insert(id, 0, "x"); err == nil {
			t.Errorf("inserted into %d", id)
		}
		if _, err := d.InsertBeside(id, 1, "x"); err == nil {
			t.Errorf("inserted after %d", id)
		}
		if _, err := d.Remove(id); err == nil {
			t.Errorf("%d was removed", id)
		}
	}
	if _, err := d.Insert(0, -2, "x"); err == nil {
		t.Error("inserted before the beginning")
	}
	if d.Text() != "A b\n" {
		t.Errorf("%q", d.Text())
	}
}

// TestConcurrent edits and reads one document on several goroutines, for the race detector.
func TestConcurrent(t *testing.T) {
	d := Parse("f", "<A>\n</A>\n")
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				id, err := d.Insert(1, 0, "B "+strconv.Itoa(g)+" "+strconv.Itoa(i))
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := strconv.Atoi(strings.TrimSpace(id))
				if d.Line(n) < 2 || d.Parent(n) != 1 || !strings.HasPrefix(d.Source(n), "    B ") {
					t.Errorf("%d: %q", n, d.Source(n))
				}
				if _, err := d.Remove(n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if d.Text() != "<A>\n</A>\n" {
		t.Errorf("%q", d.Text())
	}
}
