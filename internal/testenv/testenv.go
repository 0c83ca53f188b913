// Package testenv tells tests what to do about what is not there.
package testenv

import (
	"os"
	"testing"
)

// Missing skips the test for lack of something: Apache, Python, a
// program. Where HTTPD_WSGI_REQUIRE is set, as "make test" and continuous
// integration do, it fails instead, so that nothing stays unchecked unseen.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("HTTPD_WSGI_REQUIRE") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
