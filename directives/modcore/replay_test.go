package modcore

import (
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// A child believes what its parent has seen of the disk.
func TestReplayedDirectories(t *testing.T) {
	for _, name := range []string{"DocumentRoot", "DefaultRuntimeDir", "CoreDumpDirectory", "ServerRoot", "ChrootDir"} {
		compile := func(files *directives.Files) error {
			r := directives.NewRegistry()
			Add(r)
			tree := &apacheconf.Tree{ServerRoot: "/", Items: []*apacheconf.Item{{Name: name, Args: "/no/such/directory"}}}
			_, err := r.CompileWith(directives.Options{Files: files}, tree, r.NewLoaded(true))
			return err
		}
		if compile(directives.NewFiles()) == nil {
			t.Errorf("%s takes a directory that is not there", name)
		}
		if err := compile(directives.ReplayFiles(nil)); err != nil {
			t.Errorf("%s in a child: %v", name, err)
		}
	}
}
