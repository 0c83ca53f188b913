// Package pcre is a thin binding of PCRE2 (libpcre2-8), the regular expression
// engine that Apache httpd itself uses, so that every regex of an existing
// configuration means here what it meant there.
//
// Patterns and subjects are bytes: UTF mode is off unless a pattern asks for it
// with (*UTF). Patterns are compiled to machine code by PCRE2's JIT where the
// processor allows it. Every match is bounded by a match limit, see
// [ErrMatchLimit].
//
// A match costs one crossing into C and no allocation. Working memory (match
// data, match context) belongs to the operating system thread that happens to
// run the call, and is freed with that thread.
package pcre

/*
#cgo LDFLAGS: -lpcre2-8
#cgo CFLAGS: -O2 -Wall -Wextra
#cgo noescape hw_pcre_exec
#cgo nocallback hw_pcre_exec
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

// Flags are the compile options that Apache offers (RegexDefaultOptions and the
// flags of single directives), with Apache's names.
type Flags uint32

const (
	// Caseless matches without regard to case (ICASE, RewriteRule [NC]).
	Caseless Flags = 1 << iota
	// DotAll lets "." match a newline (DOTALL).
	DotAll
	// DollarEndonly lets "$" match at the very end only, not before a final
	// newline (DOLLAR_ENDONLY).
	DollarEndonly
	// Extended ignores white space and comments in the pattern (EXTENDED).
	Extended
	// Multiline lets "^" and "$" match at newlines inside the subject.
	Multiline
	// Anchored matches at the start of the subject only.
	Anchored
	// Ungreedy inverts the greediness of quantifiers.
	Ungreedy
)

// DefaultFlags are Apache's compile options since 2.4.30 when no
// RegexDefaultOptions directive changes them. Duplicate group names are always
// allowed, as they are in Apache.
const DefaultFlags = DotAll | DollarEndonly

// DefaultMatchLimit bounds the work of one match (PCRE2's match limit, counted
// in internal match steps) where the caller sets no other. PCRE2's own default
// is ten times as much, which lets one bad pattern hold a processor for tens of
// milliseconds per match.
const DefaultMatchLimit = 1_000_000

// ErrMatchLimit is returned when a match was given up because it reached its
// match limit or PCRE2's depth or heap limit. It says neither match nor
// non-match: access rules must fail closed, rewrite rules treat it as a
// non-match, both log it.
var ErrMatchLimit = errors.New("pcre: match limit reached")

// CompileError says why a pattern was not accepted.
type CompileError struct {
	Pattern string // the pattern as given
	Offset  int    // byte offset in Pattern where the compiler stopped
	Code    int    // PCRE2's error number
	Msg     string // PCRE2's text
}

func (e *CompileError) Error() string {
	return fmt.Sprintf("%s at offset %d of %q", e.Msg, e.Offset, e.Pattern)
}

// MatchError is a failure of a match other than the limits of ErrMatchLimit,
// such as a subject that is not UTF-8 for a pattern with (*UTF).
type MatchError struct {
	Code int // PCRE2's (negative) error number
	Msg  string
}

func (e *MatchError) Error() string { return "pcre: " + e.Msg }

// Regexp is a compiled pattern. It is immutable and may be used by any number
// of goroutines at once. Its C memory is freed after it becomes unreachable.
type Regexp struct {
	code     *C.pcre2_code
	limit    uint32
	fast     uint32 // the JIT code may be entered directly, without argument checks
	captures int
	pattern  string
	flags    Flags
	names    []string
}

// Compile compiles pattern with the given flags and [DefaultMatchLimit]. An
// error is a [*CompileError].
func Compile(pattern string, flags Flags) (*Regexp, error) {
	return CompileLimit(pattern, flags, DefaultMatchLimit)
}

// CompileLimit is Compile with a match limit of the caller's choice; 0 means
// DefaultMatchLimit.
func CompileLimit(pattern string, flags Flags, matchLimit uint32) (*Regexp, error) {
	if matchLimit == 0 {
		matchLimit = DefaultMatchLimit
	}
	options := C.uint32_t(C.PCRE2_DUPNAMES)
	for _, o := range [...]struct {
		flag   Flags
		option C.uint32_t
	}{
		{Caseless, C.PCRE2_CASELESS},
		{DotAll, C.PCRE2_DOTALL},
		{DollarEndonly, C.PCRE2_DOLLAR_ENDONLY},
		{Extended, C.PCRE2_EXTENDED},
		{Multiline, C.PCRE2_MULTILINE},
		{Anchored, C.PCRE2_ANCHORED},
		{Ungreedy, C.PCRE2_UNGREEDY},
	} {
		if flags&o.flag != 0 {
			options |= o.option
		}
	}
	var info C.hw_pcre_info
	p := unsafe.StringData(pattern)
	code := C.hw_pcre_compile((*C.char)(unsafe.Pointer(p)), C.size_t(len(pattern)), options, &info)
	runtime.KeepAlive(pattern)
	if code == nil {
		return nil, &CompileError{
			Pattern: pattern,
			Offset:  int(info.erroroffset),
			Code:    int(info.errorcode),
			Msg:     errorText(info.errorcode),
		}
	}
	re := &Regexp{
		code:     code,
		limit:    matchLimit,
		fast:     uint32(info.fast),
		captures: int(info.captures),
		pattern:  pattern,
		flags:    flags,
		names:    groupNames(&info),
	}
	runtime.AddCleanup(re, func(code *C.pcre2_code) { C.hw_pcre_free(code) }, code)
	return re, nil
}

// groupNames copies PCRE2's name table: entries of namesize bytes, two bytes of
// group number in front of a NUL-terminated name.
func groupNames(info *C.hw_pcre_info) []string {
	if info.namecount == 0 {
		return nil
	}
	names := make([]string, int(info.captures)+1)
	size := int(info.namesize)
	table := unsafe.Slice((*byte)(unsafe.Pointer(info.nametable)), int(info.namecount)*size)
	for ; len(table) >= size; table = table[size:] {
		n := int(table[0])<<8 | int(table[1])
		name := table[2:size]
		for i, c := range name {
			if c == 0 {
				name = name[:i]
				break
			}
		}
		names[n] = string(name)
	}
	return names
}

func errorText(code C.int) string {
	var buf [256]C.char
	n := C.hw_pcre_error(code, &buf[0], C.size_t(len(buf)))
	if n < 0 {
		return fmt.Sprintf("error %d", int(code))
	}
	return C.GoStringN(&buf[0], n)
}

// String returns the pattern that the Regexp was compiled from.
func (re *Regexp) String() string { return re.pattern }

// Flags returns the flags that the Regexp was compiled with.
func (re *Regexp) Flags() Flags { return re.flags }

// NumCaptures returns the number of capture groups of the pattern, not counting
// the whole match.
func (re *Regexp) NumCaptures() int { return re.captures }

// Names returns the names of the groups, indexed by group number; groups
// without a name (and number 0) are "". It is nil for a pattern with no named
// group. The caller must not change it.
func (re *Regexp) Names() []string { return re.names }

// Span is a capture: byte offsets into the subject, End exclusive. A group that
// took no part in the match has Start -1.
type Span struct{ Start, End int32 }

// Matched tells whether the group took part in the match.
func (s Span) Matched() bool { return s.Start >= 0 }

// In returns the text of the capture in the subject that was matched, "" for a
// group that took no part.
func (s Span) In(subject string) string {
	if s.Start < 0 || s.End < s.Start || int(s.End) > len(subject) {
		return ""
	}
	return subject[s.Start:s.End]
}

// MaxCaptures is the number of captures that Apache keeps ($0 to $9).
const MaxCaptures = 10

// Captures is the vector for $0 to $9, owned by the caller: a local variable or
// a field of the request.
type Captures [MaxCaptures]Span

// Reset marks every capture as taking no part.
func (c *Captures) Reset() {
	for i := range c {
		c[i] = Span{-1, -1}
	}
}

// ExecFlags change how one match treats the edges of its subject.
type ExecFlags uint32

// The execution flags, for matching again in the rest of a subject.
const (
	NotBOL   ExecFlags = C.PCRE2_NOTBOL   // the subject's start is no beginning of a line
	NotEOL   ExecFlags = C.PCRE2_NOTEOL   // the subject's end is no end of a line
	NotEmpty ExecFlags = C.PCRE2_NOTEMPTY // an empty string is no match
)

// Match tells whether s matches. The error, if any, is [ErrMatchLimit] or a
// [*MatchError]; the result is false then.
func (re *Regexp) Match(s string) (bool, error) {
	return re.exec(s, 0, nil, 0)
}

// Exec matches s and stores $0 to $9 in caps. Every element is written when s
// matches (unused ones as not taking part); none when it does not.
func (re *Regexp) Exec(s string, caps *Captures) (bool, error) {
	return re.exec(s, 0, &caps[0], MaxCaptures)
}

// ExecSpans is Exec with execution flags and any number of captures, for
// patterns with more than nine groups: spans[0] is the whole match. spans may
// be empty.
func (re *Regexp) ExecSpans(s string, flags ExecFlags, spans []Span) (bool, error) {
	if len(spans) == 0 {
		return re.exec(s, flags, nil, 0)
	}
	return re.exec(s, flags, &spans[0], len(spans))
}

// exec runs the match; spans points to n pairs of the caller's, which C writes.
func (re *Regexp) exec(s string, flags ExecFlags, spans *Span, n int) (bool, error) {
	rc := C.hw_pcre_exec(re.code, (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s)),
		C.uint32_t(flags), C.uint32_t(re.limit), C.uint32_t(re.fast),
		(*C.int32_t)(unsafe.Pointer(spans)), C.int(n))
	runtime.KeepAlive(re)
	if rc >= 0 {
		return true, nil
	}
	if rc == C.PCRE2_ERROR_NOMATCH {
		return false, nil
	}
	return false, execError(rc)
}

func execError(rc C.int) error {
	switch rc {
	case C.PCRE2_ERROR_MATCHLIMIT, C.PCRE2_ERROR_DEPTHLIMIT, C.PCRE2_ERROR_HEAPLIMIT:
		return ErrMatchLimit
	}
	return &MatchError{Code: int(rc), Msg: errorText(rc)}
}

// Version returns the version of the PCRE2 library in use, such as
// "10.42 2022-12-11".
func Version() string {
	var buf [64]C.char
	C.hw_pcre_version(&buf[0])
	return C.GoString(&buf[0])
}
