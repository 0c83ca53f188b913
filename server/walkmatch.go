package server

import (
	"strings"

	"httpd-wsgi/directives"
	"httpd-wsgi/pcre"
)

// matchNamed matches a pattern that has named groups and sets their variables.
func (r *Request) matchNamed(s *directives.Section, subject string, names []string) (bool, error) {
	var buf [maxGroups]pcre.Span
	spans := buf[:min(len(names), maxGroups)]
	ok, err := s.Regexp.ExecSpans(subject, 0, spans)
	if !ok || err != nil {
		return false, err
	}
	for i, sp := range spans {
		if names[i] != "" && sp.Matched() {
			r.Env.Set("MATCH_"+strings.ToUpper(names[i]), strings.Clone(sp.In(subject)))
		}
	}
	return true, nil
}
