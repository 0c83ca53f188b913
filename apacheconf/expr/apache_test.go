package expr

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/internal/testenv"
)

// The conditions and strings that TestAgainstApache evaluates on both sides, for
// the request that apacheRequest describes.
var apacheConds = []string{
	`true`, `false`, `! true`, `!!true`, `not false`,
	`true && false`, `true || false && false`, `(true || false) && false`, `! false && false`, `!(true && false)`,
	`'a' == 'a'`, `'a' = 'b'`, `'a' != 'b'`, `'a' < 'b'`, `'b' <= 'a'`, `'b' > 'a'`, `'a' >= 'b'`, `'a' == 'A'`, `'10' < '9'`, `'' == ""`, `'ab' > 'a'`,
	`1 -eq 1`, `'01' -eq 1`, `'x' -eq 0`, `' 5' -eq 5`, `'5x' -eq 5`, `'-5' -lt 4`, `10 -gt 9`, `10 -le 9`, `10 ge 10`, `1 ne 2`, `'99999999999999999999' -eq '9223372036854775807'`, `'+5' -eq 5`, `1.5 -eq 15`,
	`1 . 2 -eq 12`, `'a' . 'b' == 'ab'`, `'a'.'b'.'c' == 'abc'`, `'a' . %{HTTP_HOST} . "b" == 'awww.example.comb'`,
	`%{HTTP_HOST} == 'www.example.com'`, `%{http_host} == 'www.example.com'`, `%{HTTP_USER_AGENT} =~ /Mozilla/`, `%{HTTP_USER_AGENT} =~ /mozilla/`, `%{HTTP_USER_AGENT} =~ /mozilla/i`, `%{HTTP_USER_AGENT} =~ m#Gecko$#`, `%{HTTP_USER_AGENT} !~ /Gecko/`,
	`%{HTTP_REFERER} == ''`, `-z %{HTTP_REFERER}`, `-n %{HTTP_COOKIE}`, `-n %{HTTP_HOST}`,
	`%{REQUEST_METHOD} == 'GET'`, `%{REQUEST_URI} == '/dir/page.txt'`, `%{DOCUMENT_URI} == '/dir/page.txt'`, `%{QUERY_STRING} == 'a=1&b=2'`, `%{REQUEST_SCHEME} == 'http'`, `%{SERVER_PROTOCOL} == 'HTTP/1.1'`,
	`%{THE_REQUEST} == 'GET /dir/page.txt?a=1&b=2 HTTP/1.1'`, `%{REMOTE_ADDR} == '127.0.0.1'`, `%{CONN_REMOTE_ADDR} == '127.0.0.1'`, `%{IS_SUBREQ} == 'false'`, `%{HTTPS} == 'off'`, `%{IPV6} == 'off'`, `%{HTTP2} == 'off'`, `%{SERVER_NAME} == 'www.example.com'`, `%{SERVER_ADMIN} == 'admin@example.com'`, `%{CONTEXT_PREFIX} == ''`, `%{PATH_INFO} == ''`, `%{REMOTE_USER} == ''`, `%{AUTH_TYPE} == ''`,
	`%{TIME_YEAR} -ge 2026`, `%{TIME_MON} =~ /^[01][0-9]$/`, `%{TIME_DAY} =~ /^[0-3][0-9]$/`, `%{TIME_HOUR} =~ /^[0-2][0-9]$/`, `%{TIME_MIN} =~ /^[0-5][0-9]$/`, `%{TIME_SEC} =~ /^[0-6][0-9]$/`, `%{TIME_WDAY} =~ /^[0-6]$/`, `%{TIME} =~ /^20[0-9]{12}$/`, `%{LAST_MODIFIED} =~ /^20[0-9]{12}$/`,
	`'x' -in {'x','y'}`, `'z' in {'x','y'}`, `'x' -in {'x'}`, `%{REQUEST_METHOD} -in { 'HEAD', %{REQUEST_METHOD} }`, `'ab' -in { 'a' . 'b', 'c' }`, `5 -in {5}`, `'05' -in {5}`,
	`-R '127.0.0.0/8'`, `-R '127.0.0.1'`, `-R '127'`, `-R '10.0.0.0/8'`, `-R '::1'`, `'10.1.2.3' -ipmatch '10.0.0.0/8'`, `'11.1.2.3' -ipmatch '10.0.0.0/8'`, `'fe80::1' -ipmatch 'fe80::/10'`, `'::ffff:10.1.1.1' -ipmatch '10.0.0.0/8'`, `'' -ipmatch '10.0.0.0/8'`, `%{REMOTE_ADDR} -ipmatch '127.0.0.1'`,
	`'abc' -strmatch 'a*'`, `'Abc' -strmatch 'a*'`, `'Abc' -strcmatch 'a*'`, `'a/b' -strmatch 'a*'`, `'a/b' -fnmatch 'a*'`, `'a/b' -fnmatch 'a/*'`, `'.a' -strmatch '*'`, `'a' -strmatch '[!b]'`, `'a*' -strmatch 'a\*'`,
	`-T 'yes'`, `-T 'no'`, `-T 'No'`, `-T 'off'`, `-T '0'`, `-T '00'`, `-T ''`, `-T 'FALSE'`, `-T 'nope'`, `-T 'offx'`, `-T 'f'`, `-T 'true'`,
	`-d '/tmp'`, `-d '/etc/passwd'`, `-e '/nonexistent'`, `-e '/etc'`, `-f '/etc/passwd'`, `-f '/etc'`, `-s '/etc/passwd'`, `-s '/dev/null'`, `-L '/proc/self'`, `-h '/proc/self'`, `-L '/etc/passwd'`, `-f '/proc/self'`, `-x '/bin/sh'`, `-x '/etc/passwd'`, `-x '/etc'`, `-x '/proc/self'`, `-x '/nonexistent'`, `-z '/tmp'`,
	`-U '/dir/page.txt'`, `-U '/denied/x'`, `-A '/dir/page.txt'`,
	`req('X-Test') == 'value'`, `http('x-test') == 'value'`, `REQ('X-TEST') == 'value'`, `req('X-None') == ''`, `%{req:X-Test} == 'value'`, `%{HTTP:X-Test} == 'value'`, `req_novary('X-Test') == 'value'`, `reqenv('FOO') == 'bar'`, `%{reqenv:FOO} == 'bar'`, `reqenv('NONE') == ''`, `osenv('PATH') != ''`, `osenv('NONE_SUCH') == ''`, `env('FOO') == 'bar'`, `env('PATH') != ''`, `note('x') == ''`, `resp('X-First') == 'one'`, `resp('x-first') == 'one'`,
	`tolower('ABC\304') == 'abc\304'`, `toupper('abc') == 'ABC'`, `toupper(tolower('A') . 'b') == 'AB'`, `escape('a b/c?d') == 'a%20b/c%3fd'`, `unescape('a%20b%2fc') == 'a b%2fc'`, `unescape('a%zz') == ''`, `unescape('a%00') == ''`, `base64('abc') == 'YWJj'`, `unbase64('YWJj') == 'abc'`, `unbase64('YW') == 'a'`, `unbase64('YWJj!!') == 'abc'`, `md5('foo') == 'acbd18db4cc2f85cedef654fccc4a4d8'`, `sha1('foo') == '0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33'`, `filesize('/dev/null') == '0'`, `filesize('/etc') == '0'`, `filesize('/nonexistent') == 0`, `file('/proc/sys/kernel/ostype') == ''`, `ldap('a(b)*') == 'a\\28b\\29\\2a'`,
	`'abc' =~ /a(b)c/ && $1 == 'b'`, `'abc' =~ /a(b)c/ && $0 == 'abc'`, `'abc' =~ /a(x)?bc/ && $1 == ''`, `'abc' =~ /a(b)c/ && 'x' =~ /x/ && $1 == 'b'`, `'abc' =~ /a(b)c/ && 'x' =~ /(y)?x/ && $1 == ''`, `('abc' =~ /a(b)c/ && 'x' =~ /(y)/) || $1 == ''`, `'abc' =~ /(.)(.)(.)/ && '$3$2$1' == 'cba'`, `$1 == ''`, `'abc' !~ /(b)/ || $1 == 'b'`, `'abc' !~ /(q)/ && $1 == ''`, `'abc' =~ /(b)/ && "x$1%{tolower:$1Q}" == 'xbbq'`,
	`'a' =~ /A/`, `'a' =~ /A/i`, "'a\\nb' =~ /^a.b$/", "'a\\n' =~ /^a$/", `'a\101b' == 'aAb'`, `'a\x41' == 'ax41'`, `'a\tb' == "a\tb"`, `"it's" == 'it\'s'`, `'a\00b' == 'a'`, `'a$b%c' == 'a\$b\%c'`,
}

var apacheStrings = []string{
	`plain`, `%{HTTP_HOST}`, `a%{REQUEST_METHOD}b`, `%{req:X-Test}`, `%{req:X-None}-`, `%{tolower:%{req:X-Test} ABC}`, `%{escape:%{REQUEST_URI}?%{QUERY_STRING}}`, `%{base64:%{HTTP_HOST}}`, `%{md5:foo}`, `a\tb`, `a"b'c`, `$1-`, `$`, `100%`, `a}b{c`, `\101\102`, `%{reqenv:FOO}`, `%{unescape:%{escape:a b}}`, `%{sha1:%{md5:x}}`, `%{req:X-Te\st}`, `\q`, `%{resp:X-First}`, `%{toupper:a:b}`, `%{file:/etc/hostname_none_such}x`, `%{filesize:/etc}`,
}

func apacheRequest(root string) *fakeEnv {
	return &fakeEnv{
		vars: map[Var]string{
			RequestMethod: "GET", RequestScheme: "http", RequestURI: "/dir/page.txt", QueryString: "a=1&b=2",
			RequestFilename: filepath.Join(root, "dir/page.txt"), ServerProtocol: "HTTP/1.1",
			TheRequest: "GET /dir/page.txt?a=1&b=2 HTTP/1.1", RemoteAddr: "127.0.0.1", ConnRemoteAddr: "127.0.0.1",
			IsSubreq: "false", HTTPS: "off", IPv6: "off", HTTP2: "off", ServerName: "www.example.com",
			ServerAdmin: "admin@example.com", DocumentRoot: root, LastModified: FormatTime(time.Now()),
		},
		headers: map[string]string{"host": "www.example.com", "user-agent": "Mozilla/5.0 Gecko", "x-test": "value"},
		response: map[string]string{
			"x-first": "one",
		},
		env:  map[string]string{"FOO": "bar"},
		ip:   netip.MustParseAddr("127.0.0.1"),
		uris: map[string]bool{"/dir/page.txt": true},
	}
}

// configQuote quotes an argument of a directive.
func configQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// TestAgainstApache evaluates the expressions above in Apache itself, in the
// conditions and values of Header directives, and here.
func TestAgainstApache(t *testing.T) {
	const apache = "/usr/sbin/apache2"
	const modules = "/usr/lib/apache2/modules"
	if _, err := os.Stat(apache); err != nil {
		testenv.Missing(t, "no %s", apache)
	}
	if testing.Short() {
		t.Skip("starts a server")
	}
	dir := t.TempDir()
	// The server may run as another user, who has to get here.
	for d := dir; d != "/tmp" && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			break
		}
	}
	root := filepath.Join(dir, "www")
	if err := os.MkdirAll(filepath.Join(root, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "dir/page.txt"), []byte("page\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()

	var conf strings.Builder
	fmt.Fprintf(&conf, "ServerRoot %s\nPidFile %[1]s/pid\nErrorLog %[1]s/err\nListen %s\nDocumentRoot %s\n", dir, addr, root)
	for _, m := range []string{"mpm_prefork", "authz_core", "headers", "env"} {
		fmt.Fprintf(&conf, "LoadModule %s_module %s/mod_%[1]s.so\n", m, modules)
	}
	conf.WriteString("ServerName www.example.com:80\nServerAdmin admin@example.com\nUser nobody\nGroup nogroup\n" +
		"Mutex file:" + dir + " default\nSetEnv FOO bar\nPassEnv PATH\n<Location /denied>\nRequire all denied\n</Location>\n" +
		"<If \"%{HTTP_HOST} == 'x' || req('X-A') == 'x' || %{HTTP_COOKIE} == 'x' || req('X-A') == 'y' || req_novary('X-B') == 'x'\">\nHeader set X y\n</If>\n" +
		"Header always set X-First one\n")
	for i, c := range apacheConds {
		fmt.Fprintf(&conf, "Header always set C%d yes %s\n", i, configQuote("expr="+c))
	}
	for i, s := range apacheStrings {
		fmt.Fprintf(&conf, "Header always set S%d %s\n", i, configQuote("expr="+s))
	}
	file := filepath.Join(dir, "httpd.conf")
	if err := os.WriteFile(file, []byte(conf.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(apache, "-f", file, "-X")
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	defer func() {
		cmd.Process.Kill()
		<-exited
	}()
	resp := get(t, addr, exited, &output)

	env := apacheRequest(root)
	for i, text := range apacheConds {
		got := resp.Get(fmt.Sprintf("C%d", i)) == "yes"
		c, err := Compile(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		ours, err := c.Eval(env)
		if err != nil || ours != got {
			t.Errorf("%s: got %v (%v), Apache %v", text, ours, err, got)
		}
	}
	for i, text := range apacheStrings {
		got := resp.Get(fmt.Sprintf("S%d", i))
		s, err := CompileString(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		ours, err := s.Eval(env)
		if err != nil && got == "" || err == nil && ours == got {
			continue
		}
		t.Errorf("%s: got %q (%v), Apache %q", text, ours, err, got)
	}

	env.vary = nil
	c, err := Compile(`%{HTTP_HOST} == 'x' || req('X-A') == 'x' || %{HTTP_COOKIE} == 'x' || req('X-A') == 'y' || req_novary('X-B') == 'x'`, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Eval(env)
	// The names from the conditions of the Header directives follow.
	if got, want := strings.Join(env.vary, ","), resp.Get("Vary"); !strings.HasPrefix(want, got+",User-Agent") {
		t.Errorf("Vary: got %q, Apache %q", got, want)
	}
}

// get asks for the page as apacheRequest has it, once the server answers.
func get(t *testing.T, addr string, exited chan error, output *strings.Builder) http.Header {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("Apache ended: %v\n%s", err, output.String())
		default:
		}
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
			continue
		}
		defer conn.Close()
		conn.SetDeadline(deadline)
		fmt.Fprintf(conn, "GET /dir/page.txt?a=1&b=2 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 Gecko\r\nX-Test: value\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
		return resp.Header
	}
}
