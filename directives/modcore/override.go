package modcore

import (
	"errors"
	"fmt"
	"strings"

	"httpd-wsgi/apacheconf"
	"httpd-wsgi/directives"
)

// Override is an AllowOverride line: what .htaccess files may hold.
type Override struct {
	// Classes are the classes of directives; none means that no .htaccess file is looked for.
	Classes directives.Scope
	// Options are the options that an Options line may change.
	Options OptionBits
	// NonfatalOverride and NonfatalUnknown skip forbidden and unknown directives instead of failing.
	NonfatalOverride, NonfatalUnknown bool
}

// setAllowOverride is the AllowOverride directive.
func setAllowOverride(c *directives.Cmd, d *Dir, args string) error {
	if c.Check(directives.NotInLocation|directives.NotInFiles) != nil {
		c.Warnf("AH00114: Useless use of AllowOverride in line %d of %s.", c.Pos.Line, c.Pos.File)
	}
	if err := c.Check(directives.NotInHtaccess); err != nil {
		return err
	}
	// A line that names no options leaves those of an earlier one in the same section.
	o := Override{Options: everyOption}
	if d.AllowOverride.Set {
		o.Options = d.AllowOverride.V.Options
	}
	for args != "" {
		var w string
		w, args = apacheconf.GetWordConf(args)
		key, value, hasValue := strings.Cut(w, "=")
		switch strings.ToLower(key) {
		case "limit":
			o.Classes |= directives.OrLimit
		case "options":
			o.Classes |= directives.OrOptions
			o.Options = OptAll
			if hasValue {
				bits, err := allowedOptions(value)
				if err != nil {
					return err
				}
				o.Options = bits
			}
		case "fileinfo":
			o.Classes |= directives.OrFileInfo
		case "authconfig":
			o.Classes |= directives.OrAuthCfg
		case "indexes":
			o.Classes |= directives.OrIndexes
		case "nonfatal":
			switch {
			case !hasValue:
				return errors.New("=Override, =Unknown or =All expected after Nonfatal")
			case strings.EqualFold(value, "override"):
				o.NonfatalOverride = true
			case strings.EqualFold(value, "unknown"):
				o.NonfatalUnknown = true
			case strings.EqualFold(value, "all"):
				o.NonfatalOverride, o.NonfatalUnknown = true, true
			}
		case "none":
			o = Override{Options: o.Options}
		case "all":
			o = Override{Classes: directives.OrAll, Options: o.Options}
		default:
			return fmt.Errorf("Illegal override option %s", key)
		}
	}
	d.AllowOverride = directives.Some(o)
	return nil
}

// allowedOptions is the list of Options=a,b.
func allowedOptions(list string) (OptionBits, error) {
	var bits OptionBits
	for _, w := range strings.Split(list, ",") {
		if w == "" {
			continue
		}
		opt, ok := optionByName(w)
		if !ok {
			return 0, fmt.Errorf("Illegal option %s", w)
		}
		bits |= opt
	}
	return bits, nil
}

// setAllowOverrideList is the AllowOverrideList directive.
func setAllowOverrideList(c *directives.Cmd, d *Dir, words []string) error {
	if c.Check(directives.NotInLocation|directives.NotInFiles) != nil {
		c.Warnf("AH00115: Useless use of AllowOverrideList at %s:%d", c.Pos.File, c.Pos.Line)
	}
	if err := c.Check(directives.NotInHtaccess); err != nil {
		return err
	}
	list := map[string]bool{}
	for _, w := range words {
		if strings.EqualFold(w, "none") {
			if len(words) != 1 {
				return errors.New("'None' not allowed with other directives in AllowOverrideList")
			}
			break
		}
		e := c.Lookup(w)
		switch {
		case e == nil:
			c.Warnf("AH00116: Discarding unrecognized directive `%s' in AllowOverrideList at %s:%d", w, c.Pos.File, c.Pos.Line)
		case e.Scope&(directives.OrAll|directives.AccessConf) == 0:
			c.Warnf("AH02304: Discarding directive `%s' not allowed in AllowOverrideList at %s:%d", w, c.Pos.File, c.Pos.Line)
		default:
			list[strings.ToLower(w)] = true
		}
	}
	d.OverrideList = directives.Some(list)
	return nil
}
