package apacheconf

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// vhosts writes n virtual hosts of 13 lines.
func vhosts(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "# vhost %d\n<VirtualHost *:80>\n    ServerName h%[1]d.example\n    DocumentRoot \"/srv/www/%[1]d\"\n"+
			"    WSGIDaemonProcess h%[1]d processes=2 threads=15 \\\n        display-name=%%{GROUP}\n"+
			"    WSGIScriptAlias / /srv/www/%[1]d/app.wsgi process-group=h%[1]d\n    <Directory \"/srv/www/%[1]d\">\n"+
			"        Require all granted\n        RewriteCond %%{TIME_HOUR} >07\n    </Directory>\n</VirtualHost>\n\n", i)
	}
	return b.String()
}

// perLine begins to measure a benchmark of so many lines and gives what ends it: time and processor time per line,
// of which the second says more on a busy machine.
func perLine(b *testing.B, lines int) (end func()) {
	cpu := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	b.ReportAllocs()
	start := cpu()
	return func() {
		n := float64(b.N) * float64(lines)
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/line")
		b.ReportMetric(float64(cpu()-start)/n, "cpu-ns/line")
	}
}

func BenchmarkParse(b *testing.B) {
	text := []byte(vhosts(1000))
	defer perLine(b, 13000)()
	for b.Loop() {
		Parse("f", text)
	}
}

func BenchmarkReadTree(b *testing.B) {
	text := vhosts(1000)
	defer perLine(b, 13000)()
	for b.Loop() {
		readTree("f", text)
	}
}

func BenchmarkLines(b *testing.B) {
	text := vhosts(1000)
	defer perLine(b, 13000)()
	for b.Loop() {
		r := lineReader{src: &source{text: text}, max: maxLine}
		for {
			if _, ok := r.next(); !ok {
				break
			}
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	text := []byte(vhosts(1000))
	l := newTestLoader("/")
	l.ReadFile = func(string) ([]byte, error) { return text, nil }
	defer perLine(b, 13000)()
	for b.Loop() {
		if _, err := l.Load("x"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoadIncludes reads 10,000 files of 10 lines.
func BenchmarkLoadIncludes(b *testing.B) {
	root := b.TempDir()
	if err := os.Mkdir(filepath.Join(root, "sites"), 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range 10000 {
		text := strings.Join(strings.SplitAfter(vhosts(1), "\n")[1:11], "") + "</VirtualHost>\n"
		if err := os.WriteFile(filepath.Join(root, fmt.Sprintf("sites/%d.conf", i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "main.conf"), []byte("Include sites/*.conf\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	l := newTestLoader(root)
	defer perLine(b, 110000)()
	for b.Loop() {
		if _, err := l.Load("main.conf"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeDecode(b *testing.B) {
	text := []byte(vhosts(1000))
	l := newTestLoader("/")
	l.ReadFile = func(string) ([]byte, error) { return text, nil }
	tree, err := l.Load("x")
	if err != nil {
		b.Fatal(err)
	}
	defer perLine(b, 13000)()
	for b.Loop() {
		var buf bytes.Buffer
		if err := tree.Encode(&buf); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(buf.Len()))
		if _, err := Decode(&buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHtaccess(b *testing.B) {
	text := []byte("<IfModule mod_so.c>\nRewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.html [L]\n</IfModule>\nOptions -Indexes\n")
	l := newTestLoader("/")
	server := &Tree{ServerRoot: "/"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.LoadHtaccess(server, "/x/.htaccess", text); err != nil {
			b.Fatal(err)
		}
	}
}
