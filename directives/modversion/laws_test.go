package modversion

import (
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, table())
	directivetest.Listing(t, r, "testdata/L.txt")
}
