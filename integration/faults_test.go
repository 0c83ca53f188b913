package integration

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"httpd-wsgi/integration/httpdtest"
)

// faultModules are the modules that the server and this Apache both have and that are not built into Apache everywhere.
var faultModules = []string{"mpm_event", "access_compat", "alias", "allowmethods", "auth_basic", "authn_core", "authn_file", "authz_core",
	"authz_groupfile", "authz_host", "authz_user", "autoindex", "deflate", "dir", "env", "expires", "filter", "headers", "macro", "mime",
	"negotiation", "reqtimeout", "rewrite", "setenvif", "status", "wsgi"}

// faultBase follows the prelude, for the directives that need another before them.
const faultBase = `FilterProvider COMPRESS DEFLATE "true"
<Macro KnownMacro $x>
SetEnv $x y
</Macro>
<Macro ForgottenMacro>
SetEnv x y
</Macro>
WSGIDaemonProcess known
<If "false">
</If>
`

// A subject is a directive with arguments that are right and, in other, arguments that may be wrong.
type subject struct {
	name  string
	good  faultArgs
	other []faultArgs
	// mark is '@' for what stands in a section though its table lets it stand outside, '^' for what stands in a virtual host.
	mark byte
	// refused tells that Apache refuses it even so.
	refused bool
}

// faultArgs is what stands behind a directive's name and, for a section, in it.
type faultArgs struct{ args, body string }

func parseFaultArgs(s string) faultArgs {
	args, body, _ := strings.Cut(s, "::")
	return faultArgs{strings.TrimSpace(args), strings.ReplaceAll(strings.TrimSpace(body), "%%", "\n")}
}

func (s *subject) section() bool { return s.name[0] == '<' }

// text is the directive as lines of a configuration.
func (s *subject) text(a faultArgs) string {
	line := strings.TrimRight(s.name+" "+a.args, " ")
	if !s.section() {
		return line
	}
	if a.body != "" {
		a.body += "\n"
	}
	return line + ">\n" + a.body + "</" + s.name[1:] + ">"
}

// readSubjects parses testdata/faults.txt.
func readSubjects(t *testing.T) []*subject {
	t.Helper()
	text, err := os.ReadFile("testdata/faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []*subject
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '\t':
			s := list[len(list)-1]
			s.other = append(s.other, parseFaultArgs(line))
		default:
			name, rest, _ := strings.Cut(strings.TrimLeft(line, "@^!"), " ")
			list = append(list, &subject{name: name, good: parseFaultArgs(rest), mark: line[0], refused: line[0] == '!'})
		}
	}
	return list
}

// faultContexts are the places where a directive is tried; "main" is the end of the file.
var faultContexts = []struct{ name, open, close string }{
	{"main", "", ""},
	{"directory", "<Directory \"@W@/htdocs\">\n", "</Directory>\n"},
	{"vhost", "<VirtualHost *:80>\n", "</VirtualHost>\n"},
	{"location", "<Location /l>\n", "</Location>\n"},
	{"files", "<Files f>\n", "</Files>\n"},
	{"if", "<If \"true\">\n", "</If>\n"},
	{"limit", "<Directory /d>\n<Limit GET>\n", "</Limit>\n</Directory>\n"},
	{"requireany", "<Directory /d>\n<RequireAny>\nRequire all granted\n", "</RequireAny>\n</Directory>\n"},
	{"directory-files", "<DirectoryMatch ^/d>\n<FilesMatch f>\n", "</FilesMatch>\n</DirectoryMatch>\n"},
}

// A fault is a configuration of one directive in one place. Named by its directive and what is done to it.
type fault struct {
	name, text string
	good       bool // Apache must accept it, or the table is at fault
}

// faults makes all of s. inside tells that it stands in sections only.
func (s *subject) faults(inside bool) []fault {
	home := faultContexts[0]
	switch {
	case inside || s.mark == '@':
		home = faultContexts[1]
	case s.mark == '^':
		home = faultContexts[2]
	}
	var list []fault
	at := func(context struct{ name, open, close string }, name, text string) *fault {
		list = append(list, fault{name: strings.ReplaceAll(name, "\n", "%%"), text: context.open + text + "\n" + context.close})
		return &list[len(list)-1]
	}
	add := func(name, text string) { at(home, name, text) }
	at(home, "good", s.text(s.good)).good = !s.refused
	for _, c := range faultContexts {
		if c.name != home.name {
			at(c, "in "+c.name, s.text(s.good))
		}
	}
	for _, a := range s.other {
		name := "args " + a.args
		if a.body != "" {
			name += " :: " + a.body
		}
		add(name, s.text(a))
	}
	with := func(args string) string { return s.text(faultArgs{args, s.good.body}) }
	words := strings.Fields(s.good.args)
	for n := range words {
		add(fmt.Sprintf("first %d words", n), with(strings.Join(words[:n], " ")))
		if n > 0 || len(words) > 1 {
			empty := slices.Clone(words)
			empty[n] = `""`
			add(fmt.Sprintf("word %d empty", n+1), with(strings.Join(empty, " ")))
		}
	}
	if len(words) == 0 {
		add("empty word", with(`""`))
	}
	add("a word more", with(s.good.args+" extra"))
	add("quote before", with(`"`+s.good.args))
	add("quote after", with(s.good.args+`"`))
	add("quoted whole", with(`"`+strings.ReplaceAll(s.good.args, `"`, `\"`)+`"`))
	add("undefined variable", with(s.good.args+` ${NOSUCH}`))
	add("case", strings.ToUpper(s.name)+strings.TrimPrefix(s.text(s.good), s.name))
	add("misspelled", strings.Replace(s.text(s.good), s.name, s.name+"x", 1))
	if !s.section() {
		add("as a section", "<"+s.name+" "+s.good.args+">\n</"+s.name+">")
		return list
	}
	whole, name := s.text(s.good), s.name[1:]
	end := strings.LastIndex(whole, "</")
	first, rest, _ := strings.Cut(whole, "\n")
	add("unclosed", whole[:end])
	add("closed otherwise", whole[:end]+"</Other>")
	add("closed twice", whole+"\n</"+name+">")
	add("closed only", whole[end:])
	add("closed in another case", whole[:end]+"</"+strings.ToUpper(name)+">")
	add("end without bracket", whole[:end]+"</"+name)
	add("end with argument", whole[:end]+"</"+name+" x>")
	add("end with space", whole[:end]+"</"+name+" >")
	add("without bracket", strings.TrimSuffix(first, ">")+"\n"+rest)
	add("text after bracket", first+" text\n"+rest)
	add("bracket apart", strings.TrimSuffix(first, ">")+" >\n"+rest)
	add("two brackets", first+">\n"+rest)
	add("not a section", strings.TrimSuffix(first[1:], ">"))
	add("crossed", "<IfModule alias_module>\n"+whole[:end]+"</IfModule>\n"+whole[end:])
	add("nested", whole[:end]+whole+"\n"+whole[end:])
	return list
}

// An intendedFault is a declared difference: the faults whose "directive: name" matches; of what they print, or with verdict of what "-t"
// says of them.
type intendedFault struct {
	match   *regexp.Regexp
	verdict bool
	reason  string
}

var intendedFaults = []intendedFault{
	intended(`^<AuthnProviderAlias: `, true, "not supported, whatever its arguments"),
	intended(`^<AuthzProviderAlias: (args env x y :: |nested$)`, true, "directives within are not supported"),
	intended(`^WSGIDaemonProcess: args a response-flush-delay=`, true, "an option of newer releases of mod_wsgi"),
	intended(`^WSGIDaemonProcess: args a listen-backlog=`, true, "a queue of none is no use"),
	intended(`^WSGIImportScript: args /x process-group= `, false, "mod_wsgi names the wrong option"),
	intended(`^Require: args file-group$`, true, "it needs mod_authz_owner, which there is not"),
	intended(`^Header: args set X "%{x}e`, true, "%i tells of Apache's idle workers"),
	intended(`^RewriteMap: args m (prg|dbm)`, true, "map types that are not supported, whatever their arguments"),
	intended(`^RewriteRule: args .*\[P\]$`, true, "there is no proxy"),
	intended(`^Suexec: args on$`, false, "there is no path of a program to name"),
	intended(`^User: args (#x|root)$`, false, "Apache's text tells how to compile it otherwise"),
	intended(`^Listen: args nosuch.invalid:80$`, false, "Apache logs another line before"),
	intended(`^WSGITrustedProxies: quote after$`, false, "mod_wsgi does not say that the mask is at fault"),
	intended(`^LoadFile: `, true, "the files are not looked at"),
	intended(`^Mutex: (a word more|undefined variable)$`, true, "which mutexes there are depends on modules that may not be here"),
}

func intended(match string, verdict bool, reason string) intendedFault {
	return intendedFault{regexp.MustCompile(match), verdict, reason}
}

// directivesOf lists the directives that "-L" tells of; the value is true for those that stand in sections only.
func directivesOf(t *testing.T, program httpdtest.Program, site *httpdtest.Site, conf string) map[string]bool {
	t.Helper()
	list := map[string]bool{}
	var last string
	for line := range strings.Lines(run(t, program, site, "-d", site.Dir, "-f", conf, "-L").stdout) {
		if name, _, _ := strings.Cut(line, " "); line[0] != '\t' {
			last = strings.ToLower(name)
			list[last] = false
		} else if strings.Contains(line, "only inside") {
			list[last] = true
		}
	}
	return list
}

// TestFaults makes thousands of configurations of one directive each, broken in one way each, and holds the exit code and the message of
// "-t" against Apache's. A fixed share of them runs; HTTPD_WSGI_FAULTS=all runs all, any other value is an expression for the names to run.
func TestFaults(t *testing.T) {
	oracle, server := apache(t), target(t)
	site, err := httpdtest.NewSite(filepath.Join(tempDir(t), "site"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"conf/mime.types": httpdtest.MimeTypes, "conf/empty.conf": "# empty\n", "conf/map.txt": "a b\n",
		"conf/htpasswd": "", "conf/htgroup": "", "app.wsgi": hello, "conf/base.conf": httpdtest.Prelude(faultModules...)} {
		if err := site.Write(name, text); err != nil {
			t.Fatal(err)
		}
	}
	base := filepath.Join(site.Dir, "conf/base.conf")
	known, ours := directivesOf(t, oracle, site, base), directivesOf(t, server, site, base)
	prelude, subjects := httpdtest.Prelude(faultModules...)+faultBase, readSubjects(t)
	tried := map[string]bool{}
	for _, s := range subjects {
		tried[strings.ToLower(s.name)] = true
	}
	for name := range known {
		if _, too := ours[name]; too && !tried[name] {
			t.Errorf("testdata/faults.txt has nothing about %s", name)
		}
	}
	var mu sync.Mutex
	total, equal, differing := 0, 0, make([]int, len(intendedFaults))
	t.Run("of", func(t *testing.T) {
		for i, s := range subjects {
			inside, there := known[strings.ToLower(s.name)]
			if !there {
				continue // mod_wsgi of another release
			}
			t.Run(strings.TrimPrefix(s.name, "<"), func(t *testing.T) {
				t.Parallel()
				for _, f := range s.faults(inside) {
					name := s.name + ": " + f.name
					if !chosen(name) {
						continue
					}
					conf := filepath.Join(site.Dir, fmt.Sprintf("conf/fault%d.conf", i))
					if err := site.Write(fmt.Sprintf("conf/fault%d.conf", i), prelude+f.text); err != nil {
						t.Fatal(err)
					}
					want := run(t, oracle, site, "-d", site.Dir, "-f", conf, "-t")
					got := run(t, server, site, "-d", site.Dir, "-f", conf, "-t")
					if f.good && want.code != 0 {
						t.Errorf("%s: Apache does not accept what testdata/faults.txt says is right: %s", name, want)
					}
					same := got.code == want.code && got.stdout == want.stdout && says(got.stderr, want.stderr)
					mu.Lock()
					total++
					declared := slices.IndexFunc(intendedFaults, func(d intendedFault) bool {
						return d.match.MatchString(name) && (d.verdict || got.code == want.code)
					})
					switch {
					case same:
						equal++
					case declared >= 0:
						differing[declared]++
					}
					mu.Unlock()
					if !same && declared < 0 {
						t.Errorf("%s\n%sgot %sApache: %s", name, f.text, got, want)
					}
				}
			})
		}
	})
	declared := 0
	for i, d := range intendedFaults {
		declared += differing[i]
		t.Logf("declared difference, %d faults: %s: %s", differing[i], d.match, d.reason)
		if differing[i] == 0 && os.Getenv("HTTPD_WSGI_FAULTS") == "all" {
			t.Errorf("no fault shows the declared difference %s", d.match)
		}
	}
	t.Logf("%d faults, %d as Apache, %d declared differences", total, equal, declared)
}

// says tells whether the lines of want are in got one after the other, where a line may go on with what helps.
func says(got, want string) bool {
	lines, at := strings.Split(strings.TrimSpace(got), "\n"), 0
	for line := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
		for at < len(lines) && lines[at] != line && !strings.HasPrefix(lines[at], line+" (") {
			at++
		}
		if at == len(lines) {
			return false
		}
		at++
	}
	return true
}

// chosen tells whether a fault runs.
func chosen(name string) bool {
	switch want := os.Getenv("HTTPD_WSGI_FAULTS"); want {
	case "":
		h := fnv.New32a()
		h.Write([]byte(name))
		return h.Sum32()%10 == 0
	case "all":
		return true
	default:
		return regexp.MustCompile(want).MatchString(name)
	}
}
