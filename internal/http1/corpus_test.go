package http1

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// differs lists the files on which this package answers otherwise than Apache does, and the answer.
var differs = map[string]string{
	"line-limit-no-end": "414", // Apache waits for the line's end before it answers

	// What the path means is the server's to judge.
	"line-percent-bad":   "200",
	"line-percent-nul":   "200",
	"line-percent-slash": "200",
	"line-dots":          "200",
	"absolute-dots":      "200",

	// So is Expect.
	"expect-list":  "200",
	"expect-other": "200",
}

// play serves the requests of input one after the other as a server would, with an echo of each, and returns what it
// answers: statuses, log lines, echoes, and the error page's note.
func play(input io.Reader, o *Options) (statuses, log, echoes []string, note string) {
	var r Reader
	var h Head
	var b Body
	r.Reset(input)
	defer r.Release()
	fail := func(err error) {
		var e *Error
		if !errors.As(err, &e) {
			panic(fmt.Sprintf("error of another kind: %v", err))
		}
		for _, l := range e.Log {
			source := "core"
			if l.Source == SourceHTTP {
				source = "http"
			}
			severity := "info"
			if l.Severity == SeverityDebug {
				severity = "debug"
			}
			log = append(log, source+":"+severity+" "+l.Code+": "+l.Text)
		}
		note = e.Note
		if e.Status != 0 {
			statuses = append(statuses, strconv.Itoa(e.Status))
			echoes = append(echoes, "")
		}
	}
	for {
		if r.Await() != nil {
			return
		}
		if err := r.ReadHead(&h, o); err != nil {
			fail(err)
			return
		}
		if h.ReplacedHost != "" {
			host, _ := h.Host()
			log = append(log, "core:debug AH02417: Replacing host header '"+h.ReplacedHost+"' with host '"+host+"' given in the request uri")
		}
		b.Reset(&r, &h, o)
		b.SetLimit(1 << 30)
		if FoldEqual(h.Expect(), "100-continue") && !b.Empty() && h.Proto >= 1001 {
			statuses = append(statuses, "100")
		}
		body, err := io.ReadAll(&b)
		if err != nil {
			fail(err)
			return
		}
		status := "200"
		if h.Proto < 1000 {
			status = "0.9"
		}
		statuses = append(statuses, status)
		echoes = append(echoes, echo(&h, body))
		connection := strings.ToLower(h.Connection())
		if h.Close || strings.Contains(connection, "close") && !strings.Contains(connection, "closed") || h.Proto < 1001 {
			return
		}
	}
}

// echo is what the echo program prints.
func echo(h *Head, body []byte) string {
	if h.Method == "HEAD" || h.URI.Path == "*" {
		return ""
	}
	var b strings.Builder
	if h.Method == "TRACE" {
		b.WriteString(h.Text + "\r\n")
		for _, f := range h.Fields {
			b.WriteString(f.Name + ": " + f.Value + "\r\n")
		}
		return b.String() + "\r\n"
	}
	fmt.Fprintf(&b, "%s %s %s\n", h.Method, h.Target, h.Protocol)
	var env []string
next:
	for _, f := range h.Fields {
		name := []byte("HTTP_" + strings.ToUpper(f.Name))
		for i, c := range name[5:] {
			if c == '-' {
				name[5+i] = '_'
			} else if !is(c, classAlpha|classDigit) {
				continue next
			}
		}
		switch string(name) {
		case "HTTP_CONTENT_LENGTH":
			env = append(env, "CONTENT_LENGTH="+f.Value)
		case "HTTP_CONTENT_TYPE", "HTTP_AUTHORIZATION", "HTTP_PROXY":
		default:
			env = append(env, string(name)+"="+f.Value)
		}
	}
	name := h.Hostname
	if !h.HasHostname {
		name = "vhost.invalid"
	}
	env = append(env, "SERVER_NAME="+name)
	sort.Strings(env)
	for _, e := range env {
		b.WriteString(e[:min(len(e), 120)] + "\n")
	}
	fmt.Fprintf(&b, "body %x\n", sha256.Sum256(body))
	s := b.String()
	return s[:strings.LastIndex(s, "body ")+5+16] + "\n"
}

func variantOptions(name string) *Options {
	o := &Options{Limits: DefaultLimits}
	switch name {
	case "unsafe":
		o.Unsafe = true
	case "http10":
		o.Require10 = true
	case "registered":
		o.Registered = func(m string) bool {
			switch m {
			case "GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "CONNECT", "PROPFIND":
				return true
			}
			return false
		}
	}
	return o
}

// TestCorpus reads every file of the corpus and expects what Apache did, whole and byte by byte.
func TestCorpus(t *testing.T) {
	texts := 0
	for _, file := range corpusFiles(t) {
		input, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		w := readWant(t, strings.TrimSuffix(file, ".http")+".want")
		for _, v := range variants {
			o := variantOptions(v.name)
			statuses, log, echoes, note := play(bytes.NewReader(input), o)
			got, want := strings.Join(statuses, " "), w.status(v.name)
			if other, ok := differs[name]; ok && got == other {
				continue
			}
			if want == "403" { // of the file system: the name is too long
				want = "200"
			}
			if got != want {
				t.Errorf("%s, %s: answered %q, Apache %q\n%s", file, v.name, got, want, strings.Join(log, "\n"))
				continue
			}
			slowly, slowLog, _, _ := play(iotest.OneByteReader(bytes.NewReader(input)), o)
			if len(input) < 3000 && (strings.Join(slowly, " ") != got || strings.Join(slowLog, "\n") != strings.Join(log, "\n")) {
				t.Errorf("%s, %s: answered %q, byte by byte %q", file, v.name, got, slowly)
			}
			if v.name != "strict" || w.status("strict") == "403" || name == "field-size-no-end" { // that is waited for as well
				continue
			}
			if codes(log) != codes(w.log) {
				t.Errorf("%s: logged %q, Apache %q", file, log, w.log)
			}
			if strings.Join(log, "\n") == strings.Join(w.log, "\n") {
				texts++
			} else if testing.Verbose() {
				t.Logf("%s: logged %q\nApache %q", file, log, w.log)
			}
			if note != w.note {
				t.Errorf("%s: note %q, Apache %q", file, note, w.note)
			}
			if e := strings.Join(echoes, "--\n"); e != w.echo {
				t.Errorf("%s: echo\n%s\nApache\n%s", file, e, w.echo)
			}
		}
	}
	t.Logf("%d files have Apache's log lines to the letter", texts)
}

func codes(log []string) string {
	var b strings.Builder
	for _, l := range log {
		code, _, _ := strings.Cut(l, ": ")
		if !strings.Contains(code, "AH03155") { // of mod_http2's kin
			b.WriteString(code + " ")
		}
	}
	return b.String()
}
