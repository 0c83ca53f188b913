package http1

import "strings"

// What may be wrong with a request line. Which of several is told follows Apache.
type lineFault uint8

const (
	lineOK lineFault = iota
	badMethod
	badWhitespace
	excessWhitespace
	missingURI
	badURI
	badProtocol
	trailingText
	badMethod09
	rejected09
)

func (f lineFault) error(h *Head) *Error {
	var code, text string
	switch f {
	case badMethod:
		code, text = "AH03445", "Invalid method token: '"+shorten(h.Method)+"'"
	case badMethod09:
		code, text = "AH03444", "Invalid method token: '"+shorten(h.Method)+"' (only GET is allowed for HTTP/0.9 requests)"
	case missingURI:
		code, text = "AH03446", "Missing URI"
	case badURI:
		code, text = "AH03454", "URI incorrectly encoded: '"+shorten(h.Target)+"'"
	case badWhitespace:
		code, text = "AH03447", "Invalid whitespace"
	case excessWhitespace:
		code, text = "AH03448", "Excess whitespace (disallowed by HttpProtocolOptions Strict)"
	case trailingText:
		code, text = "AH03449", "Extraneous text found (perhaps whitespace was injected?)"
	case rejected09:
		code, text = "AH02401", "Rejected HTTP/0.9 request"
	case badProtocol:
		code, text = "AH02418", "Unrecognized protocol '"+shorten(h.Protocol)+"' (perhaps whitespace was injected?)"
	}
	return refuse(400, SeverityDebug, code, "HTTP Request Line; "+text)
}

// lineWords are the words of a request line and the first fault found.
type lineWords struct {
	method, target, protocol string
	fault                    lineFault
	plain                    bool // single spaces, nothing before or after: the words are the line
}

// splitLine takes a request line apart (ap_parse_request_line).
func splitLine(line string, strict bool) (w lineWords) {
	i := prefix(line, classSpace)
	led := i > 0
	if led {
		w.fault = badWhitespace
	}
	line = line[i:]
	if strict {
		i = prefix(line, classToken)
	} else {
		i = prefix(line, classVisible)
	}
	if (i == 0 || i < len(line) && !is(line[i], classSpace)) && w.fault == lineOK {
		w.fault = badMethod
		j := strings.IndexFunc(line[i:], isSpaceRune)
		if j < 0 {
			w.method = line[:i]
			return w
		}
		i += j
	}
	w.method = line[:i]
	rest := w.afterWord(line[i:], strict)
	if len(rest) == 0 && w.fault == lineOK {
		w.fault = missingURI
	}
	i = prefix(rest, classVisible)
	if i == 0 || i < len(rest) && !is(rest[i], classSpace) {
		w.fault = badURI
		j := strings.IndexFunc(rest[i:], isSpaceRune)
		if j < 0 {
			w.target = rest
			return w
		}
		i += j
	}
	w.target = rest[:i]
	rest = w.afterWord(rest[i:], strict)
	i = prefix(rest, classVisible)
	w.protocol = rest[:i]
	switch rest = rest[i:]; {
	case len(rest) == 0:
		m, t := len(w.method), len(w.target)
		w.plain = !led && len(w.protocol) > 0 && len(line) == m+t+len(w.protocol)+2 && line[m] == ' ' && line[m+1+t] == ' '
	case !is(rest[0], classSpace):
		w.fault = badProtocol
	case strict:
		w.fault = excessWhitespace
	default:
		for i := range rest {
			if !is(rest[i], classSpace) {
				if w.fault == lineOK {
					w.fault = trailingText
				}
				break
			}
			if rest[i] != ' ' {
				if w.fault == lineOK {
					w.fault = badWhitespace
				}
				break
			}
		}
	}
	return w
}

// afterWord skips the whitespace after a word: one space, or a fault.
func (w *lineWords) afterWord(rest string, strict bool) string {
	if strict && len(rest) > 1 && is(rest[1], classSpace) && w.fault == lineOK {
		w.fault = excessWhitespace
	}
	i := 0
	for ; i < len(rest) && is(rest[i], classSpace); i++ {
		if rest[i] != ' ' && w.fault == lineOK {
			w.fault = badWhitespace
		}
	}
	if i == 0 {
		return "" // no whitespace: what is left belongs to no word
	}
	return rest[i:]
}

func isSpaceRune(c rune) bool { return c < 0x80 && is(byte(c), classSpace) }

// parseLine fills h from a request line and tells what is wrong with it.
func (h *Head) parseLine(line string, o *Options) *Error {
	w := splitLine(line, !o.Unsafe)
	fault := w.fault
	switch {
	case len(w.protocol) == 8 && FoldEqual(w.protocol[:5], "HTTP/") && is(w.protocol[5], classDigit) &&
		w.protocol[6] == '.' && is(w.protocol[7], classDigit) && w.protocol[5] != '0':
		h.Proto = int(w.protocol[5]-'0')*1000 + int(w.protocol[7]-'0')
		h.Protocol = protocolText(w.protocol)
		if !o.Unsafe && !strings.HasPrefix(w.protocol, "HTTP") {
			h.Protocol = w.protocol
			if fault == lineOK {
				fault = badProtocol
			}
		}
	case len(w.protocol) > 0:
		h.Proto, h.Protocol = 9, w.protocol
		if fault == lineOK {
			fault = badProtocol
		}
	default:
		h.Proto, h.Protocol = 9, "HTTP/0.9"
	}
	h.setLine(&w, line)
	uriError := h.URI.parse(h.Method, h.Target)
	if h.Proto == 9 && fault == lineOK {
		if o.Require10 {
			fault = rejected09
		} else if !o.Unsafe && h.Method != "GET" {
			fault = badMethod09
		}
	}
	switch {
	case fault != lineOK:
		return fault.error(h)
	case o.Registered != nil && !o.Registered(h.Method):
		return refuse(501, SeverityDebug, "AH02423", "HTTP Request Line; Unrecognized HTTP method: '"+shorten(h.Method)+"' (disallowed by RegisteredMethods)")
	case uriError == errURI:
		return refuse(400, SeverityDebug, "AH03450", "HTTP Request Line; Unable to parse URI: '"+shorten(h.Target)+"'")
	case !o.Unsafe && h.URI.HasFragment:
		return refuse(400, SeverityDebug, "AH02421", "HTTP Request Line; URI must not contain a fragment")
	case !o.Unsafe && h.URI.HasUser:
		return refuse(400, SeverityDebug, "AH02422", "HTTP Request Line; URI must not contain a username/password")
	case uriError != nil:
		return &Error{Status: 400}
	}
	return nil
}

// setLine sets the strings of a request line.
func (h *Head) setLine(w *lineWords, line string) {
	h.Method, h.Target, h.plain = w.method, w.target, w.plain
	if w.plain {
		h.Text = line
		return
	}
	h.Text = h.Method
	if h.Target != "" {
		h.Text += " " + h.Target
	}
	if w.protocol != "" {
		h.Text += " " + h.Protocol
	}
}

// reline sets the strings of a request line that has been parsed, from another copy of it.
func (h *Head) reline(line string, o *Options) {
	if !h.plain {
		h.parseLine(line, o)
		return
	}
	m := len(h.Method)
	h.Text, h.Method, h.Target = line, line[:m], line[m+1:m+1+len(h.Target)]
	h.URI.parse(h.Method, h.Target)
}

func protocolText(p string) string {
	switch p {
	case "HTTP/1.1":
		return "HTTP/1.1"
	case "HTTP/1.0":
		return "HTTP/1.0"
	}
	return "HTTP" + p[4:]
}
