package integration

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"httpd-wsgi/integration/httpdtest"
)

// verdict is what a run of the program printed and how it ended.
type verdict struct {
	stdout, stderr string
	code           int
}

func (v verdict) String() string {
	return fmt.Sprintf("exit %d\nstdout:\n%sstderr:\n%s", v.code, v.stdout, v.stderr)
}

var programName = regexp.MustCompile(`(?m)^(AH\d+: )?(apache2|httpd|httpd-wsgi): `)
var lineHead = regexp.MustCompile(`(?m)^\[[^\]]*\] (\[\w*:\w+\]) \[pid \d+(:tid \d+)?\] `)

// run runs program with arguments; normalised are the site's directory and ports, the program's own name before a message, and the time
// and process of a log line.
func run(t testing.TB, program httpdtest.Program, site *httpdtest.Site, args ...string) verdict {
	t.Helper()
	return runEnv(t, program, site, nil, args...)
}

// runEnv is run with more in the environment.
func runEnv(t testing.TB, program httpdtest.Program, site *httpdtest.Site, env []string, args ...string) verdict {
	t.Helper()
	cmd := exec.Command(program.Path, args...)
	cmd.Env = append(httpdtest.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("%s %s: what it left in the background keeps its standard output or error open: $(...) would hang", program.Path, strings.Join(args, " "))
	} else if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	n := httpdtest.NewNormaliser(site)
	text := func(b bytes.Buffer) string {
		return lineHead.ReplaceAllString(programName.ReplaceAllString(n.Text(b.String()), "${1}PROGRAM: "), "[TIME] $1 [PID] ")
	}
	return verdict{text(stdout), text(stderr), cmd.ProcessState.ExitCode()}
}

// TestConfigErrors holds what "-t" prints about faulty configurations against what Apache prints. The server may print more, such as what
// to do about it, but Apache's text must be there whole.
func TestConfigErrors(t *testing.T) {
	oracle, server := apache(t), target(t)
	text, err := os.ReadFile("testdata/config_errors.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := tempDir(t)
	site, err := httpdtest.NewSite(filepath.Join(dir, "site"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, data string) string {
		t.Helper()
		if err := site.Write(name, data); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(site.Dir, name)
	}
	write("conf/mime.types", httpdtest.MimeTypes)
	write("conf/bad.conf", "# one\n# two\nBogusInside on\n")
	write("conf/recursive.conf", "Include conf/recursive.conf\n")
	for _, f := range httpdtest.ParseArchive(string(text)).Files {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			modules := httpdtest.BaseModules()
			if strings.Contains(f.Data, "WSGI") {
				modules = append(modules, "wsgi")
			}
			conf := write("conf/"+f.Name+".conf", httpdtest.Prelude(modules...)+f.Data)
			want := run(t, oracle, site, "-d", site.Dir, "-f", conf, "-t")
			got := run(t, server, site, "-d", site.Dir, "-f", conf, "-t")
			if *show {
				t.Logf("%s%s", f.Data, want)
			}
			differ, code := differs(f.Data)
			if differ != "" {
				t.Logf("declared difference: %s", differ)
			}
			if got.code != want.code && !(code && !server.Apache) {
				t.Errorf("exit %d, Apache %d\n%s\nApache:\n%s", got.code, want.code, got.stderr, want.stderr)
			}
			if differ == "" && (!strings.Contains(got.stderr, want.stderr) || got.stdout != want.stdout) {
				t.Errorf("got %s\nApache: %s", got, want)
			}
		})
	}
}

var differComment = regexp.MustCompile(`(?m)^# differ( code)?: (.*)$`)

func differs(text string) (reason string, code bool) {
	m := differComment.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return m[2], m[1] != ""
}
