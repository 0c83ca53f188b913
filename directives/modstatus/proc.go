package modstatus

import (
	"bytes"
	"os"
	"strconv"
)

// ticks is the kernel's unit of processor time, a hundredth of a second (USER_HZ).
const ticks = 100

// times are processor times in ticks: a process's own, and those of its children that have ended.
type times struct{ user, system, childUser, childSystem int64 }

func (t *times) add(o times) {
	t.user += o.user
	t.system += o.system
	t.childUser += o.childUser
	t.childSystem += o.childSystem
}

func (t times) all() int64 { return t.user + t.system + t.childUser + t.childSystem }

// processTimes asks the kernel; nothing for a process that is gone or hidden.
func processTimes(pid int) (t times) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return t
	}
	// The second field is a name in parentheses and may hold anything.
	end := bytes.LastIndexByte(stat, ')')
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 15 {
		return t
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(string(fields[i]), 10, 64)
		return n
	}
	// Fields 14 to 17 of proc(5); the first one after the name is 3.
	return times{number(11), number(12), number(13), number(14)}
}

// loadAverages are those of the last 1, 5 and 15 minutes.
func loadAverages() (load [3]float64) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return load
	}
	for i, f := range bytes.Fields(text) {
		if i < len(load) {
			load[i], _ = strconv.ParseFloat(string(f), 64)
		}
	}
	return load
}
