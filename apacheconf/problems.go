package apacheconf

import "strings"

// Problems gives what is wrong with one file's syntax, in order of the text and in the Loader's words, but all of it and
// not only the first: sections that don't nest, brackets that are missing. What may be meant so but rarely is, a quote that nothing
// closes, is a warning: it has a Level. Conditions are not looked at and nothing is included.
func (f *File) Problems() []*Error {
	var p problems
	p.nodes(f.Nodes)
	return p
}

type problems []*Error

func (p *problems) add(pos Pos, msg string) { *p = append(*p, &Error{Pos: pos, Msg: msg}) }

func (p *problems) nodes(nodes []Node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *Directive:
			p.quotes(n.Pos, n.Args())
		case *StrayEnd:
			p.add(n.Pos, logical(n.Word)+" without matching <"+strings.TrimPrefix(logical(n.Word), "</")+" section")
		case *Section:
			p.section(n)
		}
	}
}

func (p *problems) section(s *Section) {
	if !strings.Contains(logical(s.Word)+s.Text.Args(), ">") {
		p.add(s.Pos, "<"+s.Name()+"> directive missing closing '>'")
	}
	p.quotes(s.Pos, s.Args())
	if s.Close == nil {
		p.add(s.Pos, "<"+s.Name()+"> was not closed.")
	}
	p.nodes(s.Nodes)
	if s.Close == nil {
		return
	}
	switch word := logical(s.Close.Word); {
	case !strings.HasSuffix(word, ">"):
		p.add(s.Close.Pos, word+"> directive missing closing '>'")
	case !equalFold(s.Close.Name(), s.Name()):
		p.add(s.Close.Pos, "Expected </"+s.Name()+"> but saw "+word)
	}
}

// quotes warns of an argument whose quote is not closed: it runs to the end of the line.
func (p *problems) quotes(pos Pos, args string) {
	for s := trimLeft(args); s != ""; {
		_, rest := GetWordConf(s)
		if quote := s[0]; rest == "" && (quote == '"' || quote == '\'') && !closed(s, quote) {
			*p = append(*p, &Error{Pos: pos, Msg: "quote not closed: " + s, Module: "core", Level: "warn"})
		}
		s = rest
	}
}

// closed tells whether the word that s begins with, in quotes, has its second quote.
func closed(s string, quote byte) bool {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return true
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == quote):
			i++
		}
	}
	return false
}
