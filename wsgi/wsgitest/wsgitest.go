// Package wsgitest helps to test what runs WSGI applications: an exchange that records, and forms as a server makes them.
package wsgitest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"httpd-wsgi/wsgi"
)

// Exchange is a [wsgi.Exchange] in memory: it gives the bytes of Input and keeps the response.
type Exchange struct {
	Input      io.Reader // the request body; nil: none
	InputError error     // instead of io.EOF
	FailAfter  int       // >0: writes fail with WriteError once that many body bytes have been written
	WriteError error     // nil: wsgi.ErrClientGone
	Panic      bool      // Respond panics

	Line    string
	Status  int
	Headers []string // "Name: value"
	Length  int64    // of wsgi.Response
	Body    bytes.Buffer
	Last    bool
	Calls   []string    // "read 5", "respond 3 last", "write 10", "sendfile 0 100"
	Wrote   chan string // if not nil, gets each body part when it arrives

	mu   sync.Mutex
	logs []string
}

func (x *Exchange) call(format string, args ...any) {
	x.Calls = append(x.Calls, fmt.Sprintf(format, args...))
}

// ReadBody implements wsgi.Exchange.
func (x *Exchange) ReadBody(p []byte) (int, error) {
	x.call("read %d", len(p))
	if len(p) == 0 {
		return 0, nil
	}
	n, err := 0, io.EOF
	if x.Input != nil {
		n, err = x.Input.Read(p)
	}
	if n == 0 && err == io.EOF && x.InputError != nil {
		err = x.InputError
	}
	return n, err
}

// Respond implements wsgi.Exchange.
func (x *Exchange) Respond(r *wsgi.Response) error {
	last := ""
	if r.Last {
		last = " last"
	}
	x.call("respond %d%s", len(r.Body), last)
	if x.Panic {
		panic("exchange broken on purpose")
	}
	x.Line, x.Status, x.Length, x.Last = string(r.Line), r.Status, r.ContentLength, r.Last
	for _, h := range r.Headers {
		x.Headers = append(x.Headers, string(h.Name)+": "+string(h.Value))
	}
	return x.body(r.Body)
}

// Write implements wsgi.Exchange.
func (x *Exchange) Write(p []byte) error {
	x.call("write %d", len(p))
	return x.body(p)
}

func (x *Exchange) body(p []byte) error {
	if x.FailAfter > 0 && x.Body.Len()+len(p) > x.FailAfter {
		if x.WriteError != nil {
			return x.WriteError
		}
		return wsgi.ErrClientGone
	}
	x.Body.Write(p)
	if x.Wrote != nil && len(p) > 0 {
		x.Wrote <- string(p)
	}
	return nil
}

// SendFile implements wsgi.Exchange.
func (x *Exchange) SendFile(fd int, offset, n int64) error {
	x.call("sendfile %d %d", offset, n)
	file, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return err
	}
	defer file.Close()
	part := make([]byte, n)
	if _, err := file.ReadAt(part, offset); err != nil {
		return err
	}
	return x.body(part)
}

// Header returns the values of a header field of the response, joined by " | ".
func (x *Exchange) Header(name string) string {
	var values []string
	for _, h := range x.Headers {
		if n, v, _ := strings.Cut(h, ": "); strings.EqualFold(n, name) {
			values = append(values, v)
		}
	}
	return strings.Join(values, " | ")
}

// Logs returns the log records of the request as "level code text" lines.
func (x *Exchange) Logs() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.Join(x.logs, "\n")
}

// Log is a log for wsgi.Options: records of an *Exchange go to it, others are kept here.
type Log struct {
	mu    sync.Mutex
	lines []string
	More  func(line string) // if not nil, also gets each record that belongs to no exchange
}

// Record is the function for wsgi.Options.Log.
func (l *Log) Record(level wsgi.Level, code, msg string, x wsgi.Exchange) {
	line := fmt.Sprintf("%d %s %s", level, code, msg)
	if x, ok := x.(*Exchange); ok && x != nil {
		x.mu.Lock()
		x.logs = append(x.logs, line)
		x.mu.Unlock()
		return
	}
	l.mu.Lock()
	l.lines = append(l.lines, line)
	l.mu.Unlock()
	if l.More != nil {
		l.More(line)
	}
}

// Text returns all records that belong to no exchange.
func (l *Log) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// Wait returns when the log holds text, or false when it does not within ten seconds.
func (l *Log) Wait(text string) bool {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if strings.Contains(l.Text(), text) {
			return true
		}
	}
	return false
}

// Fill sets in a form what a server sets for a request of a browser: two dozen keys.
func Fill(f *wsgi.Form, flags wsgi.FormFlags, method, uri string) {
	f.Reset(flags)
	f.Times(time.Now(), time.Time{}, time.Time{})
	path, query, _ := strings.Cut(uri, "?")
	f.Set(wsgi.RequestMethod, method)
	f.Set(wsgi.RequestURI, uri)
	f.Set(wsgi.ScriptName, "")
	f.Set(wsgi.PathInfo, path)
	f.Set(wsgi.QueryString, query)
	f.Set(wsgi.ServerName, "localhost")
	f.Set(wsgi.ServerPort, "8080")
	f.Set(wsgi.ServerProtocol, "HTTP/1.1")
	f.Set(wsgi.ServerAddr, "127.0.0.1")
	f.Set(wsgi.ServerAdmin, "[no address given]")
	f.Set(wsgi.ServerSoftware, "httpd-wsgi/1.0")
	f.Set(wsgi.RequestScheme, "http")
	f.Set(wsgi.RemoteAddr, "127.0.0.1")
	f.Set(wsgi.RemotePort, "54321")
	f.Set(wsgi.DocumentRoot, "/var/www/html")
	f.Set(wsgi.ContextDocumentRoot, "/var/www/html")
	f.Set(wsgi.ContextPrefix, "")
	f.Set(wsgi.ScriptFilename, "/srv/app.wsgi")
	f.Set(wsgi.HTTPHost, "localhost:8080")
	f.Set(wsgi.HTTPUserAgent, "wsgitest")
	f.Set(wsgi.HTTPAccept, "*/*")
	f.Set(wsgi.ProcessGroup, "")
	f.Set(wsgi.ApplicationGroup, "localhost:8080|")
	f.Set(wsgi.CallableObject, "application")
	f.Set(wsgi.RequestHandler, "wsgi-script")
	f.Set(wsgi.HandlerScript, "")
	f.Set(wsgi.ModWSGIScriptName, "")
	f.Set(wsgi.ModWSGIPathInfo, path)
	f.Set(wsgi.ListenerHost, "")
	f.Set(wsgi.ListenerPort, "8080")
	f.Set(wsgi.ServerPID, "1234")
	f.Set(wsgi.RequestID, "Zz8AAAAAAAAAAAAAAAAAAAA")
}
