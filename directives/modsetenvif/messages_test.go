package modsetenvif

import (
	"net/netip"
	"testing"

	"httpd-wsgi/directives/directivetest"
	"httpd-wsgi/server"
)

// The sentences are Apache 2.4.71's, but for OID.
func TestMessages(t *testing.T) {
	for line, want := range map[string]string{
		`SetEnvIf`:                                 `Missing header-field name for SetEnvIf`,
		`SetEnvIf Host`:                            `Missing regular expression for SetEnvIf`,
		`SetEnvIf Host x`:                          `Missing envariable expression for SetEnvIf`,
		`SetEnvIf Host ( A`:                        `SetEnvIf regex could not be compiled.`,
		`SetEnvIf ^Ho( x A`:                        `SetEnvIfHeader name regex could not be compiled.`,
		`SetEnvIf OID("1.2") x A`:                  `SetEnvIf OID("1.2") is not supported by httpd-wsgi: certificate extensions can't be matched; use SSLRequire or SSL_CLIENT variables in the application`,
		`SetEnvIf Host x A !B C=d`:                 ``,
		`SetEnvIfExpr`:                             `Missing expression for SetEnvIfExpr`,
		`SetEnvIfExpr "%{FOO" A`:                   `Could not parse expression "%{FOO": syntax error, unexpected T_ERROR, expecting T_VAR_END or ':': Unterminated string or variable`,
		`SetEnvIfExpr true`:                        `Missing envariable expression for SetEnvIfExpr`,
		`SetEnvIfExpr "%{REQUEST_URI} == 'x'" A=b`: ``,
		`BrowserMatch`:                             `Missing regular expression for BrowserMatch`,
		`BrowserMatch x`:                           `Missing envariable expression for BrowserMatch`,
		`BrowserMatch ( x`:                         `BrowserMatch regex could not be compiled.`,
		`BrowserMatchNoCase x y`:                   ``,
	} {
		_, _, got := directivetest.Lines(tables, line)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestApply(t *testing.T) {
	r := &server.Request{Conn: &server.Conn{}, URI: "/a/b.txt", Client: netip.MustParseAddrPort("10.1.2.3:4")}
	r.Line = server.RequestLine{Method: "PUT", Protocol: "HTTP/1.1"}
	for text, want := range map[string]string{
		`SetEnvIf X-Test ^v A`:                     "1",
		`SetEnvIf x-test ^V A`:                     "",
		`SetEnvIfNoCase x-test ^V A`:               "1",
		`SetEnvIf X-Test "(\w)al(..)" A=$2-$1-$0&`: "ue-v-value&",
		`SetEnvIf X-Test v "A=a\b\$1"`:             `a\b\$1`,
		`SetEnvIf X-Test v\\.? "A=$0"`:             "v",
		`SetEnvIf X-Test .v? "A=a\b\$1"`:           "ab$1",
		`SetEnvIf X-Test value A=x=y`:              "x=y",
		`SetEnvIf X-None ^$ A`:                     "1",
		`SetEnvIf X-None . A`:                      "",
		`SetEnvIf "^X-T.*" value A`:                "1",
		`SetEnvIf Before here A=again`:             "again",
		"SetEnvIf X-Test v A=1\nSetEnvIf A 1 A=2":  "2",
		"SetEnvIf X-Test v A=1\nSetEnvIf A 1 !A":   "",
		`SetEnvIf Request_URI "\.txt$" A`:          "1",
		`SetEnvIf REQUEST_METHOD PUT A`:            "1",
		`SetEnvIf Request_Protocol HTTP/1\.1 A`:    "1",
		`SetEnvIf Remote_Addr ^10\. A`:             "1",
		`BrowserMatch Moz A=b`:                     "b",
		`BrowserMatch moz A=b`:                     "",
		`BrowserMatchNoCase moz A=b`:               "b",
	} {
		c, _, msg := directivetest.Lines(tables, text)
		if msg != "" {
			t.Fatal(msg)
		}
		r.Env.Reset()
		r.Env.Set("Before", "here")
		r.In.F = []server.Field{{Name: "User-Agent", Value: "Mozilla/5.0"}, {Name: "X-Test", Value: "value"}}
		for _, cond := range c.Conditions {
			cond.apply(r)
		}
		if got, _ := r.Env.Get("A"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
