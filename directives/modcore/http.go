package modcore

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"httpd-wsgi/directives"
)

// HTTPCore is http_core.c.
func HTTPCore() directives.Module[HTTP, directives.None] {
	timeout := directives.Override(func(h *HTTP) *directives.Opt[time.Duration] { return &h.KeepAliveTimeout })
	requests := directives.Override(func(h *HTTP) *directives.Opt[int] { return &h.MaxKeepAliveRequests })
	return directives.Module[HTTP, directives.None]{ID: "http_module", File: "http_core.c", Static: true,
		Server: directives.Table[HTTP]{
			directives.Take1("KeepAliveTimeout", rsrc, timeout, func(_ *directives.Cmd, h *HTTP, w string) error {
				t, ok := ParseTimeout(w, "s")
				if !ok {
					return errors.New("KeepAliveTimeout has wrong format")
				}
				h.KeepAliveTimeout = directives.Some(t)
				return nil
			}, "Keep-Alive timeout duration (sec)").Not(notInDir),
			directives.Take1("MaxKeepAliveRequests", rsrc, requests, func(_ *directives.Cmd, h *HTTP, w string) error {
				h.MaxKeepAliveRequests = directives.Some(Atoi(w))
				return nil
			}, "Maximum number of Keep-Alive requests per connection, or 0 for infinite").Not(notInDir),
			directives.Flag("KeepAlive", rsrc, func(h *HTTP) *directives.Opt[bool] { return &h.KeepAlive },
				"Whether persistent connections should be On or Off").Not(notInDir),
		}}
}

// ParseTimeout reads a number with a unit: "ms", "s", "mi" (also "min") or
// "h", unit where there is none (ap_timeout_parameter_parse).
func ParseTimeout(w, unit string) (time.Duration, bool) {
	end := 0
	for end < len(w) && w[end] >= '0' && w[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(w[:end], 10, 64)
	if err != nil {
		return 0, false
	}
	if end < len(w) {
		unit = w[end:]
	}
	scale := time.Duration(0)
	switch u := strings.ToLower(unit); {
	case u[0] == 's':
		scale = time.Second
	case u[0] == 'h':
		scale = time.Hour
	case strings.HasPrefix(u, "ms"):
		scale = time.Millisecond
	case strings.HasPrefix(u, "mi"):
		scale = time.Minute
	}
	if scale == 0 || n > math.MaxInt64/scale.Microseconds() {
		return 0, false
	}
	if n > math.MaxInt64/int64(scale) { // Apache counts microseconds
		return math.MaxInt64, true
	}
	return time.Duration(n) * scale, true
}
