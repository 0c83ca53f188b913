package server

import (
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"
)

var wrkRequests = regexp.MustCompile(`(\d+) requests in`)

// BenchmarkConnection has wrk ask the same of 16 connections for two seconds and reports the process's own CPU time a
// request: wrk's is not in it.
func BenchmarkConnection(b *testing.B) {
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		b.Skip("no wrk on PATH")
	}
	body := []byte("Hello, World!\n")
	s := serve(b, "MaxKeepAliveRequests 0\n", func(r *Request) Status { return Declined }, func(h *HookSet) {
		// Before the phases: what is measured is the connection.
		h.PostReadRequest.Add("test", First, func(r *Request) Status {
			if r.URI != "/bare" {
				return OK
			}
			r.Reply.ContentType = "text/plain"
			r.Write(body)
			return Done
		})
		h.TranslateName.Add("test", First, func(r *Request) Status {
			if r.URI == "/phases" {
				r.Target.Filename = "/"
				return OK
			}
			return Declined
		})
	})
	s.site.phases.log = nil
	s.file("file.txt", "Hello, World!\n")
	for _, path := range []string{"/bare", "/file.txt"} {
		b.Run(path[1:], func(b *testing.B) {
			for b.Loop() {
				before := cpuTime()
				out, err := exec.Command(wrk, "-t1", "-c16", "-d2", "http://"+s.addr+path).CombinedOutput()
				m := wrkRequests.FindSubmatch(out)
				if err != nil || m == nil {
					b.Fatalf("%v\n%s", err, out)
				}
				n, _ := strconv.Atoi(string(m[1]))
				b.ReportMetric(float64(cpuTime()-before)/float64(n)/1e3, "cpu-us/req")
				b.ReportMetric(float64(n)/2, "req/s")
			}
		})
	}
}

// cpuTime is what the process has used, in nanoseconds.
func cpuTime() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// memory is a Transport on which the same request comes until there were enough.
type memory struct {
	Transport
	request []byte
	left    int
	written int
}

func (m *memory) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	m.left--
	return copy(p, m.request), nil
}

func (m *memory) Write(p []byte) (int, error)        { m.written += len(p); return len(p), nil }
func (m *memory) Close() error                       { return nil }
func (m *memory) SetReadDeadline(time.Time) error    { return nil }
func (m *memory) SetWriteDeadline(t time.Time) error { return nil }

// BenchmarkLoop is the connection's own work a request, without the system's.
func BenchmarkLoop(b *testing.B) {
	for name, fields := range map[string]string{"small": "", "browser": "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n" +
		"DNT: 1\r\nConnection: keep-alive\r\nCookie: sessionid=0123456789abcdef; csrftoken=fedcba9876543210\r\nUpgrade-Insecure-Requests: 1\r\n"} {
		b.Run(name, func(b *testing.B) {
			body := []byte("Hello, World!\n")
			s := serve(b, "MaxKeepAliveRequests 0\n", func(r *Request) Status { return Declined }, func(h *HookSet) {
				h.PostReadRequest.Add("test", First, func(r *Request) Status {
					r.Reply.ContentType = "text/plain"
					r.Write(body)
					return Done
				})
			})
			s.site.phases.log = nil
			t := &memory{Transport: NewTransport(s.dial(), false), request: []byte("GET /bare HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n"), left: b.N}
			b.ReportAllocs()
			b.ResetTimer()
			s.site.ServeConn(t)
			b.StopTimer()
			if t.written < 100*b.N {
				b.Fatalf("%d bytes for %d requests", t.written, b.N)
			}
		})
	}
}
