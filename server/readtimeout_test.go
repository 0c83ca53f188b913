package server

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"httpd-wsgi/vhost"
)

func TestReadClock(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		what  string
		limit *ReadLimit
		steps []any // durations pass, numbers are bytes received
		want  time.Duration
	}{
		{"no limit", nil, []any{100 * s}, 60 * s},
		{"nothing set", &ReadLimit{}, []any{100 * s}, 60 * s},
		{"begins with the read", &ReadLimit{Initial: 20 * s}, nil, 20 * s},
		{"at most the timeout", &ReadLimit{Initial: 90 * s}, nil, 60 * s},
		{"time passes", &ReadLimit{Initial: 20 * s}, []any{5 * s}, 15 * s},
		{"bytes without a rate", &ReadLimit{Initial: 20 * s}, []any{5 * s, 5000}, 15 * s},
		{"bytes give time", &ReadLimit{Initial: 20 * s, Rate: 500}, []any{5 * s, 1250}, 17500 * time.Millisecond},
		{"up to a bound", &ReadLimit{Initial: 20 * s, Max: 21 * s, Rate: 500}, []any{5 * s, 5000, 10 * s, 5000}, 6 * s},
		{"a second at least", &ReadLimit{Initial: 20 * s}, []any{20*s - 1}, s},
		{"over", &ReadLimit{Initial: 20 * s}, []any{20 * s}, 0},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var k readClock
				k.watch(tt.limit, "header")
				if len(tt.steps) > 0 {
					k.left(60 * s)
				}
				for _, step := range tt.steps {
					switch v := step.(type) {
					case time.Duration:
						time.Sleep(v)
					case int:
						k.received(v)
					}
				}
				if got := k.left(60 * s); got != tt.want {
					t.Errorf("%v left, want %v", got, tt.want)
				}
				k.watch(&ReadLimit{Initial: 3 * s}, "body")
				if got := k.left(60 * s); got != 3*s || k.what != "body" {
					t.Errorf("the next stage has %v", got)
				}
			})
		})
	}
}

// A client that is too slow gets a 408 and no more requests.
func TestReadLimits(t *testing.T) {
	limits := &ReadLimits{Header: ReadLimit{Initial: 100 * time.Millisecond}, Body: ReadLimit{Initial: 100 * time.Millisecond}}
	s := serve(t, "LogLevel info\n", answer, func(h *HookSet) {
		h.ReadLimits = func(*vhost.Server) *ReadLimits { return limits }
	})
	for _, tt := range []struct{ raw, want, log string }{
		{"GET /one HTTP/1.1\r\n" + host, "HTTP/1.1 408 Request Timeout\r\n", "AH01382: Request header read timeout"},
		{"POST /read HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nab", "HTTP/1.1 408 Request Timeout\r\n", "AH01382: Request body read timeout"},
	} {
		c := s.dial()
		io.WriteString(c, tt.raw)
		got, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(got), tt.want) || !strings.Contains(string(got), "Connection: close\r\n") {
			t.Errorf("%q: %s %v", tt.raw, got, err)
		}
		if log := s.logText(); strings.Count(log, tt.log) != 1 {
			t.Errorf("%q: log %s", tt.raw, log)
		}
	}
}
