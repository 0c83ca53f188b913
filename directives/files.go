package directives

import (
	"fmt"
	"os"
)

// Files are the files that directives make httpd-wsgi read while it compiles a
// configuration. The master reads and keeps them; its children are handed the
// contents and read nothing.
type Files struct {
	// Contents are the files read, by name.
	Contents map[string][]byte
	replay   bool
}

// NewFiles reads from disk.
func NewFiles() *Files { return &Files{Contents: map[string][]byte{}} }

// ReplayFiles gives back what another process read, and nothing else.
func ReplayFiles(contents map[string][]byte) *Files { return &Files{contents, true} }

// Replayed tells that the files were read by another process: what that one has
// checked on disk need not be checked again, nor can it always be.
func (f *Files) Replayed() bool { return f.replay }

// Read returns a file's contents.
func (f *Files) Read(name string) ([]byte, error) {
	if b, ok := f.Contents[name]; ok {
		return b, nil
	}
	if f.replay {
		return nil, fmt.Errorf("%s was not read by the parent process", name)
	}
	b, err := os.ReadFile(name)
	if err == nil {
		f.Contents[name] = b
	}
	return b, err
}
