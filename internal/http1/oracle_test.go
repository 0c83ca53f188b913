package http1

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"httpd-wsgi/internal/testenv"
)

var record = flag.Bool("record", false, "rewrite testdata/*/*.want with what Apache answers")

// variants are the ways of the corpus through HttpProtocolOptions, each a virtual host of the recorded Apache.
var variants = []struct{ name, directives string }{
	{"strict", "HttpProtocolOptions Strict"},
	{"unsafe", "HttpProtocolOptions Unsafe"},
	{"registered", "HttpProtocolOptions RegisteredMethods"},
	{"http10", "HttpProtocolOptions Require1.0"},
}

// TestApacheAgrees sends every file of the corpus to a real Apache and compares its answer with the recorded one,
// so that the corpus is the truth about the Apache that is installed and not about the one that was recorded.
func TestApacheAgrees(t *testing.T) {
	apache, err := exec.LookPath("apache2")
	if err != nil {
		if apache, err = exec.LookPath("httpd"); err != nil {
			testenv.Missing(t, "no apache2 or httpd on PATH: the recorded answers stand")
		}
	}
	if testing.Short() {
		t.Skip("some 600 requests to Apache")
	}
	addrs, logName := startApache(t, apache)
	for _, file := range corpusFiles(t) {
		input, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(file, ".http") + ".want"
		var got, recorded want
		if !*record {
			recorded = readWant(t, name)
		}
		for i, v := range variants {
			if i > 0 && !*record && recorded.status(v.name) == recorded.status("strict") {
				// It costs a process of the echo program each; where it makes no difference it is recorded only.
				got.statuses = append(got.statuses, recorded.statuses[i])
				continue
			}
			if err := os.Truncate(logName, 0); err != nil {
				t.Fatal(err)
			}
			statuses, bodies, note := exchange(t, addrs[i], file, input)
			got.statuses = append(got.statuses, v.name+": "+strings.Join(statuses, " "))
			text, err := os.ReadFile(logName)
			if err != nil {
				t.Fatal(err)
			}
			log := logCodes(text)
			switch {
			case v.name == "strict":
				got.log, got.note = log, note
				got.echo = strings.Join(bodies, "--\n")
			case v.name == "unsafe" && got.status("strict") == got.status("unsafe") || len(log) == 0:
			case strings.Join(log, "\n") != strings.Join(got.log, "\n"):
				for _, l := range log {
					got.others = append(got.others, "log-"+v.name+": "+l)
				}
			}
		}
		if *record {
			dir := "invalid"
			if strings.Trim(strings.TrimPrefix(got.statuses[0], "strict: "), "0129 ") == "" && !strings.HasSuffix(got.statuses[0], ": ") {
				dir = "valid"
			}
			base := filepath.Base(file)
			if err := os.Rename(file, filepath.Join("testdata", dir, base)); err != nil {
				t.Fatal(err)
			}
			os.Remove(name)
			if err := os.WriteFile(filepath.Join("testdata", dir, strings.TrimSuffix(base, ".http")+".want"), []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got.others = recorded.others
		if recorded.String() != got.String() {
			t.Errorf("%s: Apache answers\n%s\nrecorded was\n%s", file, got.String(), recorded.String())
		}
	}
}

// want is the recorded answer to one file of the corpus: the status of every response by variant, Apache's log lines
// under strict parsing, and what the echo program saw of each request that reached it.
type want struct {
	statuses []string
	log      []string
	others   []string // "log-registered: ..." where they differ
	note     string   // what the error page says beyond the usual
	echo     string
}

func (w want) String() string {
	var b strings.Builder
	for _, s := range w.statuses {
		b.WriteString(strings.TrimRight(s, " ") + "\n")
	}
	for _, l := range w.log {
		b.WriteString("log: " + l + "\n")
	}
	for _, l := range w.others {
		b.WriteString(l + "\n")
	}
	if w.note != "" {
		b.WriteString("note: " + strings.ReplaceAll(w.note, "\n", "|") + "\n")
	}
	if w.echo != "" {
		b.WriteString("echo:\n" + w.echo)
	}
	return b.String()
}

func readWant(t testing.TB, name string) want {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var w want
	head, echo, _ := strings.Cut(string(data), "echo:\n")
	w.echo = echo
	for line := range strings.Lines(head) {
		line = strings.TrimSuffix(line, "\n")
		if text, ok := strings.CutPrefix(line, "log: "); ok {
			w.log = append(w.log, text)
		} else if text, ok := strings.CutPrefix(line, "note: "); ok {
			w.note = strings.ReplaceAll(text, "|", "\n")
		} else if strings.HasPrefix(line, "log-") {
			w.others = append(w.others, line)
		} else {
			w.statuses = append(w.statuses, line)
		}
	}
	return w
}

// status returns the answers of one variant: "200", "100 200", "400", "" when the connection is closed without one.
func (w want) status(variant string) string {
	for _, s := range w.statuses {
		if text, ok := strings.CutPrefix(s, variant+":"); ok {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

func corpusFiles(t testing.TB) []string {
	files, err := filepath.Glob("testdata/*/*.http")
	if err != nil || len(files) < 300 {
		t.Fatalf("corpus: %d files, %v", len(files), err)
	}
	return files
}

var logCode = regexp.MustCompile(`[a-z]+:[a-z]+ AH\d{5}: [^\n]*`)

func logCodes(text []byte) []string {
	var codes []string
	for _, m := range logCode.FindAll(text, -1) {
		if bytes.Contains(m, []byte(":notice ")) || bytes.Contains(m, []byte("AH02639")) {
			continue // of the start, which may come late
		}
		if len(m) > 200 {
			m = m[:200]
		}
		codes = append(codes, string(m))
	}
	return codes
}

const echoProgram = `#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
printf '%s %s %s\n' "$REQUEST_METHOD" "$REQUEST_URI" "$SERVER_PROTOCOL"
env | LC_ALL=C grep -aE '^(HTTP_[A-Z0-9_]*|CONTENT_LENGTH|SERVER_NAME)=' | LC_ALL=C sort | LC_ALL=C cut -b1-120
printf 'body %s\n' "$(sha256sum | cut -c1-16)"
`

func startApache(t *testing.T, apache string) (addrs []string, logName string) {
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	// The children drop root: the directories above must let them through.
	for dir := filepath.Dir(root); dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o011 != 0o011 {
			os.Chmod(dir, info.Mode().Perm()|0o011)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "echo"), []byte(echoProgram), 0o755); err != nil {
		t.Fatal(err)
	}
	modules := "/usr/lib/apache2/modules"
	if _, err := os.Stat(modules); err != nil {
		modules = "/usr/lib64/httpd/modules"
	}
	logName = filepath.Join(root, "error.log")
	var conf strings.Builder
	fmt.Fprintf(&conf, `ServerRoot %s
ServerName main.invalid
PidFile %s/pid
DefaultRuntimeDir %s
ErrorLog %s
ErrorLogFormat "%%-m:%%l %%M"
LogLevel crit core:debug http:debug
Mutex sysvsem
Timeout 5
KeepAliveTimeout 5
StartServers 1
ServerLimit 4
`, root, root, root, logName)
	for _, m := range []string{"mpm_prefork", "authz_core", "alias", "cgi"} {
		fmt.Fprintf(&conf, "LoadModule %s_module %s/mod_%s.so\n", m, modules, m)
	}
	if os.Getuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&conf, "User #%s\nGroup #%s\n", nobody.Uid, nobody.Gid)
	}
	for _, v := range variants {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		l.Close()
		addrs = append(addrs, addr)
		fmt.Fprintf(&conf, "Listen %s\n<VirtualHost %s>\nServerName vhost.invalid\n%s\nScriptAlias / %s/echo/\n</VirtualHost>\n", addr, addr, v.directives, root)
	}
	confName := filepath.Join(root, "httpd.conf")
	if err := os.WriteFile(confName, []byte(conf.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(apache, "-f", confName, "-DFOREGROUND")
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // when it stops it signals its whole process group
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	deadline := time.Now().Add(20 * time.Second)
	for _, addr := range addrs {
		for {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				c.Close()
				break
			}
			if time.Now().After(deadline) {
				log, _ := os.ReadFile(logName)
				t.Fatalf("apache does not listen: %v\n%s%s", err, stderr.Bytes(), log)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return addrs, logName
}

// exchange writes input whole, shuts its side, and reads all responses. Status "0.9" is a response without head.
func exchange(t *testing.T, addr, file string, input []byte) (statuses, bodies []string, note string) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	go func() {
		c.Write(input)
		c.(*net.TCPConn).CloseWrite()
	}()
	output, err := io.ReadAll(c)
	if err != nil && len(output) == 0 {
		t.Logf("%s: %v", file, err)
	}
	if m := errorNote.FindSubmatch(output); m != nil {
		note = string(m[1])
	}
	statuses, bodies = splitResponses(t, file, output)
	return statuses, bodies, note
}

var errorNote = regexp.MustCompile(`(?s)could not understand\.<br />\n(.+?)</p>`)

func splitResponses(t *testing.T, file string, output []byte) (statuses, bodies []string) {
	r := bufio.NewReader(bytes.NewReader(output))
	for {
		start, err := r.Peek(5)
		if len(start) == 0 && err == io.EOF {
			return statuses, bodies
		}
		if string(start) != "HTTP/" {
			rest, _ := io.ReadAll(r)
			return append(statuses, "0.9"), append(bodies, string(rest))
		}
		method := "GET"
		if len(bodies) == 0 && strings.Contains(filepath.Base(file), "head") {
			method = "HEAD"
		}
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s: %v\n%q", file, err, output)
		}
		status := strconv.Itoa(resp.StatusCode)
		if resp.StatusCode == 100 {
			statuses = append(statuses, status)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%s: %v\n%q", file, err, output)
		}
		statuses = append(statuses, status)
		if resp.StatusCode == 200 {
			bodies = append(bodies, string(body))
		} else {
			bodies = append(bodies, "")
		}
	}
}
