package directives

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	there, missing := filepath.Join(dir, "there"), filepath.Join(dir, "missing")
	if err := os.WriteFile(there, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	disk := NewFiles()
	if b, err := disk.Read(there); string(b) != "text" || err != nil {
		t.Errorf("from disk: %q, %v", b, err)
	}
	if _, err := disk.Read(missing); err == nil {
		t.Error("a missing file was read from disk")
	}
	assumed := AssumeFiles()
	for name, want := range map[string]string{there: "text", missing: ""} {
		if b, err := assumed.Read(name); string(b) != want || err != nil {
			t.Errorf("assumed %s: %q, %v", name, b, err)
		}
	}
	if _, err := assumed.Read(dir); err == nil {
		t.Error("a directory was read as a file that is assumed to be there")
	}
	replayed := ReplayFiles(disk.Contents)
	if b, err := replayed.Read(there); string(b) != "text" || err != nil {
		t.Errorf("replayed: %q, %v", b, err)
	}
	if _, err := replayed.Read(missing); err == nil {
		t.Error("a file that was not read was replayed")
	}
	for _, c := range []struct {
		name              string
		f                 *Files
		believed, assumed bool
	}{{"disk", disk, false, false}, {"assumed", assumed, true, true}, {"replayed", replayed, true, false}} {
		if c.f.Believed() != c.believed || c.f.Assumed() != c.assumed {
			t.Errorf("%s: believed %v, assumed %v", c.name, c.f.Believed(), c.f.Assumed())
		}
	}
}
