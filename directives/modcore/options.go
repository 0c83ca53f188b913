package modcore

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// OptionBits is a set of options of the Options directive.
type OptionBits uint32

// The options. The values are Apache's (OPT_*).
const (
	OptIndexes              OptionBits = 1
	OptIncludes             OptionBits = 2
	OptFollowSymLinks       OptionBits = 4
	OptExecCGI              OptionBits = 8
	OptIncludesWithExec     OptionBits = 32
	OptSymLinksIfOwnerMatch OptionBits = 64
	OptMultiViews           OptionBits = 128

	// OptAll is "Options All": all but MultiViews and SymLinksIfOwnerMatch.
	OptAll = OptIndexes | OptIncludes | OptIncludesWithExec | OptFollowSymLinks | OptExecCGI

	// everyOption is what AllowOverride All lets .htaccess files change; AllowOverride Options stops at OptAll.
	everyOption = OptAll | OptSymLinksIfOwnerMatch | OptMultiViews
)

// DefaultOptions is what holds where no Options directive speaks.
const DefaultOptions = OptFollowSymLinks

// Options is what the Options lines of one container say: a set, or changes
// to the outer container's.
type Options struct {
	set         bool // an absolute set was given
	bits        OptionBits
	add, remove OptionBits // never share a bit
}

// Bits are the options in force.
func (o Options) Bits() OptionBits {
	if o.set {
		return o.bits
	}
	return DefaultOptions&^o.remove | o.add
}

// Has tells whether all options in b are in force.
func (o Options) Has(b OptionBits) bool { return o.Bits()&b == b }

// mergeOptions lays add over base: an absolute set hides base's, changes apply to it.
func mergeOptions(base, add Options) Options {
	if add.set {
		return add
	}
	base.add = base.add&^add.remove | add.add
	base.remove = base.remove&^add.add | add.remove
	if base.set {
		base.bits = base.bits&^base.remove | base.add
	}
	return base
}

// optionByName gives the bits of each word. RunScripts is an old name that Apache still takes.
func optionByName(w string) (OptionBits, bool) {
	switch strings.ToLower(w) {
	case "indexes":
		return OptIndexes, true
	case "includes":
		return OptIncludes | OptIncludesWithExec, true
	case "includesnoexec":
		return OptIncludes, true
	case "followsymlinks":
		return OptFollowSymLinks, true
	case "symlinksifownermatch":
		return OptSymLinksIfOwnerMatch, true
	case "execcgi":
		return OptExecCGI, true
	case "multiviews":
		return OptMultiViews, true
	case "runscripts":
		return OptMultiViews | OptExecCGI, true
	case "none":
		return 0, true
	case "all":
		return OptAll, true
	}
	return 0, false
}

var errMixedOptions = errors.New("Either all Options must start with + or -, or no Option may.")

// setOptions is the Options directive.
func setOptions(c *directives.Cmd, d *Dir, args string) error {
	o := &d.Options
	first, merge, allNone := true, false, false
	for args != "" {
		var w string
		w, args = apacheconf.GetWordConf(args)
		action := byte(0)
		if w != "" && (w[0] == '+' || w[0] == '-') {
			action, w = w[0], w[1:]
			if !merge && !first && !allNone {
				return errMixedOptions
			}
			merge = true
		} else if first {
			o.set, o.bits = true, 0
		} else if merge {
			return errMixedOptions
		}
		opt, ok := optionByName(w)
		if !ok {
			return fmt.Errorf("Illegal option %s", w)
		}
		switch strings.ToLower(w) {
		case "none":
			if !first {
				return errors.New("'Options None' must be the first Option given.")
			}
			if merge {
				return errors.New("You may not use 'Options +None' or 'Options -None'.")
			}
			allNone = true
		case "all":
			if !first {
				return errors.New("'Options All' must be the first option given.")
			}
			if merge {
				return errors.New("You may not use 'Options +All' or 'Options -All'.")
			}
			allNone = true
		}
		if OptionBits(c.OverrideOptions)&opt != opt {
			return fmt.Errorf("Option %s not allowed here", w)
		}
		switch action {
		case '-':
			o.change(0, opt)
		case '+':
			var off OptionBits
			if opt == OptIncludes {
				off = OptIncludesWithExec // NOEXEC takes exec away from what Includes gave
			}
			o.change(opt, off)
		default:
			o.bits |= opt
		}
		first = false
	}
	return nil
}

func (o *Options) change(on, off OptionBits) {
	o.add = o.add&^off | on
	o.remove = o.remove&^on | off
	if o.set {
		o.bits = o.bits&^off | on
	}
}
