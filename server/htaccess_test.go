package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"httpd-wsgi/vhost"
)

const htaccessConf = "<Directory />\nAllowOverride All\n</Directory>\n"

func ctime(t testing.TB, name string) syscall.Timespec {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Lstat(name, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ctim
}

// write replaces a file's content in place, so that its times show it: the
// clock of a file system stands still for some milliseconds.
func write(t testing.TB, name, text string) {
	t.Helper()
	var before syscall.Timespec
	if _, err := os.Lstat(name); err == nil {
		before = ctime(t, name)
	}
	for {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if ctime(t, name) != before {
			return
		}
	}
}

// TestHtaccessChanges changes a .htaccess file in every way and asks after each
// change. The requests come long after it, so that the cache trusts what it
// knows; what is asked twice must be answered from memory.
func TestHtaccessChanges(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f d/f.txt\n")
	s := newWalkSite(t, root, htaccessConf)
	file := filepath.Join(root, "htdocs/d/.htaccess")
	ask := func() (string, Status, *vhost.Node) {
		r := s.request("/d/f.txt")
		r.Received = time.Now().Add(time.Hour)
		status := s.walk(r)
		return s.words(r), status, r.Node
	}
	expect := func(step, words string, status Status) {
		t.Helper()
		w, st, first := ask()
		if w != words || st != status {
			t.Errorf("%s: %s %d, want %s %d", step, w, st, words, status)
		}
		w, st, second := ask()
		if w != words || st != status {
			t.Errorf("%s, again: %s %d, want %s %d", step, w, st, words, status)
		}
		if status == 200 && first != second {
			t.Errorf("%s: the file was compiled again", step)
		}
	}
	expect("no file", "-", 200)
	write(t, file, "Header always add X-T one\n")
	expect("created", "one", 200)
	mtime, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, "Header always add X-T two\n")
	if err := os.Chtimes(file, mtime.ModTime(), mtime.ModTime()); err != nil {
		t.Fatal(err)
	}
	expect("same size and modification time", "two", 200)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect("removed", "-", 200)
	write(t, file, "Nonsense\n")
	expect("wrong", "-", 500)
	write(t, file+".new", "Header always add X-T three\n")
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	expect("renamed into place", "three", 200)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".htaccess", file); err != nil {
		t.Fatal(err)
	}
	expect("a loop", "-", 403)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(file, 0o644); err != nil {
		t.Fatal(err)
	}
	expect("a FIFO", "-", 403)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("elsewhere", file); err != nil {
		t.Fatal(err)
	}
	expect("a dangling link", "-", 200)
	write(t, filepath.Join(root, "htdocs/d/elsewhere"), "Header always add X-T four\n")
	expect("a link", "four", 200)
}

// TestHtaccessIfFile: what other files decide is not taken from memory.
func TestHtaccessIfFile(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f d/f.txt\n")
	s := newWalkSite(t, root, htaccessConf)
	flag := filepath.Join(root, "flag")
	for _, text := range []string{"<IfFile flag>\nHeader always add X-T there\n</IfFile>\n",
		"<IfModule core.c>\n<IfFile !flag>\n</IfFile>\n<iffile flag>\nHeader always add X-T there\n</iffile>\n</IfModule>\n"} {
		write(t, filepath.Join(root, "htdocs/d/.htaccess"), text)
		for _, want := range []string{"-", "there", "-"} {
			if want == "there" {
				write(t, flag, "")
			} else {
				os.Remove(flag)
			}
			r := s.request("/d/f.txt")
			r.Received = time.Now().Add(time.Hour)
			if status := s.walk(r); status != 200 || s.words(r) != want {
				t.Errorf("%q: %d %s, want %s", text, status, s.words(r), want)
			}
		}
	}
}

// TestHtaccessInPlace writes a file in place while requests come: who asks when no write is under way gets all of
// the last one, and what was written whole is never followed by what was before it.
func TestHtaccessInPlace(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f d/f.txt\n")
	s := newWalkSite(t, root, htaccessConf)
	file := filepath.Join(root, "htdocs/d/.htaccess")
	text := func(i int64) []byte { return fmt.Appendf(nil, "Header always add X-T %05d\n", i) }
	if err := os.WriteFile(file, text(0), 0o644); err != nil {
		t.Fatal(err)
	}
	var begun, made atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				least := made.Load()
				r := s.request("/d/f.txt")
				status := s.walk(r)
				most := begun.Load()
				var got int64
				if _, err := fmt.Sscan(strings.TrimLeft(s.words(r), "0"), &got); status == 200 && s.words(r) == "00000" {
					got, err = 0, nil
				} else if err != nil || status != 200 {
					if least == most { // no write was under way
						t.Errorf("status %d, %s while nothing was written", status, s.words(r))
						return
					}
					continue
				}
				if got < least || got > most {
					t.Errorf("got %d between %d and %d", got, least, most)
					return
				}
			}
		})
	}
	for i := range int64(400) {
		begun.Store(i + 1)
		if err := os.WriteFile(file, text(i+1), 0o644); err != nil {
			t.Fatal(err)
		}
		made.Store(i + 1)
	}
	close(stop)
	wg.Wait()
}

// TestHtaccessFresh changes a file faster than its times can show: requests
// that come at once must not be answered from memory.
func TestHtaccessFresh(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f d/f.txt\n")
	s := newWalkSite(t, root, htaccessConf)
	file := filepath.Join(root, "htdocs/d/.htaccess")
	for i := range 200 {
		text := fmt.Sprintf("Header always add X-T %03d\n", i)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r := s.request("/d/f.txt")
		if s.walk(r); s.words(r) != fmt.Sprintf("%03d", i) {
			t.Fatalf("change %d is answered with %s", i, s.words(r))
		}
	}
}

// TestHtaccessConcurrent asks from many goroutines while the file changes: who
// asks after a change was made must see it or a later one.
func TestHtaccessConcurrent(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f d/f.txt\nf d/e/f.txt\n")
	s := newWalkSite(t, root, htaccessConf)
	file := filepath.Join(root, "htdocs/d/.htaccess")
	write(t, file, "Header always add X-T 0\n")
	var made atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				least := made.Load()
				r := s.request("/d/e/f.txt")
				if status := s.walk(r); status != 200 {
					t.Errorf("status %d", status)
					return
				}
				var got int64
				if _, err := fmt.Sscan(s.words(r), &got); err != nil || got < least {
					t.Errorf("got %s after %d", s.words(r), least)
					return
				}
			}
		})
	}
	for i := range 100 {
		next := file + ".new"
		if err := os.WriteFile(next, fmt.Appendf(nil, "Header always add X-T %d\n", i+1), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, file); err != nil {
			t.Fatal(err)
		}
		made.Store(int64(i + 1))
	}
	close(stop)
	wg.Wait()
}

// TestHtaccessBound walks more directories than the cache holds.
func TestHtaccessBound(t *testing.T) {
	var c htaccessCache
	nodes := []*vhost.Node{{}, {}}
	for i := range 3 * htaccessBuckets * htaccessDepth {
		e := &htaccessEntry{node: nodes[i&1], dir: fmt.Sprintf("/%d/", i/2)}
		c.store(e)
		if got := c.find(e.node, e.dir); got == nil || got.dir != e.dir {
			t.Fatal("an entry is lost as soon as it is stored")
		}
	}
	for i := range c.buckets {
		n := 0
		for e := c.buckets[i].Load(); e != nil; e = e.link {
			n++
		}
		if n > htaccessDepth {
			t.Fatalf("a bucket holds %d entries", n)
		}
	}
}

const benchConf = `<Directory />
AllowOverride None
Options FollowSymLinks
</Directory>
<Directory R/htdocs>
Options Indexes FollowSymLinks
</Directory>
<Directory R/htdocs/static>
Header always add X-T static
</Directory>
<Location /static>
Header always add X-T loc
</Location>
<Files "*.css">
Header always add X-T css
</Files>
`

func benchmarkWalk(b *testing.B, known bool, conf string) {
	root := b.TempDir()
	plant(b, root, "f static/css/site.css\n")
	s := newWalkSite(b, root, strings.ReplaceAll(conf, "R/", root+"/"))
	r := s.request("/static/css/site.css")
	name := root + "/htdocs/static/css/site.css"
	var info fileInfo
	if err := info.stat(name); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.restart()
		r.Target = Target{Filename: name}
		if known {
			r.Target.Info = &info
		}
		r.directoryWalk()
		r.fileWalk()
		r.locationWalk()
		r.ifWalk()
	}
}

// BenchmarkWalk is the walk and all merges of a static file, without the one stat.
func BenchmarkWalk(b *testing.B)     { benchmarkWalk(b, true, benchConf) }
func BenchmarkWalkStat(b *testing.B) { benchmarkWalk(b, false, benchConf) }
func BenchmarkWalkHtaccess(b *testing.B) {
	benchmarkWalk(b, false, benchConf+"<Directory R/htdocs>\nAllowOverride All\n</Directory>\n")
}
