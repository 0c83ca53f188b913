package httpdtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Process is one member of a server's process tree. Start tells it from a later process of the same id.
type Process struct {
	Pid, Parent int
	Command     string
	Start       uint64
}

// Processes lists the process pid and all that descend from it, parents first.
func Processes(pid int) []Process {
	all := map[int][]Process{}
	var root []Process
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		p, _, err := readStat(path)
		if err != nil {
			continue
		}
		if p.Pid == pid {
			root = append(root, p)
		}
		all[p.Parent] = append(all[p.Parent], p)
	}
	list := root
	for i := 0; i < len(list); i++ {
		list = append(list, all[list[i].Pid]...)
	}
	return list
}

// Alive tells whether this very process still runs (a zombie does not).
func (p Process) Alive() bool {
	now, fields, err := readStat(fmt.Sprintf("/proc/%d/stat", p.Pid))
	return err == nil && now.Start == p.Start && fields[0] != "Z"
}

// readStat parses /proc/PID/stat; fields begin at the third, the state.
func readStat(path string) (Process, []string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Process{}, nil, err
	}
	text := string(b)
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return Process{}, nil, fmt.Errorf("%s: unexpected form", path)
	}
	f := strings.Fields(text[end+1:])
	if len(f) < 20 {
		return Process{}, nil, fmt.Errorf("%s: too few fields", path)
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(text[:open]))
	parent, _ := strconv.Atoi(f[1])
	start, _ := strconv.ParseUint(f[19], 10, 64)
	return Process{Pid: pid, Parent: parent, Command: text[open+1 : end], Start: start}, f, nil
}

// clockTick is the unit of CPU times in /proc on every Linux that Go supports (USER_HZ).
const clockTick = time.Second / 100

// CPUTime is the user and system time that the tree of pid has used so far, ended and awaited children included.
func CPUTime(pid int) time.Duration {
	var ticks uint64
	for _, p := range Processes(pid) {
		_, f, err := readStat(fmt.Sprintf("/proc/%d/stat", p.Pid))
		if err != nil {
			continue
		}
		for _, field := range f[11:15] { // utime stime cutime cstime
			n, _ := strconv.ParseUint(field, 10, 64)
			ticks += n
		}
	}
	return time.Duration(ticks) * clockTick
}

// PSS is the proportional set size of the tree of pid, in bytes: pages shared by n processes count 1/n each.
func PSS(pid int) int64 {
	var sum int64
	for _, p := range Processes(pid) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.Pid))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
				kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				sum += kb << 10
			}
		}
	}
	return sum
}
