package modnegotiation

import (
	"fmt"
	"strings"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

func TestQuality(t *testing.T) {
	for s, want := range map[string]float32{"": 1, "1": 1, "1.0": 1, "0": 0, "0.5": 0.5, ".5": 0.5, "0.25": 0.25, "0.125": 0.125, "0.1259": 0.125,
		"0.": 0, " 0.3": 0.3, "x": 1, "0x": 0, "2": 1, "-1": 1, "0.0x": 0} {
		if got := quality(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

func TestList(t *testing.T) {
	for header, want := range map[string]string{
		"text/html":                           "text/html 1 2 ",
		"Text/HTML;Level=3;q=0.5, */*;q=0.1":  "text/html 0.5 3 |*/* 0.1 0 ",
		"text/plain; charset=\"UTF-8\" ;q=.2": "text/plain 0.2 0 utf-8",
		"a b":                                 "a 1 0 |b 1 0 ",
		"a;novalue;q = 0.3,b":                 "a 0.3 0 |b 1 0 ",
		"text/x-server-parsed-html3":          "text/x-server-parsed-html3 1 3 ",
		",a":                                  " 1 0 |a 1 0 ",
		"":                                    "",
		"\"quoted, name\";q=0.1":              "\"quoted, name\" 0.1 0 ",
	} {
		var got []string
		for _, a := range list(header) {
			got = append(got, fmt.Sprintf("%s %v %v %s", a.name, a.quality, a.level, a.charset))
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%q: %q, want %q", header, s, want)
		}
	}
}

func FuzzList(f *testing.F) {
	f.Add("text/html;q=0.5, */*;q=\"0.1")
	f.Add(";;,,\"")
	f.Fuzz(func(t *testing.T, header string) {
		for _, a := range list(header) { // it ends
			if a.quality < 0 || a.quality > 1 {
				t.Error(a.quality)
			}
		}
		languages(header)
	})
}

// summary is what a type map says of a variant.
func summary(v *variant) string {
	return fmt.Sprintf("%s %s %v %v %s %s %q %d+%d", v.file, v.mimeType, v.source, strings.Join(v.languages, ","), v.charset, v.encoding.V, v.description, v.body, v.bytes)
}

// readText is what readMap does with the text of a map; the error is what it logs.
func readText(text string) (variants []variant, code string) {
	n := &negotiation{}
	n.variants, code, _ = parseMap(text, "x.var")
	return n.variants, code
}

func TestTypeMap(t *testing.T) {
	for _, tt := range []struct{ text, want, code string }{
		{"URI: a.html\nContent-Type: text/html; qs=0.5; charset=UTF-8\n", "a.html text/html 0.5  utf-8  \"\" 0+-1", ""},
		{"# comment\nuri: a (not this)\ncontent-language: en, FR\n\n\nURI: b\nContent-encoding: x-gzip\nDescription: the b\nContent-Length: 12\n",
			"a  0 en,fr   \"\" 0+-1|b  0   x-gzip \"the b\" 0+12", ""},
		{"URI: none\n\nContent-Type: text/html\n", "", ""}, // neither is whole
		{"URI: a\nContent-Type: text/html;\n\tqs=0.2\n# in between\n ; level=3\nDescription: x\n y\n", "a text/html 0.2    \"x y\" 0+-1", ""},
		{"Content-Type: text/html\nBody:XX\nthe body\nXX rest\n\nURI: a\nContent-type: text/plain\n",
			"x.var text/html 1    \"\" 32+9|a text/plain 1    \"\" 0+-1", ""},
		{"Content-Type: text/html\nBody:XX\nnever ends\n", "", "AH00685"},
		{"URI a\n", "", "AH00681"},
		{"URI:\n", "", "AH00682"},
		{"URI: a\nContent-Length: 1x\n\nURI: b\nContent-type: a/b\n", "", "AH00684"},
		{"", "", ""},
		{"URI: a\nContent-type: a/b", "a a/b 1    \"\" 0+-1", ""},
	} {
		variants, code := readText(tt.text)
		var got []string
		for i := range variants {
			got = append(got, summary(&variants[i]))
		}
		if s := strings.Join(got, "|"); s != tt.want || code != tt.code {
			t.Errorf("%q:\n got %s %s\nwant %s %s", tt.text, s, code, tt.want, tt.code)
		}
	}
}

func FuzzTypeMap(f *testing.F) {
	f.Add("URI: a.html\nContent-Type: text/html; qs=0.5\n  more\n# c\n\nBody:X\nb\nX\n")
	f.Fuzz(func(t *testing.T, text string) {
		variants, _ := readText(text)
		for _, v := range variants {
			if v.body < 0 || v.body > int64(len(text)) || v.body != 0 && v.bytes >= 0 && v.body+v.bytes > int64(len(text)) && !strings.Contains(strings.ToLower(text), "content-length") {
				t.Errorf("%+v", v)
			}
		}
	})
}

// choose negotiates among files given as "name type language encoding charset" with the given headers.
func choose(conf *Dir, env string, files []string, headers ...string) string {
	r := &server.Request{}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.In.Add(name, value)
	}
	if env != "" {
		name, value, _ := strings.Cut(env, "=")
		r.Env.Set(name, value)
	}
	r.Target.Filename = "/nowhere/x"
	n := newNegotiation(r, conf)
	for _, f := range files {
		w := append(strings.Split(f, " "), "", "", "", "")
		v := newVariant()
		v.file = w[0]
		a, _ := entry(w[1])
		v.setType(a)
		if w[2] != "" {
			v.languages = strings.Split(w[2], ",")
		}
		if w[3] != "" {
			v.encoding = directives.Some(w[3])
		}
		v.charset = w[4]
		v.bytes = int64(len(w[0]))
		n.variants = append(n.variants, v)
	}
	n.transparent = true
	n.readNegotiate()
	n.addDefaults(false)
	best, list := n.choose()
	switch {
	case list && best == nil:
		return "-"
	case list:
		return "list"
	}
	return best.file
}

// The outcomes are those of Apache 2.4.71 for files of these kinds.
func TestChoose(t *testing.T) {
	languages := []string{"de text/html de", "en text/html en", "fr text/html fr", "pt text/html pt-br"}
	types := []string{"html text/html", "png image/png", "txt text/plain"}
	encodings := []string{"html text/html", "html.gz text/html  x-gzip"}
	charsets := []string{"latin text/html   iso-8859-1", "utf text/html   utf-8"}
	priority := &Dir{LanguagePriority: []string{"en", "fr", "de"}, force: forcePrefer | forceFallback}
	strict := &Dir{force: forceNone}
	for _, tt := range []struct {
		conf    *Dir
		env     string
		files   []string
		headers []string
		want    string
	}{
		{priority, "", languages, nil, "en"},
		{priority, "", languages, []string{"Accept-Language: fr"}, "fr"},
		{priority, "", languages, []string{"Accept-Language: de;q=0.8, fr;q=0.4"}, "de"},
		{priority, "", languages, []string{"Accept-Language: en-US"}, "en"},
		{priority, "", languages, []string{"Accept-Language: pt"}, "pt"},
		{priority, "", languages, []string{"Accept-Language: xx"}, "en"},
		{strict, "", languages, []string{"Accept-Language: xx"}, "-"},
		{strict, "", languages, []string{"Accept-Language: xx, *;q=0.2"}, "de"},
		{priority, "prefer-language=de", languages, []string{"Accept-Language: fr"}, "de"},
		{priority, "prefer-language=xx", languages, []string{"Accept-Language: fr"}, "fr"},
		{priority, "", append([]string{"none text/html"}, languages...), []string{"Accept-Language: xx"}, "en"},
		{strict, "", append([]string{"none text/html"}, languages...), []string{"Accept-Language: xx"}, "none"},
		{&Dir{}, "", types, []string{"Accept: text/plain"}, "txt"},
		{&Dir{}, "", types, []string{"Accept: text/*"}, "txt"}, // alike but for their length
		{&Dir{}, "", types, []string{"Accept: image/*, text/html;q=0.1"}, "png"},
		{&Dir{}, "", types, []string{"Accept: text/html, */*"}, "html"},
		{&Dir{}, "", types, []string{"Accept: application/json"}, "-"},
		{&Dir{}, "", encodings, nil, "html"},
		{&Dir{}, "", encodings, []string{"Accept-Encoding: gzip"}, "html.gz"},
		{&Dir{}, "", encodings, []string{"Accept-Encoding: x-gzip"}, "html.gz"},
		{&Dir{}, "no-gzip=1", encodings, []string{"Accept-Encoding: gzip"}, "html"},
		{&Dir{}, "", encodings, []string{"Accept-Encoding: "}, "html"},
		{&Dir{}, "", encodings[1:], []string{"Accept-Encoding: deflate"}, "-"},
		{&Dir{}, "", encodings[1:], nil, "html.gz"},
		{&Dir{}, "", charsets, nil, "utf"},
		{&Dir{}, "", charsets, []string{"Accept-Charset: iso-8859-1;q=0.5, *;q=0.1"}, "latin"},
		{&Dir{}, "", charsets, []string{"Accept-Charset: koi8-r"}, "latin"},
		{&Dir{}, "", []string{"low text/html;qs=0.3", "txt text/plain"}, nil, "txt"},
		{&Dir{}, "", []string{"two text/html", "three text/html;level=3"}, nil, "two"},
		{&Dir{}, "", []string{"two text/html", "three text/html;level=3"}, []string{"Accept: text/html;level=3"}, "three"},
		{&Dir{}, "", []string{"longer text/html", "short text/html"}, nil, "short"},
		{priority, "", languages, []string{"Negotiate: trans"}, "-"},
		{priority, "", languages, []string{"Negotiate: trans", "User-Agent: Lynx/2.8"}, "en"},
		{&Dir{}, "", languages, []string{"Negotiate: 1.0", "Accept-Language: fr", "Accept: text/html"}, "fr"},
		{&Dir{}, "", languages, []string{"Negotiate: 1.0"}, "list"}, // none is definite
	} {
		if got := choose(tt.conf, tt.env, tt.files, tt.headers...); got != tt.want {
			t.Errorf("%v %q %q: %s, want %s", tt.files, tt.env, tt.headers, got, tt.want)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, tt := range []struct {
		base, exceptions string
		want             bool
	}{{"index", "index", true}, {"index.html", "index/foo", false}, {"index.foo", "index/foo", true}, {"index.html.foo", "index/foo", true}, {"foo.index", "index/foo", false}, {"a.b", "a/b/c", false}} {
		if got := covers(tt.base, strings.Split(tt.exceptions, "/")); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

func TestQualityText(t *testing.T) {
	for q, want := range map[float32]string{1: "1", 0.5: "0.5", 0.25: "0.25", 0.123: "0.123", 0: "0"} {
		if got := qualityText(q); got != want {
			t.Errorf("%v: %s, want %s", q, got, want)
		}
	}
}
