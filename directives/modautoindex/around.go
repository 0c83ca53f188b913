package modautoindex

import (
	"os"
	"strings"

	"httpd-wsgi/server"
)

// openPage writes the page up to its heading: the file of HeaderName, if there
// is one that can be shown, stands for the heading (emit_head).
func (p *page) openPage(title string) {
	preamble, heading := true, true
	if sub := p.lookup(p.d.Header.V, true); sub != nil {
		switch {
		case isHTML(sub.Reply.ContentType):
			preamble, heading = false, false
			if !p.has(suppressHTMLPreamble) {
				p.preamble(title)
			}
			if p.include(sub) != server.OK {
				preamble, heading = p.has(suppressHTMLPreamble), true
			}
		case isText(sub.Reply.ContentType):
			if text, err := os.ReadFile(sub.Target.Filename); err == nil {
				p.preamble(title)
				p.text(text)
				preamble, heading = false, false
			}
		}
	}
	if preamble {
		p.preamble(title)
	}
	if heading {
		p.put(p.styled("  <h1 id=\"indextitle\">Index of ", "<h1>Index of "), title, "</h1>\n")
	}
}

// closePage writes what comes after the list: the file of ReadmeName or the
// server's signature, and the end (emit_tail).
func (p *page) closePage() {
	signature, end := true, true
	if sub := p.lookup(p.d.Readme.V, false); sub != nil {
		switch {
		case isHTML(sub.Reply.ContentType):
			if p.include(sub) == server.OK {
				signature, end = false, !p.has(suppressHTMLPreamble)
			}
		case isText(sub.Reply.ContentType):
			if text, err := os.ReadFile(sub.Target.Filename); err == nil {
				p.text(text)
				signature = false
			}
		}
	}
	if signature {
		p.b = p.r.AppendSignature(p.b, "")
	}
	if end {
		p.put("</body></html>\n")
	}
}

// include has a subrequest write its part of the page. What came before goes
// out first, so that the page's length is not known any more, as in Apache.
func (p *page) include(sub *server.Request) server.Status {
	p.send()
	p.r.Flush()
	return sub.RunSub()
}

// lookup finds a file that goes into the page; nil if there is none. The header
// is asked for as text, whatever the client accepts.
func (p *page) lookup(name string, header bool) *server.Request {
	if name == "" {
		return nil
	}
	r := p.r
	if header {
		if r.Args != "" {
			name += "?" + r.Args
		}
		client := r.In
		r.In = server.Header{F: append([]server.Field(nil), client.F...)}
		r.In.Set("Accept", "text/html, text/plain")
		r.In.Unset("Accept-Encoding")
		defer func() { r.In = client }()
	}
	sub := r.LookupURI(name)
	if sub.Reply.Status != 200 || sub.Target.Info == nil || !sub.Target.Info.Mode().IsRegular() || sub.Reply.ContentType == "" {
		return nil
	}
	return sub
}

func isText(contentType string) bool {
	return len(contentType) >= 5 && strings.EqualFold(contentType[:5], "text/")
}

// text puts the contents of a file that is not HTML.
func (p *page) text(text []byte) {
	p.put("<pre>\n")
	for _, c := range text {
		switch c {
		case '<':
			p.put("&lt;")
		case '>':
			p.put("&gt;")
		case '&':
			p.put("&amp;")
		default:
			p.b = append(p.b, c)
		}
	}
	p.put("</pre>\n")
}
