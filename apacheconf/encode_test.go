package apacheconf

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"
)

// roundTrip checks that a tree survives its encoding.
func roundTrip(t *testing.T, tree *Tree) {
	t.Helper()
	var b bytes.Buffer
	if err := tree.Encode(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	back, err := Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := describe(back, nil), describe(tree, nil); got != want {
		t.Fatalf("decoded:\n%s\nwant:\n%s", got, want)
	}
	if len(tree.Warnings) != len(back.Warnings) || len(back.Warnings) > 0 && !reflect.DeepEqual(tree.Warnings, back.Warnings) {
		t.Fatalf("warnings %v, want %v", back.Warnings, tree.Warnings)
	}
	if tree.ServerRoot != back.ServerRoot || tree.DefaultRuntimeDir != back.DefaultRuntimeDir {
		t.Fatalf("%+v, want %+v", back, tree)
	}
	if len(tree.macros) != len(back.macros) || (tree.macros == nil) != (back.macros == nil) {
		t.Fatalf("macros %v, want %v", back.macros, tree.macros)
	}
	var again bytes.Buffer
	if err := back.Encode(&again); err != nil || again.String() != text {
		t.Fatalf("a decoded tree is encoded differently (%v)", err)
	}
}

func TestEncode(t *testing.T) {
	for _, c := range loadCases(t) {
		root := t.TempDir()
		c.write(t, root)
		tree, _ := c.loader(root).Load("main.conf")
		roundTrip(t, tree)
	}
}

// What was decoded serves .htaccess files as the original does.
func TestEncodeHtaccess(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(root+"/main.conf", []byte("Define V 1\n<Macro M $x>\nFoo $x ${V}\n</Macro>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := newTestLoader(root)
	tree, err := l.Load("main.conf")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tree.Encode(&b); err != nil {
		t.Fatal(err)
	}
	back, err := Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	ht, err := l.LoadHtaccess(back, "/x/.htaccess", []byte("Use M a\nBar ${v}\n"))
	if err != nil || len(ht.Items) != 2 || ht.Items[0].Args != "a 1" || ht.Items[1].Args != "1" {
		t.Errorf("%s", describe(ht, err))
	}
}

func TestDecodeErrors(t *testing.T) {
	tree := &Tree{Items: []*Item{{Name: "A", Section: true, Items: []*Item{{Name: "b", Args: "c"}}}}, ServerRoot: "/x"}
	var b bytes.Buffer
	if err := tree.Encode(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for i := range text {
		if _, err := Decode(strings.NewReader(text[:i])); err == nil {
			t.Errorf("%d of %d bytes are decoded", i, len(text))
		}
	}
	if _, err := Decode(strings.NewReader(text + "x")); err == nil {
		t.Error("a tail is accepted")
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range loadCases(f) {
		root := f.TempDir()
		c.write(f, root)
		tree, _ := c.loader(root).Load("main.conf")
		var b bytes.Buffer
		if err := tree.Encode(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if tree, err := Decode(bytes.NewReader(b)); err == nil {
			var again bytes.Buffer
			if err := tree.Encode(&again); err != nil {
				t.Fatal(err)
			}
		}
	})
}
