package mpm

import "syscall"

// A Level is a severity of Apache's LogLevel.
type Level int

// The levels that this package uses, in Apache's order.
const (
	Emerg Level = iota
	Alert
	Crit
	Error
	Warning
	Notice
	Info
	Debug
)

// An Entry is one line for the error log, in Apache's parts.
type Entry struct {
	Level  Level
	Module string        // without "mod_": "core", "mpm_event", "unixd"
	Errno  syscall.Errno // 0: none; else shown as "(98)Address already in use: "
	ID     string        // "AH00489"; empty if Apache numbers no such line
	Text   string

	// Console is set for lines that Apache also shows on the terminal while
	// it starts.
	Console bool
}

// String is the line as the terminal shows it: errno, number, text.
func (e Entry) String() string {
	s := e.Text
	if e.ID != "" {
		s = e.ID + ": " + s
	}
	if e.Errno != 0 {
		s = "(" + itoa(int(e.Errno)) + ")" + errnoText(e.Errno) + ": " + s
	}
	return s
}
