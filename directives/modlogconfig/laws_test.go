package modlogconfig

import (
	"math/rand"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

func formatOf(r *rand.Rand) *Format { return &Format{text: string(rune('a' + r.Intn(26)))} }

func logOf(r *rand.Rand) *Log { return &Log{Spec: string(rune('a' + r.Intn(26))), Global: true} }

func TestLaws(t *testing.T) {
	directivetest.Laws(t, func() directives.Module[Conf, directives.None] { return newModule().tables() }, directivetest.Gen(formatOf), directivetest.Gen(logOf), directivetest.Other("writes"))
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	directives.Add(r, newModule().tables())
	directives.Add(r, logIOTables())
	directivetest.Listing(t, r, "testdata/L.txt")
}
