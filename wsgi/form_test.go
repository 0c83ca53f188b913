package wsgi_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/wsgi"
	"httpd-wsgi/wsgi/cpython"
	"httpd-wsgi/wsgi/wsgitest"
)

func TestForm(t *testing.T) {
	var f wsgi.Form
	f.Reset(wsgi.Multithread)
	f.Times(time.Unix(1700000000, 250e6), time.Time{}, time.Time{})
	f.Set(wsgi.PathInfo, "/\xe9")
	f.SetBytes(wsgi.QueryString, []byte("a=b"))
	f.SetNamed("SSL_TLS_SNI", "host")
	f.SetNamed("", "nothing")
	f.SetNamed(strings.Repeat("x", 1<<16), "too long a name")
	f.SetHeader("accept-LANGUAGE", "de")
	f.SetHeader("X-Thing", "")
	f.SetHeader("Content-Type", "text/plain")
	b := f.Bytes([]byte("body"), true)
	if !bytes.Equal(b, f.Bytes(nil, false)) {
		t.Error("Bytes is not the same the second time")
	}
	var got []string
	flags, body, err := wsgi.ParseForm(b, func(k wsgi.Key, name, value []byte) {
		if k != 0 {
			name = []byte(k.String())
		}
		got = append(got, fmt.Sprintf("%s=%q", name, value))
	})
	want := `PATH_INFO="/\xe9" QUERY_STRING="a=b" SSL_TLS_SNI="host" HTTP_ACCEPT_LANGUAGE="de" HTTP_X_THING="" CONTENT_TYPE="text/plain"`
	if err != nil || flags != wsgi.Multithread|wsgi.BodyEnd || string(body) != "body" || strings.Join(got, " ") != want {
		t.Errorf("%v %x %q %s, want %s", err, flags, body, strings.Join(got, " "), want)
	}
	f.Reset(0)
	if _, body, err := wsgi.ParseForm(f.Bytes(nil, false), nil); err != nil || len(body) != 0 {
		t.Error(err, body)
	}
}

func TestRoom(t *testing.T) {
	var f wsgi.Form
	for _, n := range []int{0, 3, 5} {
		f.Reset(0)
		f.Set(wsgi.PathInfo, "/")
		p := f.Room(5)
		copy(p, "hello")
		_, body, err := wsgi.ParseForm(f.Bytes(p[:n], false), nil)
		if err != nil || string(body) != "hello"[:n] {
			t.Errorf("%d bytes of the room: %q %v", n, body, err)
		}
		if n > 0 && &body[0] != &p[0] {
			t.Errorf("%d bytes of the room were copied", n)
		}
	}
	f.Reset(0)
	f.Room(5)
	if _, body, err := wsgi.ParseForm(f.Bytes([]byte("elsewhere"), true), nil); err != nil || string(body) != "elsewhere" {
		t.Errorf("%q %v", body, err)
	}
}

func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for k := wsgi.Key(1); k.String() != ""; k++ {
		if seen[k.String()] {
			t.Errorf("%s twice", k)
		}
		seen[k.String()] = true
		if name, ok := strings.CutPrefix(k.String(), "HTTP_"); ok && wsgi.HeaderKey(strings.ReplaceAll(strings.ToLower(name), "_", "-")) != k {
			t.Errorf("%s is not the key of its header", k)
		}
	}
	if len(seen) != wsgi.NumKeys-1 {
		t.Errorf("%d keys have names, of %d", len(seen), wsgi.NumKeys-1)
	}
	for _, name := range []string{"", "Proxy", "X-Other", strings.Repeat("x", 100)} {
		if k := wsgi.HeaderKey(name); k != 0 {
			t.Errorf("%q has key %s", name, k)
		}
	}
}

// FuzzForm holds the two decoders to one opinion of what is well-formed.
func FuzzForm(f *testing.F) {
	var form wsgi.Form
	wsgitest.Fill(&form, wsgi.Multithread, "GET", "/a?b")
	form.SetNamed("NAME", "value")
	f.Add(bytes.Clone(form.Bytes([]byte("body"), true)))
	form.Reset(0)
	f.Add(bytes.Clone(form.Bytes(nil, false)))
	form.Reset(0)
	form.Set(wsgi.PathInfo, "")
	form.SetNamed("A", "")
	small := bytes.Clone(form.Bytes(nil, true))
	f.Add(small)
	for i := range small { // each byte changed, the end cut off with the length made right
		changed := bytes.Clone(small)
		changed[i] ^= 0xff
		f.Add(changed)
		cut := bytes.Clone(small[:i])
		if i >= 8 {
			cut[4] = byte(i)
		}
		f.Add(cut)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, err := wsgi.ParseForm(b, nil)
		if c := cpython.CheckForm(b); c != (err == nil) {
			t.Errorf("C: %t, Go: %v", c, err)
		}
		r := engine.Run(&wsgi.Call{Script: script("hello.wsgi"), Raw: append([]byte{}, b...), Exchange: new(wsgitest.Exchange)})
		if (r.Outcome == wsgi.BadForm) != (err != nil) {
			t.Errorf("%+v with %v", r, err)
		}
	})
}
