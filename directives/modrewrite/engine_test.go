package modrewrite

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"httpd-wsgi/server"
)

func TestTemplate(t *testing.T) {
	s := mustSite(t, "RewriteEngine On\nRewriteMap low int:tolower\nRewriteMap t txt:map.txt\n", "map.txt", "one 1\n{x} curly\n")
	r := s.request("/path?q=1")
	r.In.Add("X-A", "a value")
	r.Env.Set("VAR", "value")
	c := s.m.newContext(r, nil)
	c.rule = match{source: "ABCdef", matched: true}
	c.rule.caps.Reset()
	c.rule.caps[0].Start, c.rule.caps[0].End = 0, 6
	c.rule.caps[1].Start, c.rule.caps[1].End = 0, 3
	c.cond = match{source: "xyz", matched: true, caps: c.rule.caps}
	c.cond.caps[0].End, c.cond.caps[1].End = 3, 1
	for in, want := range map[string]string{
		"":                               "",
		"plain":                          "plain",
		"$1-$0-$2-$9":                    "ABC-ABCdef--",
		"%1%0":                           "xxyz",
		`\$1\%1\\\a`:                     `$1%1\a`,
		`end\`:                           `end\`,
		"$x%y$":                          "$x%y$",
		"%{REQUEST_URI}?%{query_string}": "/path?q=1",
		"%{HTTP:x-a}|%{ENV:VAR}|%{NO}":   "a value|value|",
		"%{REQUEST_URI":                  "%{REQUEST_URI",
		"${low:$1}":                      "abc",
		"${low:%{REQUEST_METHOD}x}":      "getx",
		"${t:one}${t:two|none-$1}":       "1none-ABC",
		"${t:two|${low:$1}}":             "abc",
		"${t:{x}|{y}}":                   "curly",
		"${t:two|a|b}":                   "a|b",
		"${nomap:x|y}":                   "y",
		"${nokey}":                       "${nokey}",
		"${t:":                           "${t:",
		"%{SERVER_NAME}:%{IS_SUBREQ}":    "localhost:false",
		"%{SCRIPT_USER}":                 "<unknown>",
		"%{ENV:}%{HTTP:}%{SSL:SSL_X}":    "",
		"%{API_VERSION}":                 "20120211:142",
	} {
		if got := compileTemplate(in).expand(c, nil, nil); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if c.varyThis != "x-a" {
		t.Errorf("looked at %q", c.varyThis)
	}
}

// A "?" that is the rule's own makes those after it safe.
func TestQuestion(t *testing.T) {
	s := mustSite(t, "RewriteEngine On\n")
	c := s.m.newContext(s.request("/"), nil)
	c.rule = match{source: "a?b", matched: true}
	c.rule.caps.Reset()
	c.rule.caps[1].Start, c.rule.caps[1].End = 0, 3
	for in, want := range map[string][2]bool{ // without and with QSL
		"/$1":        {true, true},
		"/x?$1":      {false, true},
		"/$1?x":      {true, false},
		`/\?$1`:      {true, true},
		"/x":         {false, false},
		"/x?y":       {false, false},
		"$1":         {true, true},
		"/%{x}$2":    {false, false},
		"/x?a$1?b$2": {false, false},
	} {
		for i, last := range []bool{false, true} {
			q := &question{last: last}
			compileTemplate(in).expand(c, nil, q)
			if q.unsafe != want[i] {
				t.Errorf("%s (QSL %v): unsafe %v", in, last, q.unsafe)
			}
		}
	}
}

func TestAbsoluteURI(t *testing.T) {
	for uri, want := range map[string]string{
		"http://h/a b?c":     "7 true http://h/a%20b%3fc",
		"HTTPS://h/":         "8 true HTTPS://h/",
		"http://h":           "7 true http://h",
		"ftp://h/a b":        "6 false ftp://h/a%20b",
		"mailto:a b":         "7 true mailto:a%20b",
		"ldap://h/a b?c d?e": "7 false ldap://h/a%20b?c%20d?e",
		"ws://h/x":           "5 true ws://h/x",
		"unix:/a":            "5 true unix:/a",
		"/http://x":          "0 false ",
		"http:":              "0 false ",
		"foo://x/y":          "0 false ",
		"":                   "0 false ",
	} {
		skip, query := absoluteURI(uri)
		escaped := ""
		if skip > 0 {
			escaped = escapeAbsolute(uri, skip)
		}
		if got := fmt.Sprintf("%d %v %s", skip, query, escaped); got != want {
			t.Errorf("%s: %s, want %s", uri, got, want)
		}
	}
}

// outcome of the translate phase: status, then what was rewritten.
func (s *site) translated(target string) string {
	r := s.request(target)
	status := s.m.translate(r)
	switch {
	case status == server.OK:
		query := ""
		if r.HasArgs {
			query = "?" + r.Args
		}
		return strings.ReplaceAll(r.Target.Filename, s.root, "@ROOT@") + query
	case status == server.Declined:
		return "declined " + r.URI
	case status >= 300 && status < 400:
		return fmt.Sprint(status, " ", r.Reply.Header.Get("Location"))
	}
	return fmt.Sprint(int(status))
}

func TestTranslate(t *testing.T) {
	s := mustSite(t, `RewriteEngine On
RewriteRule ^/a$ /b
RewriteRule ^/b$ /c [L]
RewriteRule ^/c$ /d
RewriteRule ^/skip$ - [S=1]
RewriteRule ^/skip$ /never
RewriteRule ^/chain/(.*)$ /chained/$1 [C]
RewriteRule ^/chained/yes$ /done [C]
RewriteRule .* - [E=CHAINED:1]
RewriteRule ^/red$ /to [R=301,L]
RewriteRule ^/url$ http://example.com/a\%20b [L]
RewriteRule ^/qsa$ /q?a=1 [QSA]
RewriteRule ^/qsd$ /q [QSD]
RewriteRule ^/loop(.*)$ /loop$1x [N=4]
RewriteRule ^/pt$ /passed [PT]
RewriteRule ^/f$ - [F]
RewriteRule ^/unsafe/(.*)$ /t/$1
RewriteRule ^/file/(.*)$ @ROOT@/htdocs/$1
RewriteRule ^/var/(.*)$ /$1
RewriteRule ^/rel$ rel.html
RewriteRule ^/proxied$ proxy:http://x/
RewriteRule ^/ctl$ /q?a%{HTTP:X} [L]
RewriteRule ^/up$ /../../etc/passwd
`)
	for target, want := range map[string]string{
		"/a":                                 "@ROOT@/htdocs/c",
		"/c":                                 "@ROOT@/htdocs/d",
		"/none":                              "declined /none",
		"/skip":                              "declined /skip",
		"/chain/yes":                         "@ROOT@/htdocs/done",
		"/chain/no":                          "@ROOT@/htdocs/chained/no",
		"/red?x=1":                           "301 http://localhost/to?x=1",
		"/url":                               "302 http://example.com/a%2520b", // a rule's own text is escaped like the rest
		"/qsa?b=2":                           "@ROOT@/htdocs/q?a=1&b=2",
		"/qsd?b=2":                           "@ROOT@/htdocs/q",
		"/loop":                              "500",
		"/pt":                                "declined /passed",
		"/f":                                 "403",
		"/unsafe/a":                          "@ROOT@/htdocs/t/a",
		"/file/x":                            "@ROOT@/htdocs/x",
		"/var/etc/x":                         "@ROOT@/htdocs/etc/x",
		"/var//etc/x":                        "@ROOT@/htdocs/etc/x",
		"/rel":                               "@ROOT@/htdocs/rel.html",
		"/proxied":                           "@ROOT@/htdocs/proxy:http:/x/",
		"*":                                  "declined *",
		"/up":                                "403",
		"/var/" + strings.Repeat("x", 20000): "500",
	} {
		if got := s.translated(target); got != want {
			t.Errorf("%.50s: %s, want %s", target, got, want)
		}
	}
	r := s.request("/unsafe/x")
	r.URI = "/unsafe/x?y"
	if got := s.m.translate(r); got != 403 || r.Reply.Status != 403 {
		t.Errorf("an encoded question mark: %d", got)
	}
}

func TestEnvironment(t *testing.T) {
	s := mustSite(t, `RewriteEngine On
RewriteCond %{HTTP:X-A} ^(.)
RewriteRule ^/(e)(.*)$ - [E=ONE:$1%1,E=TWO,E=!GONE,CO=n:v:example.com:0:/p:1:1:Lax,CO=n:w:example.com,T=Text/X,H=Some-Handler,END]
`)
	r := s.request("/env")
	r.In.Add("X-A", "zed")
	r.Env.Set("GONE", "x")
	if got := s.m.translate(r); got != server.Declined {
		t.Fatal(got)
	}
	s.m.setTypes(r)
	_, gone := r.Env.Get("GONE")
	one, _ := r.Env.Get("ONE")
	uri, _ := r.Env.Get("SCRIPT_URI")
	got := fmt.Sprintf("%s|%v|%s|%s|%s|%s|%v", one, gone, uri, r.Reply.ErrHeader.Joined("Set-Cookie"), r.Reply.ContentType, r.Target.Handler, s.m.ended(r))
	want := "ez|false|http://localhost/env|n=v; path=/p; domain=example.com; secure; HttpOnly; SameSite=Lax|text/x|some-handler|true"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if v := r.Reply.Header.Get("Vary"); v != "X-A" {
		t.Errorf("Vary: %s", v)
	}
	if s.m.translate(r) != server.Declined {
		t.Error("rules after END")
	}
}

var ids = regexp.MustCompile(`^\[[^]]*\] |\[pid [^]]*\] |id#[0-9a-f]+|c\(\d+\)|\[client [^]]*\] `)

// The lines are those of Apache's rewrite log, but for addresses and line numbers.
func TestTrace(t *testing.T) {
	s := mustSite(t, "LogLevel rewrite:trace8\nRewriteEngine On\nRewriteMap m txt:map.txt\n"+`RewriteCond %{REQUEST_METHOD} =get [NC]
RewriteCond %{QUERY_STRING} !^x
RewriteRule ^/(a)$ /b?${m:$1|no} [E=V:$1]
`, "map.txt", "b c\n")
	s.m.translate(s.request("/a"))
	var got []string
	for line := range strings.Lines(s.log.String()) {
		line = ids.ReplaceAllStringFunc(strings.TrimSuffix(line, "\n"), func(m string) string {
			switch {
			case strings.HasPrefix(m, "id#"):
				return "id"
			case strings.HasPrefix(m, "c("):
				return "c"
			}
			return ""
		})
		got = append(got, strings.ReplaceAll(line, s.root, "@ROOT@"))
	}
	// There is no client, hence no address before "- -".
	head := "mod_rewrite.c: " + s.request("/").ClientIP() + " - - [localhost/sid][rid/initial] "
	want := []string{
		"[rewrite:trace2] " + head + "init rewrite engine with requested uri /a",
		"[rewrite:trace3] " + head + "applying pattern '^/(a)$' to uri '/a'",
		"[rewrite:trace4] " + head + "RewriteCond: input='GET' pattern='=get' [NC] => matched",
		"[rewrite:trace4] " + head + "RewriteCond: input='' pattern='!^x' => matched",
		"[rewrite:trace5] " + head + "map lookup FAILED: map=m[txt] key=a",
		"[rewrite:trace2] " + head + "rewrite '/a' -> '/b?no'",
		"[rewrite:trace5] " + head + "setting env variable 'V' to 'a'",
		"[rewrite:trace3] " + head + "split uri=/b?no -> uri=/b, args=no",
		"[rewrite:trace2] " + head + "setting lastsub to rule with output /b?${m:$1|no}",
		"[rewrite:trace2] " + head + "local path result: /b",
		"[rewrite:trace2] " + head + "prefixed with document_root to @ROOT@/htdocs/b",
		"[rewrite:trace1] " + head + "go-ahead with @ROOT@/htdocs/b [OK]",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func FuzzRule(f *testing.F) {
	for _, s := range []string{"^/(.*)$ /x/$1 [R=301,L]", "a b [E=x:%{HTTP:y},CO=a:b:c]", "( x", "a ${m:$1|%{LA-U:REMOTE_USER}} [B]",
		`"a b" "c\?" [QSL,UNC]`, "!^/ - [F]", "^/(.+) %{ENV:X}$1%2\\"} {
		f.Add(s, "/some/path?query")
	}
	s, err := newSite(f, "RewriteEngine On\nRewriteMap m int:tolower\n")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line, target string) {
		if strings.ContainsAny(line, "\n\r\x00") || strings.Contains(line, "(?") || !strings.HasPrefix(target, "/") {
			return
		}
		a, _, ok := parseLine(line)
		if !ok {
			return
		}
		// What is no expansion stands for itself, and nothing is expanded twice.
		tmpl := compileTemplate(a[1])
		r := s.request(target)
		c := s.m.newContext(r, nil)
		c.uri = r.URI
		if !strings.ContainsAny(a[1], `\$%`) && tmpl.expand(c, nil, nil) != a[1] {
			t.Errorf("%q becomes %q", a[1], tmpl.expand(c, nil, nil))
		}
		p := &Rule{}
		if parseFlags(a[2], p.setFlag) == nil {
			p.subst = tmpl
			p.subst.expand(c, p, &question{})
		}
	})
}

func BenchmarkTranslate(b *testing.B) {
	s := mustSite(b, `RewriteEngine On
RewriteCond %{HTTPS} !=on
RewriteCond %{HTTP_HOST} ^www\.(.*)$ [NC]
RewriteRule ^(.*)$ http://%1$1 [R=301,L]
RewriteRule ^/old/(.*)$ /new/$1 [R=301,L]
RewriteRule ^/static/ - [L]
RewriteRule ^/app/(.*)$ /front/$1 [PT,QSA]
`)
	r := s.request("/app/some/page?x=1")
	r.In.Add("Host", "example.com")
	base := *r
	b.ReportAllocs()
	for b.Loop() {
		*r = base
		s.m.translate(r)
	}
}
