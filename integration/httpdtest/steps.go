package httpdtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// A Step is one block of a case's requests.
type Step struct {
	Name    string // first line, for messages
	Line    int    // of that line in the requests
	Want    []int  // statuses that Apache answers with, in order; "=> -" for no answer at all
	Wanted  bool   // whether Want was given
	Methods []string
	// Request is what is sent, with the placeholders of [Site]; Head is the part before the body.
	Head, Body []byte
	Same       bool // on the connection of the step before
	Continue   bool // wait for an interim answer before the body is sent
	EOF        bool // half-close after sending
	Port       int  // 0-based
	Differ     []Difference
}

// A Difference is a declared one: something in which the server under test departs from this Apache, and why.
type Difference struct {
	What   string // status, header, body, line, framing, interim, end, log, refused
	Arg    string
	Reason string
}

// ParseSteps reads the requests of a case: blocks separated by empty lines, "#" comments.
//
//	GET /path?q HTTP/1.0 => 200      method, target, protocol (default HTTP/1.1), the status that Apache gives
//	Name: value                      header lines; Host is added if none is given and the protocol is 1.1
//	!host                            do not add Host
//	!user name:password              Authorization: Basic
//	!body "text\n"                   part of the body, a Go string; Content-Length is added if no framing is given
//	!fill 100000                     part of the body: that many bytes
//	!chunked 3 5                     send the body chunked, in chunks of these sizes, the rest as a last one
//	!length 10                       Content-Length of 10 whatever the body
//	!raw "GET / HTTP/1.0\r\n\r\n"    instead of a request line: these bytes, as they are ("RAW what it shows => 400 200" begins the block)
//	!methods HEAD GET                of a raw block: the methods of its requests (default: GET for each expected status)
//	!same                            on the connection of the block before
//	!continue                        wait for 100 Continue before sending the body
//	!eof                             half-close after sending
//	!port 2                          connect to @PORT2@
//	!differ WHAT ARG: reason         a declared difference (see Difference)
func ParseSteps(text string) ([]Step, error) {
	var steps []Step
	var block []string
	start := 0
	flush := func() error {
		if len(block) == 0 {
			return nil
		}
		step, err := parseStep(block)
		if err != nil {
			return fmt.Errorf("requests:%d: %w", start, err)
		}
		step.Line = start
		steps = append(steps, step)
		block = nil
		return nil
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "":
			if err := flush(); err != nil {
				return nil, err
			}
		case strings.HasPrefix(line, "#"):
		default:
			if len(block) == 0 {
				start = n
			}
			block = append(block, line)
		}
	}
	return steps, flush()
}

func parseStep(block []string) (Step, error) {
	first, want, wanted := strings.Cut(block[0], " => ")
	s := Step{Name: strings.TrimSpace(first), Wanted: wanted}
	for _, w := range strings.Fields(strings.TrimPrefix(want, "-")) {
		code, err := strconv.Atoi(w)
		if err != nil {
			return s, fmt.Errorf("status %q", w)
		}
		s.Want = append(s.Want, code)
	}
	raw := strings.HasPrefix(first, "RAW")
	var head, body bytes.Buffer
	var chunks []int
	host, framed, chunked, length := true, false, false, -1
	words := strings.Fields(first)
	proto := "HTTP/1.1"
	if !raw {
		if len(words) > 2 && strings.HasPrefix(words[len(words)-1], "HTTP/") {
			proto, words = words[len(words)-1], words[:len(words)-1]
		}
		if len(words) != 2 {
			return s, fmt.Errorf("%q: want METHOD TARGET [HTTP/1.x] [=> STATUS]", first)
		}
		fmt.Fprintf(&head, "%s %s %s\r\n", words[0], words[1], proto)
		s.Methods = []string{words[0]}
	}
	var headers []string
	for _, line := range block[1:] {
		if !strings.HasPrefix(line, "!") {
			if raw {
				return s, fmt.Errorf("%q in a raw block", line)
			}
			name, _, ok := strings.Cut(line, ":")
			if !ok {
				return s, fmt.Errorf("%q: neither Name: value nor !option", line)
			}
			switch strings.ToLower(name) {
			case "host":
				host = false
			case "content-length", "transfer-encoding":
				framed = true
			}
			headers = append(headers, line)
			continue
		}
		option, arg, _ := strings.Cut(line[1:], " ")
		var err error
		switch option {
		case "host":
			host = false
		case "user":
			headers = append(headers, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(arg)))
		case "body", "raw":
			var part string
			if part, err = strconv.Unquote(arg); err == nil && (option == "raw") {
				head.WriteString(part)
			} else if err == nil {
				body.WriteString(part)
			}
		case "fill":
			var n int
			n, err = strconv.Atoi(arg)
			body.Write(Fill(n))
		case "chunked":
			chunked, framed = true, true
			headers = append(headers, "Transfer-Encoding: chunked")
			for _, f := range strings.Fields(arg) {
				var n int
				if n, err = strconv.Atoi(f); err == nil {
					chunks = append(chunks, n)
				}
			}
		case "length":
			length, err = strconv.Atoi(arg)
		case "methods":
			s.Methods = strings.Fields(arg)
		case "same":
			s.Same = true
		case "continue":
			s.Continue = true
		case "eof":
			s.EOF = true
		case "port":
			s.Port, err = strconv.Atoi(arg)
			s.Port--
		case "differ":
			var d Difference
			d, err = ParseDifference(arg)
			s.Differ = append(s.Differ, d)
		default:
			err = fmt.Errorf("unknown option")
		}
		if err != nil {
			return s, fmt.Errorf("%q: %v", line, err)
		}
	}
	if raw {
		for len(s.Methods) < max(1, len(s.Want)) {
			s.Methods = append(s.Methods, "GET")
		}
		s.Head = head.Bytes()
		return s, nil
	}
	if host && proto == "HTTP/1.1" {
		headers = append([]string{"Host: localhost:@HERE@"}, headers...)
	}
	switch {
	case length >= 0:
		headers = append(headers, fmt.Sprintf("Content-Length: %d", length))
	case body.Len() > 0 && !framed:
		headers = append(headers, fmt.Sprintf("Content-Length: %d", body.Len()))
	}
	for _, h := range headers {
		head.WriteString(h + "\r\n")
	}
	head.WriteString("\r\n")
	s.Head, s.Body = head.Bytes(), body.Bytes()
	if chunked {
		s.Body = chunk(body.Bytes(), chunks)
	}
	return s, nil
}

// ParseDifference reads "WHAT ARG: reason".
func ParseDifference(text string) (Difference, error) {
	left, reason, ok := strings.Cut(text, ": ")
	what, arg, _ := strings.Cut(left, " ")
	switch what {
	case "status", "header", "body", "line", "framing", "interim", "end", "log", "sent", "refused":
	default:
		ok = false
	}
	if !ok || reason == "" {
		return Difference{}, fmt.Errorf("want \"status|header|body|line|framing|interim|end|log|sent|refused ARG: reason\"")
	}
	return Difference{what, arg, reason}, nil
}

func (d Difference) String() string { return strings.TrimSpace(d.What+" "+d.Arg) + ": " + d.Reason }

// Fill is n bytes of a pattern in which every position of the first 64 KiB is told from its neighbours.
func Fill(n int) []byte {
	b := make([]byte, 0, n+8)
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "%07x ", i)
	}
	return b[:n]
}

func chunk(body []byte, sizes []int) []byte {
	var b bytes.Buffer
	for len(body) > 0 {
		n := len(body)
		if len(sizes) > 0 {
			n, sizes = min(n, sizes[0]), sizes[1:]
		}
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}
