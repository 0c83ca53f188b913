package directivetest

import (
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// Lines compiles lines of a module alone, without containers among them,
// outside sections: what they make of its configurations, and the sentence with
// which they are refused, without the position; "" if they are not.
func Lines[S, D any](m directives.Module[S, D], text string) (*S, *D, string) {
	return lines(m, text, false)
}

// Inside is Lines within a <Directory>.
func Inside[S, D any](m directives.Module[S, D], text string) (*D, string) {
	_, d, msg := lines(m, text, true)
	return d, msg
}

func lines[S, D any](m directives.Module[S, D], text string, inside bool) (*S, *D, string) {
	r := directives.NewRegistry()
	directives.Add(r, frame())
	slots := directives.Add(r, m)
	var items []*apacheconf.Item
	for i, line := range strings.Split(text, "\n") {
		name, args, _ := strings.Cut(line, " ")
		items = append(items, &apacheconf.Item{Name: name, Args: args, Pos: apacheconf.Pos{File: "f", Line: i + 1}})
	}
	if inside {
		items = []*apacheconf.Item{{Name: "Frame", Section: true, Items: items}}
	}
	plan, err := r.Compile(&apacheconf.Tree{ServerRoot: "/root", Items: items}, r.NewLoaded(true), nil)
	if err != nil {
		_, msg, found := strings.Cut(err.Error(), "\n")
		if !found {
			msg = err.Error()
		}
		return nil, nil, msg
	}
	dir := slots.Dir.Of(plan.Main.Defaults)
	if inside {
		// What a section sets is not merged yet: a module that none of the lines belongs to is not in it.
		if dir = slots.Dir.In(plan.Main.Dirs[0].Conf); dir == nil {
			dir = new(D)
		}
	}
	return slots.Server.Of(plan.Main.Conf), dir, ""
}
