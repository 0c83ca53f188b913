// Package strftime formats times as the C library's strftime does in the C
// locale, GNU flags and widths included (but on %z, which takes none). A format is compiled once; formatting
// appends to a buffer and allocates nothing.
package strftime

import (
	"strconv"
	"time"
)

// Format is a compiled format. It is immutable.
type Format struct{ items []item }

type item struct {
	lit  string
	conv func(dst []byte, t time.Time) []byte
	// pad is the flag '_', '-' or '0', or 0; width the least width, -1 for the
	// conversion's own; upper and swap are '^' and '#'.
	pad         byte
	width       int
	upper, swap bool
	// numeric conversions are padded with '0', or with ' ' where blank; zone
	// ones are put in small letters by '#'.
	numeric, blank, zone bool
}

// maxWidth bounds a width, so that a format can't make a line of any length.
const maxWidth = 256

// Compile reads a format. Any format is valid: what is no conversion stands
// for itself.
func Compile(format string) *Format {
	f := &Format{}
	lit := ""
	flush := func() {
		if lit != "" {
			f.items = append(f.items, item{lit: lit})
			lit = ""
		}
	}
	for s := format; s != ""; {
		if s[0] != '%' {
			lit, s = lit+s[:1], s[1:]
			continue
		}
		it := item{width: -1}
		i := 1
	flags:
		for ; i < len(s); i++ {
			switch s[i] {
			case '_', '-', '0':
				it.pad = s[i]
			case '^':
				it.upper = true
			case '#':
				it.swap = true
			default:
				break flags
			}
		}
		for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			it.width = min(max(it.width, 0)*10+int(s[i]-'0'), maxWidth)
		}
		if i < len(s) && (s[i] == 'E' || s[i] == 'O') {
			i++
		}
		if i == len(s) || !it.set(s[i]) {
			// Not a conversion: as written.
			n := min(i+1, len(s))
			lit, s = lit+s[:n], s[n:]
			continue
		}
		flush()
		f.items = append(f.items, it)
		s = s[i+1:]
	}
	flush()
	return f
}

// Append appends t, in its own zone, to dst.
func (f *Format) Append(dst []byte, t time.Time) []byte {
	for i := range f.items {
		it := &f.items[i]
		if it.conv == nil {
			dst = append(dst, it.lit...)
			continue
		}
		from := len(dst)
		dst = it.conv(dst, t)
		dst = it.shape(dst, from)
	}
	return dst
}

// shape applies the flags and the width to what the conversion appended after
// from.
func (it *item) shape(dst []byte, from int) []byte {
	if it.swap && it.zone {
		for i := from; i < len(dst); i++ {
			if dst[i] >= 'A' && dst[i] <= 'Z' {
				dst[i] += 'a' - 'A'
			}
		}
	} else if it.upper || it.swap {
		for i := from; i < len(dst); i++ {
			if dst[i] >= 'a' && dst[i] <= 'z' {
				dst[i] -= 'a' - 'A'
			}
		}
	}
	if it.numeric {
		switch it.pad {
		case '-':
			// A width does not count here.
			n := from
			for n < len(dst)-1 && (dst[n] == '0' || dst[n] == ' ') {
				n++
			}
			return append(dst[:from], dst[n:]...)
		case '_':
			for n := from; n < len(dst)-1 && dst[n] == '0'; n++ {
				dst[n] = ' '
			}
		case '0':
			for n := from; n < len(dst) && dst[n] == ' '; n++ {
				dst[n] = '0'
			}
		}
	}
	if it.width <= len(dst)-from {
		return dst
	}
	pad := byte(' ')
	if it.pad == '0' || it.numeric && it.pad == 0 && !it.blank {
		pad = '0'
	}
	n := it.width - (len(dst) - from)
	for range n {
		dst = append(dst, pad)
	}
	copy(dst[from+n:], dst[from:len(dst)-n])
	for i := from; i < from+n; i++ {
		dst[i] = pad
	}
	return dst
}

func num(width int, pad byte, v func(time.Time) int) func([]byte, time.Time) []byte {
	return func(dst []byte, t time.Time) []byte { return appendInt(dst, v(t), width, pad) }
}

func text(v func(time.Time) string) func([]byte, time.Time) []byte {
	return func(dst []byte, t time.Time) []byte { return append(dst, v(t)...) }
}

func layout(l string) func([]byte, time.Time) []byte {
	return func(dst []byte, t time.Time) []byte { return t.AppendFormat(dst, l) }
}

func appendInt(dst []byte, v, width int, pad byte) []byte {
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	for p := 10; width > 1; width-- {
		if v < p {
			for n := width - 1; n > 0; n-- {
				dst = append(dst, pad)
			}
			break
		}
		p *= 10
	}
	return strconv.AppendInt(dst, int64(v), 10)
}

func hour12(t time.Time) int { return (t.Hour()+11)%12 + 1 }

// week is the number of the week whose first day is first (0 Sunday, 1 Monday).
func week(first int) func(time.Time) int {
	return func(t time.Time) int {
		return (t.YearDay() - 1 + 7 - (int(t.Weekday())+7-first)%7) / 7
	}
}

// set fills in the conversion c and reports whether there is one.
func (it *item) set(c byte) bool {
	number := func(width int, pad byte, v func(time.Time) int) {
		it.numeric, it.blank, it.conv = true, pad == ' ' || c == 's', num(width, pad, v)
	}
	switch c {
	case '%':
		it.conv = text(func(time.Time) string { return "%" })
	case 'n':
		it.conv = text(func(time.Time) string { return "\n" })
	case 't':
		it.conv = text(func(time.Time) string { return "\t" })
	case 'a':
		it.conv = text(func(t time.Time) string { return t.Weekday().String()[:3] })
	case 'A':
		it.conv = text(func(t time.Time) string { return t.Weekday().String() })
	case 'b', 'h':
		it.conv = text(func(t time.Time) string { return t.Month().String()[:3] })
	case 'B':
		it.conv = text(func(t time.Time) string { return t.Month().String() })
	case 'c':
		it.conv = layout("Mon Jan _2 15:04:05 2006")
	case 'C':
		number(2, '0', func(t time.Time) int { return t.Year() / 100 })
	case 'd':
		number(2, '0', time.Time.Day)
	case 'D', 'x':
		it.conv = layout("01/02/06")
	case 'e':
		number(2, ' ', time.Time.Day)
	case 'F':
		it.conv = layout("2006-01-02")
	case 'g':
		number(2, '0', func(t time.Time) int { y, _ := t.ISOWeek(); return y % 100 })
	case 'G':
		number(1, '0', func(t time.Time) int { y, _ := t.ISOWeek(); return y })
	case 'H':
		number(2, '0', time.Time.Hour)
	case 'I':
		number(2, '0', hour12)
	case 'j':
		number(3, '0', time.Time.YearDay)
	case 'k':
		number(2, ' ', time.Time.Hour)
	case 'l':
		number(2, ' ', hour12)
	case 'm':
		number(2, '0', func(t time.Time) int { return int(t.Month()) })
	case 'M':
		number(2, '0', time.Time.Minute)
	case 'p':
		it.conv, it.zone = layout("PM"), true
	case 'P':
		it.conv = layout("pm")
	case 'r':
		it.conv = layout("03:04:05 PM")
	case 'R':
		it.conv = layout("15:04")
	case 's':
		number(1, '0', func(t time.Time) int { return int(t.Unix()) })
	case 'S':
		number(2, '0', time.Time.Second)
	case 'T', 'X':
		it.conv = layout("15:04:05")
	case 'u':
		number(1, '0', func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 })
	case 'U':
		number(2, '0', week(0))
	case 'V':
		number(2, '0', func(t time.Time) int { _, w := t.ISOWeek(); return w })
	case 'w':
		number(1, '0', func(t time.Time) int { return int(t.Weekday()) })
	case 'W':
		number(2, '0', week(1))
	case 'y':
		number(2, '0', func(t time.Time) int { return t.Year() % 100 })
	case 'Y':
		number(1, '0', time.Time.Year)
	case 'z':
		it.conv = layout("-0700")
	case 'Z':
		it.conv, it.zone = layout("MST"), true
	default:
		return false
	}
	return true
}
