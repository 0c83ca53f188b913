package integration

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

var update = flag.Bool("update", false, "write the statuses that Apache gives into testdata/diff")

var show = flag.Bool("show", false, "print what Apache answers, logs and prints in each case")

// TestDifferential serves every case of testdata/diff with Apache and with the server under test, sends both the same bytes, and
// compares status lines, headers, bodies, framing, the fate of the connection, error logs and access logs.
//
// To add a case, write testdata/diff/NAME.txtar (see httpdtest.Case), run with -update once to fill in Apache's statuses, and look at
// what it answered with -show.
func TestDifferential(t *testing.T) {
	oracle, server := apache(t), target(t)
	paths, err := filepath.Glob("testdata/diff/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var mu sync.Mutex
	var requests int
	var declared []string
	t.Cleanup(func() {
		t.Logf("%d cases, %d requests against %s and %s", len(paths), requests, server.Version, oracle.Version)
		t.Logf("%d declared differences:\n  %s", len(declared), strings.Join(declared, "\n  "))
	})
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			c, err := httpdtest.ReadCase(path)
			if err != nil {
				t.Fatal(err)
			}
			if c.Root != "" && os.Getuid() != 0 {
				t.Skip(c.Root)
			}
			dir := tempDir(t)
			a, err := c.Run(oracle, filepath.Join(dir, "apache"))
			if err != nil {
				t.Fatalf("Apache: %v", err)
			}
			if *update && a.Refused == "" {
				if err := os.WriteFile(path, []byte(c.Update(a)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if *show {
				t.Log(c.Show(a))
			}
			b, err := c.Run(server, filepath.Join(dir, "target"))
			if err != nil {
				t.Fatal(err)
			}
			report := c.Compare(a, b)
			for _, problem := range report.Problems {
				t.Error(problem)
			}
			mu.Lock()
			defer mu.Unlock()
			requests += len(c.Steps)
			declared = append(declared, report.Declared...)
		})
	}
}
