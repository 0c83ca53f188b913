package app

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"httpd-wsgi/mpm"
	"httpd-wsgi/pcre"
	"httpd-wsgi/server"
)

// productLine is the version as certbot, Ansible and their like read it:
// "Apache/2.4.71 (httpd-wsgi 0.1.0)".
func productLine() string {
	v := server.ApacheVersion
	return fmt.Sprintf("Apache/%d.%d.%d (httpd-wsgi %s)", v[0], v[1], v[2], server.Version)
}

// built is when the program was made: the time of its commit, else of its
// file.
func built() string {
	const form = "2006-01-02T15:04:05"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
					return t.UTC().Format(form)
				}
			}
		}
	}
	if st, err := os.Stat("/proc/self/exe"); err == nil {
		return st.ModTime().UTC().Format(form)
	}
	return "unknown"
}

// printSettings is -V. What has no counterpart here keeps its line where
// tools look for it.
func printSettings(w io.Writer, l layout, m mpm.Model, known bool) {
	fmt.Fprintf(w, "Server version: %s\nServer built:   %s\n", productLine(), built())
	fmt.Fprintln(w, "Server's Module Magic Number: 20120211:142")
	libs := fmt.Sprintf("Go %s, PCRE %s", runtime.Version()[2:], pcre.Version())
	fmt.Fprintf(w, "Server loaded:  %s\nCompiled using: %s\n", libs, libs)
	fmt.Fprintf(w, "Architecture:   %d-bit\n", strconv.IntSize)
	if known {
		fmt.Fprintf(w, "Server MPM:     %s\n", m.Name())
		threaded := "yes (fixed thread count)"
		if !m.Threaded() {
			threaded = "no"
		}
		fmt.Fprintf(w, "  threaded:     %s\n    forked:     yes (variable process count)\n", threaded)
	} else {
		fmt.Fprintln(w, "Server MPM:     ")
	}
	fmt.Fprintln(w, "Server compiled with....")
	for _, d := range []string{"APR_HAS_SENDFILE", "APR_HAVE_IPV6 (IPv4-mapped addresses enabled)", "SINGLE_LISTEN_UNSERIALIZED_ACCEPT", "AP_HAVE_RELIABLE_PIPED_LOGS"} {
		fmt.Fprintf(w, " -D %s\n", d)
	}
	for _, d := range [][2]string{{"HTTPD_ROOT", l.root}, {"DEFAULT_PIDLOG", l.defaults.PidFile}, {"DEFAULT_ERRORLOG", l.defaults.ErrorLog},
		{"AP_TYPES_CONFIG_FILE", "mime.types"}, {"SERVER_CONFIG_FILE", l.file}} {
		fmt.Fprintf(w, " -D %s=\"%s\"\n", d[0], d[1])
	}
}
