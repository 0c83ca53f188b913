package modlogconfig

import "strings"

// cookie finds a cookie in a Cookie header: its name in any case, its value up
// to the next ';', both without the spaces around them. An empty value is no
// value.
func cookie(header, name string) (value string, ok bool) {
	for header != "" {
		var pair string
		pair, header, _ = strings.Cut(header, ";")
		n, v, _ := strings.Cut(strings.TrimLeft(pair, "="), "=")
		if n == "" || v == "" {
			continue
		}
		if strings.EqualFold(trim(n), name) {
			return trim(v), true
		}
	}
	return "", false
}

func trim(s string) string {
	return strings.TrimRight(strings.TrimLeft(s, " \t"), " \t\n\v\f\r")
}
