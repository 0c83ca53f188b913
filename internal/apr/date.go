package apr

import "time"

const (
	dayNames   = "SunMonTueWedThuFriSat"
	monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

// ParseHTTPDate parses a date of an HTTP header as apr_date_parse_http does:
// RFC 1123 ("Sun, 06 Nov 1994 08:49:37 GMT", the day also with one digit), RFC
// 850 ("Sunday, 06-Nov-94 08:49:37 GMT") and asctime ("Sun Nov  6 08:49:37
// 1994"). The weekday and the zone are not looked at; two-digit years below 70
// are after 2000. ok is false for anything else, for days that no month has, and
// for dates up to the epoch, which APR cannot tell from an error.
func ParseHTTPDate(s string) (unix int64, ok bool) {
	i := 0
	for i < len(s) && (s[i] == ' ' || '\t' <= s[i] && s[i] <= '\r') {
		i++
	}
	for i < len(s) && s[i] != ' ' {
		i++
	}
	if i == len(s) {
		return 0, false
	}
	s = s[i+1:]
	var year, day int
	var month, clock string
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	switch {
	case mask(s, "## @$$ #### ##:##:## *"):
		year, day, month, clock = two(7)*100+two(9), two(0), s[3:6], s[12:]
	case mask(s, "# @$$ #### ##:##:## *"):
		year, day, month, clock = two(6)*100+two(8), int(s[0]-'0'), s[2:5], s[11:]
	case mask(s, "##-@$$-## ##:##:## *"):
		year, day, month, clock = 1900+two(7), two(0), s[3:6], s[10:]
		if year < 1970 {
			year += 100
		}
	case mask(s, "@$$ ~# ##:##:## ####*"):
		year, month, clock = two(16)*100+two(18), s[0:3], s[7:]
		day = int(s[5] - '0')
		if s[4] != ' ' {
			day = two(4)
		}
	default:
		return 0, false
	}
	m := 0
	for m < 12 && monthNames[3*m:3*m+3] != month {
		m++
	}
	s = clock
	hour, minute, second := two(0), two(3), two(6)
	if m == 12 || year < 1900 || day < 1 || day > daysIn(m+1, year) || hour > 23 || minute > 59 || second > 61 {
		return 0, false
	}
	unix = time.Date(year, time.Month(m+1), day, hour, minute, second, 0, time.UTC).Unix()
	return unix, unix > 0
}

func daysIn(month, year int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// mask compares s with a pattern of APR's: "@" is an upper and "$" a lower case
// letter, "#" a digit, "~" a digit or a space, "*" the rest, anything else
// itself.
func mask(s, pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '*' {
			return true
		}
		if i == len(s) {
			return false
		}
		c := s[i]
		switch pattern[i] {
		case '@':
			if c < 'A' || c > 'Z' {
				return false
			}
		case '$':
			if c < 'a' || c > 'z' {
				return false
			}
		case '#':
			if c < '0' || c > '9' {
				return false
			}
		case '~':
			if c != ' ' && (c < '0' || c > '9') {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return len(s) == len(pattern)
}

// AppendHTTPDate appends a date as HTTP headers carry it, "Sun, 06 Nov 1994
// 08:49:37 GMT" (apr_rfc822_date). unix is in seconds.
func AppendHTTPDate(dst []byte, unix int64) []byte {
	t := time.Unix(unix, 0).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(dst, name(dayNames, int(t.Weekday()))...)
	dst = append(dst, ',', ' ')
	dst = append2(dst, day)
	dst = append(dst, ' ')
	dst = append(dst, name(monthNames, int(month)-1)...)
	dst = append(dst, ' ')
	dst = append4(dst, year)
	dst = append(dst, ' ')
	dst = append2(dst, hour)
	dst = append(dst, ':')
	dst = append2(dst, minute)
	dst = append(dst, ':')
	dst = append2(dst, second)
	return append(dst, " GMT"...)
}

// AppendCLFTime appends the time of the Common Log Format with its brackets,
// "[10/Oct/2000:13:55:36 -0700]" (%t of LogFormat), in t's own zone.
func AppendCLFTime(dst []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	_, offset := t.Zone()
	dst = append(dst, '[')
	dst = append2(dst, day)
	dst = append(dst, '/')
	dst = append(dst, name(monthNames, int(month)-1)...)
	dst = append(dst, '/')
	dst = append4(dst, year)
	dst = append(dst, ':')
	dst = append2(dst, hour)
	dst = append(dst, ':')
	dst = append2(dst, minute)
	dst = append(dst, ':')
	dst = append2(dst, second)
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, ' ', sign)
	dst = append2(dst, offset/3600)
	dst = append2(dst, offset/60%60)
	return append(dst, ']')
}

// AppendCtime appends the time of the error log without its brackets, "Tue Nov
// 24 02:35:30 2026" (ap_recent_ctime_ex), in t's own zone. With usec the
// microseconds follow the second: "Tue Nov 24 02:35:30.588824 2026".
func AppendCtime(dst []byte, t time.Time, usec bool) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(dst, name(dayNames, int(t.Weekday()))...)
	dst = append(dst, ' ')
	dst = append(dst, name(monthNames, int(month)-1)...)
	dst = append(dst, ' ')
	dst = append2(dst, day)
	dst = append(dst, ' ')
	dst = append2(dst, hour)
	dst = append(dst, ':')
	dst = append2(dst, minute)
	dst = append(dst, ':')
	dst = append2(dst, second)
	if usec {
		dst = append(dst, '.')
		dst = append6(dst, t.Nanosecond()/1000)
	}
	dst = append(dst, ' ')
	return append4(dst, year)
}

func name(names string, i int) string { return names[3*i : 3*i+3] }

func append2(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10%10), byte('0'+n%10))
}

func append4(dst []byte, n int) []byte {
	return append2(append2(dst, n/100), n)
}

func append6(dst []byte, n int) []byte {
	return append2(append2(append2(dst, n/10000), n/100), n)
}
