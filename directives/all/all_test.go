package all

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
	"httpd-wsgi/directives/modmpm"
	"httpd-wsgi/internal/testenv"
)

func registry() *directives.Registry {
	r := Link(nil).Registry
	modmpm.Add(r)
	return r
}

// TestAbsent holds that no module is both there and absent, and that each absent one has its advice.
func TestAbsent(t *testing.T) {
	r := registry()
	seen := map[string]bool{}
	for _, m := range r.Modules() {
		seen[m.ID] = true
	}
	for _, m := range r.AbsentModules() {
		if seen[m.ID] {
			t.Errorf("%s is linked, or is absent twice: take it out of the tables of absent modules", m.ID)
		}
		seen[m.ID] = true
		checkAdvice(t, m.ID, m.Advice)
		names := map[string]bool{}
		for _, d := range m.Directives {
			if key := strings.ToLower(d.Name); names[key] {
				t.Errorf("%s has %s twice", m.ID, d.Name)
			} else {
				names[key] = true
			}
			if e := r.Lookup(d.Name); e != nil {
				t.Errorf("%s of %s is a directive of %s, which is linked", d.Name, m.File, e.Module.File)
			}
			if d, ok := r.RetiredDirective(d.Name); ok {
				t.Errorf("%s of %s is retired as well", d.Name, m.File)
			}
			if (d.Scope == 0) != m.Partial {
				t.Errorf("%s of %s: scope %b", d.Name, m.File, d.Scope)
			}
		}
	}
}

// TestRetired holds that what older releases had is in no module's table, and that nothing which keeps people out is waved through.
func TestRetired(t *testing.T) {
	r := registry()
	guard := regexp.MustCompile(`(?i)auth|passw|user|group|limit|address|access|digest|ldap|protocol|unc`)
	for _, d := range r.RetiredDirectives() {
		if e := r.Lookup(d.Name); e != nil {
			t.Errorf("%s is a directive of %s", d.Name, e.Module.File)
		}
		checkAdvice(t, d.Name, d.Why)
		if d.Policy == directives.NoEffect && d.Name != "ShmemUIDisUser" && guard.MatchString(d.Name) {
			t.Errorf("%s is accepted", d.Name)
		}
	}
}

func checkAdvice(t *testing.T, of, text string) {
	t.Helper()
	if text == "" || strings.HasSuffix(text, ".") || strings.Contains(text, "\n") || len(text) > 220 {
		t.Errorf("%s: advice %q is no short clause", of, text)
	}
}

// TestAdvice is what stands behind Apache's sentence.
func TestAdvice(t *testing.T) {
	r := registry()
	for name, want := range map[string]string{
		"ReWriteEngine":         `a directive of mod_rewrite.c, which is built in and not loaded: add "LoadModule rewrite_module modules/mod_rewrite.so"`,
		"MinSpareServers":       `a directive of prefork.c, while another MPM is loaded: change to "LoadModule mpm_prefork_module modules/mod_mpm_prefork.so" or leave the line out`,
		"<MDomain":              "a directive of mod_md.c, which httpd-wsgi does not have: let the server in front get its certificates with an ACME client (certbot)",
		"php_value":             "a directive of mod_php.c, which httpd-wsgi does not have: run PHP with php-fpm behind a server that speaks FastCGI, and let that one pass the URLs of Python here",
		"AuthDigestGroupFile":   "a directive of Apache up to 2.0: write AuthGroupFile",
		"DocumentRot":           "did you mean DocumentRoot?",
		"<VirtualHosts":         "did you mean <VirtualHost?",
		"WSGIScriptAlais":       "did you mean WSGIScriptAlias?",
		"Bogus":                 "",
		"Foo":                   "",
		"SomethingQuiteUnheard": "",
	} {
		if got := r.Advice(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// differ are the directives of linked modules that Apache's -L here does not list.
var differ = []string{
	// mod_wsgi 5 and 6; the packaged one is older
	"WSGISwitchInterval", "WSGITelemetryService", "WSGITelemetryOptions", "WSGISlowRequests", "WSGIPerInterpreterGIL",
	"WSGIFreeThreading", "<WSGIInterpreterOptions", "WSGIPythonExecutable", "WSGIApacheExtensions",
	// mod_wsgi of before
	"WSGIUserAuthoritative", "WSGIReloadMechanism", "WSGIOutputBuffering", "WSGIPy3kWarningFlag",
}

// TestListing compares every directive of Apache, with all the modules that are installed, with the tables: name, source file, help and
// where it is allowed, of the linked ones and of the absent ones.
func TestListing(t *testing.T) {
	const modules = "/usr/lib/apache2/modules"
	apache, err := exec.LookPath("/usr/sbin/apache2")
	if err != nil {
		testenv.Missing(t, "Apache is not installed: %v", err)
	}
	files, err := filepath.Glob(modules + "/mod_*.so")
	if err != nil || len(files) < 50 {
		testenv.Missing(t, "Apache's modules are not in %s", modules)
	}
	r := registry()
	for _, model := range []string{"event", "worker", "prefork"} {
		t.Run(model, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "logs"), 0o777); err != nil {
				t.Fatal(err)
			}
			conf := fmt.Sprintf("ServerRoot %s\nServerName localhost\nLoadModule mpm_%s_module %s/mod_mpm_%[2]s.so\n", root, model, modules)
			// what others need
			names := []string{"proxy", "cache", "session", "dav", "ldap", "slotmem_shm", "dbd", "xml2enc", "http2"}
			for _, f := range files {
				name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "mod_"), ".so")
				if !slices.Contains(names, name) && !strings.HasPrefix(name, "mpm_") {
					names = append(names, name)
				}
			}
			for _, name := range names {
				conf += fmt.Sprintf("LoadModule %s_module %s/mod_%[1]s.so\n", name, modules)
			}
			file := filepath.Join(root, "httpd.conf")
			if err := os.WriteFile(file, []byte(conf), 0o666); err != nil {
				t.Fatal(err)
			}
			var stderr strings.Builder
			cmd := exec.Command(apache, "-d", root, "-f", file, "-L")
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			listed := directivetest.ReadListing(string(out))
			if len(listed) < 700 {
				t.Fatalf("Apache lists %d directives only", len(listed))
			}
			var entries []*directives.Entry
			ours := map[string]bool{}
			for _, e := range r.Entries() {
				if e.Module.Group == "" || e.Module.File == model+".c" {
					entries = append(entries, e)
					ours[e.Module.File] = true
				}
			}
			for _, m := range r.Modules() {
				ours[m.File] = true
			}
			var theirs []directivetest.Listed
			for _, l := range listed {
				if ours[l.File] {
					theirs = append(theirs, l)
					continue
				}
				checkAbsent(t, r, l)
			}
			directivetest.Compare(t, entries, theirs, differ...)
		})
	}
}

// checkAbsent looks a directive of a module that is not linked up in the tables.
func checkAbsent(t *testing.T, r *directives.Registry, l directivetest.Listed) {
	t.Helper()
	for _, m := range r.AbsentModules() {
		if m.File != l.File {
			continue
		}
		for _, d := range m.Directives {
			if d.Name == l.Name {
				if got, want := d.Scope.Describe(), strings.Replace(l.Where, " [no per-dir config]", "", 1); got != want {
					t.Errorf("%s (%s) got %q, want %q", d.Name, m.File, got, want)
				}
				return
			}
		}
		t.Errorf("%s is missing from %s", l.Name, m.ID)
		return
	}
	t.Errorf("%s (%s) is of a module that is not known", l.Name, l.File)
}
