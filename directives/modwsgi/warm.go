package modwsgi

import (
	"os"
	"strings"
	"time"

	"httpd-wsgi/wsgi"
)

// A process that takes the place of another, after a graceful restart or
// because that one ended, loads the scripts that the other had loaded before
// it takes requests. So nobody waits for a script that was in use all along.

// warmTime bounds that: what is not loaded by then goes on while requests are
// served.
const warmTime = 10 * time.Second

// LegacyWord is how a process names a script in use to its successors.
func LegacyWord(path, group string) string { return group + "\x00" + path }

// Warm loads the scripts that words name and that are trusted (nil: all are).
// What was trusted when it was first loaded need not be any more. It returns when that is done, when
// it takes too long, or when cancel is closed.
func Warm(e *wsgi.Engine, words []string, trusted func(path string) bool, cancel <-chan struct{}) {
	if len(words) == 0 {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, w := range words {
			group, path, _ := strings.Cut(w, "\x00")
			if _, err := os.Stat(path); err == nil && (trusted == nil || trusted(path)) {
				e.Preload(path, group)
			}
		}
	}()
	limit := time.NewTimer(warmTime)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
	case <-cancel:
	}
}

// Kept gives what tells whether a script that processes of the configuration
// before had loaded is certain to be one of this configuration too: an alias
// names it. It holds the aliases' targets, not the configuration, which the
// master lets go.
func (o *Processes) Kept() func(word string) bool {
	targets := map[string]bool{}
	if o.on {
		for _, s := range o.plan.Servers() {
			for _, a := range o.slots.Server.Of(s.Conf).Aliases {
				if a.Regexp == nil && !targets[a.Target] {
					targets[strings.Clone(a.Target)] = true
				}
			}
		}
	}
	return func(word string) bool {
		_, path, ok := strings.Cut(word, "\x00")
		if !ok {
			return false
		}
		// The script itself, or a directory above it.
		for path != "" {
			if targets[path] {
				return true
			}
			path = path[:strings.LastIndexByte(path[:len(path)-1], '/')+1]
		}
		return false
	}
}
