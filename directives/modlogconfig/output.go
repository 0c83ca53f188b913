package modlogconfig

import (
	"os"
	"sync"
)

// bufferSize is what BufferedLogs keeps before it writes: PIPE_BUF, so that a
// pipe takes it in one piece.
const bufferSize = 4096

// output is where a log's lines go. file is set before the server serves.
type output struct {
	file     *os.File
	buffered bool

	mu  sync.Mutex
	buf []byte // whole lines, at most bufferSize
}

// write writes one line, or keeps it until the buffer is full. Errors are
// dropped: a log that can't be written to is no reason to fail a request.
func (o *output) write(line []byte) {
	if !o.buffered {
		_, _ = o.file.Write(line)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf)+len(line) > bufferSize {
		o.flushLocked()
	}
	if len(line) >= bufferSize {
		_, _ = o.file.Write(line)
		return
	}
	o.buf = append(o.buf, line...)
}

// flush writes what is kept.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flushLocked()
}

func (o *output) flushLocked() {
	if len(o.buf) > 0 {
		_, _ = o.file.Write(o.buf)
		o.buf = o.buf[:0]
	}
}
