package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// TestSample serves conf/httpd.conf.sample with the demo application, as "make run" does.
func TestSample(t *testing.T) {
	program := target(t)
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "server"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"httpd.conf.sample", "mime.types"} {
		text, err := os.ReadFile(filepath.Join(root(t), "conf", name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, site, strings.TrimSuffix(name, ".sample"), string(text))
	}
	copyTree(t, site, filepath.Join(root(t), "conf/demo"), "demo", unchanged)
	args := []string{"-C", "Define SRVROOT " + site.Dir, "-C", fmt.Sprint("Define PORT ", site.Ports[0]), "-C", "Define WEBUSER " + httpdtest.WebUser()}
	if program.Apache {
		// the sample relies on built-in modules
		for _, m := range append(httpdtest.BaseModules(), "wsgi") {
			args = append(args, "-C", fmt.Sprintf("LoadModule %s_module %s/mod_%s.so", m, httpdtest.ModulesDirectory(), m))
		}
	}
	r := start(t, site, httpdtest.Options{Dir: site.Dir, Conf: filepath.Join(site.Dir, "httpd.conf"), Args: args, Ports: site.Ports[:1]})
	page := r.get(t, "/some/path?a=<b>", 200)
	for _, want := range []string{"httpd-wsgi works", "<th>QUERY_STRING</th><td>&#x27;a=&lt;b&gt;&#x27;</td>", "Python", "%{GLOBAL}"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if css := r.get(t, "/static/demo.css", 200); !strings.Contains(css, "color-scheme") {
		t.Errorf("style sheet: %q", css)
	}
	r.get(t, "/static/none", 404)
	r.get(t, "/static/.htaccess", 403)
	resp, err := httpdtest.Exchange(r.Ports[0], "POST", []byte("POST / HTTP/1.0\r\nContent-Length: 11\r\n\r\ntext=a+test"))
	if err != nil || resp.Status != 200 || !strings.Contains(string(resp.Body), "11 bytes arrived") {
		t.Errorf("POST: %v %+v", err, resp)
	}
}
