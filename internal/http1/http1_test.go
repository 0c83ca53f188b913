package http1

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

const tenFields = "GET /index.html?q=1 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n" +
	"DNT: 1\r\nConnection: keep-alive\r\nCookie: sessionid=0123456789abcdef; csrftoken=fedcba9876543210\r\nUpgrade-Insecure-Requests: 1\r\nCache-Control: max-age=0\r\n\r\n"

// repeat is a connection on which the same request comes again and again.
type repeat struct {
	data string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.data[r.at:])
	if r.at += n; r.at == len(r.data) {
		r.at = 0
	}
	return n, nil
}

func BenchmarkReadHead(b *testing.B) {
	for name, data := range map[string]string{"ten": tenFields, "wrk": "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"} {
		b.Run(name, func(b *testing.B) {
			var r Reader
			var h Head
			r.Reset(&repeat{data: data})
			o := &Options{Limits: DefaultLimits}
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := r.ReadHead(&h, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReadChunked(b *testing.B) {
	data := "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("400\r\n"+strings.Repeat("x", 1024)+"\r\n", 64) + LastChunk
	var r Reader
	var h Head
	var body Body
	r.Reset(&repeat{data: data})
	o := &Options{Limits: DefaultLimits}
	b.ReportAllocs()
	b.SetBytes(64 << 10)
	for b.Loop() {
		if err := r.ReadHead(&h, o); err != nil {
			b.Fatal(err)
		}
		body.Reset(&r, &h, o)
		if err := body.Discard(1 << 20); err != nil {
			b.Fatal(err)
		}
	}
}

func TestHeadAllocatesOnce(t *testing.T) {
	var r Reader
	var h Head
	r.Reset(&repeat{data: tenFields})
	o := &Options{Limits: DefaultLimits}
	n := testing.AllocsPerRun(100, func() {
		if err := r.ReadHead(&h, o); err != nil {
			t.Fatal(err)
		}
	})
	if n > 1 {
		t.Errorf("%v allocations a head, want 1", n)
	}
}

// TestHeadStringsLast reads one head after the other and expects the strings of the first to be its own.
func TestHeadStringsLast(t *testing.T) {
	var r Reader
	r.Reset(strings.NewReader(tenFields + strings.ReplaceAll(tenFields, "e", "x")))
	o := &Options{Limits: DefaultLimits}
	var first, second Head
	if err := r.ReadHead(&first, o); err != nil {
		t.Fatal(err)
	}
	method, target, path, query, text := first.Method, first.Target, first.URI.Path, first.URI.Query, first.Text
	fields := append([]Field(nil), first.Fields...)
	r.ReadHead(&second, o)
	if method != "GET" || target != "/index.html?q=1" || path != "/index.html" || query != "q=1" || text != "GET /index.html?q=1 HTTP/1.1" {
		t.Errorf("request line became %q %q %q %q %q", text, method, target, path, query)
	}
	if len(fields) != 10 || fields[9] != (Field{"Cache-Control", "max-age=0"}) {
		t.Errorf("fields became %q", fields)
	}
}

func TestBodyLimit(t *testing.T) {
	for _, tt := range []struct {
		framing, body string
		limit         int64
		want, code    string
	}{
		{"Content-Length: 5", "hello", 5, "hello", ""},
		{"Content-Length: 6", "hello!", 5, "", "AH01588"},
		{"Transfer-Encoding: chunked", "5\r\nhello\r\n" + LastChunk, 5, "hello", ""},
		{"Transfer-Encoding: chunked", "5\r\nhello\r\n1\r\n!\r\n" + LastChunk, 5, "", "AH01591"},
	} {
		var r Reader
		var h Head
		var b Body
		r.Reset(strings.NewReader("POST / HTTP/1.1\r\nHost: h\r\n" + tt.framing + "\r\n\r\n" + tt.body))
		o := &Options{Limits: DefaultLimits}
		if err := r.ReadHead(&h, o); err != nil {
			t.Fatal(err)
		}
		b.Reset(&r, &h, o)
		b.SetLimit(tt.limit)
		got, err := io.ReadAll(&b)
		var e *Error
		switch {
		case tt.code == "" && (err != nil || string(got) != tt.want || !b.AtEnd()):
			t.Errorf("%s, limit %d: %q, %v", tt.framing, tt.limit, got, err)
		case tt.code != "" && (!errors.As(err, &e) || e.Status != 413 || e.Log[0].Code != tt.code):
			t.Errorf("%s, limit %d: %v, want 413 %s", tt.framing, tt.limit, err, tt.code)
		}
	}
}

func TestDiscard(t *testing.T) {
	var r Reader
	var h Head
	var b Body
	o := &Options{Limits: DefaultLimits}
	r.Reset(strings.NewReader("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000) + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"))
	if err := r.ReadHead(&h, o); err != nil {
		t.Fatal(err)
	}
	b.Reset(&r, &h, o)
	if err := b.Discard(50000); err != errTooMuch {
		t.Errorf("beyond the limit: %v", err)
	}
	if err := b.Discard(1 << 20); err != nil || !b.AtEnd() || b.Count() != 100000 {
		t.Errorf("%v after %d bytes", err, b.Count())
	}
	if err := r.ReadHead(&h, o); err != nil || h.URI.Path != "/next" {
		t.Errorf("next request: %q %v", h.URI.Path, err)
	}
}

type timeout struct{}

func (timeout) Error() string { return "i/o timeout" }
func (timeout) Timeout() bool { return true }

func TestTimeouts(t *testing.T) {
	for _, tt := range []struct {
		in     string
		status int
	}{
		{"", 0}, {"GET", 0}, {"GET / HTTP/1.1\r\n", 408}, {"GET / HTTP/1.1\r\nHost", 408},
	} {
		var r Reader
		var h Head
		r.Reset(io.MultiReader(strings.NewReader(tt.in), iotest.ErrReader(timeout{})))
		var e *Error
		if err := r.ReadHead(&h, &Options{Limits: DefaultLimits}); !errors.As(err, &e) || e.Status != tt.status {
			t.Errorf("%q then time-out: %v, want %d", tt.in, err, tt.status)
		}
	}
}

func TestContent(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			b := bytes.Repeat([]byte{'\t', 'x', 0xff}, 7)[:20]
			b[at] = byte(c)
			if got, want := content(b), prefix(b, classContent); got != want {
				t.Fatalf("byte %#x at %d: %d, want %d", c, at, got, want)
			}
		}
	}
}

func TestAppendChunkHead(t *testing.T) {
	for n, want := range map[int]string{1: "1\r\n", 15: "f\r\n", 16: "10\r\n", 255: "ff\r\n", 4096: "1000\r\n", 0x7fffffff: "7fffffff\r\n"} {
		if got := string(AppendChunkHead(nil, n)); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestCheckField(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        FieldFault
		unfolded    string
	}{
		{"X-A", "b", FieldOK, "b"}, {"X-A", "", FieldOK, ""}, {"", "b", FieldNameEmpty, ""}, {"X A", "b", FieldNameInvalid, ""},
		{"X:", "b", FieldNameInvalid, ""}, {"X-A", "caf\xe9\tx", FieldOK, "caf\xe9\tx"}, {"X-A", "a\nb", FieldValueInvalid, ""},
		{"X-A", "a\r\nSet-Cookie: b", FieldValueInvalid, ""}, {"X-A", "a\r\n b\r\n\t c", FieldOK, "a b c"}, {"X-A", "a\r\n", FieldValueInvalid, ""},
		{"X-A", "a\x00b", FieldValueInvalid, ""},
	} {
		if got := CheckField(tt.name, tt.value, false); got != tt.want {
			t.Errorf("%q: %q is %d, want %d", tt.name, tt.value, got, tt.want)
		} else if got == FieldOK && Unfold(tt.value) != tt.unfolded {
			t.Errorf("%q unfolds to %q, want %q", tt.value, Unfold(tt.value), tt.unfolded)
		}
	}
}

// pieces hands data out in pieces of the sizes that cuts give.
type pieces struct {
	data []byte
	cuts []byte
	i    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.data) == 0 {
		return 0, io.EOF
	}
	n := 1
	if len(p.cuts) > 0 {
		n += int(p.cuts[p.i%len(p.cuts)])
		p.i++
	}
	n = copy(b, p.data[:min(n, len(p.data))])
	p.data = p.data[n:]
	return n, nil
}

// FuzzRequests reads any bytes as requests and expects no panic, the same answers however the bytes arrive, and heads
// that hold to their own rules.
func FuzzRequests(f *testing.F) {
	for _, file := range corpusFiles(f) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 4096 {
			f.Add(data, []byte{0, 3, 17}, false)
		}
	}
	f.Fuzz(func(t *testing.T, data, cuts []byte, unsafe bool) {
		o := &Options{Limits: Limits{Line: 200, Fields: 10, FieldSize: 100}, Unsafe: unsafe}
		s1, l1, e1, _ := play(bytes.NewReader(data), o)
		s2, l2, e2, _ := play(&pieces{data: data, cuts: cuts}, o)
		if strings.Join(s1, " ") != strings.Join(s2, " ") || strings.Join(l1, "\n") != strings.Join(l2, "\n") || strings.Join(e1, "\n") != strings.Join(e2, "\n") {
			t.Errorf("whole: %q %q %q\nin pieces: %q %q %q", s1, l1, e1, s2, l2, e2)
		}
		var r Reader
		var h Head
		r.Reset(bytes.NewReader(data))
		if r.ReadHead(&h, o) != nil {
			return
		}
		if h.Method == "" || h.Target == "" || h.URI.Path == "" || len(h.Fields) > 10 || strings.ContainsAny(h.Text, "\r\n\x00") {
			t.Errorf("head %+v", h)
		}
		for _, f := range h.Fields {
			if !unsafe && (!IsToken(f.Name) || !IsContent(f.Value)) || strings.ContainsAny(f.Name+f.Value, "\r\n\x00") {
				t.Errorf("field %q", f)
			}
		}
		if h.Chunked && h.ContentLength >= 0 {
			t.Error("two framings")
		}
	})
}

// FuzzChunked reads any bytes as a chunked body: no panic, the same however they arrive, and what was read is what
// would be written.
func FuzzChunked(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\n\r\n"), []byte{2}, false)
	f.Add([]byte("5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\nrest"), []byte{}, false)
	f.Add([]byte("5\nhello\n0\n\n"), []byte{1, 9}, true)
	f.Add([]byte("ffffffffffffffff\r\n"), []byte{1}, true)
	f.Fuzz(func(t *testing.T, data, cuts []byte, unsafe bool) {
		o := &Options{Limits: DefaultLimits, Unsafe: unsafe}
		read := func(in io.Reader) ([]byte, error, int) {
			var r Reader
			r.Reset(in)
			var b Body
			b.Reset(&r, &Head{Chunked: true, ContentLength: -1}, o)
			got, err := io.ReadAll(&b)
			rest, _ := io.ReadAll(&r)
			if err != nil {
				return got, err, 0
			}
			return got, nil, len(rest)
		}
		got, err, rest := read(bytes.NewReader(data))
		got2, err2, rest2 := read(&pieces{data: data, cuts: cuts})
		if !bytes.Equal(got, got2) || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() || rest != rest2 {
			t.Errorf("whole %q %v %d, in pieces %q %v %d", got, err, rest, got2, err2, rest2)
		}
		if err != nil || len(got) == 0 {
			return
		}
		again, err, _ := read(strings.NewReader(string(AppendChunkHead(nil, len(got))) + string(got) + "\r\n" + LastChunk))
		if err != nil || !bytes.Equal(again, got) {
			t.Errorf("%q written and read is %q, %v", got, again, err)
		}
	})
}
