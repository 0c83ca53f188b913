package app

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

var updateCheck = flag.Bool("update-check", false, "write what check says into its cases")

// TestCheck runs the cases of testdata/check. A case is a txtar archive: "args"
// are the arguments, one a line; "text" and "json" are what is expected, with
// the exit status as their first line; all other files are laid out in a
// directory that is @DIR@ everywhere.
func TestCheck(t *testing.T) {
	names, err := filepath.Glob("testdata/check/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a := httpdtest.ParseArchive(string(data))
			dir, err := os.MkdirTemp("", "check")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			args, want := []string{"check"}, map[string]*string{}
			for i := range a.Files {
				f := &a.Files[i]
				switch f.Name {
				case "args":
					for line := range strings.Lines(f.Data) {
						args = append(args, strings.ReplaceAll(strings.TrimSpace(line), "@DIR@", dir))
					}
				case "text", "json":
					want[f.Name] = &f.Data
				default:
					file := filepath.Join(dir, f.Name)
					os.MkdirAll(filepath.Dir(file), 0o755)
					write(t, file, strings.ReplaceAll(f.Data, "@DIR@", dir))
				}
			}
			before := tree(t, dir)
			changed := false
			for form, expected := range want {
				code, stdout, stderr := run(append(args, "--format", form)...)
				got := "exit status " + string(rune('0'+code)) + "\n" + strings.ReplaceAll(stdout+stderr, dir, "@DIR@")
				if form == "json" && !json.Valid([]byte(stdout)) {
					t.Errorf("not JSON: %s", stdout)
				}
				if got == *expected {
					continue
				}
				if *updateCheck {
					*expected, changed = got, true
					continue
				}
				t.Errorf("%s: %s\n(-update-check writes what check says)", form, firstDifference(got, *expected))
			}
			if after := tree(t, dir); after != before {
				t.Errorf("check changed files: %s, before %s", after, before)
			}
			if changed {
				write(t, name, a.String())
			}
		})
	}
}

// firstDifference shows where two texts part.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return fmt.Sprintf("line %d: got\n%s\nwant\n%s", i+1, strings.Join(a[i:min(i+4, len(a))], "\n"), strings.Join(b[min(i, len(b)):min(i+4, len(b))], "\n"))
		}
	}
	return "the end is missing: " + strings.Join(b[len(a):], "\n")
}

// tree lists what is in a directory, with sizes and times.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil {
			b.WriteString(path + " " + info.Mode().String() + " " + info.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCheckCommandLine(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		out  string // a part of either output
	}{
		{"--help", 0, "Usage: httpd-wsgi check"},
		{"-h", 0, "Usage: httpd-wsgi check"},
		{"--frobnicate", 2, "unknown option or argument --frobnicate"},
		{"--all=yes", 2, "option --all takes no value"},
		{"--format yaml", 2, "--format is text or json"},
		{"--format", 2, "--format is text or json"},
		{"-f", 2, "option -f requires an argument"},
		{"-k start", 2, "unknown option or argument -k"},
		{"-e loud", 2, "loud is no value for option -e"},
		{"-f /no/such/httpd.conf", 2, "Could not open configuration file /no/such/httpd.conf: No such file or directory"},
	} {
		code, stdout, stderr := run(append([]string{"check"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.out) {
			t.Errorf("check %s: exit %d, %q; want %d and %q", c.args, code, stdout+stderr, c.code, c.out)
		}
	}
}

func TestCheckColors(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal to be had: %v", err)
	}
	defer terminal.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if !colored(terminal) {
		t.Error("no colours on a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if colored(terminal) {
		t.Error("colours in spite of NO_COLOR")
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if colored(terminal) {
		t.Error("colours on a dumb terminal")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Setenv("TERM", "xterm")
	if colored(file) || colored(new(strings.Builder)) {
		t.Error("colours in a file")
	}
}
