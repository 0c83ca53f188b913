package integration

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// TestServerStatus compares the keys of the machine-readable status page, which monitoring reads by name.
func TestServerStatus(t *testing.T) {
	const text = `
modules: status
-- httpd.conf --
ExtendedStatus On
<Location /server-status>
    SetHandler server-status
    Require local
</Location>
<Location /closed-status>
    SetHandler server-status
    Require all denied
</Location>
-- htdocs/a.txt --
a
-- requests --
GET /a.txt => 200

GET /closed-status => 403

GET /server-status => 200

GET /server-status?auto => 200
`
	c, err := httpdtest.ParseCase("status", text)
	if err != nil {
		t.Fatal(err)
	}
	dir := tempDir(t)
	// page returns the keys of ?auto, in order, and the values of those that both servers must agree on.
	page := func(program httpdtest.Program, sub string) (keys []string, values map[string]string) {
		o, err := c.Run(program, filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		if o.Refused != "" {
			t.Fatal(o.Refused)
		}
		for i, want := range []int{200, 403, 200, 200} {
			if r := o.Steps[i]; r.Err != nil || len(r.Responses) != 1 || r.Responses[0].Status != want {
				t.Fatalf("%s: request %d: %+v, want %d", program.Path, i, r, want)
			}
		}
		if body := string(o.Steps[2].Responses[0].Body); !strings.Contains(body, "Scoreboard Key") {
			t.Errorf("%s: the page for people lacks its scoreboard: %.300s", program.Path, body)
		}
		values = map[string]string{"type": o.Steps[3].Responses[0].Get("Content-Type")}
		workers := 0
		for line := range strings.Lines(string(o.Steps[3].Responses[0].Body)) {
			key, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ": ")
			if !ok {
				continue
			}
			keys = append(keys, key)
			switch key {
			case "ServerMPM", "Processes":
				values[key] = value
			case "BusyWorkers", "IdleWorkers":
				// a worker may still be busy with the request before
				n, err := strconv.Atoi(value)
				if err != nil {
					t.Errorf("%s: %s: %v", program.Path, key, err)
				}
				workers += n
			case "Scoreboard":
				values[key] = strings.Trim(value, "_SRWKDCLGI.")
			}
		}
		values["workers"] = strconv.Itoa(workers)
		return keys, values
	}
	wantKeys, wantValues := page(apache(t), "apache")
	keys, values := page(target(t), "target")
	for _, key := range wantKeys {
		// TLS session cache lines belong to mod_ssl
		if !slices.Contains(keys, key) && !strings.HasPrefix(key, "Cache") {
			t.Errorf("no %q among %q", key, keys)
		}
	}
	for key, want := range wantValues {
		if values[key] != want {
			t.Errorf("%s: %q, Apache %q", key, values[key], want)
		}
	}
	if *show {
		t.Logf("%q %q", wantKeys, wantValues)
	}
}
