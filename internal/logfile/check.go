package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"httpd-wsgi/internal/errlog"
)

// CheckErrorLog is what a configuration test does for ErrorLog: the directory
// must be there. where is "main error log" or "error log of vhost defined at
// FILE:LINE". nil for programs and syslog.
func CheckErrorLog(root, spec, where string) error {
	if errlog.IsSyslog(spec) {
		return nil
	}
	return check(root, spec, "AH02291", where)
}

// CheckTransferLog is the same for CustomLog, TransferLog and GlobalLog, at
// "FILE:LINE".
func CheckTransferLog(root, spec, at string) error {
	return check(root, spec, "AH02297", fmt.Sprintf("log file '%s' defined at %s", spec, at))
}

func check(root, spec, code, what string) error {
	if strings.HasPrefix(spec, "|") {
		return nil
	}
	dir := filepath.Dir(path(root, spec))
	if dir != "/" {
		dir += "/"
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return &Error{err, code, fmt.Sprintf("Cannot access directory '%s' for %s", dir, what)}
	}
	return nil
}
