package apacheconf

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func checkSyntax(t *testing.T, text string) {
	t.Helper()
	f := Parse("f", []byte(text))
	var b bytes.Buffer
	if err := Fprint(&b, f); err != nil {
		t.Fatal(err)
	}
	if b.String() != text {
		t.Fatalf("%q prints as %q", text, b.String())
	}
	if hand := readTree("f", text); !reflect.DeepEqual(f, hand) {
		t.Fatalf("%q:\ngrammar %s\nreader  %s", text, dump(f.Nodes), dump(hand.Nodes))
	}
}

func dump(nodes []Node) string {
	var b strings.Builder
	for _, n := range nodes {
		dumpNode(&b, n)
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, s := range traps {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { checkSyntax(t, text) })
}

func TestParsePrint(t *testing.T) {
	for _, s := range traps {
		checkSyntax(t, s)
	}
}
