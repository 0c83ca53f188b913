package modenv

import (
	"math/rand"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

func vars(r *rand.Rand) []Var {
	return []Var{{string(rune('a' + r.Intn(26))), string(rune('a' + r.Intn(26)))}}
}

func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[directives.None, Dir] { return tables }, directivetest.Gen(vars))
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, tables)
	directivetest.Listing(t, r, "testdata/L.txt")
}
