package directives

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Files are the files that directives make httpd-wsgi read while it compiles a
// configuration. The master reads and keeps them; its children are handed the
// contents and read nothing.
type Files struct {
	// Contents are the files read, by name.
	Contents map[string][]byte
	mode     fileMode
}

type fileMode uint8

const (
	fromDisk fileMode = iota
	replayed
	assumed
)

// NewFiles reads from disk.
func NewFiles() *Files { return &Files{Contents: map[string][]byte{}} }

// ReplayFiles gives back what another process read, and nothing else.
func ReplayFiles(contents map[string][]byte) *Files { return &Files{contents, replayed} }

// AssumeFiles reads from disk and takes what is missing for an empty file: for
// reports on a configuration of another machine.
func AssumeFiles() *Files { return &Files{map[string][]byte{}, assumed} }

// Believed tells that paths are not to be checked: another process has read the
// files and looked, or what the configuration names is assumed to be there.
func (f *Files) Believed() bool { return f.mode != fromDisk }

// Assumed tells that they are AssumeFiles: users and groups may be missing, too.
func (f *Files) Assumed() bool { return f.mode == assumed }

// Read returns a file's contents.
func (f *Files) Read(name string) ([]byte, error) {
	if b, ok := f.Contents[name]; ok {
		return b, nil
	}
	if f.mode == replayed {
		return nil, fmt.Errorf("%s was not read by the parent process", name)
	}
	b, err := os.ReadFile(name)
	if f.mode == assumed && errors.Is(err, fs.ErrNotExist) {
		b, err = nil, nil
	}
	if err == nil {
		f.Contents[name] = b
	}
	return b, err
}
