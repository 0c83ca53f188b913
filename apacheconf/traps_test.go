package apacheconf

import (
	"fmt"
	"strings"
)

// traps are inputs on which readers of this language go wrong. They seed every fuzz target.
var traps = []string{
	"",
	"\n",
	"ServerName a",
	"  ServerName\ta  b \n",
	"DirectoryIndex a # b\n",
	"# hello \\\nBogus x\n",
	"LogFormat a\"b c\"d\n",
	"DirectoryIndex \"a b\n",
	"RewriteCond %{TIME} <20\n",
	"RewriteRule ^/a#b$ /c\n",
	"<If %{TIME_HOUR} -gt 9>\n</If>\n",
	"${X} foo\n",
	"\"DirectoryIndex\" foo\n",
	"<Directory />\n</Directory>\n",
	"<Directory />\n  </Directory> foo\n",
	"<Directory />\nOptions None\n</Location>\n",
	"<Directory \"/x\"> y\n</Directory >\n",
	"<RequireAll>\nRequire all granted\n</RequireAll>\n",
	"</X>\n",
	"<A>\n<B>\nx",
	"<>\n</>\n<\n</\n",
	"DirectoryIndex a\r\n\r\n",
	"a \\\n b\n",
	"a \\\r\n b\r\n",
	"a \\",
	"a\\",
	"a \\\n",
	"\\\n",
	"  \\\n  \n",
	"  \\\n  a \\\n\tb\n",
	"a\\\nb c\n",
	"<Dir\\\nectory />\n<\\\n/Directory>\n",
	"<\\\n\\\n/X>\n",
	"a \\\\\nb\n",
	"a \\\\\n\nb\n",
	"a \\\\\\\n\nb\n",
	"a \\\\\\\r\n\r\n\nb\n",
	"a \\\r\\\n\nb\n",
	"# a \\\\\n\nb\n",
	"a\x00b\nc\n",
	"a\x00b \\\nc\n",
	"a b\x00 \\\nc\n",
	"\x00a\n",
	" \x00a \\\nb",
	"a \\\n\x00\nb\n",
	"#\x00 \\\nb\n",
	"\v\f a \v\f\n",
	"a\n \t",
	"\xef\xbb\xbfa b\n",
	"<IfModule x>\nDefine A b\n</IfModule>\n",
	"<IfModule !x>\nDefine A \"b c\"\n${A} ${a} ${} ${A $A $ ${x:y}\n</IfModule>\n",
	"<Macro M $a @b %c>\nFoo $a @b %c\n</Macro>\nUse M 1 \"2 \\\" 3\" 4\nUndefMacro M\n",
	"<Macro M>\n<A>\n</Macro>\nUse M\nx\n</A>\n",
	"<Macro M $x>\nUse M $x\n</Macro>\nUse m 1\n",
	"<Macro M $x>\na $x\n</Macro>\nUse m b\\\nc\n",
	"Define O <Directory\n${O} />\n</Directory>\n",
	"<IfVersion >= 2.4>\nx\n</IfVersion>\n<IfVersion ~ 2>\n</IfVersion>\n",
	"<IfDefine !X>\n<IfFile /x>\n</IfFile>\n</IfDefine>\n",
	"<IfDirective Foo>\n<IfSection Bar>\n</IfSection>\n</IfDirective>\n",
	"Include x\nIncludeOptional x/*.conf\nServerRoot /\nLoadModule a b\nLoadFile x\nDefaultRuntimeDir x\nUnDefine A\n",
	"MacroIgnoreEmptyArgs\nMacroIgnoreBadNesting\n",
}

func dumpNode(b *strings.Builder, n Node) {
	at := n.Position()
	text := func(kind string, t *Text) {
		fmt.Fprintf(b, "%d:%d-%d %s %q %q %q %q\n", at.Line, at.Col, n.EndLine(), kind, t.Indent, t.Word, t.Rest, t.EOL)
	}
	switch n := n.(type) {
	case *Directive:
		text("directive", &n.Text)
	case *Section:
		text("section", &n.Text)
		for _, c := range n.Nodes {
			dumpNode(b, c)
		}
		if n.Close != nil {
			fmt.Fprintf(b, "%d:%d end %q %q %q %q\n", n.Close.Pos.Line, n.Close.Pos.Col, n.Close.Indent, n.Close.Word, n.Close.Rest, n.Close.EOL)
		}
	case *StrayEnd:
		text("stray end", &n.Text)
	case *Comment:
		fmt.Fprintf(b, "%d:%d-%d comment %q %q %q\n", at.Line, at.Col, n.EndLine(), n.Indent, n.Text, n.EOL)
	case *Blank:
		fmt.Fprintf(b, "%d:%d-%d blank %q %q\n", at.Line, at.Col, n.EndLine(), n.Text, n.EOL)
	}
}
