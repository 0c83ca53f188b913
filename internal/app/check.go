package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/check"
	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/vhost"
)

// checkVerb is "httpd-wsgi check".
func checkVerb() verb {
	return verb{"check", runCheck, "report what a configuration needs to be moved here from Apache"}
}

// Exit codes of check. Those of a report are check.Report's.
const checkUnreadable = 2

const checkUsage = `Usage: httpd-wsgi check [-f file] [-d directory] [-D name] [-C "directive"] [-c "directive"] [-e level] [-T]
                        [--format text|json] [--all] [--htaccess] [--assume-paths]
Report what becomes of each line of a configuration, and what else would go wrong on the day it is moved from Apache.
Nothing is started, and nothing is changed.
  -f -d -D -C -c -T  : as for the server
  -e level           : show the server's notices up to this level (default info)
  --format text|json : for people (default) or for scripts
  --all              : list what is supported, too
  --htaccess         : look at the .htaccess files below what is served, too
  --assume-paths     : take files, directories, users and groups that are named to be there: for checking on another machine
  -h, --help         : this page
Exit status: 0 ready; 1 something is refused, or an error was found; 2 the configuration cannot be read.
`

// checkOptions are check's command line.
type checkOptions struct {
	options
	json, all, htaccess, assume bool
}

// parseCheck reads it; done tells that the exit code is all there is to do.
func parseCheck(argv []string, stdout, stderr io.Writer) (o *checkOptions, code int, done bool) {
	o = &checkOptions{options: options{program: "httpd-wsgi", argv: argv, level: errlog.Info}}
	fail := func(format string, args ...any) (*checkOptions, int, bool) {
		fmt.Fprintf(stderr, "httpd-wsgi check: "+format+"\n", args...)
		io.WriteString(stderr, checkUsage)
		return nil, checkUnreadable, true
	}
	args := argv[1:]
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		value := func() (string, bool) {
			if len(args) == 0 {
				return "", false
			}
			v := args[0]
			args = args[1:]
			return v, true
		}
		name, inline, hasInline := strings.Cut(word, "=")
		if strings.HasPrefix(word, "--") && hasInline && name != "--format" {
			return fail("option %s takes no value", name)
		}
		switch {
		case word == "-h" || word == "--help":
			io.WriteString(stdout, checkUsage)
			return nil, 0, true
		case word == "--all":
			o.all = true
		case word == "--htaccess":
			o.htaccess = true
		case word == "--assume-paths":
			o.assume = true
		case name == "--format":
			if !hasInline {
				inline, _ = value()
			}
			if inline != "text" && inline != "json" {
				return fail("--format is text or json")
			}
			o.json = inline == "json"
		case word == "-T":
			o.noDocRoot = true
		case len(word) > 1 && word[0] == '-' && strings.IndexByte("fdDCce", word[1]) >= 0:
			v, ok := word[2:], len(word) > 2
			if !ok {
				v, ok = value()
			}
			if !ok {
				return fail("option %s requires an argument", word)
			}
			if !o.set(word[1], v, stderr) {
				return fail("%s is no value for option -%c", v, word[1])
			}
		default:
			return fail("unknown option or argument %s", word)
		}
	}
	return o, 0, false
}

func runCheck(argv []string, stdout, stderr io.Writer) int {
	o, code, done := parseCheck(argv, stdout, stderr)
	if done {
		return code
	}
	r := o.report(o.layout())
	var err error
	if o.json {
		err = r.WriteJSON(stdout)
	} else {
		err = r.WriteText(stdout, check.TextOptions{All: o.all, Color: colored(stdout)})
	}
	if err != nil {
		fmt.Fprintf(stderr, "httpd-wsgi check: %v\n", err)
		return checkUnreadable
	}
	return r.ExitStatus
}

// report reads, compiles and audits.
func (o *checkOptions) report(l layout) *check.Report {
	var reader *check.Reader
	o.observe = func(c *config, loader *apacheconf.Loader) {
		reader = check.NewReader(c.linked.Registry)
		reader.Listen(loader)
		loader.AssumePaths = o.assume
	}
	c, err := readFiles(&o.options, l)
	file := o.file
	if c.tree != nil && len(c.tree.Included) > 0 {
		file = c.tree.Included[0].File
	}
	if err != nil {
		return check.Failed(file, o.assume, configError(err))
	}
	var files *directives.Files
	if o.assume {
		files = directives.AssumeFiles()
	}
	options := compileOptions(o.program, o.noDocRoot, files)
	options.Each = reader.Each
	// The error is that of a line, or of a check, which the reader has heard of.
	if c.plan, err = c.linked.Registry.CompileWith(options, c.tree, c.loaded()); c.plan == nil {
		return check.Failed(file, o.assume, configError(err))
	}
	if err := c.build(&vhost.Names{}, l.defaults.DocumentRoot); err != nil {
		return check.Failed(file, o.assume, configError(err))
	}
	site := &check.Site{Plan: c.plan, Hosts: c.hosts, Core: c.linked.Core, ErrorLog: l.defaults.ErrorLog, AssumePaths: o.assume,
		Htaccess: o.htaccess, Notices: c.checkNotices(o.level)}
	return reader.Report(file, site)
}

func configError(err error) *apacheconf.Error {
	var e *apacheconf.Error
	if errors.As(err, &e) {
		return e
	}
	return &apacheconf.Error{Msg: err.Error(), Phase: apacheconf.PhaseCheck}
}

// checkNotices are what the server would log at its start, up to a level. What
// it says of absent modules is the report's own.
func (c *config) checkNotices(limit errlog.Level) []check.Notice {
	var out []check.Notice
	add := func(level errlog.Level, pos apacheconf.Pos, text string) {
		if level <= limit {
			out = append(out, check.Notice{Level: level.String(), Place: check.Place{File: pos.File, Line: pos.Line}, Message: text})
		}
	}
	for _, e := range c.notices {
		if e.Level == errlog.Warn {
			add(e.Level, apacheconf.Pos{}, strings.TrimPrefix(e.Code+": "+e.Message, ": "))
		}
	}
	for _, n := range slices.Concat(c.plan.Notices, c.hosts.Notices) {
		add(noticeEntry(n).Level, n.Pos, n.Text)
	}
	s := c.settings()
	for _, e := range s.Clamp(nil) {
		add(errlog.Level(e.Level), apacheconf.Pos{}, strings.TrimPrefix(e.ID+": "+e.Text, ": "))
	}
	return out
}

// colored tells whether what is written there may have colours: a terminal, and
// nobody said no (no-color.org).
func colored(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
