package wsgi_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"httpd-wsgi/wsgi"
	"httpd-wsgi/wsgi/wsgitest"
)

// text runs a request that has to succeed and returns its body.
func text(t *testing.T, name, uri string) string {
	t.Helper()
	var x wsgitest.Exchange
	if r := get(t, script(name), &x, uri); r.Outcome != wsgi.OK {
		t.Errorf("%s %s: %+v\n%s", name, uri, r, x.Logs())
	}
	return x.Body.String()
}

func TestEnviron(t *testing.T) {
	var f wsgi.Form
	wsgitest.Fill(&f, wsgi.Multithread|wsgi.HTTPS, "GET", "/k\xc3\xa9y?a=b")
	f.Set(wsgi.ScriptFilename, "/srv/caf\xc3\xa9.wsgi")
	f.SetNamed("MYVAR", "my \xe9")
	f.SetNamed("wsgi.input", "forged")
	f.SetHeader("X-Custom-Header", "value")
	f.SetHeader("Accept", "text/html")
	var x wsgitest.Exchange
	if r := engine.Run(&wsgi.Call{Script: script("environ.wsgi"), Form: &f, BodyEnd: true, Exchange: &x}); r.Outcome != wsgi.OK {
		t.Fatal(r, x.Logs())
	}
	got := x.Body.String()
	for _, want := range []string{
		"REQUEST_METHOD='GET'", "PATH_INFO='/k\xc3\xa9y'", "QUERY_STRING='a=b'", "SCRIPT_NAME=''", "MYVAR='my \xe9'",
		"SCRIPT_FILENAME='/srv/caf\xe9.wsgi'", "HTTP_X_CUSTOM_HEADER='value'", "HTTP_ACCEPT='text/html'",
		"wsgi.version=(1, 0)", "wsgi.url_scheme='https'", "wsgi.multithread=True", "wsgi.multiprocess=False", "wsgi.run_once=False",
		"wsgi.input_terminated=True", "wsgi.file_wrapper=<class 'mod_wsgi.FileWrapper'>", "apache.version=(2, 4, 71)",
		"mod_wsgi.version=(6, 0, 5)", "mod_wsgi.queue_start=0.0", "mod_wsgi.daemon_start=0.0",
		"os.environ MYVAR=None", "wsgi.input=<mod_wsgi.Input object", "wsgi.errors=<mod_wsgi.Errors object",
	} {
		if !strings.Contains("\n"+got, "\n"+want) {
			t.Errorf("no line %s", want)
		}
	}
	for _, want := range []string{`\nmod_wsgi\.thread_id=[1-9]`, `\nmod_wsgi\.request_start=1\d{9}\.`, `\nmod_wsgi\.application_start=1\d{9}\.`} {
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("no line %s", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

func TestInput(t *testing.T) {
	const lines = "one\ntwo\nthree"
	for _, c := range []struct{ body, expr, want string }{
		{lines, "stream.read()", `b'one\ntwo\nthree'`},
		{lines, "stream.read(-5)", `b'one\ntwo\nthree'`},
		{lines, "stream.read(None)", `b'one\ntwo\nthree'`},
		{lines, "(stream.read(5), stream.read(), stream.read(), stream.read(3))", `(b'one\nt', b'wo\nthree', b'', b'')`},
		{lines, "(stream.read(0), stream.read())", `(b'', b'one\ntwo\nthree')`},
		{lines, "(stream.readline(), stream.readline(2), stream.readline(), stream.readline(), stream.readline())", `(b'one\n', b'tw', b'o\n', b'three', b'')`},
		{lines, "(stream.readline(4), stream.readline(0), stream.readline(-1))", `(b'one\n', b'', b'two\n')`},
		{lines, "stream.readlines()", `[b'one\n', b'two\n', b'three']`},
		{lines, "(stream.readlines(5), stream.readlines(0))", `([b'one\n', b'two\n'], [b'three'])`},
		{lines, "list(stream)", `[b'one\n', b'two\n', b'three']`},
		{"", "(stream.read(), stream.readline(), list(stream))", `(b'', b'', [])`},
		{lines, "stream.read('x')", `"TypeError: 'str' object cannot be interpreted as an integer"`},
		{lines, "stream.read(size=3)", `"TypeError: Input.read() got some positional-only arguments passed as keyword arguments: 'size'"`},
		{lines, "hasattr(stream, 'seek') or hasattr(stream, 'fileno')", `False`},
		{lines, "stream.close()", `None`},
		{strings.Repeat("x", 300000) + "\n", "(len(stream.readline(100000)), len(stream.readline()), stream.read())", `(100000, 200001, b'')`},
		{strings.Repeat("y", 200000), "len(stream.read(150000))", `150000`},
	} {
		for _, how := range []string{"at hand", "read", "byte by byte"} {
			if how == "byte by byte" && len(c.body) > 1000 {
				continue
			}
			var f wsgi.Form
			wsgitest.Fill(&f, wsgi.Multithread, "POST", "/x")
			f.Set(wsgi.PathInfo, "/"+c.expr)
			x := &wsgitest.Exchange{Input: strings.NewReader(c.body)}
			call := &wsgi.Call{Script: script("input.wsgi"), Form: &f, Exchange: x}
			switch how {
			case "at hand":
				x.Input, call.Body, call.BodyEnd = nil, []byte(c.body), true
			case "byte by byte":
				x.Input = iotest.OneByteReader(x.Input)
			}
			r := engine.Run(call)
			if r.Outcome != wsgi.OK || x.Body.String() != c.want && !(strings.Contains(c.want, "Error: ") && strings.Contains(x.Body.String(), "TypeError: ")) {
				t.Errorf("%s, %s: %s, want %s\n%s", c.expr, how, x.Body.String(), c.want, x.Logs())
			}
		}
	}
}

func TestInputContinue(t *testing.T) {
	x := &wsgitest.Exchange{Input: strings.NewReader("abc")}
	var f wsgi.Form
	wsgitest.Fill(&f, 0, "POST", "/")
	f.Set(wsgi.PathInfo, "/(stream.read(0), stream.read(0), stream.read(2))")
	engine.Run(&wsgi.Call{Script: script("input.wsgi"), Form: &f, Exchange: x})
	if want := []string{"read 0", "read 2", "respond 20 last"}; x.Body.String() != "(b'', b'', b'ab')" || len(x.Calls) != 3 || x.Calls[0] != want[0] || x.Calls[1] != want[1] {
		t.Errorf("%q %s", x.Calls, x.Body.String())
	}
}

// TestInputByThread: operations of one request by two threads take turns and do not lock each other out.
func TestInputByThread(t *testing.T) {
	for range 20 {
		x := wsgitest.Exchange{Input: strings.NewReader(strings.Repeat("y", 500000))}
		r := get(t, script("helper.wsgi"), &x, "/")
		if want := strings.Repeat("x", 50000) + "500000"; r.Outcome != wsgi.OK || x.Body.String() != want {
			t.Fatalf("%+v %d bytes, %.50s\n%s", r, x.Body.Len(), x.Body.String(), x.Logs())
		}
	}
}

func TestInputErrors(t *testing.T) {
	x := &wsgitest.Exchange{Input: strings.NewReader("abc"), InputError: errors.New("Partial results are valid but processing is incomplete")}
	var f wsgi.Form
	wsgitest.Fill(&f, 0, "POST", "/")
	f.Set(wsgi.PathInfo, "/[stream.read(3), kept.append(stream)] + [type(e).__name__ + str(e) for e in [stream.read()]]")
	engine.Run(&wsgi.Call{Script: script("input.wsgi"), Form: &f, Exchange: x})
	if want := `'OSError: mod_wsgi request data read error: Partial results are valid but processing is incomplete'`; x.Body.String() != want {
		t.Errorf("%s, want %s", x.Body.String(), want)
	}
	for method, expr := range map[string]string{"read": "kept[-1].read()", "readline": "kept[-1].readline()", "readlines": "kept[-1].readlines()",
		"__next__": "next(kept[-1])", "close": "kept[-1].close()"} {
		want := `'RuntimeError: ` + method + `() called on wsgi.input after request completed'`
		var f wsgi.Form
		wsgitest.Fill(&f, 0, "GET", "/")
		f.Set(wsgi.PathInfo, "/"+expr)
		x := &wsgitest.Exchange{}
		engine.Run(&wsgi.Call{Script: script("input.wsgi"), Form: &f, BodyEnd: true, Exchange: x})
		if x.Body.String() != want {
			t.Errorf("%s, want %s", x.Body.String(), want)
		}
	}
}

func TestStartResponse(t *testing.T) {
	for _, c := range []struct{ code, want string }{
		{"start_response('200 OK', [])", "no exception"},
		{"start_response('200 OK', (('A', 'b'),))", "TypeError: start_response() argument 2 must be list, not tuple"},
		{"start_response('200 OK', [['A', 'b']])", "TypeError: each header must be a 2-tuple, not list"},
		{"start_response('200 OK', [('A', 'b', 'c')])", "ValueError: each header must be a 2-tuple, got length 3"},
		{"start_response(b'200 OK', [])", "TypeError: must be str, not bytes"},
		{"start_response('200 OK', [(b'A', 'b')])", "TypeError: must be str, not bytes"},
		{"start_response('200 OK', [('A', b'b')])", "TypeError: must be str, not bytes"},
		{"start_response('200 OK', [('A', 1)])", "TypeError: must be str, not int"},
		{"start_response('200 OK', [('A', '\\u20ac')])", "UnicodeEncodeError: 'latin-1' codec can't encode character '\\u20ac' in position 0: ordinal not in range(256)"},
		{"start_response('200 \\ud800', [])", "UnicodeEncodeError: 'latin-1' codec can't encode character '\\ud800' in position 4: ordinal not in range(256)"},
		{"start_response('20 OK', [])", "ValueError: status code must be a 3 digit integer: b'20 OK'"},
		{"start_response('2000 OK', [])", "ValueError: status code must be a 3 digit integer: b'2000 OK'"},
		{"start_response('OK', [])", "ValueError: status code must be a 3 digit integer: b'OK'"},
		{"start_response('', [])", "ValueError: status code must be a 3 digit integer: b''"},
		{"start_response('200OK', [])", "ValueError: no space following status code: b'200OK'"},
		{"start_response('200 O\\nK', [])", `ValueError: control character in status reason phrase: b'200 O\nK'`},
		{"start_response('100 Continue', [])", "ValueError: status code of an interim response is not the application's to send: b'100 Continue'"},
		{"start_response('200', [])", "no exception"},
		{"start_response('200 ', [])", "no exception"},
		{"start_response('999 x', [])", "no exception"},
		{"start_response('200 OK', [('', 'b')])", "ValueError: header name is empty"},
		{"start_response('200 OK', [('A b', 'b')])", "ValueError: space character in header name: b'A b'"},
		{"start_response('200 OK', [('A\\x7f', 'b')])", `ValueError: control character in header name: b'A\x7f'`},
		{"start_response('200 OK', [('A:', 'b')])", `ValueError: colon character in header name: b'A:'`},
		{"start_response('200 OK', [('A', 'b\\r\\nC: d')])", `ValueError: carriage return/line feed character in header value: b'b\r\nC: d'`},
		{"start_response('200 OK', [('A', 'b\\0')])", `ValueError: null character in header value: b'b\x00'`},
		{"start_response('200 OK', [], 1)", "RuntimeError: start_response() argument 'exc_info' must be a 3-tuple or None"},
		{"start_response('200 OK', [], (1,))", "RuntimeError: start_response() argument 'exc_info' must be a 3-tuple or None"},
		{"start_response('200 OK', [], None)", "no exception"},
		{"start_response('200 OK')", "TypeError: start_response() takes from 2 to 3 arguments (1 given)"},
		{"start_response(status='200 OK', headers=[])", "TypeError: int.start_response() takes no keyword arguments"},
		{"start_response('200 OK', ok); start_response('404 Not Found', [('X', 'second')]); result = [b'']", ""},
		{"w = start_response('200 OK', ok); w(b'out '); start_response('500 Oops', ok)", "out RuntimeError: start_response() called more than once without exc_info"},
		{"w = start_response('200 OK', ok); w(b'out '); start_response('500 Oops', ok, exc_info())", "out KeyError: 'earlier'"},
		{"w = start_response('200 OK', ok); w('text')", "TypeError: write() argument must be bytes, not str"},
		{"kept[:] = [start_response('200 OK', ok), start_response]", "no exception"},
		{"kept[0](b'x')", "RuntimeError: write() called after request completed"},
		{"kept[1]('200 OK', [])", "RuntimeError: start_response() called after request completed"},
	} {
		var x wsgitest.Exchange
		var f wsgi.Form
		wsgitest.Fill(&f, 0, "GET", "/")
		code := c.code
		if strings.HasPrefix(c.want, "out ") { // a second start_response is the point
			code = "again = 1\ntry:\n  " + strings.ReplaceAll(code, "; ", "\n  ") + "\nexcept Exception as e:\n  result = [('%s: %s' % (type(e).__name__, e)).encode()]"
		}
		f.Set(wsgi.QueryString, code)
		r := engine.Run(&wsgi.Call{Script: script("start_response.wsgi"), Form: &f, BodyEnd: true, Exchange: &x})
		if r.Outcome != wsgi.OK || x.Body.String() != c.want {
			t.Errorf("%s:\n%s, want\n%s\n%+v %s", c.code, x.Body.String(), c.want, r, x.Logs())
		}
		if strings.Contains(c.code, "second") && (x.Line != "404 Not Found" || x.Header("X") != "second" || x.Header("Content-Type") != "") {
			t.Errorf("the second start_response does not replace the first: %s %q", x.Line, x.Headers)
		}
	}
}

func TestHeaders(t *testing.T) {
	var x wsgitest.Exchange
	var f wsgi.Form
	wsgitest.Fill(&f, 0, "GET", "/")
	f.Set(wsgi.QueryString, `start_response('403 Nein \xe9', [('Set-Cookie', 'a=1'), ('X', '\xe9 '), ('Set-Cookie', 'b=2'), ('Content-Length', '1'), ('content-length', '2')]); result = (b'a', b'b')`)
	r := engine.Run(&wsgi.Call{Script: script("start_response.wsgi"), Form: &f, BodyEnd: true, Exchange: &x})
	if r.Outcome != wsgi.OK || r.Status != 403 || x.Line != "403 Nein \xe9" || x.Header("Set-Cookie") != "a=1 | b=2" || x.Header("X") != "\xe9 " || x.Length != 2 || r.Sent != 2 {
		t.Errorf("%+v %q %q %s", r, x.Line, x.Headers, x.Logs())
	}
}

func TestBody(t *testing.T) {
	z := strings.Repeat
	for _, c := range []struct {
		uri, body, calls string
		outcome          wsgi.Outcome
		log              string
	}{
		{uri: "/list", body: "hello", calls: "respond 5 last", log: "6  Loading WSGI script"},
		{uri: "/empty_list", calls: "respond 0 last"},
		{uri: "/tuple", body: "onetwo", calls: "respond 6 last"},
		{uri: "/several", body: z("a", 1000) + z("b", 1000), calls: "respond 2000 last"},
		{uri: "/generator", body: "onetwothree", calls: "*"},
		{uri: "/empty_generator", calls: "respond 0 last"},
		{uri: "/empty_items", calls: "respond 0 last"},
		{uri: "/big", body: z("x", 1000000), calls: "respond 1000000"},
		{uri: "/big_parts", body: z("y", 1000000), calls: "respond 200000,write 200000,write 200000,write 200000,write 200000"},
		{uri: "/late_start", body: "late", calls: "*"},
		{uri: "/body", body: "onetwo", calls: "*"},
		{uri: "/body?3", body: "one", calls: "respond 3 last"},
		{uri: "/body?6", body: "onetwo", calls: "*"},
		{uri: "/body?4", body: "onet", calls: "*"},
		{uri: "/body?0", body: "", calls: "respond 0 last"},
		{uri: "/list?3", body: "hel", calls: "respond 3 last"},
		{uri: "/list?10", body: "hello", calls: "respond 5 last"},
		{uri: "/generator?100", body: "onetwothree", calls: "*"},
		{uri: "/write_a_b", body: "ab", calls: "*"},
		{uri: "/write_a_", body: "a-tail", calls: "*"},
		{uri: "/write_", body: "-tail", calls: "respond 5 last"},

		{uri: "/list?x", outcome: wsgi.Exception, log: "ValueError: invalid Content-Length header value: 'x'"},
		{uri: "/list?-1", outcome: wsgi.Exception, log: "ValueError: invalid Content-Length header value: '-1'"},
		{uri: "/generator?", body: "onetwothree", calls: "*"},
		{uri: "/bytes", outcome: wsgi.Exception, log: "TypeError: response iterable must yield bytes, not int"},
		{uri: "/str", outcome: wsgi.Exception, log: "TypeError: response iterable must yield bytes, not str"},
		{uri: "/str_later", outcome: wsgi.Exception, body: "abc", calls: "*", log: "TypeError: response iterable must yield bytes, not str"},
		{uri: "/bytearray", outcome: wsgi.Exception, log: "TypeError: response iterable must yield bytes, not bytearray"},
		{uri: "/object", outcome: wsgi.Exception, log: "TypeError: 'object' object is not iterable"},
		{uri: "/none", outcome: wsgi.Exception, log: "TypeError: 'NoneType' object is not iterable"},
		{uri: "/no_start", outcome: wsgi.Exception, log: "RuntimeError: start_response() must be called before response content is produced"},
		{uri: "/no_start_empty", outcome: wsgi.Exception, log: "RuntimeError: start_response() must be called before response content is produced"},
		{uri: "/bad_write", outcome: wsgi.Exception, log: "TypeError: write() argument must be bytes, not str"},
		{uri: "/raise", outcome: wsgi.Exception, log: "ValueError: from the application \u00e4"},
		{uri: "/exit", outcome: wsgi.Exception, log: "WSGI0175 SystemExit exception raised by WSGI script"},
		{uri: "/raise_first", outcome: wsgi.Exception, log: "ValueError: from the iterable"},
		{uri: "/raise_later", outcome: wsgi.Exception, body: "begun", calls: "*", log: "ValueError: from the iterable"},
		{uri: "/close_fails", body: "abc", calls: "*", log: "RuntimeError: from close"},
	} {
		var x wsgitest.Exchange
		r := get(t, script("body.wsgi"), &x, c.uri)
		if r.Outcome != c.outcome || x.Body.String() != c.body || !sameCalls(x.Calls, c.calls) || r.Responded != (c.calls != "") {
			t.Errorf("%s: %+v %.100q %q\n%s", c.uri, r, x.Body.String(), x.Calls, x.Logs())
		}
		if !strings.Contains(x.Logs(), c.log) || c.log == "" && x.Logs() != "" {
			t.Errorf("%s: log is\n%s\nwithout %s", c.uri, x.Logs(), c.log)
		}
		if short := strings.HasSuffix(c.uri, "?10") || strings.HasSuffix(c.uri, "?100"); r.Short != short {
			t.Errorf("%s: short is %t", c.uri, r.Short)
		}
		if r.Sent != int64(x.Body.Len()) {
			t.Errorf("%s: %d bytes sent, %d arrived", c.uri, r.Sent, x.Body.Len())
		}
	}
	if got, want := text(t, "body.wsgi", "/closed"), "body,body,body,body,body,raise_first,raise_later"; got != want {
		t.Errorf("close was called for %s, want %s", got, want)
	}
}

// sameCalls compares the calls of an exchange; "*" stands for a response whose parts may have become one on the way.
func sameCalls(got []string, want string) bool {
	all := strings.Join(got, ",")
	return all == want || want == "*" && regexp.MustCompile(`^respond \d+( last)?(,write \d+)*$`).MatchString(all)
}

func TestTraceback(t *testing.T) {
	var x wsgitest.Exchange
	s := script("body.wsgi")
	s.Group = "example.com:8080|/app"
	get(t, s, &x, "/raise")
	lines := strings.Split(x.Logs(), "\n")
	want := []string{
		"6  Loading WSGI script '" + s.Path + "' into sub-interpreter 'example.com:8080|/app' in embedded mode.",
		"3 WSGI0174 ValueError exception raised processing WSGI script '" + s.Path + "' for sub-interpreter 'example.com:8080|/app' in embedded mode.",
		"3  Traceback (most recent call last):",
		`3    File "` + s.Path + `", line `,
		"3      raise ValueError(",
		"3  ValueError: from the application \u00e4",
	}
	for i := range want {
		if i >= len(lines) || !strings.HasPrefix(lines[i], want[i]) {
			t.Fatalf("line %d is not %s\n%s", i, want[i], x.Logs())
		}
	}
	if !log.Wait("6  Creating sub-interpreter 'example.com:8080|/app' in embedded mode.") {
		t.Error("no record of the new interpreter")
	}
}

func TestClientGone(t *testing.T) {
	text(t, "body.wsgi", "/closed")
	x := wsgitest.Exchange{FailAfter: 25000}
	r := get(t, script("body.wsgi"), &x, "/endless")
	if r.Outcome != wsgi.ClientGone || x.Body.Len() > 25000 || x.Logs() != "" {
		t.Errorf("%+v %q\n%s", r, x.Calls, x.Logs())
	}
	if got := text(t, "body.wsgi", "/closed"); got != "endless" {
		t.Errorf("close was called for %q", got)
	}
	x = wsgitest.Exchange{FailAfter: 1}
	if r := get(t, script("body.wsgi"), &x, "/list"); r.Outcome != wsgi.ClientGone || x.Logs() != "" {
		t.Errorf("%+v\n%s", r, x.Logs())
	}
	x = wsgitest.Exchange{FailAfter: 1}
	if r := get(t, script("body.wsgi"), &x, "/write_ab_cd"); !strings.Contains(x.Logs(), "OSError: mod_wsgi client connection closed") || r.Outcome != wsgi.Exception {
		t.Errorf("%+v\n%s", r, x.Logs())
	}
	x = wsgitest.Exchange{FailAfter: 1, WriteError: errors.New("no space")}
	if r := get(t, script("body.wsgi"), &x, "/write_ab_cd"); !strings.Contains(x.Logs(), "OSError: mod_wsgi failed to write response data: no space") || r.Outcome != wsgi.Exception {
		t.Errorf("%+v\n%s", r, x.Logs())
	}
}

func TestStreaming(t *testing.T) {
	x := wsgitest.Exchange{Wrote: make(chan string, 10)}
	done := make(chan wsgi.Result)
	go func() { done <- get(t, script("body.wsgi"), &x, "/slow") }()
	if part := <-x.Wrote; part != "first" {
		t.Fatalf("%q came first", part)
	}
	select {
	case r := <-done:
		t.Fatalf("it ended without its second part: %+v", r)
	default:
	}
	s := script("body.wsgi")
	s.Callable = "open_gate"
	get(t, s, new(wsgitest.Exchange), "/")
	if part := <-x.Wrote; part != "second" {
		t.Errorf("%q came second", part)
	}
	if r := <-done; r.Outcome != wsgi.OK {
		t.Error(r, x.Logs())
	}
}

func TestFileWrapper(t *testing.T) {
	for _, c := range []struct{ uri, body, calls, length, log string }{
		{uri: "/", body: "0123456789", calls: "respond 0,sendfile 0 10", length: "10"},
		{uri: "/4", body: "456789", calls: "respond 0,sendfile 4 6", length: "6"},
		{uri: "/4?2", body: "45", calls: "respond 0,sendfile 4 2", length: "2"},
		{uri: "/4?20", body: "456789", calls: "respond 0,sendfile 4 6", length: "20"},
		{uri: "/10", body: "", calls: "respond 0 last", length: "0"},
		{uri: "/subclass", body: "789", calls: "respond 0,sendfile 7 3", length: "3"},
		{uri: "/buffer", body: "0123456789", calls: "*"},
		{uri: "/named", body: "0123456789", calls: "*"},
		{uri: "/pipe", body: "through a pipe", calls: "*"},
		{uri: "/text", log: "TypeError: file wrapper read() must return bytes, not str"},
		{uri: "/negative", log: "ValueError: blksize must not be negative"},
	} {
		var x wsgitest.Exchange
		r := get(t, script("file.wsgi"), &x, c.uri)
		if (r.Outcome == wsgi.OK) != (c.log == "") || x.Body.String() != c.body || !sameCalls(x.Calls, c.calls) || x.Header("Content-Length") != c.length || !strings.Contains(x.Logs(), c.log) {
			t.Errorf("%s: %+v %q %q %q\n%s", c.uri, r, x.Body.String(), x.Calls, x.Headers, x.Logs())
		}
		if r.Short != (c.uri == "/4?20") {
			t.Errorf("%s: short is %t", c.uri, r.Short)
		}
	}
	if got := text(t, "file.wsgi", "/closed"); got != "named" {
		t.Errorf("closed %q", got)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ code, want, logs string }{
		{code: "errors.write('one\\ntwo\\nthr'); errors.write('ee')", logs: "3  one|3  two|3  three"},
		{code: "errors.writelines(['a', 'b\\n', 'c'])", logs: "3  ab|3  c"},
		{code: "errors.write('a'); errors.flush(); errors.write('b')", logs: "3  a|3  b"},
		{code: "print('printed', 'twice'); print('e\u00e9\\ud800', file=sys.stderr); print('x', file=errors)", logs: "3  printed twice|3  e\u00e9?|3  x"},
		{code: "sys.stdout.write('no newline')", logs: "3  no newline"},
		{code: "errors.buffer.write(b'by\\xfftes'); errors.buffer.write(bytearray(b'!'))", logs: "3  by\xfftes!"},
		{code: "errors.write(b'x')", want: "TypeError: write() argument must be str, not bytes"},
		{code: "errors.fileno()", want: "OSError: wsgi.errors has no file descriptor"},
		{code: "sys.stderr.fileno()", want: "OSError: <stderr> has no file descriptor"},
		{code: "assert not errors.isatty() and isinstance(errors, io.TextIOBase) and errors.encoding == 'utf-8'"},
		{code: "assert isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty() and sys.stderr.encoding == 'utf-8'"},
		{code: "errors.write('\\n\\n')", logs: "3  |3  "},
		{code: "print('L' * 9000)", logs: "3  " + strings.Repeat("L", 8192) + "|3  " + strings.Repeat("L", 808)},
		{code: "logging.getLogger('x').warning('from logging')", logs: "3  from logging"},
		{code: "import mod_wsgi; l = logging.getLogger('y'); l.propagate = False; l.handlers = [mod_wsgi.LogHandler()]; l.setLevel(1); l.critical('c'); l.error('e'); l.warning('w'); l.info('i'); l.debug('d')",
			logs: "2  c|3  e|4  w|6  i|7  d"},
		{code: "kept.append(errors)"},
		{code: "kept[0].write('late')", want: "RuntimeError: write() called on wsgi.errors after request completed"},
		{code: "kept[0].flush()", want: "RuntimeError: flush() called on wsgi.errors after request completed"},
	} {
		var x wsgitest.Exchange
		var f wsgi.Form
		wsgitest.Fill(&f, 0, "GET", "/")
		f.Set(wsgi.QueryString, latin1(c.code))
		r := engine.Run(&wsgi.Call{Script: script("errors.wsgi"), Form: &f, BodyEnd: true, Exchange: &x})
		want := c.want
		if want == "" {
			want = "no exception"
		}
		logs := strings.ReplaceAll(x.Logs(), "\n", "|")
		if i := strings.Index(logs, "errors.wsgi' into main interpreter in embedded mode."); i >= 0 {
			logs = strings.TrimPrefix(logs[i+len("errors.wsgi' into main interpreter in embedded mode."):], "|")
		}
		if r.Outcome != wsgi.OK || x.Body.String() != want || logs != c.logs {
			t.Errorf("%s: %s\n%q, want\n%q", c.code, x.Body.String(), logs, c.logs)
		}
	}
	// A thread of the application's own has no request: the server's log gets it.
	text(t, "errors.wsgi", "/?t=threading.Thread(target=lambda:print('from\\ta\\tthread'));t.start();t.join()")
	if !log.Wait("3  from\ta\tthread") {
		t.Error("the server's log has not\n", log.Text())
	}
}

// latin1 makes the bytes of a str of code points below 256.
func latin1(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func TestPanickingExchange(t *testing.T) {
	x := wsgitest.Exchange{Panic: true}
	r := get(t, script("body.wsgi"), &x, "/generator")
	if r.Outcome != wsgi.ClientGone || !strings.Contains(x.Logs(), "internal error: exchange broken on purpose") {
		t.Errorf("%+v %s", r, x.Logs())
	}
	if got := text(t, "hello.wsgi", "/"); got != "Hello World!\n" {
		t.Errorf("then: %q", got)
	}
}

func TestScripts(t *testing.T) {
	var x wsgitest.Exchange
	s := script("hello.wsgi")
	s.Callable = "other"
	if r := get(t, s, &x, "/"); r.Outcome != wsgi.NoCallable || !strings.Contains(x.Logs(), "3 WSGI0089 Target WSGI script '"+s.Path+"' does not contain WSGI application 'other'.") {
		t.Errorf("%+v %s", r, x.Logs())
	}
	x = wsgitest.Exchange{}
	if r := get(t, script("missing.wsgi"), &x, "/"); r.Outcome != wsgi.NoScript || !strings.Contains(x.Logs(), "3 WSGI0135 ") {
		t.Errorf("%+v %s", r, x.Logs())
	}
	for range 2 {
		x = wsgitest.Exchange{}
		if r := get(t, script("broken.wsgi"), &x, "/"); r.Outcome != wsgi.LoadFailed || !strings.Contains(x.Logs(), "3 WSGI0105 ") || !strings.Contains(x.Logs(), "SyntaxError: ") {
			t.Errorf("%+v %s", r, x.Logs())
		}
		x = wsgitest.Exchange{}
		if r := get(t, script("raises.wsgi"), &x, "/"); r.Outcome != wsgi.LoadFailed || !strings.Contains(x.Logs(), "3 WSGI0109 ") ||
			!strings.Contains(x.Logs(), "3 WSGI0174 LookupError exception raised") || !strings.Contains(x.Logs(), "in inner") || strings.Contains(x.Logs(), "<mod_wsgi>") {
			t.Errorf("%+v %s", r, x.Logs())
		}
	}
}

func TestReloading(t *testing.T) {
	file := t.TempDir() + "/app.wsgi"
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	app := "def application(e, s):\n    s('200 OK', [])\n    return [b'%s', __name__.encode(), b' ', __file__.encode(), b' ', str(__mtime__).encode()]\n"
	write(fmt.Sprintf(app, "one "))
	run := func(reload wsgi.Reload, mtime int64) (string, string, wsgi.Outcome) {
		var x wsgitest.Exchange
		r := get(t, wsgi.Script{Path: file, Callable: "application", Reload: reload, Mtime: mtime}, &x, "/")
		return x.Body.String(), x.Logs(), r.Outcome
	}
	body, logs, _ := run(wsgi.ReloadModule, 1000)
	if want := "one " + wsgi.ModuleName(file) + " " + file + " 1000"; body != want || !strings.Contains(logs, "6  Loading WSGI script '"+file+"' into main interpreter in embedded mode.") {
		t.Errorf("%s, want %s\n%s", body, want, logs)
	}
	write(fmt.Sprintf(app, "two "))
	if body, logs, _ := run(wsgi.ReloadOff, 2000); !strings.HasPrefix(body, "one") || logs != "" {
		t.Error(body, logs)
	}
	if _, logs, o := run(wsgi.ReloadProcess, 2000); o != wsgi.Restart || logs != "" {
		t.Error(o, logs)
	}
	if body, logs, _ := run(wsgi.ReloadModule, 500); !strings.HasPrefix(body, "two") || !strings.Contains(logs, "6  Reloading WSGI script '"+file+"' into main interpreter in embedded mode.") {
		t.Error(body, logs)
	}
	write("raise SystemExit")
	if _, logs, o := run(wsgi.ReloadModule, 3000); o != wsgi.LoadFailed || !strings.Contains(logs, "WSGI0175") {
		t.Error(o, logs)
	}
	write(fmt.Sprintf(app, "three ") + "def reload_required(path):\n    if path[-1] == 'i':\n        raise ValueError('asked')\n")
	for range 2 {
		if body, _, o := run(wsgi.ReloadModule, 4000); o != wsgi.OK || !strings.HasPrefix(body, "three") {
			t.Error(o, body)
		}
	}
	if body, logs, _ := run(wsgi.ReloadModule, 4000); !strings.HasPrefix(body, "three") || !strings.Contains(logs, "ValueError: asked") || strings.Contains(logs, "Reloading WSGI") {
		t.Error(body, logs)
	}
	write(fmt.Sprintf(app, "four ") + "def reload_required(path):\n    return True\n")
	run(wsgi.ReloadModule, 5000)
	if body, logs, _ := run(wsgi.ReloadModule, 5000); !strings.HasPrefix(body, "four") || !strings.Contains(logs, "Reloading") {
		t.Error(body, logs)
	}
}

func TestPreload(t *testing.T) {
	file := t.TempDir() + "/preloaded.wsgi"
	if err := os.WriteFile(file, []byte("import threading\nmain = threading.current_thread() is threading.main_thread()\n"+
		"def application(e, s):\n    s('200 OK', [])\n    return [str(main).encode()]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if !engine.Preload(file, "preload") || !log.Wait("Loading WSGI script '"+file+"' into sub-interpreter 'preload'") {
		t.Error(log.Text())
	}
	var x wsgitest.Exchange
	if get(t, wsgi.Script{Path: file, Callable: "application", Group: "preload", Reload: wsgi.ReloadModule}, &x, "/"); x.Body.String() != "True" || x.Logs() != "" {
		t.Error(x.Body.String(), x.Logs())
	}
	if engine.Preload(script("raises.wsgi").Path, "") || !log.Wait("LookupError: when loaded") {
		t.Error(log.Text())
	}
}

func TestModules(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"mod_wsgi.version", "(6, 0, 5)"},
		{"(mod_wsgi.process_group,mod_wsgi.application_group)", "('', '')"},
		{"(mod_wsgi.maximum_processes,mod_wsgi.threads_per_process)", "(0, 8)"},
		{"issubclass(mod_wsgi.RequestTimeout,BaseException)and not issubclass(mod_wsgi.RequestTimeout,Exception)", "True"},
		{"environ['wsgi.file_wrapper']is(mod_wsgi.FileWrapper)", "True"},
		{"(apache.version,apache.description,apache.mpm_name,apache.maximum_processes,apache.threads_per_process)", "((2, 4, 71), 'Apache/2.4.71 (httpd-wsgi)', 'event', 2, 8)"},
		{"sys.argv", "['mod_wsgi']"},
		{"mod_wsgi.request_data()is(mod_wsgi.request_data())", "True"},
		{"mod_wsgi.active_requests==({environ['mod_wsgi.request_id']:mod_wsgi.request_data()})", "True"},
		{"mod_wsgi.subscribe_shutdown(len)is(len)", "True"},
		{"mod_wsgi.process_metrics()", "None"},
		{"mod_wsgi.nothing", `"AttributeError: module 'mod_wsgi' has no attribute 'nothing'"`},
		{"signal.signal(signal.SIGTERM,len)is(len)", "True"},
		{"__name__==('_mod_wsgi_'+__import__('hashlib').md5(__file__.encode()).hexdigest())", "True"},
		{"sys.modules[__name__].application.__module__==(__name__)", "True"},
		{"threading.current_thread().name!=('MainThread')", "True"},
		{"__import__('subprocess').run(['sh','-c','echo$PPID'.replace('o$','o\\x20$')],capture_output=True).stdout.strip().isdigit()", "True"},
	} {
		if got := text(t, "module.wsgi", "/?"+c.expr); got != c.want {
			t.Errorf("%s: %s, want %s", c.expr, got, c.want)
		}
	}
	var x wsgitest.Exchange
	get(t, script("module.wsgi"), &x, "/?signal.signal(signal.SIGTERM,len)")
	if !strings.Contains(x.Logs(), "6  Ignoring Python signal handler registration for signal 15 in WSGI process; mod_wsgi manages signals.\n6    File \"") {
		t.Error(x.Logs())
	}
}

func TestForkedChild(t *testing.T) {
	// A child that Python forks has no Go: it can print, it is ended by signals, and its input has ended.
	got := text(t, "module.wsgi", "/?[(os.kill(p,15),os.waitpid(p,0)[1])for(p)in[os.fork()or[print('child'),__import__('time').sleep(60)]]][0]")
	if got != "(None, 15)" {
		t.Error(got)
	}
}

func TestThreadState(t *testing.T) {
	// threading.local lives as long as the thread, and there are no more threads than were asked for.
	// (The first round may end with other threads than it began with: those of Go's that ran short requests make room for the engine's.)
	for _, group := range []string{"warm", "", "locals"} {
		s := script("module.wsgi")
		s.Group = group
		var mu sync.Mutex
		seen, total := map[string]int{}, 0
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 50 {
					var x wsgitest.Exchange
					get(t, s, &x, "/?count()+(__import__('time').sleep(0.0005),)")
					var id, n int
					if _, err := fmt.Sscanf(x.Body.String(), "(%d, %d, None)", &id, &n); err != nil {
						t.Error(x.Body.String(), x.Logs())
						return
					}
					mu.Lock()
					seen[fmt.Sprint(id)] = max(seen[fmt.Sprint(id)], n)
					total++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		sum := 0
		for _, n := range seen {
			sum += n
		}
		if group != "warm" && (len(seen) > 8 || sum != total) {
			t.Errorf("group %q: %d requests, counted %v", group, total, seen)
		}
		t.Logf("group %q: %d threads: %v", group, len(seen), seen)
	}
}

// TestAllThreads needs every one of the threads at once, after requests that were run on the goroutines' own.
func TestAllThreads(t *testing.T) {
	for range 3 {
		for range 300 {
			text(t, "hello.wsgi", "/")
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if got := text(t, "module.wsgi", "/?barrier.wait(30)>=0"); got != "True" {
					t.Error(got)
				}
			})
		}
		wg.Wait()
	}
}

func TestGroups(t *testing.T) {
	for _, group := range []string{"", "one", "two"} {
		s := script("module.wsgi")
		s.Group = group
		var x wsgitest.Exchange
		get(t, s, &x, "/?(mod_wsgi.application_group,sys.modules.setdefault('mine',mod_wsgi.application_group))")
		if want := fmt.Sprintf("(%s, %[1]s)", pyRepr(group)); x.Body.String() != want {
			t.Errorf("%s, want %s", x.Body.String(), want)
		}
	}
}

func pyRepr(s string) string { return "'" + s + "'" }

func TestEvents(t *testing.T) {
	s := script("events.wsgi")
	s.Group = "events"
	var x wsgitest.Exchange
	get(t, s, &x, "/")
	if x.Body.String() == "" { // the first request finds nobody subscribed before its script is loaded
		t.Error(x.Logs())
	}
	x = wsgitest.Exchange{}
	get(t, s, &x, "/")
	if x.Body.String() != "yes request_started Zz8AAAAAAAAAAAAAAAAAAAA" {
		t.Error(x.Body.String(), x.Logs())
	}
	x = wsgitest.Exchange{}
	get(t, s, &x, "/raise")
	x = wsgitest.Exchange{}
	get(t, s, &x, "/seen")
	for _, want := range []string{
		"('request_started', ['application_object', 'application_start', 'callable_object', 'daemon_connects', 'daemon_restarts', 'daemon_start', 'queue_start', 'request_data', 'request_environ', 'request_id', 'request_start', 'server_pid', 'thread_id'])",
		"('response_started', ['exception_info', 'request_data', 'request_id', 'response_headers', 'response_status'])",
		"('request_exception', ['exception_info', 'request_data', 'request_id']), 'KeyError'",
		"(200, 43, ['request_started', 'response_started', 'request_finished'])",
		"(500, 0, ['request_started', 'request_exception', 'request_finished'])",
		"'request_finished', ['application_finish', 'application_start', 'application_time', 'cpu_system_time', 'cpu_time', 'cpu_user_time', 'daemon_start', 'input_length', 'input_reads', 'output_length', 'output_writes',",
	} {
		if !strings.Contains(x.Body.String(), want) {
			t.Errorf("no %s in\n%s", want, x.Body.String())
		}
	}
}

func TestValidator(t *testing.T) {
	for _, c := range []struct{ uri, body, want string }{
		{"/plain", "", "<>"},
		{"/read", "abcdefg\nhi\n", "<abcdefg\nh>"},
		{"/lines", "a\nb\nc", "<a\nb\nc>"},
		{"/write", "", "written and iterated"},
	} {
		x := wsgitest.Exchange{Input: strings.NewReader(c.body)}
		r := get(t, script("validate.wsgi"), &x, c.uri)
		if r.Outcome != wsgi.OK || x.Body.String() != c.want || !strings.HasSuffix(x.Logs(), "3  one\n3  two") {
			t.Errorf("%s: %+v %q\n%s", c.uri, r, x.Body.String(), x.Logs())
		}
	}
}

func TestFunctions(t *testing.T) {
	call := func(name string, form bool, args ...string) (wsgi.Value, wsgi.Outcome, string) {
		s := script("hooks.wsgi")
		s.Callable = name
		f := &wsgi.Function{Script: s, Args: args}
		var x wsgitest.Exchange
		f.Exchange = &x
		if form {
			f.Form = new(wsgi.Form)
			wsgitest.Fill(f.Form, 0, "GET", "/")
		}
		v, o := engine.Call(f)
		return v, o, x.Logs()
	}
	for password, want := range map[string]wsgi.ValueKind{"yes": wsgi.True, "no": wsgi.False, "none": wsgi.None, "name": wsgi.String, "number": wsgi.Other} {
		if v, o, logs := call("check_password", true, "me", password); o != wsgi.OK || v.Kind != want {
			t.Error(password, v, o, logs)
		}
	}
	if v, o, logs := call("check_password", true, "m\xe9", "else"); o != wsgi.OK || !slices.Equal(v.Strings, []string{"m\xe9 GET"}) {
		t.Error(v, o, logs)
	}
	if v, o, logs := call("groups_for_user", true, "me"); o != wsgi.OK || v.Kind != wsgi.List || !slices.Equal(v.Strings, []string{"one", "two", "me"}) {
		t.Error(v, o, logs)
	}
	if v, o, logs := call("groups_for_user", true, "raise"); o != wsgi.Exception || !strings.Contains(logs, "RuntimeError: no groups") {
		t.Error(v, o, logs)
	}
	if v, o, logs := call("none_such", true); o != wsgi.NoCallable || strings.Contains(logs, "WSGI0089") {
		t.Error(v, o, logs)
	}
	if v, _, _ := call("keys", true); slices.Contains(v.Strings, "wsgi.input") || !slices.Contains(v.Strings, "wsgi.errors") || !slices.Contains(v.Strings, "mod_wsgi.version") {
		t.Error(v)
	}
	if _, o, logs := call("check_password", false, "a"); o != wsgi.Exception || !strings.Contains(logs, "TypeError") {
		t.Error(o, logs)
	}
}

func TestInterrupt(t *testing.T) {
	for _, uri := range []string{"/", "/later"} {
		x := wsgitest.Exchange{Wrote: make(chan string, 10)}
		var f wsgi.Form
		wsgitest.Fill(&f, wsgi.Multithread, "GET", uri)
		call := &wsgi.Call{Script: script("timeout.wsgi"), Form: &f, BodyEnd: true, Exchange: &x}
		done := make(chan wsgi.Result)
		go func() { done <- engine.Run(call) }()
		if uri == "/later" {
			<-x.Wrote
		} else {
			for !strings.Contains(x.Logs(), "begun") {
				runtime.Gosched()
			}
			if !engine.LogStacks(10*time.Second) || !log.Wait("in busy") {
				t.Error("no stacks", log.Text())
			}
		}
		call.Interrupt()
		r := <-done
		if r.Outcome != wsgi.Timeout || r.Responded != (uri == "/later") || !strings.Contains(x.Logs(), "RequestTimeout exception raised") {
			t.Errorf("%s: %+v\n%s", uri, r, x.Logs())
		}
	}
	if got := text(t, "timeout.wsgi", "/caught"); got != "['RequestTimeout', 'RequestTimeout']" {
		t.Error(got)
	}
	if !engine.Responsive(10 * time.Second) {
		t.Error("not responsive")
	}
}

func TestMalformedForms(t *testing.T) {
	var f wsgi.Form
	wsgitest.Fill(&f, 0, "GET", "/")
	f.SetNamed("NAME", "value")
	good := bytes.Clone(f.Bytes([]byte("body"), true))
	for _, raw := range [][]byte{{}, good[:len(good)-1], append(bytes.Clone(good), 0), good[:20], bytes.Repeat([]byte{0xff}, 100)} {
		if r := engine.Run(&wsgi.Call{Script: script("hello.wsgi"), Raw: append([]byte{}, raw...), Exchange: new(wsgitest.Exchange)}); r.Outcome != wsgi.BadForm {
			t.Errorf("%d bytes: %+v", len(raw), r)
		}
	}
	if r := engine.Run(&wsgi.Call{Script: script("hello.wsgi"), Raw: good, Exchange: new(wsgitest.Exchange)}); r.Outcome != wsgi.OK {
		t.Error(r)
	}
}

func TestParallel(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			for j := range 10 {
				switch (i + j) % 6 {
				case 0:
					text(t, "hello.wsgi", "/")
				case 1:
					if got := text(t, "body.wsgi", "/generator"); got != "onetwothree" {
						t.Error(got)
					}
				case 2:
					x := wsgitest.Exchange{Input: strings.NewReader("abcdefg\nhi\n")}
					if r := get(t, script("validate.wsgi"), &x, "/read"); r.Outcome != wsgi.OK || x.Body.String() != "<abcdefg\nh>" {
						t.Error(r, x.Body.String(), x.Logs())
					}
				case 3:
					s := script("module.wsgi")
					s.Group = fmt.Sprint("parallel", j%3)
					var x wsgitest.Exchange
					if get(t, s, &x, "/?mod_wsgi.application_group"); x.Body.String() != pyRepr(s.Group) {
						t.Error(x.Body.String(), x.Logs())
					}
				case 4:
					var x wsgitest.Exchange
					marker := fmt.Sprintf("marker-%d-%d", i, j)
					get(t, script("errors.wsgi"), &x, "/?print('"+marker+"')")
					if !strings.HasSuffix(x.Logs(), "3  "+marker) {
						t.Errorf("%s: %s", marker, x.Logs())
					}
				case 5:
					if got := text(t, "file.wsgi", "/4"); got != "456789" {
						t.Error(got)
					}
				}
			}
		})
	}
	wg.Wait()
}
