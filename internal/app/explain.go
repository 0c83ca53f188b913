package app

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"httpd-wsgi/internal/errlog"
	explaining "httpd-wsgi/internal/explain" // package app has an explain of its own
	"httpd-wsgi/internal/scoreboard"
	"httpd-wsgi/server"
)

// explainVerb is "httpd-wsgi explain".
func explainVerb() verb {
	return verb{name: "explain", run: runExplain, help: "tell what would become of a request, and why"}
}

// explainUsage is what explain says of itself.
const explainUsage = `Usage: httpd-wsgi explain [options] http://host[:port]/path[?query]
Answers what the server would do with a request, and why, without starting it.
  -X METHOD          : the request's method (GET)
  -H "Name: value"   : a header of the request; may be given several times
  --from IP          : the client's address (` + explaining.Outsider + `, which belongs to nobody)
  --to IP[:port]     : the server's address that the client connects to
  --user NAME        : take the client to have authenticated as NAME
  --format text|json
  --batch            : read requests from standard input, a JSON object a line, and answer likewise
  -f -d -D -C -c -T  : the configuration, as for httpd-wsgi itself
`

// explainOptions are the command line of explain.
type explainOptions struct {
	options
	request     explaining.Request
	json, batch bool
}

// parseExplain reads the command line; argv[0] is the verb.
func parseExplain(argv []string) (*explainOptions, error) {
	o := &explainOptions{options: options{program: "httpd-wsgi", argv: argv, level: errlog.Warn}}
	args := argv[1:]
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		if len(word) < 2 || word[0] != '-' {
			if o.request.URL != "" {
				return nil, fmt.Errorf("two URLs: %s and %s", o.request.URL, word)
			}
			o.request.URL = word
			continue
		}
		name, value, attached := word, "", false
		if strings.HasPrefix(word, "--") {
			name, value, attached = strings.Cut(word, "=")
		} else if len(word) > 2 {
			name, value, attached = word[:2], word[2:], true
		}
		switch {
		case (name == "--batch" || name == "-T") && !attached:
			o.batch = o.batch || name == "--batch"
			o.noDocRoot = o.noDocRoot || name == "-T"
			continue
		case !attached && len(args) > 0:
			value, args = args[0], args[1:]
		case !attached:
			return nil, fmt.Errorf("option %s requires an argument, or is none", name)
		}
		if err := o.take(name, value); err != nil {
			return nil, err
		}
	}
	if (o.request.URL == "") != o.batch {
		return nil, errors.New("give one URL, or --batch")
	}
	return o, nil
}

// take takes an option with a value.
func (o *explainOptions) take(name, value string) error {
	q := &o.request
	switch name {
	case "-X":
		q.Method = value
	case "-H":
		q.Headers = append(q.Headers, value)
	case "--from":
		q.From = value
	case "--to":
		q.To = value
	case "--user":
		q.User = value
	case "--format":
		if value != "text" && value != "json" {
			return fmt.Errorf("--format %s: text or json", value)
		}
		o.json = value == "json"
	case "-f":
		o.file = value
	case "-d":
		o.root = value
	case "-D":
		o.define(value)
	case "-C":
		o.pre = append(o.pre, value)
	case "-c":
		o.post = append(o.post, value)
	default:
		return fmt.Errorf("unknown option %s", name)
	}
	return nil
}

// runExplain is the verb: 0 if there is an answer, 1 if the configuration
// can't be served, 2 for a mistake on the command line.
func runExplain(argv []string, stdout, stderr io.Writer) int {
	for _, word := range argv[1:] {
		if word == "-h" || word == "--help" {
			io.WriteString(stdout, explainUsage)
			return 0
		}
	}
	o, err := parseExplain(argv)
	if err != nil {
		fmt.Fprintf(stderr, "explain: %v\n%s", err, explainUsage)
		return 2
	}
	e, c, err := explainer(o)
	if err != nil {
		fmt.Fprintln(stderr, explain(o.program, err))
		return 1
	}
	if o.batch {
		if err := explainAll(e, os.Stdin, stdout); err != nil {
			fmt.Fprintf(stderr, "explain: %v\n", err)
			return 1
		}
		return 0
	}
	report, err := e.Explain(&o.request)
	if err != nil {
		fmt.Fprintf(stderr, "explain: %v\n", err)
		return 2
	}
	if o.json {
		enc := json.NewEncoder(stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	} else {
		err = explaining.Text{Root: c.plan.ServerRoot, Color: colored(stdout)}.Write(stdout, report)
	}
	if err != nil {
		fmt.Fprintf(stderr, "explain: %v\n", err)
		return 1
	}
	return 0
}

// explainAll answers requests line by line.
func explainAll(e *explaining.Explainer, in io.Reader, out io.Writer) error {
	dec := json.NewDecoder(bufio.NewReader(in))
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for {
		var q explaining.Request
		if err := dec.Decode(&q); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("standard input is no sequence of JSON objects: %w", err)
		}
		report, err := e.Explain(&q)
		if err != nil {
			report = &explaining.Report{ID: q.ID, Request: q.URL, Error: err.Error()}
		}
		if err := enc.Encode(report); err != nil {
			return err
		}
	}
}

// explainer reads the configuration, as for -t, and makes this process what a
// child of the server is, but for logs, listeners and Python.
func explainer(o *explainOptions) (*explaining.Explainer, *config, error) {
	c, err := read(&o.options, o.layout())
	if err != nil {
		return nil, nil, err
	}
	var loggers []*errlog.Logger
	for _, s := range c.hosts.Servers {
		loggers = append(loggers, errlog.New(errlog.Config{Name: s.Name, Levels: &s.Core.LogLevel, Target: errlog.To(io.Discard)}))
	}
	site := server.NewSite(c.linked, c.plan, c.hosts, loggers)
	if e := site.Hooks.Prepare(c.plan); e != nil {
		return nil, nil, fmt.Errorf("%s: %s", e.Code, e.Message)
	}
	if err := c.becomeChild(); err != nil {
		return nil, nil, err
	}
	board, err := scoreboard.Create(1, 1)
	if err != nil {
		return nil, nil, err
	}
	s := c.settings()
	child := &server.Child{Site: site, Threads: s.ThreadsPerChild, Processes: s.Children(), MPM: s.Model.Name(), Board: board, Built: built(), Dry: true}
	if err := site.Hooks.InitChild(child); err != nil {
		return nil, nil, err
	}
	var listen []explaining.Listen
	for _, l := range c.mpm.Listen {
		listen = append(listen, explaining.Listen{Host: l.Host, Port: l.Port})
	}
	return explaining.New(site, explaining.Config{Tree: c.tree, Listen: listen, Notes: c.otherEyes()}), c, nil
}

// otherEyes says that files may be found readable or not unlike the server
// finds them, as it will run as another user.
func (c *config) otherEyes() []string {
	u := c.linked.Core.Unixd.Of(c.plan.Main.Conf).User
	if os.Geteuid() == 0 || !u.Set || u.V.ID == os.Geteuid() {
		return nil
	}
	return []string{fmt.Sprintf("files were looked at with the rights of user %d, not with those of %s; root gets the server's view", os.Geteuid(), u.V.Name)}
}

// becomeChild gives root's rights up for those of User and Group, and enters
// ChrootDir, so that files are found readable or not as the server finds them.
func (c *config) becomeChild() error {
	id, err := c.identity()
	if err != nil || id == nil {
		return err
	}
	if dir := c.linked.Core.Unixd.Of(c.plan.Main.Conf).ChrootDir.Get(""); dir != "" {
		if err := unix.Chroot(dir); err != nil {
			return fmt.Errorf("AH02160: Can't chroot to %s: %w", dir, err)
		}
		if err := unix.Chdir("/"); err != nil {
			return fmt.Errorf("AH02161: Can't chdir to new root: %w", err)
		}
	}
	if err := syscall.Setgid(id.GID); err != nil {
		return fmt.Errorf("setgid to %d: %w", id.GID, err)
	}
	if err := syscall.Setgroups(id.Groups); err != nil {
		return fmt.Errorf("setgroups for %s: %w", id.User, err)
	}
	if err := syscall.Setuid(id.UID); err != nil {
		return fmt.Errorf("setuid to %d: %w", id.UID, err)
	}
	return nil
}
