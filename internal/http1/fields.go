package http1

// fields reads field lines up to and with the empty one, the first beginning
// at offset from of the unread bytes, and appends where they are to spans. It
// returns the offset after them. Nothing is consumed. Folded lines are joined
// in place. A line is judged only when the next has been read, as it may go on
// there; so a fault of the next one is told first, which is Apache's order.
func (r *Reader) fields(spans []span, from int, o *Options) ([]span, int, *Error) {
	start, end := -1, -1 // the line being collected
	count := 0
	for {
		lineEnd, next, err := r.line(from, o.Limits.FieldSize+1, !o.Unsafe)
		if err != nil {
			return spans, lineEnd, readError(err, r.buf[r.r+from:r.r+lineEnd])
		}
		all := r.buf[r.r:r.w]
		for lineEnd > from+1 && (all[lineEnd-1] == ' ' || all[lineEnd-1] == '\t') {
			lineEnd--
		}
		if lineEnd > from && (all[from] == ' ' || all[from] == '\t') {
			if start < 0 {
				return spans, next, refuse(400, SeverityDebug, "AH03442", "Line folding encountered before first header line")
			}
			if lineEnd == from+1 {
				return spans, next, refuse(400, SeverityDebug, "AH03443", "Empty folded line encountered")
			}
			for all[from+1] == ' ' || all[from+1] == '\t' {
				from++
			}
			if end-start+lineEnd-from+1 >= o.Limits.FieldSize {
				return spans, next, tooBig("AH00562", "Request header exceeds LimitRequestFieldSize after folding: "+fieldName(all[start:end]))
			}
			all[end] = ' '
			end += 1 + copy(all[end+1:], all[from+1:lineEnd])
			from = next
			continue
		}
		if start >= 0 {
			if count++; o.Limits.Fields > 0 && count > o.Limits.Fields {
				e := refuse(400, SeverityInfo, "AH00563", "Number of request headers exceeds LimitRequestFields")
				e.Note = "The number of request header fields exceeds this server's limit."
				return spans, next, e
			}
			s, e := parseField(all[start:end], o)
			if e != nil {
				return spans, next, e
			}
			base := int32(start)
			spans = append(spans, span{base, base + s.nameEnd, base + s.value, base + s.valueEnd})
		}
		if lineEnd == from {
			return spans, next, nil
		}
		start, end, from = from, lineEnd, next
	}
}

// parseField splits one field line at its colon (RFC 9112, 5.1).
func parseField(line []byte, o *Options) (s span, e *Error) {
	var name int
	if o.Unsafe {
		for name = 0; name < len(line) && line[name] != ':'; name++ {
		}
		switch {
		case name == len(line):
			return s, refuse(400, SeverityInfo, "AH00564", "Request header field is missing ':' separator: "+fieldName(line))
		case name == 0:
			return s, refuse(400, SeverityDebug, "AH03453", "Request header field name was empty")
		}
		for _, c := range line[:name] {
			if is(c, classSpace) {
				return s, refuse(400, SeverityDebug, "AH03452", "Request header field name presented invalid whitespace")
			}
		}
	} else if name = prefix(line, classToken); name == 0 || name == len(line) || line[name] != ':' {
		return s, refuse(400, SeverityDebug, "AH02426", "Request header field name is malformed: "+shorten(string(line)))
	}
	value := name + 1
	for value < len(line) && (line[value] == ' ' || line[value] == '\t') {
		value++
	}
	if o.Unsafe {
		for _, c := range line[value:] {
			if c == '\n' || c == '\v' || c == '\f' || c == '\r' {
				return s, refuse(400, SeverityDebug, "AH03451", "Request header field value presented bad whitespace")
			}
		}
	} else if content(line[value:]) != len(line)-value {
		return s, refuse(400, SeverityDebug, "AH02427", "Request header value is malformed: "+shorten(string(line[value:])))
	}
	return span{nameEnd: int32(name), value: int32(value), valueEnd: int32(len(line))}, nil
}
