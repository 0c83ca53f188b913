package app

import "io"

// verb is a command of our own: the first word after the program's name, where
// Apache's command line has options only.
type verb struct {
	name string
	// run gets the command line from the verb on: argv[0] is its name. It
	// returns the exit code.
	run  func(argv []string, stdout, stderr io.Writer) int
	help string // what the usage text says of it, one line without end
}

// ownVerbs are the verbs there are, in the order of the usage text.
func ownVerbs() []verb {
	return []verb{checkVerb(), explainVerb()}
}

// findVerb is the verb that the command line names, if it names one.
func findVerb(argv []string) (verb, bool) {
	if len(argv) > 1 {
		for _, v := range ownVerbs() {
			if v.name == argv[1] {
				return v, true
			}
		}
	}
	return verb{}, false
}
