package apacheconf

import (
	"bufio"
	"io"
)

// Fprint writes the file as it was read: Fprint of Parse(x) is x, byte for byte.
func Fprint(w io.Writer, f *File) error {
	b := bufio.NewWriter(w)
	printNodes(b, f.Nodes)
	return b.Flush()
}

// printNodes relies on bufio.Writer to keep the first error.
func printNodes(b *bufio.Writer, nodes []Node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *Directive:
			printText(b, &n.Text)
		case *Comment:
			b.WriteString(n.Indent)
			b.WriteString(n.Text)
			b.WriteString(n.EOL)
		case *Blank:
			b.WriteString(n.Text)
			b.WriteString(n.EOL)
		case *StrayEnd:
			printText(b, &n.Text)
		case *Section:
			printText(b, &n.Text)
			printNodes(b, n.Nodes)
			if n.Close != nil {
				printText(b, &n.Close.Text)
			}
		}
	}
}

func printText(b *bufio.Writer, t *Text) {
	b.WriteString(t.Indent)
	b.WriteString(t.Word)
	b.WriteString(t.Rest)
	b.WriteString(t.EOL)
}
