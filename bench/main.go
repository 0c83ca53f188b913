// Command bench serves one application by Apache httpd with mod_wsgi in embedded mode and by httpd-wsgi, from the same configuration,
// puts both under the same load in turns, and prints how they compare: throughput, CPU that the server's processes use for a request,
// latency, memory. Absolute numbers depend on the machine; the ratios are what to read.
//
//	go run ./bench [-n 5] [-t 4s] [-c 16] [-processes 2] [-threads 15] [-only hello,static]
//
// HTTPD_WSGI_TARGET names another binary than build/httpd-wsgi; APACHE another Apache.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

// settings of one invocation.
type settings struct {
	repeats            int
	duration           time.Duration
	connections        int
	processes, threads int
}

// A workload is what the clients ask for, over and over.
type workload struct {
	name, what string
	path       string
	headers    []string
	body       int // bytes posted; 0: GET
}

var browser = []string{
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
	"Accept-Language: en-US,en;q=0.5",
	"Accept-Encoding: gzip, deflate, br, zstd",
	"Cookie: sessionid=0123456789abcdef0123456789abcdef; csrftoken=abcdefghijklmnopqrstuvwxyz012345",
	"Referer: http://localhost/some/page?with=query",
	"Upgrade-Insecure-Requests: 1",
	"Sec-Fetch-Dest: document",
	"Sec-Fetch-Mode: navigate",
	"Sec-Fetch-Site: same-origin",
	"Priority: u=0, i",
	"Cache-Control: max-age=0",
}

func workloads() []workload {
	return []workload{
		{name: "hello", what: "hello world, WSGI", path: "/app"},
		{name: "browser", what: "hello world, WSGI, a browser's headers", path: "/app?a=b&c=d", headers: browser},
		{name: "upload", what: "64 KiB posted, read whole", path: "/app/upload", body: 64 << 10},
		{name: "page", what: "32 KiB page in four pieces", path: "/app/page"},
		{name: "static", what: "static file of 4 KiB", path: "/static/file.txt"},
		{name: "notfound", what: "missing file, Apache's own page", path: "/static/none"},
	}
}

const application = `
PIECE = b'x' * 8192
def application(environ, start_response):
    path = environ['PATH_INFO']
    if path == '/upload':
        output = str(len(environ['wsgi.input'].read())).encode()
    elif path == '/page':
        start_response('200 OK', [('Content-Type', 'text/html'), ('Content-Length', str(4 * len(PIECE)))])
        return [PIECE] * 4
    else:
        output = b'Hello World!'
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(output)))])
    return [output]
`

// configuration has as many processes at the end as at the beginning, so that runs are alike.
func configuration(s settings) string {
	return fmt.Sprintf(`ServerRoot "@W@"
Listen 127.0.0.1:@PORT@
ServerName localhost
PidFile run/httpd.pid
LoadModule mpm_event_module @MODULES@/mod_mpm_event.so
LoadModule authz_core_module @MODULES@/mod_authz_core.so
LoadModule alias_module @MODULES@/mod_alias.so
LoadModule mime_module @MODULES@/mod_mime.so
LoadModule wsgi_module @MODULES@/mod_wsgi.so
User @USER@
Group @USER@
StartServers %[1]d
ServerLimit %[1]d
ThreadLimit %[2]d
ThreadsPerChild %[2]d
MaxRequestWorkers %[3]d
MinSpareThreads 1
MaxSpareThreads %[3]d
MaxConnectionsPerChild 0
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
ErrorLog logs/error_log
LogFormat "%%h %%l %%u %%t \"%%r\" %%>s %%b" common
CustomLog logs/access_log common
TypesConfig conf/mime.types
DocumentRoot "@W@/htdocs"
<Directory />
    AllowOverride None
    Require all denied
</Directory>
Alias /static "@W@/htdocs"
<Directory "@W@/htdocs">
    Require all granted
</Directory>
WSGIScriptAlias /app "@W@/app/app.wsgi"
WSGIApplicationGroup %%{GLOBAL}
<Directory "@W@/app">
    Require all granted
</Directory>
`, s.processes, s.threads, s.processes*s.threads)
}

func main() {
	var s settings
	flag.IntVar(&s.repeats, "n", 5, "runs of each server")
	flag.DurationVar(&s.duration, "t", 4*time.Second, "length of a run")
	flag.IntVar(&s.connections, "c", 16, "connections, kept open")
	flag.IntVar(&s.processes, "processes", 2, "child processes of each server")
	flag.IntVar(&s.threads, "threads", 15, "threads in each of them")
	only := flag.String("only", "", "names of workloads, separated by commas")
	flag.Parse()
	log.SetFlags(0)
	if err := bench(s, *only); err != nil {
		log.Fatal(err)
	}
}

func bench(s settings, only string) error {
	apache, err := httpdtest.Apache()
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	target, err := httpdtest.Target(root)
	if err != nil {
		return err
	}
	fmt.Printf("A: %s, %s\nB: %s, %s\n%d connections, %d processes of %d threads, %d runs of %v each, in turns; load by %s\n",
		apache.Path, apache.Version, target.Path, target.Version, s.connections, s.processes, s.threads, s.repeats, s.duration, generator())
	a, err := serve(apache, s)
	if err != nil {
		return err
	}
	defer a.stop()
	b, err := serve(target, s)
	if err != nil {
		return err
	}
	defer b.stop()
	for _, w := range workloads() {
		if only != "" && !slices.Contains(strings.Split(only, ","), w.name) {
			continue
		}
		if err := compare(s, w, a, b); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// A server under load.
type server struct {
	*httpdtest.Server
	remove func()
}

func serve(program httpdtest.Program, s settings) (*server, error) {
	dir, remove, err := httpdtest.TempDir("bench")
	if err != nil {
		return nil, err
	}
	site, err := httpdtest.NewSite(dir)
	if err != nil {
		return nil, err
	}
	for name, data := range map[string]string{
		"conf/httpd.conf": configuration(s), "conf/mime.types": httpdtest.MimeTypes, "app/app.wsgi": application,
		"htdocs/file.txt": string(httpdtest.Fill(4096)),
	} {
		if err := site.Write(name, data); err != nil {
			return nil, err
		}
	}
	running, err := httpdtest.Start(program, httpdtest.Options{Dir: dir, Conf: filepath.Join(dir, "conf/httpd.conf"), Ports: site.Ports[:1]})
	if err != nil {
		remove()
		return nil, err
	}
	return &server{running, remove}, nil
}

func (s *server) stop() {
	if err := s.Stop(); err != nil {
		log.Print(err)
	}
	s.remove()
}

// measure puts a server under load for a while and adds what the server's own processes used.
func (s *server) measure(w workload, set settings, duration time.Duration) (result, error) {
	before := httpdtest.CPUTime(s.Pid())
	r, err := generate(s.Ports[0], w, set.connections, duration)
	if err != nil {
		return r, err
	}
	if r.requests == 0 {
		return r, fmt.Errorf("%s answered nothing; its log:\n%s", s.Program.Path, s.Log("error_log"))
	}
	r.cpu = float64((httpdtest.CPUTime(s.Pid()) - before).Microseconds()) / float64(r.requests)
	r.memory = float64(httpdtest.PSS(s.Pid())) / (1 << 20)
	return r, nil
}

func compare(set settings, w workload, a, b *server) error {
	for _, s := range []*server{a, b} {
		if _, err := s.measure(w, set, time.Second); err != nil { // warm up
			return err
		}
	}
	var as, bs []result
	for i := range set.repeats {
		// who goes first alternates too
		order := []struct {
			s    *server
			into *[]result
		}{{a, &as}, {b, &bs}}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		for _, o := range order {
			r, err := o.s.measure(w, set, set.duration)
			if err != nil {
				return err
			}
			*o.into = append(*o.into, r)
		}
	}
	fmt.Printf("\n%s: %s\n", w.name, w.what)
	fmt.Printf("  %-22s %30s %30s %26s\n", "", "A  min/median/max", "B  min/median/max", "B/A  min/median/max")
	for _, row := range []struct {
		name, form string
		value      func(result) float64
	}{
		{"requests/s", "%.0f", func(r result) float64 { return r.rate }},
		{"server CPU us/request", "%.1f", func(r result) float64 { return r.cpu }},
		{"latency p50 ms", "%.2f", func(r result) float64 { return r.p50 }},
		{"latency p99 ms", "%.2f", func(r result) float64 { return r.p99 }},
		{"memory PSS MiB", "%.1f", func(r result) float64 { return r.memory }},
		{"failures", "%.0f", func(r result) float64 { return float64(r.failures) }},
	} {
		va, vb, ratio := column(as, row.value), column(bs, row.value), []float64{}
		for i := range va {
			if va[i] > 0 {
				ratio = append(ratio, vb[i]/va[i])
			}
		}
		fmt.Printf("  %-22s %30s %30s %26s\n", row.name, spread(row.form, va), spread(row.form, vb), spread("%.2f", ratio))
	}
	return nil
}

func column(results []result, value func(result) float64) []float64 {
	var list []float64
	for _, r := range results {
		list = append(list, value(r))
	}
	return list
}

// spread prints least, median and greatest.
func spread(form string, values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	sorted := slices.Sorted(slices.Values(values))
	return fmt.Sprintf(form+" / "+form+" / "+form, sorted[0], sorted[len(sorted)/2], sorted[len(sorted)-1])
}
