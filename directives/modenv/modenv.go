// Package modenv is Apache's mod_env: SetEnv, UnsetEnv and PassEnv. The
// variables reach applications in a fixup, after SetEnvIf and rewriting.
package modenv

import (
	"os"
	"slices"
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

// Dir is mod_env's per-directory configuration.
type Dir struct {
	// Vars are set, in the order they were first set, after Unset has taken away what outer containers set.
	Vars  []Var
	Unset []string
}

// Var is one variable.
type Var struct{ Name, Value string }

var tables = directives.Module[directives.None, Dir]{ID: "env_module", File: "mod_env.c", MergeDir: merge, Dir: directives.Table[Dir]{
	directives.Iterate("PassEnv", directives.OrFileInfo, nil, passEnv, "a list of environment variables to pass to CGI."),
	directives.Take12("SetEnv", directives.OrFileInfo, nil, func(cmd *directives.Cmd, d *Dir, name, value string) error {
		if strings.Contains(name, "=") {
			before, after, _ := strings.Cut(name, "=")
			cmd.Warnf("AH10032: Spurious usage of '=' in an environment variable name. 'SetEnv %s %s' expected instead?", before, after)
		}
		d.set(name, value)
		return nil
	}, "an environment variable name and optional value to pass to CGI."),
	directives.Iterate("UnsetEnv", directives.OrFileInfo, nil, func(_ *directives.Cmd, d *Dir, name string) error {
		d.Unset = append(d.Unset, name)
		d.unset(name)
		return nil
	}, "a list of variables to remove from the CGI environment.").
		Differs("it also counts in a directory within another that has lines of mod_env; Apache forgets it there"),
}}

func passEnv(cmd *directives.Cmd, d *Dir, name string) error {
	if v, ok := os.LookupEnv(name); ok {
		d.set(name, v)
	} else {
		cmd.Warnf("AH01506: PassEnv variable %s was undefined", name)
	}
	return nil
}

func (d *Dir) set(name, value string) {
	for i := range d.Vars {
		if strings.EqualFold(d.Vars[i].Name, name) {
			d.Vars[i] = Var{name, value}
			return
		}
	}
	d.Vars = append(d.Vars, Var{name, value})
}

func (d *Dir) unset(name string) {
	d.Vars = slices.DeleteFunc(d.Vars, func(v Var) bool { return strings.EqualFold(v.Name, name) })
}

// merge takes from the outer container's variables what the inner one unsets
// and lays the inner one's over them (merge_env_dir_configs).
func merge(base, add *Dir) *Dir {
	out := &Dir{Vars: slices.Clone(base.Vars), Unset: slices.Concat(base.Unset, add.Unset)}
	for _, name := range add.Unset {
		out.unset(name)
	}
	for _, v := range add.Vars {
		out.set(v.Name, v.Value)
	}
	if len(out.Vars) == 0 {
		out.Vars = nil
	}
	return out
}

// Module is mod_env.
func Module() server.Module {
	return server.Bind(tables, nil, func(h *server.HookSet, slots directives.Slots[directives.None, Dir]) {
		h.Fixups.Add("mod_env.c", server.Middle, func(r *server.Request) server.Status {
			d := slots.Dir.Of(r.Conf)
			for _, v := range d.Vars {
				r.Env.Set(v.Name, v.Value)
			}
			return server.Declined
		})
	})
}
