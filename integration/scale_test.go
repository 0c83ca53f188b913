package integration

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// TestManySites has Apache and the server check, list and serve 3000 virtual hosts in as many files. Both must list the same and serve
// the right ones, and checking must take the server no more memory than Apache. Times are bench/config's to compare.
func TestManySites(t *testing.T) {
	ours, theirs := target(t), apache(t)
	site, err := httpdtest.NewSite(tempDir(t))
	if err != nil {
		t.Fatal(err)
	}
	const n = 3000
	if err := httpdtest.ManySites(site, n, 0, false); err != nil {
		t.Fatal(err)
	}
	var peak [2]int64
	var hosts [2][]byte
	for i, p := range []httpdtest.Program{theirs, ours} {
		checked, err := httpdtest.Run(p, site.Dir, "-t")
		if err != nil {
			t.Fatal(err)
		}
		if string(checked.Output) != "Syntax OK\n" {
			t.Errorf("%s -t: %s", p.Path, checked.Output)
		}
		listed, err := httpdtest.Run(p, site.Dir, "-t", "-D", "DUMP_VHOSTS")
		if err != nil {
			t.Fatal(err)
		}
		peak[i], hosts[i] = checked.Peak, listed.Output
		t.Logf("%s: -t %v CPU, %d KiB; the list %v CPU", p.Path, checked.CPU, checked.Peak>>10, listed.CPU)
	}
	if !bytes.Equal(hosts[0], hosts[1]) {
		t.Errorf("the lists of virtual hosts are not the same: %d bytes by Apache, %d", len(hosts[0]), len(hosts[1]))
	}
	if peak[1] > peak[0] {
		t.Errorf("-t takes %d KiB, Apache %d KiB", peak[1]>>10, peak[0]>>10)
	}

	server, err := httpdtest.Start(ours, httpdtest.Options{Dir: site.Dir, Conf: filepath.Join(site.Dir, "conf/httpd.conf"), Ports: site.Ports[:1]})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	for host, want := range map[string]string{
		"site00000.example.com": "site00000", "www.site01234.example.com": "site01234", "a.b.site02999.example.net": "site02999",
		"SITE02998.example.com": "site02998", "unknown.example.com": "site00000",
	} {
		req, _ := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%d/index.html", site.Ports[0]), nil)
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := resp.Header.Get("X-Site"); got != want || string(body) != "hello\n" {
			t.Errorf("%s: served by %q, want %q; %d %q", host, got, want, resp.StatusCode, body)
		}
	}
}
