package httpdtest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// FileTime is the modification time of every file of a [Site], so that ETag and Last-Modified agree between two of them.
var FileTime = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// A Site is a directory with a configuration and what it serves, and the ports that it may listen on.
//
// Files, configurations and requests hold placeholders: @W@ the directory, @PORT@ @PORT2@ @PORT3@ the ports, @HERE@ the port of the
// connection at hand, @MODULES@ Apache's modules directory, @USER@ the web user.
type Site struct {
	Dir   string
	Ports []int
}

// NewSite makes the directory with its logs, and picks ports.
func NewSite(dir string) (*Site, error) {
	for _, sub := range []string{"", "logs", "htdocs", "conf", "run"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.Chmod(filepath.Join(dir, "run"), 0o1777); err != nil {
		return nil, err
	}
	ports, err := FreePorts(3)
	return &Site{Dir: dir, Ports: ports}, err
}

// Expand fills in the placeholders. here is the index of the port that @HERE@ stands for.
func (s *Site) Expand(text string, here int) string {
	port := func(i int) string { return strconv.Itoa(s.Ports[i]) }
	return strings.NewReplacer("@W@", s.Dir, "@PORT@", port(0), "@PORT2@", port(1), "@PORT3@", port(2), "@HERE@", port(here),
		"@MODULES@", ModulesDirectory(), "@USER@", WebUser()).Replace(text)
}

// Write puts a file into the site, placeholders filled in.
func (s *Site) Write(name, data string) error {
	path := filepath.Join(s.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(s.Expand(data, 0)), 0o644)
}

// Settle gives every file and directory [FileTime].
func (s *Site) Settle() error {
	return filepath.WalkDir(s.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() && !d.IsDir() {
			return err
		}
		return os.Chtimes(path, FileTime, FileTime)
	})
}

// Listens lists the ports of the site that its configuration names.
func (s *Site) Listens(conf string) []int {
	var used []int
	for _, port := range s.Ports {
		if strings.Contains(conf, strconv.Itoa(port)) {
			used = append(used, port)
		}
	}
	return used
}

// Prelude is the beginning of a test configuration: identity, logs, one quiet process of eight threads, the listed modules
// (by name without "mod_" and "_module"), everything denied but htdocs.
func Prelude(modules ...string) string {
	var b strings.Builder
	b.WriteString(`ServerRoot "@W@"
Listen 127.0.0.1:@PORT@
ServerName localhost
PidFile run/httpd.pid
DefaultRuntimeDir run
ErrorLog logs/error_log
LogLevel info
`)
	for _, m := range modules {
		fmt.Fprintf(&b, "LoadModule %s_module @MODULES@/mod_%s.so\n", m, m)
	}
	b.WriteString(`User @USER@
Group @USER@
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
MinSpareThreads 1
MaxSpareThreads 8
LogFormat "%h %l %u %t \"%r\" %>s %b" common
CustomLog logs/access_log common
TypesConfig conf/mime.types
DocumentRoot "@W@/htdocs"
<Directory />
    AllowOverride None
    Require all denied
</Directory>
<Directory "@W@/htdocs">
    Require all granted
</Directory>
`)
	return b.String()
}

// BaseModules are loaded for every case.
func BaseModules() []string {
	return []string{"mpm_event", "authn_core", "authz_core", "authz_host", "access_compat", "alias", "dir", "env", "mime", "setenvif"}
}

// MimeTypes is the TypesConfig of cases.
const MimeTypes = `text/html html htm
text/plain txt
text/css css
application/javascript js
application/json json
image/png png
application/gzip tgz
`
