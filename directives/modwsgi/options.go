package modwsgi

import "strings"

// option cuts the first "name=value" off args; only the value may be quoted
// (wsgi_parse_option). ok is false for text that has no such form.
func option(args string) (name, value, rest string, ok bool) {
	args = strings.TrimLeft(args, " \t")
	end := strings.IndexAny(args, "= \t\"'")
	if end <= 0 || args[end] != '=' {
		return "", "", "", false
	}
	name, args = args[:end], args[end+1:]
	if args == "" {
		return name, "", "", true
	}
	if q := args[0]; q == '"' || q == '\'' {
		var b strings.Builder
		i := 1
		for i < len(args) && args[i] != q {
			if args[i] == '\\' && i+1 < len(args) && (args[i+1] == '\\' || args[i+1] == q) {
				i++
			}
			b.WriteByte(args[i])
			i++
		}
		if i < len(args) {
			i++
		}
		return name, b.String(), strings.TrimLeft(args[i:], " \t"), true
	}
	end = strings.IndexAny(args, " \t")
	if end < 0 {
		return name, args, "", true
	}
	return name, args[:end], strings.TrimLeft(args[end:], " \t"), true
}

// atoi is C's: leading digits with a sign, 0 for anything else.
func atoi(s string) int {
	s = strings.TrimLeft(s, " \t")
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	n := 0
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9' && n < 1<<50; i++ {
		n = n*10 + int(s[i]-'0')
	}
	if neg {
		return -n
	}
	return n
}
