package modnegotiation

import (
	"strconv"
	"strings"

	"httpd-wsgi/internal/apr"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/server"
)

// readNegotiate takes what the client says of transparent negotiation (RFC
// 2295, 8.4; parse_negotiate_header).
func (n *negotiation) readNegotiate() {
	n.mayChoose = true
	value, ok := n.r.In.Lookup("Negotiate")
	if !ok || value == "trans" && strings.HasPrefix(n.r.In.Get("User-Agent"), "Lynx") {
		return
	}
	n.mayChoose = false
	for item := range strings.SplitSeq(value, ",") {
		item = apr.ToLower(strings.TrimSpace(item))
		switch {
		case item == "":
			continue
		case item == "trans", item == "vlist", item == "guess-small", item == "*", item[0] >= '0' && item[0] <= '9':
		default:
			continue
		}
		n.understands, n.alternates = true, true
		switch item {
		case "1.0":
			n.mayChoose, n.useRVSA, n.strict = true, true, true
		case "*":
			n.mayChoose, n.strict = true, true
		}
	}
}

// addDefaults completes Accept: with everything where there is none, and with
// programs, which are liked where the request looks like one for them
// (maybe_add_default_accepts).
func (n *negotiation) addDefaults(preferScripts bool) {
	if !n.hasAccept {
		n.accept = append(n.accept, accepted{name: "*/*", quality: 1})
	}
	script := accepted{name: cgiType, quality: 0.001}
	switch {
	case n.useRVSA:
		script.quality = 0
	case preferScripts:
		script.quality = 2
	}
	n.accept = append(n.accept, script)
}

// negotiate chooses, and says in the response what the choice depends on
// (do_negotiation). Any status but OK ends the request.
func (n *negotiation) negotiate(preferScripts bool) (*variant, server.Status) {
	r := n.r
	if r.Line.Number == 0 {
		n.transparent = r.Target.PathInfo == ""
		for i := range n.variants {
			v := &n.variants[i]
			if strings.Contains(v.file, "/") || v.body != 0 {
				n.transparent = false
			}
		}
	}
	if n.transparent {
		n.readNegotiate()
	} else {
		n.mayChoose = true
	}
	n.addDefaults(preferScripts)
	best, list := n.choose()
	if list {
		n.alternates = true
		n.setHeaders(true)
		top := r
		if r.Main != nil {
			top = r.Main
		}
		top.Notes.Set("variant-list", n.variantList())
		if n.transparent && n.understands {
			return nil, 300
		}
		if best == nil {
			r.Logf(errlog.Error, errlog.Negotiation, "AH00690", "no acceptable variant: %s", r.Target.Filename)
			return nil, 406
		}
	}
	if n.transparent {
		if s := n.announce(best); s != server.OK {
			return nil, s
		}
	} else {
		n.setHeaders(list)
	}
	return best, server.OK
}

// announce says which variant was chosen. One that is negotiable itself is an
// error (setup_choice_response).
func (n *negotiation) announce(v *variant) server.Status {
	r := n.r
	if v.sub == nil {
		sub := r.LookupFile(v.file)
		if s := sub.Reply.Status; s != 200 && !sub.Reply.ErrHeader.Has("TCN") {
			return server.Status(s)
		}
		v.sub = sub
	}
	other := &v.sub.Reply.ErrHeader
	if other.Has("TCN") || v.sub.Target.Handler == mapHandler {
		return 506
	}
	if vary, ok := other.Lookup("Vary"); ok {
		r.Reply.ErrHeader.Set("Variant-Vary", vary)
		r.Reply.ErrHeader.Set("Vary", vary)
		other.Unset("Vary")
	}
	r.Reply.ErrHeader.Set("Content-Location", segment(v.file))
	n.setHeaders(false)
	return server.OK
}

// setHeaders sets Alternates, Vary and TCN (set_neg_headers).
func (n *negotiation) setHeaders(list bool) {
	h := &n.r.Reply.ErrHeader
	if n.alternates && len(n.variants) > 0 {
		h.Merge("Alternates", n.alternateList())
	}
	var byType, byCharset, byLanguage, byEncoding bool
	for i := range n.variants {
		first, v := &n.variants[0], &n.variants[i]
		byType = byType || v.mimeType != first.mimeType
		byCharset = byCharset || v.charset != first.charset
		byLanguage = byLanguage || strings.Join(v.languages, ",") != strings.Join(first.languages, ",")
		byEncoding = byEncoding || v.encoding.V != first.encoding.V
	}
	vary := ""
	for _, f := range [...]struct {
		on   bool
		name string
	}{{n.transparent, ", negotiate"}, {byType, ", accept"}, {byLanguage, ", accept-language"}, {byCharset, ", accept-charset"}, {byEncoding, ", accept-encoding"}} {
		if f.on {
			vary += f.name
		}
	}
	if vary != "" {
		h.Merge("Vary", vary[2:])
	}
	if n.transparent {
		if list {
			h.Set("TCN", "list")
		} else {
			h.Set("TCN", "choice")
		}
	}
}

// alternateList describes the variants for programs (RFC 2295, 8.3).
func (n *negotiation) alternateList() string {
	var b strings.Builder
	part := func(name, value string) {
		if value != "" {
			b.WriteString(" {" + name + " " + value + "}")
		}
	}
	for i := range n.variants {
		v := &n.variants[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(`{"` + segment(v.file) + `" ` + qualityText(v.source))
		part("type", v.mimeType)
		part("charset", v.charset)
		part("language", strings.Join(v.languages, ","))
		part("encoding", v.encoding.V)
		if v.sub == nil || v.sub.Target.Handler == "" {
			if length := n.length(v); length >= 0 {
				part("length", strconv.FormatInt(length, 10))
			}
		}
		b.WriteByte('}')
	}
	return b.String()
}

// qualityText is a quality with as few of three digits as say it.
func qualityText(q float32) string {
	s := strconv.FormatFloat(float64(q), 'f', 3, 32)
	s = strings.TrimRight(s, "0")
	if s = strings.TrimSuffix(s, "."); s == "" {
		return "0"
	}
	return s
}

// variantList describes the variants for people.
func (n *negotiation) variantList() string {
	b := []byte("Available variants:\n<ul>\n")
	for i := range n.variants {
		v := &n.variants[i]
		b = append(apr.AppendEscapePathSegment(append(b, "<li><a href=\""...), v.file), "\">"...)
		b = append(append(apr.AppendEscapeHTML(b, v.file), "</a> "...), v.description...)
		if v.mimeType != "" {
			b = append(append(b, ", type "...), v.mimeType...)
		}
		if len(v.languages) > 0 {
			b = append(append(b, ", language "...), strings.Join(v.languages, ",")...)
		}
		if v.charset != "" {
			b = append(append(b, ", charset "...), v.charset...)
		}
		if v.encoding.Set {
			b = append(append(b, ", encoding "...), v.encoding.V...)
		}
		b = append(b, "</li>\n"...)
	}
	return string(append(b, "</ul>\n"...))
}
