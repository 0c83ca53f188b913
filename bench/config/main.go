// Command config compares Apache httpd and httpd-wsgi at a configuration of thousands of virtual hosts, each in a file of its own: the
// check (-t), the list (-S), the way from the start to the first answer, a graceful restart, memory. Runs alternate; ratios are what to
// read.
//
//	go run ./bench/config [-sites 10000] [-n 5] [-daemons 2] [-ownlogs]
//
// HTTPD_WSGI_TARGET names another binary than build/httpd-wsgi; APACHE another Apache. Servers with -ownlogs need two descriptors for
// each site ("ulimit -n"). docs/adr/0008-many-sites.md has figures.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

func main() {
	sites := flag.Int("sites", 10000, "virtual hosts")
	repeats := flag.Int("n", 5, "runs of each program")
	daemons := flag.Int("daemons", 2, "daemon process groups of one process")
	ownLogs := flag.Bool("ownlogs", false, "an error log and an access log for each site")
	flag.Parse()
	log.SetFlags(0)
	if err := bench(*sites, *repeats, *daemons, *ownLogs); err != nil {
		log.Fatal(err)
	}
}

func bench(sites, repeats, daemons int, ownLogs bool) error {
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
	dir, remove, err := httpdtest.TempDir("bench-config")
	if err != nil {
		return err
	}
	defer remove()
	site, err := httpdtest.NewSite(dir)
	if err != nil {
		return err
	}
	if err := httpdtest.ManySites(site, sites, daemons, ownLogs); err != nil {
		return err
	}
	fmt.Printf("A: %s, %s\nB: %s, %s\n%d sites, %d runs each, in turns\n\n%-28s %10s %10s %8s\n", apache.Path, apache.Version, target.Path,
		target.Version, sites, repeats, "medians", "A", "B", "B/A")
	programs := []httpdtest.Program{apache, target}
	for _, option := range []string{"-t", "-S"} {
		var cpu, wall, peak [2][]float64
		for range repeats {
			for i, p := range programs {
				u, err := httpdtest.Run(p, dir, option)
				if err != nil {
					return err
				}
				cpu[i], wall[i] = append(cpu[i], u.CPU.Seconds()), append(wall[i], u.Wall.Seconds())
				peak[i] = append(peak[i], float64(u.Peak)/(1<<20))
			}
		}
		row(option+" CPU s", cpu)
		row(option+" s", wall)
		row(option+" peak MiB", peak)
	}
	var answer, restart, peak, child, pss [2][]float64
	for range repeats {
		for i, p := range programs {
			r, err := life(p, site, sites, 2+daemons)
			if err != nil {
				return err
			}
			answer[i], restart[i] = append(answer[i], r.answer), append(restart[i], r.restart)
			peak[i], child[i], pss[i] = append(peak[i], r.peak), append(child[i], r.child), append(pss[i], r.pss)
		}
	}
	row("start to first answer s", answer)
	row("restart to new children s", restart)
	row("master's peak MiB", peak)
	row("largest child's RSS MiB", child)
	row("PSS of all MiB", pss)
	return nil
}

func row(what string, v [2][]float64) {
	var m [2]float64
	for i := range v {
		slices.Sort(v[i])
		m[i] = v[i][len(v[i])/2]
	}
	fmt.Printf("%-28s %10.2f %10.2f %8.2f\n", what, m[0], m[1], m[1]/m[0])
}

// figures are those of one life of a server: seconds and MiB.
type figures struct{ answer, restart, peak, child, pss float64 }

// life starts a server, restarts it gracefully and stops it.
func life(p httpdtest.Program, site *httpdtest.Site, sites, children int) (f figures, err error) {
	start := time.Now()
	s, err := httpdtest.Start(p, httpdtest.Options{Dir: site.Dir, Conf: filepath.Join(site.Dir, "conf/httpd.conf"), Ports: site.Ports[:1]})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	host := fmt.Sprintf("site%05d.example.com", sites-1)
	ask := func() error {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: httpdtest.Patience}
		req, err := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%d/index.html", site.Ports[0]), nil)
		if err != nil {
			return err
		}
		req.Host = host
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		if got := resp.Header.Get("X-Site"); err == nil && got+".example.com" != host {
			err = fmt.Errorf("%s: %s was served by %q", p.Path, host, got)
		}
		return err
	}
	if err := ask(); err != nil {
		return f, err
	}
	f.answer = time.Since(start).Seconds()
	// Prelude has one child of the server.
	children--
	before, err := generation(s, nil, children)
	if err != nil {
		return f, err
	}
	start = time.Now()
	if err := s.Signal(syscall.SIGUSR1); err != nil {
		return f, err
	}
	if _, err := generation(s, before, children); err != nil {
		return f, err
	}
	if err := ask(); err != nil {
		return f, err
	}
	f.restart = time.Since(start).Seconds()
	if err := gone(before); err != nil {
		return f, err
	}
	for i, q := range httpdtest.Processes(s.Pid()) {
		if i == 0 {
			f.peak = memory(q.Pid, "VmHWM:")
		} else {
			f.child = max(f.child, memory(q.Pid, "VmRSS:"))
		}
	}
	f.pss = float64(httpdtest.PSS(s.Pid())) / (1 << 20)
	return f, nil
}

// generation waits for n children that are not among before, and gives them.
func generation(s *httpdtest.Server, before []httpdtest.Process, n int) ([]httpdtest.Process, error) {
	for deadline := time.Now().Add(4 * httpdtest.Patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var fresh []httpdtest.Process
		for _, p := range httpdtest.Processes(s.Pid())[1:] {
			if !slices.ContainsFunc(before, func(b httpdtest.Process) bool { return b.Pid == p.Pid && b.Start == p.Start }) {
				fresh = append(fresh, p)
			}
		}
		if len(fresh) >= n {
			return fresh, nil
		}
	}
	return nil, fmt.Errorf("%s: no %d new children; its log:\n%s", s.Program.Path, n, s.Log("error_log"))
}

// gone waits until the processes have ended.
func gone(list []httpdtest.Process) error {
	for deadline := time.Now().Add(4 * httpdtest.Patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if !slices.ContainsFunc(list, httpdtest.Process.Alive) {
			return nil
		}
	}
	return errors.New("children of the generation before did not end")
}

// memory is a line of /proc/PID/status, in MiB.
func memory(pid int, field string) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			var kb float64
			fmt.Sscan(rest, &kb)
			return kb / 1024
		}
	}
	return 0
}
