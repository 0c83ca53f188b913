package apacheconf

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// FuzzLoad: whatever is read as a configuration file or as .htaccess, loading ends with a tree that can be
// encoded, or with an error in Apache's frame.
func FuzzLoad(f *testing.F) {
	for _, s := range traps {
		f.Add(s)
	}
	for _, c := range loadCases(f) {
		for _, file := range c.files {
			f.Add(file.data)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if lower := strings.ToLower(text); strings.Contains(lower, "include") && strings.ContainsAny(lower, "*?[$@%") {
			t.Skip("wildcards are looked up in the real file system")
		}
		l := newTestLoader("/nonexistent")
		// A file that includes itself twice would be read 2^128 times.
		left := 40
		l.ReadFile = func(string) ([]byte, error) {
			if left--; left < 0 {
				return nil, errors.New("enough")
			}
			return []byte(text), nil
		}
		tree, err := l.Load("main.conf")
		checkLoad(t, tree, err)
		tree, err = l.LoadHtaccess(tree, "/x/.htaccess", []byte(text))
		checkLoad(t, tree, err)
	})
}

func checkLoad(t *testing.T, tree *Tree, err error) {
	t.Helper()
	if err != nil {
		e, ok := err.(*Error)
		if !ok || e.Msg == "" || strings.ContainsAny(e.Format("x"), "\n\x00") {
			t.Fatalf("error %#v", err)
		}
		return
	}
	var nest func(items []*Item)
	nest = func(items []*Item) {
		for _, it := range items {
			if it.Pos.File == "" || it.Pos.Line <= 0 {
				t.Fatalf("no place: %+v", it)
			}
			if !it.Section && (it.Items != nil || it.Unclosed || !it.EndPos.IsZero()) {
				t.Fatalf("a directive with contents: %+v", it)
			}
			nest(it.Items)
		}
	}
	nest(tree.Items)
	var b bytes.Buffer
	if err := tree.Encode(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(&b); err != nil {
		t.Fatal(err)
	}
}
