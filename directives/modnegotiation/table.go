package modnegotiation

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/directives"
)

// Server is mod_negotiation's per-server configuration.
type Server struct {
	// CacheDocs is CacheNegotiatedDocs. As in Apache a virtual host cannot take it back.
	CacheDocs bool
}

// force is ForceLanguagePriority's value, 0 where unset.
type force uint8

const (
	forceNone     force = 1
	forcePrefer   force = 2 // among languages that are accepted alike
	forceFallback force = 4 // where none is accepted
)

// Dir is its per-directory configuration.
type Dir struct {
	force force
	// LanguagePriority are the languages, the best first; an inner container's list replaces the outer one's.
	LanguagePriority []string
}

var tables = directives.Module[Server, Dir]{ID: "negotiation_module", File: "mod_negotiation.c",
	Server: directives.Table[Server]{
		directives.FlagFunc("CacheNegotiatedDocs", directives.RsrcConf,
			directives.MergeBy(func(s *Server) *bool { return &s.CacheDocs }, func(base, add bool) bool { return base || add }),
			func(_ *directives.Cmd, s *Server, on bool) error { s.CacheDocs = on; return nil }, "Either 'on' or 'off' (default)"),
	},
	Dir: directives.Table[Dir]{
		directives.Iterate("LanguagePriority", directives.OrFileInfo, directives.Replace(func(d *Dir) *[]string { return &d.LanguagePriority }),
			func(_ *directives.Cmd, d *Dir, language string) error {
				d.LanguagePriority = append(d.LanguagePriority, language)
				return nil
			}, "space-delimited list of MIME language abbreviations"),
		directives.Iterate("ForceLanguagePriority", directives.OrFileInfo,
			directives.MergeBy(func(d *Dir) *force { return &d.force }, func(base, add force) force {
				if add != 0 {
					return add
				}
				return base
			}), setForce, "Force LanguagePriority elections, either None, or Fallback and/or Prefer"),
	},
}

func setForce(_ *directives.Cmd, d *Dir, w string) error {
	switch strings.ToLower(w) {
	case "none":
		if d.force&^forceNone != 0 {
			return errors.New("Cannot combine ForceLanguagePriority options with None")
		}
		d.force = forceNone
	case "prefer":
		if d.force&forceNone != 0 {
			return errors.New("Cannot combine ForceLanguagePriority options None and Prefer")
		}
		d.force |= forcePrefer
	case "fallback":
		if d.force&forceNone != 0 {
			return errors.New("Cannot combine ForceLanguagePriority options None and Fallback")
		}
		d.force |= forceFallback
	default:
		return fmt.Errorf("Invalid ForceLanguagePriority option %s", w)
	}
	return nil
}
