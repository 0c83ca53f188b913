package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/apacheconf"
)

// stranger is an account that owns nothing and is in no group of the files that tests make.
const stranger = "#65531"

func TestReach(t *testing.T) {
	dir := openDir(t, "open/file", "open/secret", "shut/file", "listed/file")
	mode := func(name string, m os.FileMode) {
		t.Helper()
		if err := os.Chmod(filepath.Join(dir, name), m); err != nil {
			t.Fatal(err)
		}
	}
	mode("open/secret", 0o640)
	mode("shut", 0o700)
	mode("listed", 0o711)
	for link, to := range map[string]string{"to-open": "open/file", "to-shut": dir + "/shut/file", "loop": "loop", "up": "open/../open/file", "gone": "nothing"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	st := os.Getgid()
	owner, other := account{name: "owner", uid: os.Getuid(), gids: []int{st}}, account{name: "other", uid: 65531, gids: []int{65531}}
	member := account{name: "member", uid: 65531, gids: []int{65531, st}}
	for _, c := range []struct {
		path    string
		who     account
		missing bool
		want    string // a part of the text; "" for no obstacle
	}{
		{"open/file", other, false, ""},
		{"open/file", owner, false, ""},
		{"open", other, false, ""},
		{"open/secret", owner, false, ""},
		{"open/secret", member, false, ""},
		{"open/secret", other, false, "file @DIR@/open/secret may not be read by user other (owner "},
		{"shut/file", owner, false, ""},
		{"shut/file", other, false, "directory @DIR@/shut may not be entered by user other"},
		{"shut/file", member, false, "directory @DIR@/shut may not be entered by user member"},
		{"listed/file", other, false, ""},
		{"listed", other, false, ""},
		{"shut", other, false, "directory @DIR@/shut may not be entered by user other"},
		{"to-open", other, false, ""},
		{"up", other, false, ""},
		{"to-shut", other, false, "directory @DIR@/shut may not be entered"},
		{"loop", other, true, "too many levels of symbolic links"},
		{"gone", other, true, "@DIR@/nothing: no such file or directory (for @DIR@/gone)"},
		{"open/file/x", other, true, "@DIR@/open/file: not a directory"},
		{"none", account{uid: 0}, true, "@DIR@/none: no such file or directory"},
		{"shut/file", account{uid: 0}, false, ""},
	} {
		got, missing := "", false
		if o := reach(filepath.Join(dir, c.path), &c.who); o != nil {
			got, missing = strings.ReplaceAll(o.text, dir, "@DIR@"), o.missing
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) || missing != c.missing {
			t.Errorf("%s for %s: %q, missing %v; want %q, %v", c.path, c.who.name, got, missing, c.want, c.missing)
		}
	}
}

func TestScripts(t *testing.T) {
	dir := openDir(t, "app.wsgi", "own.wsgi", "scripts/")
	if err := os.Chmod(filepath.Join(dir, "own.wsgi"), 0o600); err != nil {
		t.Fatal(err)
	}
	testAudit(t, "script", dir, []finding{
		{"there", "User " + stranger + "\nWSGIScriptAlias / @DIR@/app.wsgi\nWSGIScriptAlias /x @DIR@/scripts/\n", nil},
		{"missing", "WSGIScriptAlias / @DIR@/none.wsgi\n", []string{"error 1: WSGIScriptAlias names what is not there: @DIR@/none.wsgi: no such file or directory."}},
		{"each directive", "WSGIDaemonProcess a\nWSGIImportScript @DIR@/1 process-group=a application-group=b\nWSGIDispatchScript @DIR@/2\n" +
			"<Directory /x>\nWSGIAccessScript @DIR@/3\nWSGIAuthUserScript @DIR@/4\nWSGIAuthGroupScript @DIR@/5\n</Directory>\nWSGIHandlerScript h @DIR@/6\nWSGIScriptAliasMatch ^/x @DIR@/7\n", []string{
			"error 2: WSGIImportScript", "error 3: WSGIDispatchScript", "error 5: WSGIAccessScript", "error 6: WSGIAuthUserScript", "error 7: WSGIAuthGroupScript",
			"error 9: WSGIHandlerScript", "error 10: WSGIScriptAliasMatch"}},
		{"a request decides", "WSGIScriptAliasMatch ^/(x) @DIR@/$1.wsgi\n", nil},
		{"unreadable by User", "User " + stranger + "\nGroup " + stranger + "\nWSGIScriptAlias / @DIR@/own.wsgi\n", []string{
			"error 3: WSGIScriptAlias @DIR@/own.wsgi: file @DIR@/own.wsgi may not be read by user #65531"}},
		{"unreadable by the daemon's user", fmt.Sprintf("User #%d\nGroup #%d\nWSGIDaemonProcess a user=%s group=%s\n", max(os.Getuid(), 1), os.Getgid(), stranger, stranger) +
			"WSGIScriptAlias / @DIR@/own.wsgi process-group=a\n", []string{"error 4: WSGIScriptAlias @DIR@/own.wsgi: file"}},
		{"unknown user", "User no-such-user\nWSGIScriptAlias / @DIR@/own.wsgi\n", nil},
	})
	if r := report(t, dir, "WSGIScriptAlias / @DIR@/none.wsgi\n", func(s *Site) { s.AssumePaths = true }); len(found(r, "script", dir)) != 0 {
		t.Error("a path that is assumed to be there was looked at")
	}
}

func TestPythons(t *testing.T) {
	dir := openDir(t, "empty/", "file", "venv/pyvenv.cfg", "venv/bin/python3", "shut/pyvenv.cfg")
	if err := os.WriteFile(filepath.Join(dir, "venv/pyvenv.cfg"), []byte("home = "+dir+"/base/bin\nversion = 3.11.2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	os.Chmod(filepath.Join(dir, "shut"), 0o700)
	testAudit(t, "python", dir, []finding{
		{"no application", "", nil},
		{"missing", "WSGIPythonHome @DIR@/none\n", []string{"error 1: The Python home cannot be used: @DIR@/none: no such file or directory."}},
		{"empty", "WSGIDaemonProcess a python-home=@DIR@/empty\n", []string{"error 1: Python home '@DIR@/empty' holds no Python"}},
		{"a file", "WSGIDaemonProcess a python-home=@DIR@/file\n", []string{"error 1: Python home '@DIR@/file' is not a directory."}},
		{"no library", "WSGIDaemonProcess a python-home=@DIR@/venv\n", []string{"error 1: no shared libpython of Python 3.11 for the Python home '@DIR@/venv' was found"}},
		{"not for the user", "WSGIDaemonProcess a python-home=@DIR@/shut user=" + stranger + " group=" + stranger + "\n", []string{
			"error 1: The Python home cannot be used: directory @DIR@/shut may not be entered by user #65531"}},
		{"once", "WSGIPythonHome @DIR@/none\nWSGIDaemonProcess a\nWSGIDaemonProcess b\n", []string{"error 1: "}},
		{"in a chroot", "WSGIDaemonProcess a python-home=@DIR@/none\nWSGIDaemonProcess c chroot=@DIR@ python-home=/none\n", []string{"error 1: "}},
	})
}

func TestListens(t *testing.T) {
	dir := openDir(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	name, _ := os.ReadFile("/proc/self/comm")
	testAudit(t, "listen", dir, []finding{
		{"taken", fmt.Sprintf("Listen 127.0.0.1:%d\n", port), []string{fmt.Sprintf("warning 1: Port %d is in use by %s (process %d).", port, strings.TrimSpace(string(name)), os.Getpid())}},
		{"no such address", "Listen 192.0.2.1:8099\n", []string{"error 1: The address 192.0.2.1:8099 cannot be listened on: bind: cannot assign requested address."}},
	})
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	if got := found(report(t, dir, "Listen "+addr+"\n", nil), "listen", dir); len(got) != 0 {
		t.Errorf("a free port: %q", got)
	}
}

func TestParseListeners(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 12346 1 0000 100 0 0 10 0
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 777 1
`
	if got := fmt.Sprint(parseListeners(table, 8080), parseListeners(table, 80), parseListeners(table, 81)); got != "[socket:[12345]] [socket:[777]] []" {
		t.Error(got)
	}
}

func TestCertificates(t *testing.T) {
	dir := openDir(t, "none.pem")
	now := time.Now()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, span := range map[string][2]time.Duration{"good": {-time.Hour, 1000 * time.Hour}, "old": {-2 * time.Hour, -time.Hour}, "late": {-time.Hour, 24 * time.Hour}, "early": {time.Hour, 1000 * time.Hour}} {
		c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(span[0]), NotAfter: now.Add(span[1])}
		der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
	}
	der, _ := x509.MarshalECPrivateKey(key)
	os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o644)
	testAudit(t, "certificate", dir, []finding{
		{"in a block that is not read", "<IfModule mod_no_such_tls.c>\n<VirtualHost *:443>\nSSLCertificateFile @DIR@/good.pem\nSSLCertificateKeyFile key.pem\nSSLCertificateFile @DIR@/old.pem\n</VirtualHost>\n</IfModule>\n",
			[]string{"warning 5: The certificate @DIR@/old.pem expired on "}},
		{"each fault", "<VirtualHost *:443>\nSSLCertificateFile gone.pem\nSSLCertificateFile none.pem\nSSLCertificateFile late.pem\nSSLCertificateFile early.pem\nSSLCertificateKeyFile good.pem\nSSLCertificateFile ${NOWHERE}/x.pem\n</VirtualHost>\n", []string{
			"error 2: SSLCertificateFile @DIR@/gone.pem cannot be read: no such file or directory.",
			"error 3: SSLCertificateFile @DIR@/none.pem holds no certificate.",
			"hint 4: The certificate @DIR@/late.pem expires on ",
			"warning 5: The certificate @DIR@/early.pem is not valid before ",
			"error 6: SSLCertificateKeyFile @DIR@/good.pem holds no private key."}},
	})
	if got := certificate(apacheconf.Pos{}, "SSLCertificateFile", dir+"/good.pem", now.Add(2000*time.Hour)); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}
