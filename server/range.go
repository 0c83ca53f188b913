package server

import (
	"fmt"
	"strconv"
	"strings"
)

// byteRange is one satisfiable range: first and last byte.
type byteRange struct{ start, end int64 }

// rangeLimits are MaxRanges, MaxRangeOverlaps and MaxRangeReversals; below
// zero is no limit, MaxRanges 0 is "none".
type rangeLimits struct{ ranges, overlaps, reversals int }

// Verdicts of parseRanges other than a list.
const (
	rangesIgnored = iota // answer with the whole
	rangesUnsatisfiable
	rangesGiven
)

// parseRanges reads a Range header for a body of size bytes as Apache does
// (ap_set_byterange): a wrong or too costly set is ignored, one without any
// byte of the body is unsatisfiable.
func parseRanges(header string, size int64, limit rangeLimits) ([]byteRange, int) {
	set, ok := strings.CutPrefix(header, "bytes=")
	if !ok || limit.ranges == 0 {
		return nil, rangesIgnored
	}
	var out []byteRange
	overlaps, reversals, count := 0, 0, 0
	unsatisfiable := false
	for set != "" {
		var spec string
		spec, set, _ = strings.Cut(set, ",")
		spec = strings.TrimLeft(spec, " \t")
		if spec == "" {
			continue
		}
		if count++; limit.ranges > 0 && count > limit.ranges {
			return nil, rangesIgnored
		}
		from, to, ok := strings.Cut(spec, "-")
		if !ok {
			return nil, rangesIgnored
		}
		var start, end int64
		if from == "" {
			n, ok := rangeNumber(to)
			if !ok || n == 0 {
				return nil, rangesIgnored
			}
			start, end = max(size-n, 0), size-1
		} else {
			var ok bool
			if start, ok = rangeNumber(from); !ok {
				return nil, rangesIgnored
			}
			end = size - 1
			if to != "" {
				if end, ok = rangeNumber(to); !ok || start > end {
					return nil, rangesIgnored
				}
				end = min(end, size-1)
			}
		}
		if start >= size {
			unsatisfiable = true
			continue
		}
		if n := len(out); n > 0 {
			last := &out[n-1]
			if start < last.start {
				reversals++
			}
			// A range that touches the one before it becomes one with it.
			if start <= last.end+1 && end >= last.start-1 {
				overlaps++
				last.start, last.end = min(start, last.start), max(end, last.end)
				continue
			}
		}
		out = append(out, byteRange{start, end})
	}
	var sum int64
	for _, g := range out {
		sum += g.end - g.start + 1
	}
	switch {
	case len(out) == 0 && unsatisfiable:
		return nil, rangesUnsatisfiable
	case len(out) == 0, limit.overlaps >= 0 && overlaps > limit.overlaps,
		limit.reversals >= 0 && reversals > limit.reversals, sum > size:
		return nil, rangesIgnored
	}
	return out, rangesGiven
}

func rangeNumber(s string) (int64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// sendRanges answers with 206, or 416, for a body of size bytes of which send
// writes a piece. It reports whether it did; if not, the whole is to be sent.
func (r *Request) sendRanges(size int64, send func(off, n int64) error) (bool, Status) {
	if r.out.filtering() {
		return false, OK // the filters may take the header away, or give it back
	}
	header := r.In.Get("Range")
	if header == "" || size == 0 || r.Reply.Status != 200 || r.Line.Number != 0 || r.Line.Proto < 1000 ||
		r.Reply.Header.Has("Content-Range") || r.ifRange() == condNoMatch {
		return false, OK
	}
	ranges, verdict := parseRanges(header, size, r.Site.rangeLimits(r))
	switch verdict {
	case rangesIgnored:
		return false, OK
	case rangesUnsatisfiable:
		return true, 416
	}
	r.Reply.Status = 206
	if len(ranges) == 1 {
		g := ranges[0]
		r.Reply.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", g.start, g.end, size))
		r.SetContentLength(g.end - g.start + 1)
		send(g.start, g.end-g.start+1)
		return true, OK
	}
	boundary := r.Site.boundary(r)
	head := "\r\n--" + boundary + "\r\n"
	if r.Reply.ContentType != "" {
		head += "Content-type: " + r.Reply.ContentType + "\r\n"
	}
	parts := make([]string, len(ranges))
	var total int64
	for i, g := range ranges {
		parts[i] = head + fmt.Sprintf("Content-range: bytes %d-%d/%d\r\n\r\n", g.start, g.end, size)
		total += int64(len(parts[i])) + g.end - g.start + 1
	}
	tail := "\r\n--" + boundary + "--\r\n"
	r.Reply.ContentType = "multipart/byteranges; boundary=" + boundary
	r.SetContentLength(total + int64(len(tail)))
	for i, g := range ranges {
		if _, err := r.Write([]byte(parts[i])); err != nil {
			return true, OK
		}
		if send(g.start, g.end-g.start+1) != nil {
			return true, OK
		}
	}
	r.Write([]byte(tail))
	return true, OK
}
