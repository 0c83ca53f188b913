package modfilter

import (
	"maps"
	"strings"

	"httpd-wsgi/apacheconf/expr"
	"httpd-wsgi/server"
)

// protocol says what a filter does to a response's head (FilterProtocol).
type protocol uint8

const (
	changes       protocol = 1 << iota // the body
	changesLength                      // and its length
	noByteranges
	noProxy
	transforms // not for a proxy where Cache-Control forbids
	noCache
)

// provider is a filter that may do a smart filter's work, and when.
type provider struct {
	filter   *server.NamedFilter
	cond     *expr.Cond // nil with types
	types    []string
	protocol protocol
}

// matches tells whether the provider is for the response.
func (p *provider) matches(contentType string) bool {
	base := contentType
	if i := strings.IndexAny(base, "; \t"); i >= 0 {
		base = base[:i]
	}
	for _, t := range p.types {
		if t == base {
			return true
		}
	}
	return false
}

// smart is a filter of FilterDeclare, or of AddOutputFilterByType.
type smart struct {
	name      string
	order     server.FilterOrder
	providers []provider // the last one given first
	protocol  protocol
	trace     int
}

// Dir is mod_filter's per-directory configuration.
type Dir struct {
	// filters are the smart ones by name. Once compiled they are shared by all that inherit them.
	filters map[string]*smart
	// chain are the names of FilterChain in order; "" stands where it was emptied.
	chain []string
	// inserted is what the chain comes to.
	inserted []insertion
}

type insertion struct {
	name   string
	filter *smart // nil: there is none of that name
}

// resolve works the chain out after a change.
func (d *Dir) resolve() {
	from := 0
	for i, name := range d.chain {
		if name == "" {
			from = i + 1
		}
	}
	d.inserted = nil
	for _, name := range d.chain[from:] {
		d.inserted = append(d.inserted, insertion{name, d.filters[name]})
	}
}

// merge lays an inner container over an outer one: its filters take the place
// of the outer ones of their names, its chain comes after the outer one.
func merge(base, add *Dir) *Dir {
	out := &Dir{filters: maps.Clone(base.filters)}
	if out.filters == nil {
		out.filters = map[string]*smart{}
	}
	maps.Copy(out.filters, add.filters)
	out.chain = append(append(make([]string, 0, len(base.chain)+len(add.chain)), base.chain...), add.chain...)
	out.resolve()
	return out
}
