package expr

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"io"
	"os"
	"strconv"
	"strings"

	"httpd-wsgi/internal/apr"
)

type stringFunction struct {
	call       func(x *context, arg string) string
	restricted bool
}

var stringFunctions = map[string]stringFunction{
	"req":        {call: requestHeader},
	"http":       {call: requestHeader},
	"req_novary": {call: func(x *context, arg string) string { return x.env.RequestHeader(arg) }},
	"resp":       {call: func(x *context, arg string) string { return x.env.ResponseHeader(arg) }},
	"note":       {call: func(x *context, arg string) string { v, _ := x.env.Note(arg); return v }},
	"reqenv":     {call: func(x *context, arg string) string { v, _ := x.env.RequestEnv(arg); return v }},
	"osenv":      {call: func(_ *context, arg string) string { return os.Getenv(arg) }},
	"env":        {call: anyEnv},
	"tolower":    {call: func(_ *context, arg string) string { return mapASCII(arg, 'A') }},
	"toupper":    {call: func(_ *context, arg string) string { return mapASCII(arg, 'a') }},
	"escape":     {call: func(_ *context, arg string) string { return apr.EscapeURI(arg) }},
	"unescape":   {call: unescapeFunc},
	"base64":     {call: func(_ *context, arg string) string { return base64.StdEncoding.EncodeToString([]byte(arg)) }},
	"unbase64":   {call: func(_ *context, arg string) string { return untilNUL(decodeBase64(arg)) }},
	"md5":        {call: func(_ *context, arg string) string { s := md5.Sum([]byte(arg)); return hex.EncodeToString(s[:]) }},
	"sha1":       {call: func(_ *context, arg string) string { s := sha1.Sum([]byte(arg)); return hex.EncodeToString(s[:]) }},
	"ldap":       {call: func(_ *context, arg string) string { return escapeLDAP(arg) }},
	"file":       {call: fileFunc, restricted: true},
	"filesize":   {call: filesizeFunc, restricted: true},
}

// anyEnv looks in the notes, the request's environment and the process's.
func anyEnv(x *context, arg string) string {
	if v, ok := x.env.Note(arg); ok {
		return v
	}
	if v, ok := x.env.RequestEnv(arg); ok {
		return v
	}
	return os.Getenv(arg)
}

// mapASCII changes the case of the 26 letters from first on.
func mapASCII(s string, first byte) string {
	for i := 0; i < len(s); i++ {
		if s[i]-first < 26 {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i]-first < 26 {
					b[i] ^= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

func unescapeFunc(_ *context, arg string) string {
	s, status := apr.Unescape(arg, apr.KeepSlashes)
	if status != apr.UnescapeOK {
		return ""
	}
	return s
}

// untilNUL cuts where a C string would end.
func untilNUL(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// decodeBase64 decodes what s begins with, up to the first character that is
// not of the alphabet, padded or not.
func decodeBase64(s string) string {
	n := 0
	for n < len(s) && (isLetter(s[n]) || isDigit(s[n]) || s[n] == '+' || s[n] == '/') {
		n++
	}
	if n%4 == 1 {
		n-- // six bits are no byte
	}
	b, err := base64.RawStdEncoding.DecodeString(s[:n])
	if err != nil {
		return ""
	}
	return string(b)
}

// escapeLDAP escapes for both LDAP names and filters (RFC 4514 and 4515).
func escapeLDAP(s string) string {
	const digits = "0123456789abcdef"
	var b []byte
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || strings.IndexByte(`"()*+,;<>\`, c) >= 0 {
			b = append(b, '\\', digits[c>>4], digits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// maxFileSize is the longest file that the function file reads.
const maxFileSize = 10 * 1024 * 1024

func fileFunc(x *context, arg string) string {
	f, err := os.Open(arg)
	if err != nil {
		x.failf("Cannot open file " + arg)
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Size() > maxFileSize {
		x.failf("File " + arg + " too large")
		return ""
	}
	if err == nil && info.Size() == 0 {
		return ""
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(f, maxFileSize)); err != nil {
		x.failf("Cannot read from file " + arg)
		return ""
	}
	return untilNUL(b.String())
}

func filesizeFunc(_ *context, arg string) string {
	info, err := os.Stat(arg)
	if err != nil || !info.Mode().IsRegular() {
		return "0"
	}
	return strconv.FormatInt(info.Size(), 10)
}

// lookupFunction resolves the name of a string function; nil if there is none
// that may be used, with msg saying why if it exists all the same.
func (c *compiler) lookupFunction(name string) (call func(x *context, arg string) string, msg string) {
	lower := strings.ToLower(name)
	if f, ok := stringFunctions[lower]; ok {
		if f.restricted && (c.opts.Restricted || c.opts.Htaccess) {
			return nil, lower + " not available in restricted context"
		}
		return f.call, ""
	}
	if c.opts.Function != nil {
		if f := c.opts.Function(name); f != nil {
			return func(x *context, arg string) string { return f(x.env, arg) }, ""
		}
	}
	return nil, "Function '" + name + "' does not exist"
}
