package modnegotiation

import (
	"os"
	"strings"
	"time"

	"httpd-wsgi/directives"
	"httpd-wsgi/internal/apr"
	"httpd-wsgi/server"
)

// variant is one of the representations to choose from.
type variant struct {
	sub         *server.Request // the lookup of its file; nil from a type map
	mimeType    string
	file        string // its name, relative to the request's directory
	body, bytes int64  // where it lies in the type map, 0 if it does not; its length, -1 if not known
	encoding    directives.Opt[string]
	languages   []string
	charset     string
	description string

	// Qualities in the dimensions of the negotiation; source is the variant's own.
	language, encodingQ, charsetQ, mime, source float32

	level         float32
	languageIndex int // in LanguagePriority, -1 if it does not matter
	html          bool

	// Results of matching Accept.
	levelMatched float32
	stars        int  // how exact the best match is: 1 "*/*", 2 "type/*", 3 "type/subtype"
	definite     bool // in the sense of RFC 2296
}

func newVariant() variant {
	return variant{bytes: -1, languageIndex: -1, definite: true, language: 1, encodingQ: 1, charsetQ: 1, mime: 1}
}

// setType takes a media type with its parameters.
func (v *variant) setType(a accepted) {
	v.mimeType, v.source, v.level, v.charset = a.name, a.quality, a.level, a.charset
	v.html = a.name == "text/html" || a.name == parsedHTML || a.name == parsedHTML3
}

// length is the variant's size; the file is asked for once.
func (n *negotiation) length(v *variant) int64 {
	if v.bytes < 0 {
		if v.sub != nil && v.sub.Target.Info != nil {
			v.bytes = v.sub.Target.Info.Size()
		} else if info, err := os.Stat(n.directory + v.file); err == nil {
			v.bytes = info.Size()
		}
	}
	return v.bytes
}

// negotiation is the state of one.
type negotiation struct {
	r         *server.Request
	conf      *Dir
	directory string // of the request's file, with its final slash

	accept, encodings, charsets, languages                      []accepted
	hasAccept, hasEncodings, hasCharsets, hasLanguages, acceptQ bool // the headers are there; Accept has a q below 1

	defaultLanguage float32 // the quality of variants without a language

	variants []variant

	transparent        bool // RFC 2295
	strict             bool // headers are taken as they are, without Apache's fiddles
	understands        bool // the client knows transparent negotiation
	alternates         bool // list the variants in Alternates
	mayChoose, useRVSA bool
}

func newNegotiation(r *server.Request, conf *Dir) *negotiation {
	n := &negotiation{r: r, conf: conf, directory: r.Target.Filename[:strings.LastIndexByte(r.Target.Filename, '/')+1]}
	header := func(name string) ([]accepted, bool) {
		v, ok := r.In.Lookup(name)
		return list(v), ok
	}
	n.accept, n.hasAccept = header("Accept")
	for i := range n.accept {
		n.acceptQ = n.acceptQ || n.accept[i].quality < 1
	}
	n.encodings, n.hasEncodings = header("Accept-Encoding")
	n.languages, n.hasLanguages = header("Accept-Language")
	n.charsets, n.hasCharsets = header("Accept-Charset")
	return n
}

// setMapValidator makes the type map that the variants come from part of the
// response's ETag (set_vlist_validator): what is chosen changes with it.
func (n *negotiation) setMapValidator(source *server.Request) {
	if source.Target.Info != nil {
		n.r.Reply.VariantList = source.FileETag(source.Target.Info)
	}
}

// setDirectoryValidator does so for the directory in which variants were looked for.
func (n *negotiation) setDirectoryValidator(dir os.FileInfo) {
	modified := dir.ModTime()
	weak := n.r.Received.Sub(modified) <= time.Second
	n.r.Reply.VariantList = string(apr.AppendETag(nil, apr.ETagMTime, weak, 0, 0, modified.UnixMicro()))
}

// segment is a file name in a header or link.
func segment(name string) string { return string(apr.AppendEscapePathSegment(nil, name)) }
