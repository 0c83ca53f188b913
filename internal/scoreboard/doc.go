// Package scoreboard is the memory that the master and its children share:
// what each child and each of its workers is doing.
//
// It is one sealed memfd of fixed-size rows, mapped by every process, as
// Apache's scoreboard is (manual: mod_status; the letters are those of its
// Scoreboard line). Every field that two processes touch is an atomic; text
// fields are plain bytes behind a sequence number.
//
// A child runs as an unprivileged user and may write anything here, so
// nothing read from the board decides what the master does with a process
// number, a descriptor or an index: the master keeps its own table of
// children and uses the board for counts alone. The file is sealed against
// resizing, so a child cannot make the master fault by truncating it.
package scoreboard
