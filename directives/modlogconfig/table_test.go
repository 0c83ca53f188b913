package modlogconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/logfile"
	"httpd-wsgi/server"
)

// plan compiles lines; a line of spaces and a directive stands in a virtual
// host of its own with its neighbours.
func plan(t *testing.T, root, text string) (*compiled, error) {
	t.Helper()
	tree := &apacheconf.Tree{ServerRoot: root}
	var host *apacheconf.Item
	for i, l := range strings.Split(text, "\n") {
		pos := apacheconf.Pos{File: "httpd.conf", Line: i + 1}
		name, args, _ := strings.Cut(strings.TrimSpace(l), " ")
		it := &apacheconf.Item{Name: name, Args: args, Pos: pos}
		switch {
		case name == "":
			host = nil
		case strings.HasPrefix(l, " "):
			if host == nil {
				host = &apacheconf.Item{Name: "VirtualHost", Args: "*:80", Pos: pos, Section: true}
				tree.Items = append(tree.Items, host)
			}
			host.Items = append(host.Items, it)
		default:
			tree.Items = append(tree.Items, it)
		}
	}
	c := &compiled{module: newModule()}
	l := server.Link([]server.Module{LogIOModule(), server.Bind(c.module.tables(), nil,
		func(h *server.HookSet, slots directives.Slots[Conf, directives.None]) {
			c.slots = slots
			c.module.hooks(h, slots)
		})})
	var err error
	if c.plan, err = l.Registry.Compile(tree, l.Registry.NewLoaded(true), nil); err == nil {
		c.hooks = l.Hooks(c.plan.Loaded)
	}
	return c, err
}

type compiled struct {
	module *module
	slots  directives.Slots[Conf, directives.None]
	plan   *directives.Plan
	hooks  *server.HookSet
}

// The sentences are Apache 2.4.71's.
func TestDirectiveErrors(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		`LogFormat "%z"`:                       "Unrecognized LogFormat directive %z",
		`LogFormat "%{x}x" foo`:                "Unrecognized LogFormat directive %x",
		`LogFormat "%I %O %S %^FB"`:            "",
		`LogFormat "%{x}t %{y}p %{z}P" foo%`:   "",
		`CustomLog logs/a`:                     `CustomLog takes two or three arguments, a file name, a custom log format string or format name, and an optional "env=" or "expr=" clause (see docs)`,
		`CustomLog logs/a "%h" foo`:            "error in condition clause",
		`CustomLog logs/a "%h" env=`:           "missing environment variable name",
		`CustomLog logs/a "%h" env=!`:          "missing environment variable name",
		`CustomLog logs/a "%h" expr=`:          "missing condition",
		`CustomLog logs/a "%h" "expr=foo bar"`: "syntax error, unexpected T_ID, expecting '('",
		`CustomLog logs/a nonick`:              "",
		`CustomLog nope/a "%h"`:                "(2)No such file or directory: AH02297: Cannot access directory '" + root + "/nope/' for log file 'nope/a' defined at httpd.conf:1\nAH00014: Configuration check failed",
		`TransferLog`:                          "TransferLog takes one argument, the filename of the access log",
		`BufferedLogs x`:                       "BufferedLogs must be On or Off",
		`  BufferedLogs on`:                    "",
		`  GlobalLog logs/a common`:            "GlobalLog cannot occur within <VirtualHost> section",
		`CookieLog logs/cookie`:                "Invalid command 'CookieLog', perhaps misspelled or defined by a module not included in the server configuration",
		`LogIOTrackTTFB On`:                    "",
	} {
		_, err := plan(t, root, line)
		got := ""
		if err != nil {
			got = err.Error()
			if e, ok := err.(*apacheconf.Error); ok {
				got = e.Msg
			}
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", line, got, want)
		}
	}
}

// From the lines of a configuration to those of the logs, by the module's own hooks.
func TestLogs(t *testing.T) {
	root := t.TempDir()
	c, err := plan(t, root, `CustomLog a late
LogFormat "late %U" late
TransferLog t
LogFormat nick
LogFormat "main nick %U" nick
GlobalLog g "global %v %U"
CustomLog /dev/null "%h" env=NO

 ServerName v1

 ServerName v2
 LogFormat "v2 nick %U" nick
 CustomLog a nick "expr=true"`)
	if err != nil {
		t.Fatal(err)
	}
	set := logfile.NewSet(logfile.Options{Root: root})
	if err := c.hooks.OpenLogFiles(c.plan, set); err != nil {
		t.Fatal(err)
	}
	for i, s := range c.plan.Servers() {
		r := request()
		r.Server.Name, r.Server.Conf = []string{"main", "v1", "v2"}[i], s.Conf
		c.module.lines.log(c.slots.Server.Of(s.Conf), r)
	}
	<-set.Close(0)
	for name, want := range map[string]string{
		"a": "late /index.html\nlate /index.html\nv2 nick /index.html\n",
		"t": "main nick /index.html\nmain nick /index.html\n",
		"g": "global main /index.html\nglobal v1 /index.html\nglobal v2 /index.html\n",
	} {
		if got, _ := os.ReadFile(filepath.Join(root, name)); string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := c.hooks.OpenLogFiles(c.plan, logfile.NewSet(logfile.Options{Root: root + "/none"})); err == nil ||
		!strings.HasPrefix(err.Error(), "(2)No such file or directory: AH00649: could not open transfer log file ") {
		t.Errorf("%v", err)
	}
}
