package check

import (
	"slices"
	"strings"
)

// undefinedVariable is in the loader's warning of a ${VAR} without a value.
const undefinedVariable = "AH00111: Config variable ${"

// variables finds ${VAR} without a value: mostly the environment that a
// distribution's start script gives its Apache is missing.
func variables(s *Site) []Finding {
	var out []Finding
	var seen []string
	for _, w := range s.Plan.Tree.Warnings {
		_, rest, ok := strings.Cut(w.Msg, undefinedVariable)
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, "}")
		if slices.Contains(seen, name) {
			continue
		}
		seen = append(seen, name)
		advice := "Define it with Define or -D, or set it in the environment that the server is started with."
		if strings.HasPrefix(name, "APACHE_") {
			advice = "Read Debian's variables into the environment first: . /etc/apache2/envvars"
		}
		out = append(out, at(warning, w.Pos, advice, "The variable ${%s} is not defined and stands in the configuration as it is written.", name))
	}
	return out
}
