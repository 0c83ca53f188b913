package apacheconf

import (
	"strconv"
	"strings"

	"httpd-wsgi/internal/apr"
)

// Phase says when a configuration error is found; Apache frames its messages accordingly.
type Phase uint8

const (
	// PhaseRead is the reading of the file: nesting, Include, Define, <IfModule>, macros.
	PhaseRead Phase = iota
	// PhaseWalk is the execution of the directives of the tree that was read.
	PhaseWalk
	// PhaseCheck is what is found after the walk, when servers are merged and checked (no frame of its own).
	PhaseCheck
)

// Error is a configuration error or warning with its place, in Apache's words.
type Error struct {
	// Pos is the innermost place. A zero Pos means that Msg stands alone, as for a file which can't be opened.
	Pos Pos
	// Msg is the sentence without place and without final newline.
	Msg string
	// Phase selects the frame.
	Phase Phase
	// Chain names the lines whose Include led to Pos, innermost first.
	Chain []Pos
	// Module and Level are set in a Tree's Warnings only: who logs it, and how, "core" and "warn" for example.
	Module, Level string
}

// Error gives the framed message without a program name: "Syntax error on line 3 of F: msg" for the read phase,
// "AH00526: Syntax error on line 3 of F:\nmsg" for the walk. A warning is its Msg alone, as Apache logs it.
func (e *Error) Error() string {
	if e.Phase == PhaseWalk && !e.Pos.IsZero() {
		return "AH00526: " + place(e.Pos) + ":\n" + e.Msg
	}
	if e.Phase != PhaseRead || e.Pos.IsZero() || e.Level != "" {
		return e.Msg
	}
	var b strings.Builder
	for i := len(e.Chain) - 1; i >= 0; i-- {
		b.WriteString(place(e.Chain[i]))
		b.WriteString(": ")
	}
	b.WriteString(place(e.Pos))
	b.WriteString(": ")
	b.WriteString(e.Msg)
	return b.String()
}

// Format gives what the server prints at start: Error, preceded by the program's name in the read phase only.
// As in Apache's log, control characters and bytes beyond ASCII are written as C escapes and backslashes doubled,
// so that a message which lists several open sections has "\n" between them; what PhaseCheck says is not touched.
func (e *Error) Format(program string) string {
	switch e.Phase {
	case PhaseRead:
		return string(apr.AppendEscapeErrorlogItem([]byte(program+": "), e.Error()))
	case PhaseWalk:
		b := []byte(nil)
		if !e.Pos.IsZero() {
			b = apr.AppendEscapeErrorlogItem([]byte("AH00526: "), place(e.Pos))
			b = append(b, ":\n"...)
		}
		return string(apr.AppendEscapeErrorlogItem(b, e.Msg))
	default:
		return e.Error()
	}
}

func place(p Pos) string {
	return "Syntax error on line " + strconv.Itoa(p.Line) + " of " + p.File
}
