package apacheconf

import "strconv"

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
}

// Error gives the framed message without a program name: "Syntax error on line 3 of F: msg" for the read phase,
// "AH00526: Syntax error on line 3 of F:\nmsg" for the walk.
func (e *Error) Error() string {
	if e.Phase == PhaseWalk && !e.Pos.IsZero() {
		return "AH00526: " + place(e.Pos) + ":\n" + e.Msg
	}
	msg := e.Msg
	if !e.Pos.IsZero() {
		msg = place(e.Pos) + ": " + msg
	}
	for _, p := range e.Chain {
		msg = place(p) + ": " + msg
	}
	return msg
}

// Format gives what the server prints at start: Error, preceded by the program's name in the read phase only,
// as Apache does.
func (e *Error) Format(program string) string {
	if e.Phase != PhaseRead {
		return e.Error()
	}
	return program + ": " + e.Error()
}

func place(p Pos) string {
	return "Syntax error on line " + strconv.Itoa(p.Line) + " of " + p.File
}
