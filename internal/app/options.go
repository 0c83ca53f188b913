package app

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/internal/errlog"
)

// mode is what the command line asks for (AP_SQ_RM_*).
type mode int

const (
	normal     mode = iota
	configTest      // -t
	configDump      // -S, -M, -L, -t -D DUMP_...
)

// options are the command line.
type options struct {
	program string // basename of argv[0], for messages
	argv    []string

	root, file  string // -d, -f
	defines     []apacheconf.Define
	pre, post   []string // -C, -c
	verb        string   // -k
	mode        mode
	showCompile bool // -V
	showTable   bool // -L
	noDocRoot   bool // -T
	level       errlog.Level
	errorFile   string // -E

	// observe, if set, adds to the loader before each pass of reading: a report's hooks.
	observe func(*config, *apacheconf.Loader)
}

// getoptLetters are the options of httpd 2.4, "k" among them.
const getoptLetters = "k:C:c:D:d:E:e:f:vVlLtTSMh?X"

// verbs are what -k takes.
var verbs = []string{"start", "stop", "restart", "graceful", "graceful-stop"}

// parse reads the command line. It returns the exit code and true if that was
// all there is to do: a version, a list, a mistake.
func parse(argv []string, stdout, stderr io.Writer) (o *options, code int, done bool) {
	o = &options{program: filepath.Base(argv[0]), argv: argv, level: errlog.Warn}
	usage := func() (*options, int, bool) {
		printUsage(stderr, argv[0])
		return nil, 1, true
	}
	args := argv[1:]
	for len(args) > 0 {
		word := args[0]
		if len(word) < 2 || word[0] != '-' {
			break
		}
		args = args[1:]
		if word == "--" {
			break
		}
		for rest := word[1:]; rest != ""; {
			c := rest[0]
			rest = rest[1:]
			i := strings.IndexByte(getoptLetters, c)
			if i < 0 || c == ':' {
				fmt.Fprintf(stderr, "%s: illegal option -- %c\n", o.program, c)
				if c == 'w' || c == 'n' {
					fmt.Fprintf(stderr, "%s: -%c is for Apache as a service of Windows; there is nothing like it here\n", o.program, c)
				}
				return usage()
			}
			value := ""
			if i+1 < len(getoptLetters) && getoptLetters[i+1] == ':' {
				switch {
				case rest != "":
					value, rest = rest, ""
				case len(args) > 0:
					value, args = args[0], args[1:]
				case c == 'k': // Apache takes -k out before and meets it here again
					fmt.Fprintf(stderr, "%s: illegal option -- k\n", o.program)
					return usage()
				default:
					fmt.Fprintf(stderr, "%s: option requires an argument -- %c\n", o.program, c)
					return usage()
				}
			}
			switch c {
			case 'v':
				fmt.Fprintf(stdout, "Server version: %s\nServer built:   %s\n", productLine(), built())
				return nil, 0, true
			case 'l':
				printStatic(stdout)
				return nil, 0, true
			default:
				if !o.set(c, value, stderr) {
					return usage()
				}
			}
		}
	}
	if len(args) > 0 {
		return usage()
	}
	return o, 0, false
}

// set takes one option; it reports false for one that has no such value.
func (o *options) set(c byte, value string, stderr io.Writer) bool {
	switch c {
	case 'k':
		for _, v := range verbs {
			if v == value && o.verb == "" {
				o.verb = v
				return true
			}
		}
		fmt.Fprintf(stderr, "%s: illegal option -- k\n", o.program)
		return false
	case 'C':
		o.pre = append(o.pre, value)
	case 'c':
		o.post = append(o.post, value)
	case 'd':
		o.root = value
	case 'f':
		o.file = value
	case 'D':
		o.define(value)
		switch value {
		case "DUMP_VHOSTS", "DUMP_RUN_CFG", "DUMP_MODULES", "DUMP_INCLUDES":
			o.mode = configDump
		}
	case 'E':
		o.errorFile = value
	case 'e':
		l, err := errlog.ParseLevel(value)
		if err != nil {
			return false
		}
		o.level = l
	case 'X':
		o.define("DEBUG")
	case 't':
		if o.mode != configDump {
			o.mode = configTest
		}
	case 'T':
		o.noDocRoot = true
	case 'S':
		o.mode = configDump
		o.define("DUMP_VHOSTS")
		o.define("DUMP_RUN_CFG")
	case 'M':
		o.mode = configDump
		o.define("DUMP_MODULES")
	case 'V':
		o.showCompile = true
	case 'L':
		o.mode = configDump
		o.showTable = true
	default: // h, ?
		return false
	}
	return true
}

// dumpIncludes tells whether the files are to be listed as they are read: only the command line can ask for that.
func (o *options) dumpIncludes() bool {
	for _, d := range o.defines {
		if d.Name == "DUMP_INCLUDES" {
			return true
		}
	}
	return false
}

func (o *options) define(name string) {
	o.defines = append(o.defines, apacheconf.Define{Name: name})
}

// commandLine is the command line without -k, as Apache logs it.
func (o *options) commandLine() string {
	var out []string
	for i := 0; i < len(o.argv); i++ {
		switch a := o.argv[i]; {
		case i > 0 && a == "-k":
			i++
		case i > 0 && strings.HasPrefix(a, "-k"):
		default:
			out = append(out, a)
		}
	}
	return strings.Join(out, " ")
}

// printUsage is Apache's usage text.
func printUsage(w io.Writer, program string) {
	pad := strings.Repeat(" ", len(program))
	fmt.Fprintf(w, "Usage: %s [-D name] [-d directory] [-f file]\n", program)
	fmt.Fprintf(w, "       %s [-C \"directive\"] [-c \"directive\"]\n", pad)
	fmt.Fprintf(w, "       %s [-k start|restart|graceful|graceful-stop|stop]\n", pad)
	fmt.Fprintf(w, "       %s [-v] [-V] [-h] [-l] [-L] [-t] [-T] [-S] [-X]\n", pad)
	io.WriteString(w, `Options:
  -D name            : define a name for use in <IfDefine name> directives
  -d directory       : specify an alternate initial ServerRoot
  -f file            : specify an alternate ServerConfigFile
  -C "directive"     : process directive before reading config files
  -c "directive"     : process directive after reading config files
  -e level           : show startup errors of level (see LogLevel)
  -E file            : log startup errors to file
  -v                 : show version number
  -V                 : show compile settings
  -h                 : list available command line options (this page)
  -l                 : list compiled in modules
  -L                 : list available configuration directives
  -t -D DUMP_VHOSTS  : show parsed vhost settings
  -t -D DUMP_RUN_CFG : show parsed run settings
  -S                 : a synonym for -t -D DUMP_VHOSTS -D DUMP_RUN_CFG
  -t -D DUMP_MODULES : show all loaded modules `+`
  -M                 : a synonym for -t -D DUMP_MODULES
  -t -D DUMP_INCLUDES: show all included configuration files
  -t                 : run syntax check for config files
  -T                 : start without DocumentRoot(s) check
  -X                 : debug mode (only one worker, do not detach)
`)
	if own := ownVerbs(); len(own) > 0 {
		fmt.Fprintf(w, "Commands of httpd-wsgi's own, in place of options (%s COMMAND -h tells more):\n", program)
		for _, v := range own {
			fmt.Fprintf(w, "  %-19s: %s\n", v.name, v.help)
		}
	}
}
