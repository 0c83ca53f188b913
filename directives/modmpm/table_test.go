package modmpm

import (
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

func TestLaws(t *testing.T) {
	for _, m := range []Model{Worker, Prefork, Event} {
		t.Run(m.String(), func(t *testing.T) {
			others := map[Model][]string{Worker: {"AsyncFactor"}, Prefork: {"AsyncFactor", "ThreadLimit", "ThreadsPerChild"}}
			directivetest.Laws(t, func() directives.Module[Conf, directives.None] { return Module(m) }, directivetest.Other(others[m]...))
		})
	}
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	Add(r)
	directivetest.Listing(t, r, "testdata/L.txt")
}
