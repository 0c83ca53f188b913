package apr

// MatchPrefix returns how much of uri the URL prefix of an alias covers, 0 if it does not
// match: a run of slashes matches any run, and the prefix ends at a segment's
// end (alias_matches).
func MatchPrefix(uri, fake string) int {
	u, f := 0, 0
	for f < len(fake) {
		if fake[f] == '/' {
			if u >= len(uri) || uri[u] != '/' {
				return 0
			}
			for f < len(fake) && fake[f] == '/' {
				f++
			}
			for u < len(uri) && uri[u] == '/' {
				u++
			}
			continue
		}
		if u >= len(uri) || uri[u] != fake[f] {
			return 0
		}
		u++
		f++
	}
	if f == 0 || fake[f-1] != '/' && u < len(uri) && uri[u] != '/' {
		return 0
	}
	return u
}
