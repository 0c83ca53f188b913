package modauthzcore

import (
	"math/rand"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

func section(r *rand.Rand) *Section { return &Section{Name: string(rune('a' + r.Intn(26)))} }

// AuthMerging says how a container meets its predecessors, whichever these are, so that merging with it is not associative.
func noMerging(*rand.Rand) directives.Opt[Logic] { return directives.Opt[Logic]{} }

func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[directives.None, Dir] { return tables }, directivetest.Gen(section), directivetest.Gen(noMerging), directivetest.Local("Merging"), directivetest.Other("open"))
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables)
	directivetest.Listing(t, r, "testdata/L.txt")
}
