package http1

// Severity is how Apache grades a log line about a malformed request.
type Severity uint8

const (
	SeverityInfo Severity = iota
	SeverityDebug
)

// Source is the module that Apache logs a line for.
type Source uint8

const (
	SourceCore Source = iota
	SourceHTTP
)

// LogLine is one line for the error log.
type LogLine struct {
	Severity Severity
	Source   Source
	Code     string // "AH02426"
	Text     string
}

// Error is why a request cannot be served.
type Error struct {
	// Status is the response's, always one after which the connection is closed. 0 is no response at all: the
	// client went away, or never sent a request line.
	Status int
	// Note is a sentence for the error page, HTML; usually "".
	Note string
	// Log are the lines for the error log, in order.
	Log []LogLine
	// Err is the failure of the connection behind this, nil if the bytes themselves are wrong.
	Err error
}

func (e *Error) Error() string {
	switch {
	case len(e.Log) > 0:
		return e.Log[0].Code + ": " + e.Log[0].Text
	case e.Err != nil:
		return e.Err.Error()
	}
	return "malformed request"
}

// Unwrap returns the connection's failure.
func (e *Error) Unwrap() error { return e.Err }

func refuse(status int, severity Severity, code, text string) *Error {
	return &Error{Status: status, Log: []LogLine{{severity, SourceCore, code, text}}}
}

func (e *Error) and(severity Severity, code, text string) *Error {
	e.Log = append(e.Log, LogLine{severity, SourceCore, code, text})
	return e
}

// shorten cuts what is quoted in a log line, as Apache does.
func shorten(s string) string {
	if len(s) > 80 {
		return s[:80]
	}
	return s
}

// fieldName is the part of a field line that a log line shows.
func fieldName(line []byte) string {
	for i, c := range line {
		if c == ':' {
			line = line[:i]
			break
		}
	}
	return shorten(string(line[:min(len(line), 80)]))
}
