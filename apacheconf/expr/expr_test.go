package expr

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"httpd-wsgi/pcre"
)

func mustCond(t testing.TB, text string, opts *Options) *Cond {
	t.Helper()
	c, err := Compile(text, opts)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}

// What TestAgainstApache cannot ask: all of the request is ours here.
func TestEval(t *testing.T) {
	env := apacheRequest("/www")
	env.notes = map[string]string{"n": "note", "FOO": "noted"}
	env.files = map[string]bool{"/ok": true}
	env.vars[LastModified] = "20101231235959"
	env.vars[RequestStatus] = "404"
	env.vars[HTTPS] = "on"
	t.Setenv("EXPR_TEST_ENV", "os")
	for _, tt := range []struct {
		text string
		want bool
	}{
		{`note('n') == 'note'`, true},
		{`env('FOO') == 'noted'`, true},
		{`env('EXPR_TEST_ENV') == 'os' && osenv('EXPR_TEST_ENV') == 'os'`, true},
		{`reqenv('EXPR_TEST_ENV') == ''`, true},
		{`-F '/ok' && ! -F '/no'`, true},
		{`-A '/no'`, false},
		{`%{LAST_MODIFIED} -eq 20101231235959`, true},
		{`%{REQUEST_STATUS} -in {'405','404'}`, true},
		{`%{SCRIPT_FILENAME} == '/www/dir/page.txt'`, true},
		{`%{HTTPS} == 'on'`, true},
		{`-z %{DOCUMENT_URI}`, false},
	} {
		got, err := mustCond(t, tt.text, nil).Eval(env)
		if err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", tt.text, got, err)
		}
	}
	env.env["DOCUMENT_URI"] = "/included"
	if ok, _ := mustCond(t, `%{DOCUMENT_URI} == '/included'`, nil).Eval(env); !ok {
		t.Error("DOCUMENT_URI of the environment ignored")
	}
}

// A right side is not looked at if the left decides.
func TestShortCircuit(t *testing.T) {
	for _, text := range []string{
		`false && -U '/x'`, `true || -U '/x'`, `true || true || -U '/x'`, `true && false && -U '/x'`,
	} {
		env := apacheRequest("/www")
		mustCond(t, text, nil).Eval(env)
		if env.subrequest != 0 {
			t.Errorf("%s: evaluated its right side", text)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, []byte("content\x00rest"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, maxFileSize+1); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ text, want, err string }{
		{`%{file:` + file + `}`, "content", ""},
		{`%{filesize:` + file + `}`, "12", ""},
		{`%{file:` + empty + `}`, "", ""},
		{`%{file:` + dir + `/none}`, "", "Cannot open file " + dir + "/none"},
		{`%{file:` + big + `}`, "", "File " + big + " too large"},
		{`%{file:` + dir + `}`, "", "Cannot read from file " + dir},
		{`%{filesize:` + dir + `/none}`, "0", ""},
		{`%{file:` + dir + `/none}%{file:` + dir + `/other}`, "", "Cannot open file " + dir + "/none"},
	} {
		s, err := CompileString(tt.text, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Eval(apacheRequest(dir))
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if got != tt.want || msg != tt.err {
			t.Errorf("%s: %q, %q", tt.text, got, msg)
		}
	}
	// A condition that cannot be told is false, negated or not.
	for _, not := range []string{"", "! "} {
		ok, err := mustCond(t, not+`file('`+dir+`/none') == ''`, nil).Eval(apacheRequest(dir))
		if ok || err == nil {
			t.Errorf("%v %v", ok, err)
		}
	}
}

func TestMatchLimit(t *testing.T) {
	env := apacheRequest("/www")
	env.headers["x"] = strings.Repeat("a", 30) + "!"
	for _, text := range []string{`req('x') =~ /^(a+)+$/`, `req('x') !~ /^(a+)+$/`, `! req('x') =~ /^(?:a+)+$/`} {
		ok, err := mustCond(t, text, &Options{RegexMatchLimit: 1000}).Eval(env)
		if ok || !errors.Is(err, pcre.ErrMatchLimit) {
			t.Errorf("%s: %v, %v", text, ok, err)
		}
	}
}

func TestRegexFlags(t *testing.T) {
	env := apacheRequest("/www")
	var none pcre.Flags
	caseless := pcre.DefaultFlags | pcre.Caseless
	for _, tt := range []struct {
		text  string
		flags *pcre.Flags
		want  bool
	}{
		{`'a\nb' =~ /^a.b$/`, nil, true},
		{`'a\nb' =~ /^a.b$/`, &none, false},
		{`'a' =~ /A/`, nil, false},
		{`'a' =~ /A/`, &caseless, true},
	} {
		if ok, err := mustCond(t, tt.text, &Options{RegexFlags: tt.flags}).Eval(env); ok != tt.want || err != nil {
			t.Errorf("%s: %v %v", tt.text, ok, err)
		}
	}
}

// Captures go in and come out.
func TestEvalMatch(t *testing.T) {
	env := apacheRequest("/www")
	var m Match
	if ok, _ := mustCond(t, `%{REQUEST_URI} =~ m#^/(\w+)/(\w+)#`, nil).EvalMatch(env, &m); !ok {
		t.Fatal("no match")
	}
	if m.Group(0) != "/dir/page" || m.Group(1) != "dir" || m.Group(2) != "page" || m.Group(3) != "" {
		t.Errorf("%+v", m)
	}
	s, err := CompileString(`/$2/$1`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := s.EvalMatch(env, &m); got != "/page/dir" {
		t.Error(got)
	}
	if got, _ := s.Eval(env); got != "//" {
		t.Error(got, "captures of another evaluation seen")
	}
	mustCond(t, `'x' =~ /x/`, nil).EvalMatch(env, &m)
	if !m.Set || m.Group(1) != "dir" {
		t.Error("a regex without groups changed the captures")
	}
	mustCond(t, `'x' =~ /(y)/`, nil).EvalMatch(env, &m)
	if m.Set || m.Group(1) != "" {
		t.Error("captures kept after a failed match")
	}
}

func TestVary(t *testing.T) {
	for _, tt := range []struct {
		text string
		opts *Options
		want string
	}{
		{`req('A') == 'x' || %{HTTP_REFERER} == 'x' || http('A') == 'y'`, nil, "A,Referer"},
		{`req('A') == '' || req('B') == 'x'`, nil, "A"},
		{`req('A') == 'x'`, &Options{DontVary: true}, ""},
		{`req_novary('A') == 'x' || req('host') == 'x' || resp('B') == 'x'`, nil, ""},
		{`req('A') == '' && file('/nonexistent') == ''`, nil, ""},
	} {
		env := apacheRequest("/www")
		c := mustCond(t, tt.text, tt.opts)
		for range 2 { // contexts are used again
			env.vary = nil
			c.Eval(env)
			if got := strings.Join(env.vary, ","); got != tt.want {
				t.Errorf("%s: %q", tt.text, got)
			}
		}
	}
}

func TestModuleNames(t *testing.T) {
	opts := &Options{
		Variable: func(name string) func(Env) string {
			if name == "SSL_PROTOCOL" {
				return func(Env) string { return "TLSv1.3" }
			}
			return nil
		},
		Function: func(name string) func(Env, string) string {
			if name == "twice" {
				return func(_ Env, arg string) string { return arg + arg }
			}
			return nil
		},
		ListFunction: func(name string) func(Env, string) []string {
			if name == "PeerExtList" {
				return func(_ Env, arg string) []string { return strings.Split(arg, ".") }
			}
			return nil
		},
	}
	env := apacheRequest("/www")
	for text, want := range map[string]bool{
		`%{SSL_PROTOCOL} == 'TLSv1.3'`:               true,
		`twice('a') == 'aa' && %{twice:b} == 'bb'`:   true,
		`'2' -in PeerExtList('1.2')`:                 true,
		`'3' -in PeerExtList('1.2')`:                 false,
		`'www' -in PeerExtList(%{HTTP_HOST} . '.x')`: true,
		`twice(tolower('A')) -in {'x', twice('a')}`:  true,
	} {
		if ok, err := mustCond(t, text, opts).Eval(env); ok != want || err != nil {
			t.Errorf("%s: %v %v", text, ok, err)
		}
	}
	if _, err := Compile(`%{SSL_NONE} == 'x'`, opts); err == nil || err.Error() != "Variable 'SSL_NONE' does not exist" {
		t.Error(err)
	}
}

// SSLRequire's order of strings.
func TestSSLCompat(t *testing.T) {
	env := apacheRequest("/www")
	for text, want := range map[string]bool{
		`'10' > '9'`:    true,
		`'10' -gt '9'`:  true,
		`'b' < 'aa'`:    true,
		`'01' -eq '1'`:  false,
		`'1' -eq '1'`:   true,
		`'a' == 'a'`:    true,
		`'a' != 'a'`:    false,
		`'ab' < 'ac'`:   true,
		`'ab' ge 'ac'`:  false,
		`'x' in {'x'}`:  true,
		`'ab' =~ /(b)/`: true,
	} {
		if ok, err := mustCond(t, text, &Options{SSLCompat: true}).Eval(env); ok != want || err != nil {
			t.Errorf("%s: %v %v", text, ok, err)
		}
	}
}

func TestConstant(t *testing.T) {
	for text, want := range map[string]bool{"": true, "a b": true, `\$1`: true, "$1": false, "%{HTTP_HOST}": false, "%{md5:x}": false} {
		s, err := CompileString(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Constant() != want {
			t.Errorf("%q: %v", text, s.Constant())
		}
		if s.Constant() {
			if _, err := s.Eval(nil); err != nil {
				t.Error(err)
			}
		}
		if s.Text() != text {
			t.Error(s.Text())
		}
	}
}

func TestErrorOffset(t *testing.T) {
	for text, want := range map[string]int{
		`true && %{nosuch} == 'x'`: 8,
		`'a' == 'a' 'b'`:           11,
		`'a' =~ /(/`:               7,
		`true && nosuch('x') == 1`: 8,
	} {
		_, err := Compile(text, nil)
		var e *Error
		if !errors.As(err, &e) || e.Offset != want || e.Text != text {
			t.Errorf("%s: %+v", text, err)
		}
	}
}

// Text without end and nesting without end are refused, not followed.
func TestBounds(t *testing.T) {
	for name, text := range map[string]string{
		"parentheses": strings.Repeat("(", 100_000),
		"functions":   strings.Repeat("md5(", 100_000),
		"variables":   "'" + strings.Repeat("%{md5:", 100_000),
		"tokens":      strings.Repeat("!", 50_000) + "true",
		"NUL":         "true\x00",
	} {
		if _, err := Compile(text, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if ok, err := mustCond(t, strings.Repeat("(", 500)+"true"+strings.Repeat(")", 500), nil).Eval(nil); !ok || err != nil {
		t.Error(ok, err)
	}
	if ok, err := mustCond(t, strings.Repeat("true && ", 5000)+"true", nil).Eval(nil); !ok || err != nil {
		t.Error(ok, err)
	}
}

func TestConcurrent(t *testing.T) {
	c := mustCond(t, `%{HTTP_USER_AGENT} =~ /(\w+)$/ && $1 == req('X-Test')`, nil)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			env := apacheRequest("/www")
			word := strings.Repeat("g", g+1)
			env.headers["user-agent"], env.headers["x-test"] = "agent "+word, word
			for range 300 {
				if ok, err := c.Eval(env); !ok || err != nil {
					t.Error(word, ok, err)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func FuzzCompile(f *testing.F) {
	for _, s := range apacheConds {
		f.Add(s)
	}
	for _, s := range apacheStrings {
		f.Add(s)
	}
	env := apacheRequest("/www")
	f.Fuzz(func(t *testing.T, text string) {
		opts := &Options{Restricted: true, RegexMatchLimit: 1000}
		c, err := Compile(text, opts)
		var e *Error
		switch {
		case err == nil && !strings.Contains(strings.ToLower(text), "ipmatch"):
			c.Eval(env) // -ipmatch could ask the name service
		case err != nil && (!errors.As(err, &e) || e.Msg == "" || e.Offset < 0 || e.Offset > len(text)):
			t.Fatalf("%q: %#v", text, err)
		}
		s, err := CompileString(text, opts)
		if err == nil {
			s.Eval(env)
		} else if !errors.As(err, &e) || e.Msg == "" {
			t.Fatalf("%q: %#v", text, err)
		}
	})
}

func BenchmarkEval(b *testing.B) {
	env := apacheRequest("/www")
	for _, bb := range []struct{ name, text string }{
		{"equal", `%{REQUEST_METHOD} == 'GET'`},
		{"regex", `%{REQUEST_URI} =~ m#^/dir/(.*)$#`},
		{"and", `%{REQUEST_METHOD} == 'POST' || %{REQUEST_URI} =~ m#^/x# || -R '10.0.0.0/8'`},
		{"in", `%{REQUEST_METHOD} -in {'POST', 'PUT', 'DELETE'}`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			c := mustCond(b, bb.text, nil)
			b.ReportAllocs()
			for b.Loop() {
				c.Eval(env)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Compile(`%{REQUEST_METHOD} == 'POST' && %{REQUEST_URI} =~ m#^/dir/(.*)$# || -R '10.0.0.0/8'`, nil)
	}
}
