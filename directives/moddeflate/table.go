package moddeflate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"httpd-wsgi/directives"
)

// etagRule is DeflateAlterETag's value.
type etagRule uint8

const (
	etagAddSuffix etagRule = iota
	etagNoChange
	etagRemove
)

// Server is mod_deflate's per-server configuration. As in Apache a virtual host
// that has any of it has it all: what it does not set is the default, not the
// main server's.
type Server struct {
	Level      directives.Opt[int] // 1 to 9; default: the library's
	WindowSize directives.Opt[int] // 1 to 15; default 15
	MemLevel   directives.Opt[int] // of no effect
	// BufferSize is how much of what was compressed is passed on at a time.
	BufferSize directives.Opt[int]
	// Names of the notes that get the ratio in percent and the sizes; "" for none.
	RatioNote, InputNote, OutputNote string

	etag directives.Opt[etagRule]
}

// Dir is its per-directory configuration, which bounds what inflating may make of little.
type Dir struct {
	// InflateLimit bounds an inflated request body; 0: LimitRequestBody does.
	InflateLimit           directives.Opt[int64]
	RatioLimit, RatioBurst directives.Opt[int]
}

// Defaults of DeflateInflateRatioLimit and DeflateInflateRatioBurst.
const (
	defaultRatioLimit = 200
	defaultRatioBurst = 3
)

var tables = directives.Module[Server, Dir]{ID: "deflate_module", File: "mod_deflate.c",
	MergeServer: replace[Server],
	MergeDir:    replace[Dir],
	Server: directives.Table[Server]{
		directives.Take12("DeflateFilterNote", directives.RsrcConf, nil, setNote, "Set a note to report on compression ratio"),
		number("DeflateWindowSize", 1, 15, func(s *Server) *directives.Opt[int] { return &s.WindowSize },
			"DeflateWindowSize must be between 1 and 15", "Set the Deflate window size (1-15)"),
		number("DeflateBufferSize", 1, 1<<31-1, func(s *Server) *directives.Opt[int] { return &s.BufferSize },
			"DeflateBufferSize should be positive", "Set the Deflate Buffer Size"),
		directives.Take1("DeflateMemLevel", directives.RsrcConf, nil, func(_ *directives.Cmd, s *Server, w string) error {
			if n := atoi(w); n < 1 || n > 9 {
				return errors.New("DeflateMemLevel must be between 1 and 9")
			}
			s.MemLevel = directives.Some(atoi(w))
			return nil
		}, "Set the Deflate Memory Level (1-9)").WithoutEffect("the memory of the compressor does not depend on it"),
		number("DeflateCompressionLevel", 1, 9, func(s *Server) *directives.Opt[int] { return &s.Level },
			"Compression Level must be between 1 and 9", "Set the Deflate Compression Level (1-9)"),
		directives.Take1("DeflateAlterEtag", directives.RsrcConf, nil, setETag,
			"Set how mod_deflate should modify ETAG response headers: 'AddSuffix' (default), 'NoChange' (2.2.x behavior), 'Remove'"),
	},
	Dir: directives.Table[Dir]{
		directives.Take1("DeflateInflateLimitRequestBody", directives.OrAll, nil, setInflateLimit, "Set a limit on size of inflated input"),
		ratio("DeflateInflateRatioLimit", func(d *Dir) *directives.Opt[int] { return &d.RatioLimit },
			"Set the inflate ratio limit above which inflation is aborted (default: 200)"),
		ratio("DeflateInflateRatioBurst", func(d *Dir) *directives.Opt[int] { return &d.RatioBurst },
			"Set the maximum number of following inflate ratios above limit (default: 3)"),
	},
}

// replace is the merge of a module that has none: the inner configuration stands for itself, if there is one.
func replace[C comparable](base, add *C) *C {
	if *add == *new(C) {
		return base
	}
	return add
}

func number(name string, least, most int, at func(*Server) *directives.Opt[int], sentence, help string) directives.Directive[Server] {
	return directives.Take1(name, directives.RsrcConf, nil, func(_ *directives.Cmd, s *Server, w string) error {
		n := atoi(w)
		if n < least || n > most {
			return errors.New(sentence)
		}
		*at(s) = directives.Some(n)
		return nil
	}, help)
}

func ratio(name string, at func(*Dir) *directives.Opt[int], help string) directives.Directive[Dir] {
	return directives.Take1(name, directives.OrAll, nil, func(_ *directives.Cmd, d *Dir, w string) error {
		n := atoi(w)
		if n <= 0 {
			return errors.New(name + " must be positive")
		}
		*at(d) = directives.Some(n)
		return nil
	}, help)
}

func setInflateLimit(_ *directives.Cmd, d *Dir, w string) error {
	n, err := strconv.ParseInt(w, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return errors.New("DeflateInflateLimitRequestBody is not parsable.")
	case err != nil || n < 0:
		return errors.New("DeflateInflateLimitRequestBody requires a non-negative integer.")
	}
	d.InflateLimit = directives.Some(n)
	return nil
}

func setNote(_ *directives.Cmd, s *Server, kind, name string) error {
	if name == "" {
		s.RatioNote = kind
		return nil
	}
	switch strings.ToLower(kind) {
	case "ratio":
		s.RatioNote = name
	case "input":
		s.InputNote = name
	case "output":
		s.OutputNote = name
	default:
		return fmt.Errorf("Unknown note type %s", kind)
	}
	return nil
}

func setETag(_ *directives.Cmd, s *Server, w string) error {
	switch strings.ToLower(w) {
	case "addsuffix":
		s.etag = directives.Some(etagAddSuffix)
	case "nochange":
		s.etag = directives.Some(etagNoChange)
	case "remove":
		s.etag = directives.Some(etagRemove)
	default:
		return errors.New("DeflateAlterETAG accepts only 'NoChange', 'AddSuffix', and 'Remove'")
	}
	return nil
}

// atoi is C's: what is no number counts as far as it is one.
func atoi(s string) int {
	s = strings.TrimLeft(s, " \t")
	end := 0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		end = 1
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(s[:end])
	return n
}
