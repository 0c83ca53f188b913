package modcore

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"httpd-wsgi/directives"
)

// The arguments of directives without effect are checked as Apache checks them.

// mutexMechanisms are APR's on Linux, with the words of Apache's message.
const mutexMechanisms = "'none', 'default', 'flock:/path/to/file', 'fcntl:/path/to/file', 'file:/path/to/file', 'pthread', 'sysvsem', 'posixsem', 'sem'"

// checkMutex looks at a mechanism and the names of what it is for, of which modules may have any.
func checkMutex(c *directives.Cmd, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("Mutex requires at least a mechanism argument (Mutex mechanisms are: %s)", mutexMechanisms)
	}
	kinds := slices.DeleteFunc(words[1:], func(w string) bool { return strings.EqualFold(w, "OmitPID") })
	name, file, _ := strings.Cut(words[0], ":")
	switch name = strings.ToLower(name); {
	case !slices.Contains([]string{"none", "default", "flock", "fcntl", "file", "pthread", "sysvsem", "posixsem", "sem"}, name):
		return fmt.Errorf("Invalid Mutex argument %s (Mutex mechanisms are: %s)", words[0], mutexMechanisms)
	case name == "none" && len(kinds) == 0:
		return errors.New("None is not allowed for mutex type default")
	case file != "":
		if dir, err := os.Stat(c.ServerRootRelative(file)); err != nil || !dir.IsDir() {
			return fmt.Errorf("Invalid Mutex directory in argument %s", words[0])
		}
	}
	return nil
}

// checkBetween wants a number from low to high; sentence says so.
func checkBetween(low, high int64, sentence string) func(*directives.Cmd, string) error {
	return func(_ *directives.Cmd, w string) error {
		if n, err := strconv.ParseInt(w, 10, 64); err != nil || n < low || n > high {
			return fmt.Errorf("parameter must be a number between %s: %s", sentence, w)
		}
		return nil
	}
}

// checkMaxMemFree takes what C's atol reads of an argument as a number.
func checkMaxMemFree(_ *directives.Cmd, w string) error {
	if Atoi(w) < 0 {
		return fmt.Errorf("Invalid MaxMemFree value: %d", Atoi(w))
	}
	return nil
}

func checkOnOff(_ *directives.Cmd, w string) error {
	if !strings.EqualFold(w, "on") && !strings.EqualFold(w, "off") {
		return errors.New("parameter must be 'on' or 'off'")
	}
	return nil
}

// maxXML is the most that LimitXMLRequestBody takes: escaped, a body may be six times as long.
const maxXML = 3074457345618258601

func checkLimitXML(_ *directives.Cmd, w string) error {
	n, err := strconv.ParseInt(w, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) && n > 0, n > maxXML:
		return fmt.Errorf("LimitXMLRequestBody must not exceed %d", maxXML)
	case n < 0:
		return errors.New("LimitXMLRequestBody requires a non-negative integer.")
	}
	return nil
}
