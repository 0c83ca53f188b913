package moddeflate

import (
	"sync"

	"github.com/klauspost/compress/flate"

	"httpd-wsgi/directives"
	"httpd-wsgi/directives/modcore"
	"httpd-wsgi/server"
)

// module is mod_deflate bound to a registry: its configuration's slots, and the compressors.
type module struct {
	slots directives.Slots[Server, Dir]
	// levels are compressors by level, 0 the default one; windows those with a smaller window by its size in bits.
	levels  [10]sync.Pool
	windows [16]sync.Pool
}

// Module is mod_deflate.
func Module() server.Module {
	return server.Bind(tables, provide, nil)
}

// provide files the filters that configurations name.
func provide(r *directives.Registry, slots directives.Slots[Server, Dir]) {
	m := &module{slots: slots}
	output := func(name string, make func(*server.Request) server.OutputFilter) {
		f := &server.NamedFilter{Name: name, Order: server.FilterContentSet, New: make}
		r.Provide(tables.ID, modcore.OutputFilterGroup, lower(name), f)
	}
	output("DEFLATE", func(*server.Request) server.OutputFilter { return &deflater{m: m} })
	output("INFLATE", func(*server.Request) server.OutputFilter { return &inflater{m: m} })
	r.Provide(tables.ID, modcore.InputFilterGroup, "deflate", &server.NamedInputFilter{Name: "DEFLATE", New: m.inflateBody})
}

func lower(name string) string {
	b := []byte(name)
	for i := range b {
		b[i] |= 0x20
	}
	return string(b)
}

// encoder is a compressor with what it has made and not yet been asked for.
type encoder struct {
	w     *flate.Writer
	out   []byte
	made  int64 // bytes compressed to, all in all
	crc   uint32
	taken int64 // bytes compressed
}

// Write takes the compressor's output.
func (e *encoder) Write(p []byte) (int, error) {
	e.out = append(e.out, p...)
	e.made += int64(len(p))
	return len(p), nil
}

// encoder takes a compressor from the pool that is right for the server; nil,
// with zlib's error, for a window that zlib cannot have.
func (m *module) encoder(s *Server) (*encoder, *sync.Pool) {
	pool, make := &m.levels[s.Level.Get(0)], func(e *encoder) (*flate.Writer, error) {
		return flate.NewWriter(e, s.Level.Get(flate.DefaultCompression))
	}
	if bits := s.WindowSize.Get(15); bits < 15 {
		pool, make = &m.windows[bits], func(e *encoder) (*flate.Writer, error) { return flate.NewWriterWindow(e, 1<<bits) }
	}
	if e, ok := pool.Get().(*encoder); ok {
		e.w.Reset(e)
		return e, pool
	}
	e := new(encoder)
	var err error
	if e.w, err = make(e); err != nil {
		return nil, nil
	}
	return e, pool
}

// maxKept is the size up to which an encoder's buffer is used again.
const maxKept = 64 << 10

// give puts an encoder back.
func (e *encoder) give(pool *sync.Pool) {
	if cap(e.out) > maxKept {
		e.out = nil
	}
	*e = encoder{w: e.w, out: e.out[:0]}
	pool.Put(e)
}
