package modstatus

import (
	"math"
	"strconv"
	"strings"
)

// general writes a number as APR's "%g" does: up to digits significant ones,
// without a zero before the point.
func general(x float64, digits int) string {
	switch {
	case math.IsInf(x, 0):
		return "inf"
	case math.IsNaN(x):
		return "nan"
	case x == 0:
		return "0"
	}
	sign := ""
	if x < 0 {
		sign, x = "-", -x
	}
	// d.ddde±dd
	s := strconv.FormatFloat(x, 'e', digits-1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	point, _ := strconv.Atoi(exponent)
	point++ // digits before the point
	all := strings.TrimRight(strings.Replace(mantissa, ".", "", 1), "0")
	n := len(all)
	switch {
	case point >= 0 && point-n > 4 || point < -3:
		e := "+"
		if point--; point < 0 {
			e, point = "-", -point
		}
		s = all[:1]
		if n > 1 {
			s += "." + all[1:]
		} else {
			s += "."
		}
		s += "e" + e + strconv.Itoa(point)
	case point <= 0:
		s = "." + strings.Repeat("0", -point) + all
	case n <= point:
		s = all + strings.Repeat("0", point-n)
	default:
		s = all[:point] + "." + all[point:]
	}
	return sign + s
}

// quotient is a/b as Apache computes it, in single precision.
func quotient(a, b float64) float64 { return float64(float32(a) / float32(b)) }

const (
	kByte = 1 << 10
	mByte = 1 << 20
	gByte = 1 << 30
)

func fixed(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }

// bytesText is a number of bytes for people.
func bytesText(n float64) string {
	switch {
	case n < 5*kByte:
		return strconv.FormatInt(int64(n), 10) + " B"
	case n < mByte/2:
		return fixed(n/kByte, 1) + " kB"
	case n < gByte/2:
		return fixed(n/mByte, 1) + " MB"
	}
	return fixed(n/gByte, 1) + " GB"
}

// kBytesText is a number of kilobytes for people.
func kBytesText(n uint64) string {
	switch {
	case n < kByte:
		return strconv.FormatUint(n, 10) + " kB"
	case n < mByte:
		return fixed(float64(n)/kByte, 1) + " MB"
	}
	return fixed(float64(n)/mByte, 1) + " GB"
}

// timeText is a time span for people, with a space in front of each part.
func timeText(seconds int64) string {
	var b strings.Builder
	part := func(n int64, unit string) {
		if n == 0 {
			return
		}
		b.WriteString(" " + strconv.FormatInt(n, 10) + " " + unit)
		if n != 1 {
			b.WriteByte('s')
		}
	}
	part(seconds/86400, "day")
	part(seconds/3600%24, "hour")
	part(seconds/60%60, "minute")
	part(seconds%60, "second")
	return b.String()
}
