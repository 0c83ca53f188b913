package moddir

import (
	"reflect"
	"testing"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/directivetest"
)

// The sentences are Apache 2.4.71's.
func TestMessages(t *testing.T) {
	for line, want := range map[string]string{
		`DirectoryIndex`:                   ``,
		`DirectoryIndex a b`:               ``,
		`DirectoryIndex disabled a`:        ``,
		`DirectorySlash maybe`:             `DirectorySlash must be On or Off`,
		`DirectoryIndexRedirect foo`:       `DirectoryIndexRedirect ON|OFF|permanent|temp|seeother|3xx`,
		`DirectoryIndexRedirect 200`:       `DirectoryIndexRedirect only accepts values between 300 and 399`,
		`DirectoryIndexRedirect 303`:       ``,
		`DirectoryIndexRedirect on`:        ``,
		`DirectoryIndexRedirect Permanent`: ``,
		`DirectoryCheckHandler x`:          `DirectoryCheckHandler must be On or Off`,
		`FallbackResource`:                 `FallbackResource takes one argument, Set a default handler`,
		`FallbackResource a b`:             `FallbackResource takes one argument, Set a default handler`,
		`FallbackResource disabled`:        ``,
	} {
		_, _, got := directivetest.Lines(tables, line)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	for text, want := range map[string]Dir{
		"DirectoryIndex a b\nDirectoryIndex c":          {Index: []string{"a", "b", "c"}},
		"DirectoryIndex a\nDirectoryIndex disabled":     {Index: []string{}},
		"DirectoryIndex a\nDirectoryIndex disabled b c": {Index: []string{"b", "c"}},
		"DirectoryIndexRedirect on":                     {Redirect: directives.Some(302)},
		"DirectoryIndexRedirect 307":                    {Redirect: directives.Some(307)},
		"DirectoryIndexRedirect seeother":               {Redirect: directives.Some(303)},
		"DirectoryIndexRedirect off":                    {Redirect: directives.Some(0)},
		"FallbackResource /x\nDirectorySlash off":       {Fallback: directives.Some("/x"), Slash: directives.Some(false)},
		"FallbackResource disabled":                     {Fallback: directives.Some("")},
	} {
		_, got, msg := directivetest.Lines(tables, text)
		if msg != "" {
			t.Fatal(msg)
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v", text, *got)
		}
	}
}
