package errlog

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
)

// Target is where a Logger's lines go.
type Target struct {
	w      io.Writer
	syslog *Syslog
}

// To returns a Target that writes lines to w, each in one call: a file opened
// with O_APPEND, or a piped program's pipe.
func To(w io.Writer) Target { return Target{w: w} }

// ToSyslog returns a Target that sends lines to the system's log.
func ToSyslog(s *Syslog) Target { return Target{w: s, syslog: s} }

// IsSyslog tells whether an argument of ErrorLog means syslog rather than a
// file or program.
func IsSyslog(spec string) bool {
	return len(spec) >= 6 && strings.EqualFold(spec[:6], "syslog")
}

// facilities in Apache's order, in which a shortened name is looked up.
var facilities = []struct {
	name string
	code int
}{
	{"auth", 4}, {"authpriv", 10}, {"cron", 9}, {"daemon", 3}, {"ftp", 11}, {"kern", 0}, {"lpr", 6}, {"mail", 2},
	{"news", 7}, {"syslog", 5}, {"user", 1}, {"uucp", 8}, {"local0", 16}, {"local1", 17}, {"local2", 18},
	{"local3", 19}, {"local4", 20}, {"local5", 21}, {"local6", 22}, {"local7", 23},
}

const defaultFacility = 23 // local7

// Syslog writes to the system's log by datagrams to a local socket. It
// connects when the first line is sent, and again after a failure, so the
// system's log may be restarted. It is safe for concurrent use.
type Syslog struct {
	facility int
	tag      string
	path     string

	mu   sync.Mutex
	conn net.Conn
}

// NewSyslog reads "syslog[:[facility][:tag]]". program is the tag where spec
// has none. The error is the one Apache gives.
func NewSyslog(spec, program string) (*Syslog, error) {
	s := &Syslog{facility: defaultFacility, tag: program, path: "/dev/log"}
	_, rest, _ := strings.Cut(spec, ":")
	name, tag, _ := strings.Cut(rest, ":")
	if tag != "" {
		s.tag = tag
	}
	if name == "" {
		return s, nil
	}
	for _, f := range facilities {
		if len(name) <= len(f.name) && strings.EqualFold(name, f.name[:len(name)]) {
			s.facility = f.code
			return s, nil
		}
	}
	return nil, fmt.Errorf("%s: AH10036: %s: could not open syslog error log %s.", StatusText(EBadPath), program, rest)
}

// appendHeader appends what a datagram begins with; nothing for a nil s.
func (s *Syslog) appendHeader(dst []byte, ev *event) []byte {
	if s == nil {
		return dst
	}
	dst = append(dst, '<')
	dst = strconv.AppendInt(dst, int64(s.facility<<3|ev.Level.severity()), 10)
	dst = append(dst, '>')
	dst = ev.Time.AppendFormat(dst, "Jan _2 15:04:05 ")
	dst = append(dst, s.tag...)
	dst = append(dst, '[')
	dst = directive('P', "")(dst, ev)
	return append(dst, "]: "...)
}

// Write sends one line.
func (s *Syslog) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for range 2 {
		if s.conn == nil {
			if s.conn, err = net.Dial("unixgram", s.path); err != nil {
				s.conn = nil
				return 0, err
			}
		}
		var n int
		if n, err = s.conn.Write(p); err == nil {
			return n, nil
		}
		s.conn.Close()
		s.conn = nil
	}
	return 0, err
}
