package modfilter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/directives"
	"httpd-wsgi/server"
)

var tables = directives.Module[directives.None, Dir]{ID: "filter_module", File: "mod_filter.c", MergeDir: merge, Dir: directives.Table[Dir]{
	directives.Take12("FilterDeclare", directives.OrOptions, nil, func(_ *directives.Cmd, d *Dir, name, place string) error {
		d.declare(name, place)
		d.resolve()
		return nil
	}, "filter-name [filter-type]"),
	directives.Take3("FilterProvider", directives.OrOptions, nil, func(c *directives.Cmd, d *Dir, w []string) error {
		err := d.provide(c, w[0], w[1], w[2], nil)
		d.resolve()
		return err
	}, "filter-name provider-name match-expression"),
	directives.Iterate("FilterChain", directives.OrOptions, nil, func(_ *directives.Cmd, d *Dir, w string) error {
		d.link(w)
		d.resolve()
		return nil
	}, "list of filter names with optional [+-=!@]"),
	directives.Take2("FilterTrace", directives.RsrcConf|directives.AccessConf, nil, func(_ *directives.Cmd, d *Dir, name, level string) error {
		f := d.filters[name]
		if f == nil {
			return fmt.Errorf("Undeclared smart filter %s", name)
		}
		f.trace, _ = strconv.Atoi(level)
		return nil
	}, "filter-name debug-level"),
	directives.Argv("AddOutputFilterByType", directives.OrFileInfo, nil, byType, "output filter name followed by one or more content-types").
		Differs("a response that needs INCLUDES, SUBSTITUTE, SED, DATA, proxy-html or xml2enc fails while no module has them"),
	directives.Take23("FilterProtocol", directives.OrOptions, nil, setProtocol, "filter-name [provider-name] protocol-args"),
}}

// places are the orders that FilterDeclare names; the default is a filter of resources.
var places = map[string]server.FilterOrder{"content_set": server.FilterContentSet, "protocol": server.FilterProtocol, "connection": 50, "network": 60}

func (d *Dir) declare(name, place string) *smart {
	f := &smart{name: name, order: server.FilterResource}
	if order, ok := places[strings.ToLower(place)]; ok {
		f.order = order
	}
	if d.filters == nil {
		d.filters = map[string]*smart{}
	}
	d.filters[name] = f
	return f
}

// provide adds a provider to a smart filter, which it declares if need be (add_filter).
func (d *Dir) provide(c *directives.Cmd, name, filter, condition string, types []string) error {
	f := d.filters[name]
	if f == nil {
		f = d.declare(name, "")
	}
	named, ok := server.FindOutputFilter(c.Plan(), filter)
	if !ok {
		return fmt.Errorf("Unknown filter provider %s", filter)
	}
	var cond *expr.Cond
	if types == nil {
		var err error
		if cond, err = c.Expr(condition); err != nil {
			return fmt.Errorf("Error parsing FilterProvider expression:%v", err)
		}
	}
	f.providers = append([]provider{{filter: named, cond: cond, types: types}}, f.providers...)
	return nil
}

// byType is AddOutputFilterByType: a smart filter for each of the names, in the
// chain once.
func byType(c *directives.Cmd, d *Dir, w []string) error {
	if len(w) < 2 {
		return errors.New("AddOutputFilterByType requires at least two arguments")
	}
	for filter := range strings.SplitSeq(w[0], ";") {
		if filter == "" {
			continue
		}
		name := "BYTYPE:" + filter
		known := d.filters[name] != nil
		if err := d.provide(c, name, filter, "", w[1:]); err != nil {
			return err
		}
		if !known {
			d.link(name)
		}
	}
	d.resolve()
	return nil
}

// link is one word of FilterChain.
func (d *Dir) link(w string) {
	kind, name := byte(0), w
	if w != "" {
		kind = w[0]
	}
	switch kind {
	case '+', '@', '-', '!', '=':
		name = w[1:]
	}
	switch kind {
	case '@':
		d.chain = append([]string{name}, d.chain...)
	case '-':
		d.chain = slices.DeleteFunc(d.chain, func(have string) bool { return have != "" && strings.EqualFold(have, name) })
	case '!':
		d.chain = []string{""}
	case '=':
		d.chain = []string{"", name}
	default:
		d.chain = append(d.chain, name)
	}
}

var protocols = map[string]protocol{"change=yes": changes | changesLength, "change=1:1": changes, "byteranges=no": noByteranges,
	"proxy=no": noProxy, "proxy=transform": transforms, "cache=no": noCache}

// setProtocol is FilterProtocol, for a smart filter or one of its providers.
func setProtocol(_ *directives.Cmd, d *Dir, w []string) error {
	f := d.filters[w[0]]
	if f == nil {
		return errors.New("FilterProtocol: No such filter")
	}
	at := &f.protocol
	if len(w) == 3 {
		i := slices.IndexFunc(f.providers, func(p provider) bool { return strings.EqualFold(p.filter.Name, w[1]) })
		if i < 0 {
			return errors.New("FilterProtocol: No such provider for this filter")
		}
		at = &f.providers[i].protocol
	}
	*at = 0
	for _, word := range strings.FieldsFunc(w[len(w)-1], func(c rune) bool { return strings.ContainsRune(";, \t", c) }) {
		word = strings.ToLower(word)
		*at |= protocols[word]
		if word == "change=no" {
			*at &^= changes | changesLength
		}
	}
	return nil
}
