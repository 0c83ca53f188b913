package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A result is one run of one server.
type result struct {
	requests, failures int64
	rate               float64 // requests a second
	p50, p99           float64 // milliseconds
	cpu                float64 // microseconds of the server's processes for each request
	memory             float64 // MiB, proportional set size of the server's processes
}

// generator names what makes the load: wrk, which costs the machine least, or a simpler one in here.
func generator() string {
	if path, err := exec.LookPath("wrk"); err == nil {
		return path
	}
	return "a built-in client (wrk is not installed)"
}

func generate(port int, w workload, connections int, duration time.Duration) (result, error) {
	if path, err := exec.LookPath("wrk"); err == nil {
		return runWrk(path, port, w, connections, duration)
	}
	return runOwn(port, w, connections, duration)
}

var (
	wrkLatency  = regexp.MustCompile(`(?m)^ +(50|99)% +([0-9.]+)(us|ms|s)$`)
	wrkRequests = regexp.MustCompile(`(?m)^ +(\d+) requests in ([0-9.]+)(us|ms|s|m)`)
	wrkStatus   = regexp.MustCompile(`(?m)^ +Non-2xx or 3xx responses: (\d+)`)
	wrkErrors   = regexp.MustCompile(`(?m)^ +Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	milliUnits  = map[string]float64{"us": 1e-3, "ms": 1, "s": 1e3, "m": 60e3}
)

func runWrk(path string, port int, w workload, connections int, duration time.Duration) (result, error) {
	var r result
	args := []string{"-t1", "-c", strconv.Itoa(connections), "-d", fmt.Sprintf("%.0fs", max(1, duration.Seconds())), "--latency"}
	for _, h := range w.headers {
		args = append(args, "-H", h)
	}
	if w.body > 0 {
		script, err := os.CreateTemp("", "bench*.lua")
		if err != nil {
			return r, err
		}
		defer os.Remove(script.Name())
		fmt.Fprintf(script, "wrk.method = 'POST'\nwrk.body = string.rep('x', %d)\n", w.body)
		script.Close()
		args = append(args, "-s", script.Name())
	}
	out, err := exec.Command(path, append(args, fmt.Sprintf("http://127.0.0.1:%d%s", port, w.path))...).CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("wrk: %v: %s", err, out)
	}
	text := string(out)
	m := wrkRequests.FindStringSubmatch(text)
	if m == nil {
		return r, fmt.Errorf("wrk: %s", text)
	}
	r.requests, _ = strconv.ParseInt(m[1], 10, 64)
	took, _ := strconv.ParseFloat(m[2], 64)
	r.rate = float64(r.requests) / (took * milliUnits[m[3]] / 1e3)
	for _, m := range wrkLatency.FindAllStringSubmatch(text, -1) {
		v, _ := strconv.ParseFloat(m[2], 64)
		v *= milliUnits[m[3]]
		if m[1] == "50" {
			r.p50 = v
		} else {
			r.p99 = v
		}
	}
	if m := wrkStatus.FindStringSubmatch(text); m != nil && w.name != "notfound" {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		r.failures += n
	}
	if m := wrkErrors.FindStringSubmatch(text); m != nil {
		for _, s := range m[1:] {
			n, _ := strconv.ParseInt(s, 10, 64)
			r.failures += n
		}
	}
	return r, nil
}

// runOwn is a plain client: connections goroutines, each writing one request and reading its answer by Content-Length.
func runOwn(port int, w workload, connections int, duration time.Duration) (result, error) {
	var request bytes.Buffer
	method := "GET"
	if w.body > 0 {
		method = "POST"
	}
	fmt.Fprintf(&request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", method, w.path, port)
	for _, h := range w.headers {
		request.WriteString(h + "\r\n")
	}
	if w.body > 0 {
		fmt.Fprintf(&request, "Content-Length: %d\r\n", w.body)
	}
	request.WriteString("\r\n" + strings.Repeat("x", w.body))
	var mu sync.Mutex
	var wg sync.WaitGroup
	var r result
	var latencies []time.Duration
	start := time.Now()
	for range connections {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mine, failures := client(port, request.Bytes(), start.Add(duration))
			mu.Lock()
			latencies = append(latencies, mine...)
			r.failures += failures
			mu.Unlock()
		}()
	}
	wg.Wait()
	r.requests = int64(len(latencies))
	r.rate = float64(r.requests) / time.Since(start).Seconds()
	if len(latencies) > 0 {
		slices.Sort(latencies)
		ms := func(q int) float64 { return float64(latencies[(len(latencies)-1)*q/100].Microseconds()) / 1e3 }
		r.p50, r.p99 = ms(50), ms(99)
	}
	return r, nil
}

func client(port int, request []byte, end time.Time) (latencies []time.Duration, failures int64) {
	var c net.Conn
	var in *bufio.Reader
	for time.Now().Before(end) {
		if c == nil {
			var err error
			if c, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err != nil {
				return latencies, failures + 1
			}
			in = bufio.NewReader(c)
		}
		begin := time.Now()
		c.SetDeadline(end.Add(10 * time.Second))
		if _, err := c.Write(request); err == nil {
			if err = answer(in); err == nil {
				latencies = append(latencies, time.Since(begin))
				continue
			}
		}
		failures++
		c.Close()
		c = nil
	}
	if c != nil {
		c.Close()
	}
	return latencies, failures
}

func answer(in *bufio.Reader) error {
	length := int64(0)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			_, err := io.CopyN(io.Discard, in, length)
			return err
		}
		if v, ok := strings.CutPrefix(strings.ToLower(line), "content-length: "); ok {
			if length, err = strconv.ParseInt(v, 10, 64); err != nil {
				return err
			}
		}
	}
}
