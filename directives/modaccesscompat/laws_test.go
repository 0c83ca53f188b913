package modaccesscompat

import (
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

// A container with any line of the module's replaces the outer one's lines.
func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[directives.None, Dir] { return tables }, directivetest.Local("Orders", "Satisfies", "Allows", "Denys"))
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables)
	directivetest.Listing(t, r, "testdata/L.txt")
}
