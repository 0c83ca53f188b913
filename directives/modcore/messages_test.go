package modcore

import (
	"os"
	"strings"
	"testing"
)

// differs are the messages that are not Apache's, and why.
var differs = map[string]string{
	`ErrorDocument 404 "%{foo"`: "the expression's own message",
	`SetHandler "expr=%{foo"`:   "the expression's own message",
}

// TestMessages compares what each configuration of testdata/messages.txt gives
// with what Apache 2.4.71 printed for it (-t): "> configuration", then the
// message without its frame. "\n" in a configuration is a line end.
func TestMessages(t *testing.T) {
	data, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range strings.Split("\n"+string(data), "\n> ")[1:] {
		conf, want, _ := strings.Cut(block, "\n")
		want = strings.TrimSpace(want)
		c, err := compile(t, strings.ReplaceAll(conf, `\n`, "\n"))
		got := strings.TrimSpace(message(c, err))
		if _, ok := differs[conf]; ok {
			if (got == "") != (want == "") {
				t.Errorf("%s\n got %q\nwant %q or its like", conf, got, want)
			}
			continue
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", conf, got, want)
		}
		n++
	}
	if n < 200 {
		t.Errorf("only %d configurations compared", n)
	}
}
