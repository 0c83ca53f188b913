package apr

import (
	"sync/atomic"
	"time"

	"github.com/ncruces/go-strftime"
)

// TimeCache remembers the text of the last second that a time format was asked
// for, since a busy server asks for the same one thousands of times. The zero
// value is not usable, see [NewTimeCache]. It may be used by any number of
// goroutines; it holds no lock.
type TimeCache struct {
	format func(dst []byte, unix int64) []byte
	last   atomic.Pointer[timeText]
}

type timeText struct {
	unix int64
	text []byte
}

// NewTimeCache makes a cache for format, which appends the text of a time in
// seconds since the epoch.
func NewTimeCache(format func(dst []byte, unix int64) []byte) *TimeCache {
	return &TimeCache{format: format}
}

// NewHTTPDateCache makes a cache of [AppendHTTPDate].
func NewHTTPDateCache() *TimeCache { return NewTimeCache(AppendHTTPDate) }

// NewCLFTimeCache makes a cache of [AppendCLFTime] in the zone loc.
func NewCLFTimeCache(loc *time.Location) *TimeCache {
	return NewTimeCache(func(dst []byte, unix int64) []byte {
		return AppendCLFTime(dst, time.Unix(unix, 0).In(loc))
	})
}

// NewStrftimeCache makes a cache of [AppendStrftime] in the zone loc.
func NewStrftimeCache(layout string, loc *time.Location) *TimeCache {
	return NewTimeCache(func(dst []byte, unix int64) []byte {
		return AppendStrftime(dst, layout, time.Unix(unix, 0).In(loc))
	})
}

// Append appends the text of the second unix.
func (c *TimeCache) Append(dst []byte, unix int64) []byte {
	if t := c.last.Load(); t != nil && t.unix == unix {
		return append(dst, t.text...)
	}
	n := len(dst)
	dst = c.format(dst, unix)
	c.last.Store(&timeText{unix, append([]byte(nil), dst[n:]...)})
	return dst
}

// AppendStrftime appends t by a format of C's strftime in the C locale, in t's
// own zone (%{format}t of LogFormat, SSI's timefmt).
func AppendStrftime(dst []byte, layout string, t time.Time) []byte {
	return strftime.AppendFormat(dst, layout, t)
}
