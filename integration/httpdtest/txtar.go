package httpdtest

import (
	"fmt"
	"strings"
)

// An Archive is a text file that holds files: a comment, then each file after a line "-- name --".
type Archive struct {
	Comment string
	Files   []ArchiveFile
}

// An ArchiveFile is one file of an [Archive].
type ArchiveFile struct{ Name, Data string }

// ParseArchive splits text. It never fails: text without a file line is all comment.
func ParseArchive(text string) Archive {
	var a Archive
	at := &a.Comment
	for line := range strings.Lines(text) {
		s := strings.TrimRight(line, "\r\n")
		if name, ok := strings.CutPrefix(s, "-- "); ok {
			if name, ok = strings.CutSuffix(name, " --"); ok {
				a.Files = append(a.Files, ArchiveFile{Name: strings.TrimSpace(name)})
				at = &a.Files[len(a.Files)-1].Data
				continue
			}
		}
		*at += line
	}
	return a
}

// String is the text that ParseArchive reads back.
func (a Archive) String() string {
	var b strings.Builder
	b.WriteString(a.Comment)
	for _, f := range a.Files {
		fmt.Fprintf(&b, "-- %s --\n%s", f.Name, f.Data)
	}
	return b.String()
}
