package wsgi_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"httpd-wsgi/wsgi"
	"httpd-wsgi/wsgi/wsgitest"
)

// TestLeaks makes thousands of requests of every kind and sees that no Python object, no memory block and no reference to what lives
// for ever is left over, nor memory of the process.
func TestLeaks(t *testing.T) {
	s := script("leak.wsgi")
	s.Group = "leak"
	round := func(n int) {
		for range n {
			for _, uri := range []string{"/raise", "/bad", "/write", "/read", "/print"} {
				x := wsgitest.Exchange{Input: strings.NewReader("one\ntwo\nthree\n")}
				get(t, s, &x, uri)
			}
			f := &wsgi.Function{Script: script("hooks.wsgi"), Args: []string{"me"}, Form: new(wsgi.Form)}
			f.Script.Callable, f.Script.Group = "groups_for_user", "leak"
			wsgitest.Fill(f.Form, 0, "GET", "/")
			engine.Call(f)
		}
	}
	count := func() (objects, blocks int, refs [5]int, rss int) {
		var x wsgitest.Exchange
		get(t, s, &x, "/count")
		if _, err := fmt.Sscan(x.Body.String(), &objects, &blocks, &refs[0], &refs[1], &refs[2], &refs[3], &refs[4]); err != nil {
			t.Fatal(err, x.Body.String())
		}
		status, _ := os.ReadFile("/proc/self/statm")
		var size int
		fmt.Sscan(string(status), &size, &rss)
		return objects, blocks, refs, rss * os.Getpagesize() / 1024
	}
	const n = 800 // a leak in one kind of request would be n of something; threads and caches come and go
	round(n)
	count()
	round(n)
	objects, blocks, refs, _ := count()
	round(n)
	_, _, _, rss := count()
	round(n)
	objects2, blocks2, refs2, rss2 := count()
	if d := objects2 - objects; d > n/2 {
		t.Errorf("%d more objects", d)
	}
	if d := blocks2 - blocks; d > n/2 {
		t.Errorf("%d more blocks", d)
	}
	for i := range refs {
		if d := refs2[i] - refs[i]; d > n/2 || d < -n/2 {
			t.Errorf("references to object %d: %d more", i, d)
		}
	}
	if d := rss2 - rss; d > 4096 {
		t.Errorf("%d KiB more memory", d)
	}
	t.Logf("objects %+d, blocks %+d, references %v to %v, memory %+d KiB", objects2-objects, blocks2-blocks, refs, refs2, rss2-rss)
}
