package modcore

import (
	"math/rand"
	"testing"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
	"httpd-wsgi/internal/errlog"
)

// optionsOf makes settings as the setters do, so that the rules of the type hold.
func optionsOf(r *rand.Rand) Options {
	words := []string{"+Indexes", "-Indexes", "+FollowSymLinks", "-FollowSymLinks", "+MultiViews", "-MultiViews", "+IncludesNOEXEC", "+Includes"}
	args := words[r.Intn(len(words))] + " " + words[r.Intn(len(words))]
	if r.Intn(3) == 0 {
		args = []string{"None", "All", "Indexes", "FollowSymLinks MultiViews"}[r.Intn(4)]
	}
	var d Dir
	if err := setOptions(&directives.Cmd{OverrideOptions: ^uint32(0)}, &d, args); err != nil {
		panic(err)
	}
	return d.Options
}

func etagOf(r *rand.Rand) ETag {
	args := []string{"None", "MTime Size", "+INode", "-Size", "All", "Digest", "+INode -MTime"}[r.Intn(7)]
	var d Dir
	if err := setFileETag(&directives.Cmd{}, &d, args); err != nil {
		panic(err)
	}
	return d.FileETag
}

func levelsOf(r *rand.Rand) errlog.Levels {
	var l errlog.Levels
	for _, w := range [...][]string{{"info"}, {"ssl:debug"}, {"warn", "core:info"}}[r.Intn(3)] {
		if err := l.Parse(w, func(string) bool { return true }); err != nil {
			panic(err)
		}
	}
	return l
}

func gens() []directivetest.Option {
	text := func(*rand.Rand) *expr.String { return nil }
	return []directivetest.Option{directivetest.Gen(optionsOf), directivetest.Gen(etagOf), directivetest.Gen(levelsOf), directivetest.Gen(text)}
}

func TestLaws(t *testing.T) {
	t.Run("core", func(t *testing.T) {
		directivetest.Laws(t, Core, append(gens(), directivetest.Local("Name", "Aliases", "Path"))...)
	})
	t.Run("http", func(t *testing.T) { directivetest.Laws(t, HTTPCore) })
	t.Run("so", func(t *testing.T) { directivetest.Laws(t, So) })
	t.Run("unixd", func(t *testing.T) { directivetest.Laws(t, UnixdModule) })
}

func TestListing(t *testing.T) {
	r := directives.NewRegistry()
	Add(r)
	directivetest.Listing(t, r, "testdata/L.txt")
}
