package directives

import "strings"

// near is the known directive whose name is almost that one: of the linked
// modules' first, then of the others'. A section is compared with sections only.
// It is "" when none is near enough to be what was meant.
func (r *Registry) near(name string) string {
	name = strings.ToLower(name)
	best, limit := "", allowance(name)+1
	try := func(known string) {
		if strings.HasPrefix(known, "<") != strings.HasPrefix(name, "<") {
			return
		}
		if d := distance(name, strings.ToLower(known), limit); d < limit {
			best, limit = known, d
		}
	}
	for _, e := range r.entries {
		try(e.Name)
	}
	for _, d := range r.retirements {
		try(d.Name)
	}
	for _, m := range r.absent {
		for _, d := range m.Directives {
			try(d.Name)
		}
	}
	return best
}

// allowance is how many slips a name of that length may have to be taken for another.
func allowance(name string) int {
	switch n := len(strings.TrimPrefix(name, "<")); {
	case n < 5:
		return 0
	case n < 10:
		return 1
	}
	return 2
}

// distance counts the slips (a letter too many, too few, another, or two
// exchanged) that make b of a; limit if there are that many or more.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
