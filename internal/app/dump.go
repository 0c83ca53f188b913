package app

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// staticOrder is the order in which Debian's httpd lists its static modules.
var staticOrder = [...]string{"core.c", "mod_so.c", "mod_watchdog.c", "http_core.c", "mod_log_config.c", "mod_logio.c", "mod_version.c", "mod_unixd.c"}

// listed puts modules in the order of staticOrder; others follow in their own.
func listed(modules []*directives.ModuleInfo) []*directives.ModuleInfo {
	place := func(m *directives.ModuleInfo) int {
		if i := slices.Index(staticOrder[:], m.File); i >= 0 {
			return i
		}
		return len(staticOrder)
	}
	out := slices.Clone(modules)
	slices.SortStableFunc(out, func(a, b *directives.ModuleInfo) int { return place(a) - place(b) })
	return out
}

// printStatic is -l: the modules that are there without LoadModule.
func printStatic(w io.Writer) {
	fmt.Fprintln(w, "Compiled in modules:")
	for _, m := range listed(newConfig(nil).linked.Registry.Modules()) {
		if m.Static {
			fmt.Fprintf(w, "  %s\n", m.File)
		}
	}
}

// printModules is -M: the static modules, then those of LoadModule.
func printModules(w io.Writer, c *config) {
	fmt.Fprintln(w, "Loaded Modules:")
	loaded := c.plan.Loaded
	for _, m := range listed(loaded.Modules()) {
		if !loaded.Named(m.ID) {
			fmt.Fprintf(w, " %s (static)\n", m.ID)
		}
	}
	for _, m := range c.modules {
		if loaded.Named(m.ID) {
			fmt.Fprintf(w, " %s (shared)\n", m.ID)
		}
	}
}

// printIncludes is -D DUMP_INCLUDES: the files as far as they were read.
func printIncludes(w io.Writer, c *config) {
	fmt.Fprintln(w, "Included configuration files:")
	for _, in := range c.tree.Included {
		line := "*"
		if in.Depth > 0 {
			line = fmt.Sprint(in.Line)
		}
		fmt.Fprintf(w, "%*s(%s) %s\n", 2*(in.Depth+1), "", line, in.File)
	}
}

// printTable is -L: the directives of the loaded modules, in Apache's form, with a line more where there is something to say of ours.
func printTable(w io.Writer, r *directives.Registry, loaded *directives.Loaded) {
	for _, e := range r.Entries() {
		if !loaded.Has(e.Module.ID) {
			continue
		}
		fmt.Fprintf(w, "%s (%s)\n", e.Name, e.Module.File)
		if e.Help != "" {
			fmt.Fprintf(w, "\t%s\n", e.Help)
		}
		fmt.Fprintln(w, e.Describe())
		switch e.Class() {
		case directives.Approximated:
			fmt.Fprintf(w, "\t(httpd-wsgi: differs: %s)\n", e.Why)
		case directives.WithoutEffect:
			fmt.Fprintf(w, "\t(httpd-wsgi: accepted, has no effect: %s)\n", e.Why)
		case directives.NotSupported:
			fmt.Fprintf(w, "\t(httpd-wsgi: refused: %s)\n", e.Why)
		}
	}
}

// dumpConfig is -D DUMP_CONFIG in the form of Apache's mod_info: the directives that reading left, variables replaced, macros used and
// conditions decided, with the places that they come from.
func dumpConfig(w io.Writer, c *config) {
	d := configDumper{w: w, registry: c.linked.Registry}
	d.items(c.tree.Items, "")
}

type configDumper struct {
	w        io.Writer
	registry *directives.Registry
	file     string // that of the line before
}

func (d *configDumper) items(items []*apacheconf.Item, indent string) {
	for _, it := range items {
		if it.Pos.File != d.file {
			d.file = it.Pos.File
			fmt.Fprintf(d.w, "# In file: %s\n", d.file)
		}
		name := it.Tag()
		if e := d.registry.Lookup(name); e != nil {
			name = e.Name
		}
		fmt.Fprintf(d.w, "%s# %3d:\n%s%s %s%s\n", indent, it.Pos.Line, indent, name, it.Args, it.Tail)
		if len(it.Items) > 0 { // an empty section's end is not shown
			d.items(it.Items, indent+"  ")
			fmt.Fprintf(d.w, "%s</%s>\n", indent, strings.TrimPrefix(name, "<"))
		}
	}
}
