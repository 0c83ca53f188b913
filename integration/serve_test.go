package integration

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

// A running server of a test, with its site.
type running struct {
	*httpdtest.Server
	site *httpdtest.Site
}

// serve starts the program under test with httpdtest.Prelude, these modules (beside the base ones) and conf, on a site with these files
// (name, content, ...). The server is stopped after the test; its error log is shown if the test failed.
func serve(t *testing.T, modules, conf string, files ...string) *running {
	t.Helper()
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "server"))
	if err != nil {
		t.Fatal(err)
	}
	conf = httpdtest.Prelude(append(httpdtest.BaseModules(), strings.Fields(modules)...)...) + conf
	put(t, site, append([]string{"conf/mime.types", httpdtest.MimeTypes, "conf/httpd.conf", conf}, files...)...)
	return start(t, site, httpdtest.Options{Dir: site.Dir, Conf: filepath.Join(site.Dir, "conf/httpd.conf"), Ports: site.Listens(site.Expand(conf, 0))})
}

// start runs the program under test on a site that is laid out already.
func start(t *testing.T, site *httpdtest.Site, o httpdtest.Options) *running {
	t.Helper()
	server, err := httpdtest.Start(target(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("error log:\n%s", server.Log("error_log"))
		}
	})
	return &running{server, site}
}

// url of a path on the server.
func (r *running) url(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", r.Ports[0], path)
}

// get fetches a path on a connection of its own and wants that status.
func (r *running) get(t *testing.T, path string, status int) string {
	t.Helper()
	resp, err := httpdtest.Get(r.Ports[0], path)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != status {
		t.Fatalf("GET %s: %d, want %d: %s", path, resp.Status, status, resp.Body)
	}
	return string(resp.Body)
}

// do sends a request by a client of the standard library and reads the answer.
func do(t *testing.T, client *http.Client, request *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(httpdtest.Patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain: %s", httpdtest.Patience, what)
		}
	}
}
