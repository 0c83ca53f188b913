package errlog

import (
	"errors"
	"strings"

	"github.com/sirupsen/logrus"
)

// Level is the severity of a message, 0 the gravest, as in LogLevel.
type Level int8

const (
	Emerg Level = iota
	Alert
	Crit
	Error
	Warn
	Notice
	Info
	Debug
	Trace1
	Trace2
	Trace3
	Trace4
	Trace5
	Trace6
	Trace7
	Trace8
)

// noLevel is the level of the lines that are written once per connection or
// request: they have none.
const noLevel Level = -1

const levelCount = 16

var levelNames = [levelCount]string{"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug",
	"trace1", "trace2", "trace3", "trace4", "trace5", "trace6", "trace7", "trace8"}

// String returns Apache's name of l; "" for a value that is no level.
func (l Level) String() string {
	if l < 0 || int(l) >= len(levelNames) {
		return ""
	}
	return levelNames[l]
}

var errLevel = errors.New("Log level keyword must be one of emerg/alert/crit/error/warn/notice/info/debug/trace1/.../trace8")

// ParseLevel reads a level's name, in any case. The error is Apache's sentence.
func ParseLevel(s string) (Level, error) {
	for i, n := range levelNames {
		if strings.EqualFold(s, n) {
			return Level(i), nil
		}
	}
	return 0, errLevel
}

// logrus is the level by which a line of level l is carried.
func (l Level) logrus() logrus.Level {
	switch {
	case l <= Error:
		return logrus.ErrorLevel
	case l == Warn:
		return logrus.WarnLevel
	case l <= Info:
		return logrus.InfoLevel
	case l == Debug:
		return logrus.DebugLevel
	}
	return logrus.TraceLevel
}

// severity is the level as syslog's, which ends at debug.
func (l Level) severity() int {
	return int(min(l, Debug))
}
