// Package integration runs the server's real binary with real configurations, real Python and real clients, most of it side by side
// with Apache httpd and mod_wsgi.
//
// The binary under test is build/httpd-wsgi, or what HTTPD_WSGI_TARGET names. Where the binary or Apache is missing the tests are
// skipped, unless HTTPD_WSGI_REQUIRE is set (as "make test" does): then they fail.
package integration

import (
	"path/filepath"
	"testing"

	"httpd-wsgi/integration/httpdtest"
	"httpd-wsgi/internal/testenv"
)

// root is the repository.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func target(t testing.TB) httpdtest.Program {
	t.Helper()
	p, err := httpdtest.Target(root(t))
	if err != nil {
		testenv.Missing(t, "%v", err)
	}
	return p
}

func apache(t testing.TB) httpdtest.Program {
	t.Helper()
	p, err := httpdtest.Apache()
	if err != nil {
		testenv.Missing(t, "%v", err)
	}
	return p
}

// tempDir is a directory that the web user may enter, gone after the test.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, remove, err := httpdtest.TempDir(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(remove)
	return dir
}
