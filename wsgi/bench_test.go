package wsgi_test

import (
	"fmt"
	"sync"
	"syscall"
	"testing"

	"httpd-wsgi/wsgi"
	"httpd-wsgi/wsgi/wsgitest"
)

// BenchmarkRun measures a whole request, from the form to the response, by applications that differ in what the hand-over between goroutine
// and Python costs: on how many goroutines at once (the last part of the name), and cpu-ns/op is the time of all threads.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct{ name, script, uri string }{
		{"list", "hello.wsgi", "/"},                                      // small and silent: run on the goroutine's own thread
		{"generator", "body.wsgi", "/generator"},                         // has to tell before it ends: worker threads
		{"log", "errors.wsgi", "/?print(1)"},                             // a log record
		{"blocking", "module.wsgi", "/?__import__('time').sleep(0.002)"}, // leaves the interpreter to others
	} {
		for _, n := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				s := script(c.script)
				s.Mtime = 1 // a server knows it
				before := cpu()
				var wg sync.WaitGroup
				for i := range n {
					wg.Go(func() {
						var f wsgi.Form
						for range (b.N + i) / n {
							wsgitest.Fill(&f, wsgi.Multithread, "GET", c.uri)
							if r := engine.Run(&wsgi.Call{Script: s, Form: &f, BodyEnd: true, Exchange: quiet{}}); r.Outcome != wsgi.OK {
								b.Error(r)
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// BenchmarkForm measures the making of a form of two dozen keys.
func BenchmarkForm(b *testing.B) {
	b.ReportAllocs()
	var f wsgi.Form
	for b.Loop() {
		wsgitest.Fill(&f, wsgi.Multithread, "GET", "/")
		f.Bytes(nil, true)
	}
}

// cpu is the processor time that the process has used, in nanoseconds.
func cpu() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// quiet is an exchange that costs nothing.
type quiet struct{}

func (quiet) ReadBody(p []byte) (int, error)   { return 0, nil }
func (quiet) Respond(*wsgi.Response) error     { return nil }
func (quiet) Write([]byte) error               { return nil }
func (quiet) SendFile(int, int64, int64) error { return nil }
