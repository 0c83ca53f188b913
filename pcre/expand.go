package pcre

// Expand appends template to dst with $0 to $9 replaced by the captures of a
// match of subject, and returns the extended buffer. It is Apache's ap_pregsub:
// a backslash makes the next character ordinary and disappears, a backslash at
// the end stays, "$" before anything but a digit stays, "&" is an ordinary
// character, a group that took no part is empty.
//
// caps may be shorter than ten; groups beyond it are empty. With no captures at
// all the template is appended unchanged, backslashes included, as Apache does.
func Expand(dst []byte, template, subject string, caps []Span) []byte {
	if len(caps) == 0 {
		return append(dst, template...)
	}
	start := 0 // of the ordinary text not yet copied
	for i := 0; i < len(template); {
		switch c := template[i]; {
		case c == '$' && i+1 < len(template) && '0' <= template[i+1] && template[i+1] <= '9':
			dst = append(dst, template[start:i]...)
			if n := int(template[i+1] - '0'); n < len(caps) {
				dst = append(dst, caps[n].In(subject)...)
			}
			i += 2
			start = i
		case c == '\\' && i+1 < len(template):
			dst = append(dst, template[start:i]...)
			start = i + 1
			i += 2
		default:
			i++
		}
	}
	return append(dst, template[start:]...)
}
