package modwsgi

import (
	"fmt"
	"slices"
	"strings"

	"httpd-wsgi/directives"
)

// checkOnOff checks the argument of a flag without effect.
func checkOnOff(name string) func(*directives.Cmd, string) error {
	return func(_ *directives.Cmd, w string) error {
		if !strings.EqualFold(w, "on") && !strings.EqualFold(w, "off") {
			return fmt.Errorf("%s must be one of: Off | On", name)
		}
		return nil
	}
}

// checkAcceptMutex checks the argument of WSGIAcceptMutex, which has no effect.
func checkAcceptMutex(_ *directives.Cmd, w string) error {
	mechanisms := []string{"default", "flock", "fcntl", "sysvsem", "posixsem", "pthread"}
	if !slices.Contains(mechanisms, strings.ToLower(w)) {
		return fmt.Errorf("Accept mutex lock mechanism '%s' is invalid. Valid accept mutex mechanisms for this platform are: %s.", w, strings.Join(mechanisms, ", "))
	}
	return nil
}
