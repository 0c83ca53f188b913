package wsgi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Form is a request on its way to Python: environ keys and values in one flat buffer, then the body bytes already at hand. The zero
// value is not ready: call [Form.Reset]. A Form may be reused; it is not safe for use by several goroutines at once.
//
// The bytes are, little-endian:
//
//	"WSG1"  u32 length of all of it  u32 flags  u32 number of pairs
//	f64 request start  f64 queue start  f64 daemon start      (seconds since 1970, 0 if it does not apply)
//	a pair: u16 key [u16 length, name, if key is 0]  u32 length, value
//	u32 length, body
//
// Names and values are latin-1 bytes (a str's code points 0 to 255), paths in the filesystem's encoding where keyTable says so.
type Form struct {
	b     []byte
	pairs uint32
	flags FormFlags
	start [3]float64
	done  bool
}

// FormFlags say of a request what is no string in its environ.
type FormFlags uint32

const (
	Multithread  FormFlags = 1 << iota // wsgi.multithread
	Multiprocess                       // wsgi.multiprocess
	RunOnce                            // wsgi.run_once
	HTTPS                              // wsgi.url_scheme
	BodyEnd                            // the body is complete with what the form carries: ReadBody is never called
)

const (
	formMagic = "WSG1"
	formHead  = 40
)

// Reset empties the form and begins a request.
func (f *Form) Reset(flags FormFlags) {
	f.b = append(f.b[:0], make([]byte, formHead)...)
	f.pairs, f.flags, f.start, f.done = 0, flags, [3]float64{}, false
}

// Times sets mod_wsgi.request_start, queue_start and daemon_start; the zero time is 0.0.
func (f *Form) Times(request, queue, daemon time.Time) {
	for i, t := range [3]time.Time{request, queue, daemon} {
		f.start[i] = 0
		if !t.IsZero() {
			f.start[i] = float64(t.UnixMicro()) / 1e6
		}
	}
}

// Set sets a key. Of several settings of a key the last counts.
func (f *Form) Set(k Key, value string) {
	f.b = binary.LittleEndian.AppendUint16(f.b, uint16(k))
	f.value(len(value))
	f.b = append(f.b, value...)
}

// SetBytes is Set for bytes, which are copied.
func (f *Form) SetBytes(k Key, value []byte) {
	f.b = binary.LittleEndian.AppendUint16(f.b, uint16(k))
	f.value(len(value))
	f.b = append(f.b, value...)
}

// SetNamed sets a key that has no number. Names that begin with "wsgi." are the engine's and are ignored; so are empty ones and those of
// 64 KiB and more.
func (f *Form) SetNamed(name, value string) {
	if name == "" || len(name) > math.MaxUint16 {
		return
	}
	f.b = append(f.b, 0, 0)
	f.b = binary.LittleEndian.AppendUint16(f.b, uint16(len(name)))
	f.b = append(f.b, name...)
	f.value(len(value))
	f.b = append(f.b, value...)
}

// SetHeader sets the key of a header field (HTTP_ACCEPT for Accept) whose name is made of letters, digits and hyphens.
func (f *Form) SetHeader(name, value string) {
	if k := HeaderKey(name); k != 0 {
		f.Set(k, value)
		return
	}
	b := make([]byte, 0, 64)
	b = append(b, "HTTP_"...)
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case c == '-':
			c = '_'
		}
		b = append(b, c)
	}
	f.SetNamed(string(b), value)
}

func (f *Form) value(n int) {
	f.pairs++
	f.b = binary.LittleEndian.AppendUint32(f.b, uint32(n))
}

// Room returns n bytes of the form's own memory. A body that is read into them, from the first on, needs no copy when it is
// given to Bytes. They are valid until the form is set anything, or reset.
func (f *Form) Room(n int) []byte {
	at := len(f.b) + 4
	f.b = slices.Grow(f.b, 4+n)
	return f.b[at : at+n : at+n]
}

// Bytes completes the form with the body bytes at hand and returns it; valid until Reset. end: the body is complete with them (it also is
// for a request without a body). After Bytes only Reset may be called, or Bytes again, which returns the same.
func (f *Form) Bytes(body []byte, end bool) []byte {
	if f.done {
		return f.b
	}
	if end {
		f.flags |= BodyEnd
	}
	f.b = binary.LittleEndian.AppendUint32(f.b, uint32(len(body)))
	if at, n := len(f.b), len(body); n > 0 && cap(f.b)-at >= n && &f.b[:at+1][at] == &body[0] {
		f.b = f.b[:at+n] // it is in its Room
	} else {
		f.b = append(f.b, body...)
	}
	copy(f.b, formMagic)
	le := binary.LittleEndian
	le.PutUint32(f.b[4:], uint32(len(f.b)))
	le.PutUint32(f.b[8:], uint32(f.flags))
	le.PutUint32(f.b[12:], f.pairs)
	for i, t := range f.start {
		le.PutUint64(f.b[16+8*i:], math.Float64bits(t))
	}
	f.done = true
	return f.b
}

// ErrForm reports bytes that are no form.
var ErrForm = errors.New("malformed request form")

// ParseForm reads a form: pair gets each key (0: by its name) with its value, in order. It accepts exactly what the decoder in C does.
func ParseForm(b []byte, pair func(k Key, name, value []byte)) (flags FormFlags, body []byte, err error) {
	bad := func(what string) (FormFlags, []byte, error) { return 0, nil, fmt.Errorf("%w: %s", ErrForm, what) }
	le := binary.LittleEndian
	if len(b) < formHead+4 || string(b[:4]) != formMagic || uint64(le.Uint32(b[4:])) != uint64(len(b)) {
		return bad("head")
	}
	flags = FormFlags(le.Uint32(b[8:]))
	pairs := le.Uint32(b[12:])
	b = b[formHead:]
	for range pairs {
		if len(b) < 2 {
			return bad("key")
		}
		k := Key(le.Uint16(b))
		b = b[2:]
		var name []byte
		if k == 0 {
			if len(b) < 2 {
				return bad("name")
			}
			n := int(le.Uint16(b))
			if b = b[2:]; n == 0 || len(b) < n {
				return bad("name")
			}
			name, b = b[:n], b[n:]
		} else if k >= keys {
			return bad("key")
		}
		if len(b) < 4 {
			return bad("value")
		}
		n := le.Uint32(b)
		if b = b[4:]; uint64(len(b)) < uint64(n) {
			return bad("value")
		}
		if pair != nil {
			pair(k, name, b[:n])
		}
		b = b[n:]
	}
	if len(b) < 4 || uint64(le.Uint32(b)) != uint64(len(b)-4) {
		return bad("body")
	}
	return flags, b[4:], nil
}
