package httpdtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Case is one configuration with its files and requests, read from a txtar file:
//
//   - the comment says what is shown; a line "modules: rewrite headers" in it loads modules beside [BaseModules],
//     a line "root: why" says that an ordinary user can't start such a server;
//   - httpd.conf is appended to [Prelude], full.conf stands alone;
//   - requests is read by [ParseSteps];
//   - differences holds declared differences for all requests, one a line;
//   - logs names further log files, one a line, to compare like the access log;
//   - modes ("0700 htdocs/x") and links ("htdocs/a -> b") change what was written;
//   - all else are files of the server's directory.
type Case struct {
	Name    string
	Archive Archive
	Steps   []Step
	Differ  []Difference
	Logs    []string
	// Root is why only root can serve the case; empty for most.
	Root string
}

// ReadCase reads a case from a file.
func ReadCase(path string) (*Case, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := ParseCase(strings.TrimSuffix(filepath.Base(path), ".txtar"), string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ParseCase reads a case from the text of an archive.
func ParseCase(name, text string) (*Case, error) {
	c := &Case{Name: name, Archive: ParseArchive(text)}
	var err error
	for _, f := range c.Archive.Files {
		switch f.Name {
		case "requests":
			if c.Steps, err = ParseSteps(f.Data); err != nil {
				return nil, err
			}
		case "logs":
			c.Logs = strings.Fields(f.Data)
		case "differences":
			for line := range strings.Lines(f.Data) {
				d, err := ParseDifference(strings.TrimSpace(line))
				if err != nil {
					return nil, fmt.Errorf("%q: %w", line, err)
				}
				c.Differ = append(c.Differ, d)
			}
		}
	}
	for line := range strings.Lines(c.Archive.Comment) {
		if why, ok := strings.CutPrefix(line, "root: "); ok {
			c.Root = strings.TrimSpace(why)
		}
	}
	if len(c.Steps) == 0 {
		return nil, errors.New("no requests")
	}
	return c, nil
}

// Observation is all that one server showed in one case.
type Observation struct {
	Program Program
	Site    *Site
	Steps   []StepResult
	// Refused is the console output of a server that did not start.
	Refused   string
	ErrorLog  string
	AccessLog string
	// Logs holds the further log files that the case names.
	Logs map[string]string
}

// A StepResult is what came back for one [Step].
type StepResult struct {
	Responses []*Response
	End       string // see [Conn.Ends]; empty when it was not looked at
	Err       error
}

// Run serves the case with program from dir (made new) and sends its requests in order.
func (c *Case) Run(program Program, dir string) (*Observation, error) {
	site, err := NewSite(dir)
	if err != nil {
		return nil, err
	}
	conf, err := c.lay(site)
	if err != nil {
		return nil, err
	}
	return c.Serve(program, site, Options{Dir: dir, Conf: filepath.Join(dir, "conf", "httpd.conf"), Ports: site.Listens(conf)})
}

// Serve starts program with o, sends the case's requests to the ports of site, stops it, and collects its logs.
func (c *Case) Serve(program Program, site *Site, options Options) (*Observation, error) {
	o := &Observation{Program: program, Site: site}
	server, err := Start(program, options)
	if err != nil {
		o.Refused = err.Error()
		return o, nil
	}
	answers := c.converse(o)
	// Log lines are written after the answer has gone out: wait for those that must come.
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if strings.Count(server.Log("access_log"), "\n") >= answers {
			break
		}
	}
	if err := server.Stop(); err != nil {
		return nil, err
	}
	o.ErrorLog, o.AccessLog = server.Log("error_log"), server.Log("access_log")
	o.Logs = map[string]string{}
	for _, name := range c.Logs {
		o.Logs[name] = server.Log(name)
	}
	return o, nil
}

// lay writes the case's files and returns its configuration.
func (c *Case) lay(site *Site) (string, error) {
	modules := BaseModules()
	for line := range strings.Lines(c.Archive.Comment) {
		if list, ok := strings.CutPrefix(strings.TrimSpace(line), "modules:"); ok {
			modules = append(modules, strings.Fields(list)...)
		}
	}
	var conf string
	var links, modes []string
	if err := site.Write("conf/mime.types", MimeTypes); err != nil {
		return "", err
	}
	for _, f := range c.Archive.Files {
		switch f.Name {
		case "requests", "differences", "logs":
		case "modes":
			modes = slices.Collect(strings.Lines(f.Data))
		case "links":
			links = slices.Collect(strings.Lines(f.Data))
		case "httpd.conf":
			conf = Prelude(modules...) + f.Data
		case "full.conf":
			conf = f.Data
		default:
			if err := site.Write(f.Name, f.Data); err != nil {
				return "", err
			}
		}
	}
	if err := site.Write("conf/httpd.conf", conf); err != nil {
		return "", err
	}
	for _, line := range links {
		words := strings.Fields(site.Expand(line, 0))
		if err := os.Symlink(words[2], filepath.Join(site.Dir, words[0])); err != nil {
			return "", err
		}
	}
	if err := site.Settle(); err != nil { // before anything is locked
		return "", err
	}
	for _, line := range modes {
		words := strings.Fields(site.Expand(line, 0))
		mode, _ := strconv.ParseUint(words[0], 8, 32)
		if err := os.Chmod(filepath.Join(site.Dir, words[1]), os.FileMode(mode)); err != nil {
			return "", err
		}
	}
	return site.Expand(conf, 0), nil
}

// converse sends all steps and counts the answers.
func (c *Case) converse(o *Observation) int {
	var conn *Conn
	answers := 0
	for i, step := range c.Steps {
		var result StepResult
		if !step.Same || conn == nil {
			if conn != nil {
				conn.Close()
			}
			if conn, result.Err = Dial(o.Site.Ports[step.Port]); result.Err != nil {
				o.Steps = append(o.Steps, result)
				conn = nil
				continue
			}
		}
		keep := i+1 < len(c.Steps) && c.Steps[i+1].Same
		result = step.run(conn, o.Site, keep)
		answers += len(result.Responses)
		o.Steps = append(o.Steps, result)
	}
	if conn != nil {
		conn.Close()
	}
	return answers
}

func (s *Step) run(conn *Conn, site *Site, keep bool) (result StepResult) {
	head := []byte(site.Expand(string(s.Head), s.Port))
	if s.Continue {
		if result.Err = conn.Send(head); result.Err != nil {
			return result
		}
		conn.AwaitInterim(time.Second)
		result.Err = conn.Send(s.Body)
	} else {
		result.Err = conn.Send(append(head, s.Body...))
	}
	if result.Err != nil {
		return result
	}
	if s.EOF {
		conn.CloseWrite()
	}
	for _, method := range s.Methods {
		resp, err := conn.Receive(method)
		if err == io.EOF {
			break
		}
		if err != nil {
			result.Err = err
			return result
		}
		result.Responses = append(result.Responses, resp)
	}
	if keep {
		return result
	}
	closing := s.EOF
	if n := len(result.Responses); n > 0 {
		last := result.Responses[n-1]
		closing = closing || last.has("Connection", "close") || last.Framing == "close" || last.Broken != ""
	}
	switch {
	case closing:
		result.End = conn.Ends(Patience / 3)
	case bytes.Equal(s.Head, nil) || strings.HasPrefix(s.Name, "RAW"):
		result.End = conn.Ends(time.Second)
	}
	return result
}
