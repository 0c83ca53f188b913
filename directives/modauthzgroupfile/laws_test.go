package modauthzgroupfile

import (
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[directives.None, Dir] { return tables })
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables)
	directivetest.Listing(t, r, "testdata/L.txt")
}
