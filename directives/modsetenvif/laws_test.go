package modsetenvif

import (
	"math/rand"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

func condition(r *rand.Rand) *Condition { return &Condition{name: string(rune('a' + r.Intn(26)))} }

func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[Conf, Dir] { return tables }, directivetest.Gen(condition))
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables)
	directivetest.Listing(t, r, "testdata/L.txt")
}
