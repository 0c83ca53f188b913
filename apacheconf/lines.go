package apacheconf

import "strings"

// Longest logical line, line ends included, that Apache reads from a configuration file, and from .htaccess and
// macro bodies (VARBUF_MAX_LEN, HUGE_STRING_LEN, MAX_STRING_LEN less the NUL).
const (
	maxLine         = 16 << 20
	maxHtaccessLine = 8192
	maxMacroLine    = 8191
)

// source is one text that lines are read from. Macro expansions are stacked upon what used them: when one is
// exhausted, reading goes on in next, even in the middle of a continued line.
type source struct {
	name string
	text string
	// args, if not nil, are the lines: the -C and -c directives, which know no continuation.
	args []string
	off  int
	line int
	next *source
}

// lineReader reads logical lines as ap_cfg_getline does: a backslash before the line end joins the next line
// on, in comments too, white space is cut off both ends, and a NUL ends the line's text.
//
// Whether a line goes on is asked of all that has been joined so far. So of "a \\" followed by an empty line each
// line end takes one backslash, and the line after the empty one is joined as well.
type lineReader struct {
	src *source
	// max bounds a logical line; see maxLine.
	max int
	// tooLong is set when a line exceeded max: it counts as the end, and as an error.
	tooLong bool
}

// next returns the next logical line. It returns false at the end and after a line that is too long.
func (r *lineReader) next() (string, bool) {
	s := r.src
	for s.off >= len(s.text) || s.args != nil {
		if s.args != nil {
			s.line++
			if s.off == len(s.args) {
				return "", false
			}
			s.off++
			return cutNUL(trim(s.args[s.off-1])), true
		}
		if s.next == nil {
			s.line++
			return "", false
		}
		s = s.next
		r.src = s
	}
	s.line++
	rest := s.text[s.off:]
	n := strings.IndexByte(rest, '\n')
	if n < 0 {
		n = len(rest)
		s.off = len(s.text)
	} else {
		s.off += n + 1
		if n > 0 && (rest[n-1] == '\\' || n > 1 && rest[n-1] == '\r' && rest[n-2] == '\\') {
			if strings.IndexByte(rest[:n], 0) < 0 {
				return r.join(rest[:n+1])
			}
		}
	}
	if n >= r.max {
		r.tooLong = true
		return "", false
	}
	return cutNUL(trim(rest[:n])), true
}

// join goes on with a line that a backslash continues; first is its first physical line with its end.
func (r *lineReader) join(first string) (string, bool) {
	buf := make([]byte, 0, 2*len(first)+64)
	buf = append(buf, first...)
	for {
		// buf ends in a line end: is there a backslash before it?
		end := len(buf) - 1
		if end > 0 && buf[end-1] == '\r' {
			end--
		}
		if end == 0 || buf[end-1] != '\\' {
			break
		}
		buf = buf[:end-1]

		s := r.src
		for s.off >= len(s.text) && s.next != nil && s.args == nil {
			s = s.next
			r.src = s
		}
		s.line++
		rest := s.text[s.off:]
		if s.args != nil || rest == "" {
			break
		}
		n := strings.IndexByte(rest, '\n') + 1
		if n == 0 {
			n = len(rest)
		}
		s.off += n
		if nul := strings.IndexByte(rest[:n], 0); nul >= 0 {
			buf = append(buf, rest[:nul]...)
			break
		}
		buf = append(buf, rest[:n]...)
		if len(buf) > r.max {
			r.tooLong = true
			return "", false
		}
		if rest[n-1] != '\n' {
			break
		}
	}
	return trim(string(buf)), true
}

// cutNUL cuts at the first NUL and the white space before it.
func cutNUL(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return trim(s[:i])
	}
	return s
}
