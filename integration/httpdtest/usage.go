package httpdtest

import (
	"bytes"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// A Usage is what one run of a program to its end took.
type Usage struct {
	Wall, CPU time.Duration
	Peak      int64  // bytes, of the largest process
	Output    []byte // both streams
}

// Run runs program with -d dir -f dir/conf/httpd.conf and args to its end.
func Run(program Program, dir string, args ...string) (Usage, error) {
	cmd := exec.Command(program.Path, append([]string{"-d", dir, "-f", dir + "/conf/httpd.conf"}, args...)...)
	cmd.Env = Environ()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	u := Usage{Wall: time.Since(start), Output: out.Bytes()}
	if cmd.ProcessState != nil {
		u.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		u.Peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	}
	if err != nil {
		return u, fmt.Errorf("%s %v: %w: %s", program.Path, args, err, out.Bytes())
	}
	return u, nil
}
