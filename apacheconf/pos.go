package apacheconf

import "strconv"

// Pos is a place in a configuration file.
//
// File is the name as Apache prints it: the path that was opened, "macro 'M' (defined on line 3 of "f") used on
// line 9 of "g"" for a line which a macro produced, or "server command line" for -C and -c.
// Line counts from 1. In an Item it is the last physical line of a continued line, as in Apache's messages; in a
// syntax tree it is the line on which the node begins. Col is the byte column of the first byte that is not
// white space, counted from 1; 0 if unknown.
type Pos struct {
	File      string
	Line, Col int
}

// String gives "file:line".
func (p Pos) String() string { return p.File + ":" + strconv.Itoa(p.Line) }

// IsZero tells whether p names no place.
func (p Pos) IsZero() bool { return p == Pos{} }
