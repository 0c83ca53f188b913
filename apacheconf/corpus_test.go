package apacheconf

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestCorpus parses and prints the real configuration files that the folder $HTTPD_WSGI_CORPUS holds.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("HTTPD_WSGI_CORPUS")
	if dir == "" {
		t.Skip("HTTPD_WSGI_CORPUS names no folder")
	}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		checkSyntax(t, string(b))
		// Loading must not fail in another way than Apache's.
		l := newTestLoader(dir)
		l.ReadFile = func(string) ([]byte, error) { return b, nil }
		l.LoadModule = func(string, string, Pos) error { return nil }
		if bytes.Contains(bytes.ToLower(b), []byte("include")) {
			return nil
		}
		tree, err := l.Load(path)
		checkLoad(t, tree, err)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Error("no files")
	}
	t.Logf("%d files", n)
}
