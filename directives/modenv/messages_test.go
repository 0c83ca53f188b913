package modenv

import (
	"slices"
	"testing"

	"httpd-wsgi/directives/directivetest"
)

// The sentences are Apache 2.4.71's.
func TestMessages(t *testing.T) {
	for line, want := range map[string]string{
		`SetEnv`:                 `SetEnv takes 1-2 arguments, an environment variable name and optional value to pass to CGI.`,
		`SetEnv A B C`:           `SetEnv takes 1-2 arguments, an environment variable name and optional value to pass to CGI.`,
		`SetEnv A B`:             ``,
		`SetEnv A`:               ``,
		`UnsetEnv`:               `UnsetEnv requires at least one argument, a list of variables to remove from the CGI environment.`,
		`UnsetEnv A B`:           ``,
		`PassEnv`:                `PassEnv requires at least one argument, a list of environment variables to pass to CGI.`,
		`PassEnv NOSUCHVARIABLE`: ``,
	} {
		_, _, got := directivetest.Lines(tables, line)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

// Of the lines of one container the last about a variable counts; an inner one takes away and adds.
func TestVariables(t *testing.T) {
	t.Setenv("FROM_OUTSIDE", "here")
	_, outer, _ := directivetest.Lines(tables, "SetEnv A 1\nSetEnv B 2\nSetEnv C 3")
	for text, want := range map[string][]Var{
		"SetEnv b 4":                     {{"A", "1"}, {"b", "4"}, {"C", "3"}},
		"UnsetEnv B A":                   {{"C", "3"}},
		"SetEnv A x\nUnsetEnv a":         {{"B", "2"}, {"C", "3"}},
		"UnsetEnv A\nSetEnv A x":         {{"B", "2"}, {"C", "3"}, {"A", "x"}},
		"SetEnv D":                       {{"A", "1"}, {"B", "2"}, {"C", "3"}, {"D", ""}},
		"PassEnv FROM_OUTSIDE\nSetEnv A": {{"A", ""}, {"B", "2"}, {"C", "3"}, {"FROM_OUTSIDE", "here"}},
	} {
		_, inner, msg := directivetest.Lines(tables, text)
		if msg != "" {
			t.Fatal(msg)
		}
		if got := merge(outer, inner).Vars; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
