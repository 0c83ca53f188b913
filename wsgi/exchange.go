package wsgi

import "errors"

// Exchange is the other side of a request: who reads its body from the client and sends the response there. The HTTP server implements
// it, and so does a daemon process for the socket to the server.
//
// All methods are called one at a time, by the goroutine that is in [Engine.Run] or by one of the engine's on its behalf, and never by a
// thread that runs Python; meanwhile Python waits for the method or computes what comes next. Byte slices and a Response belong to the
// engine and must not be used after the method returned.
//
// Respond, Write and SendFile report that the client went away with an error that is [ErrClientGone] (errors.Is); any other error is
// told to the application. After an error of one of them none of them is called again for the request.
type Exchange interface {
	// ReadBody reads request body bytes that the form did not carry, at least one, or returns io.EOF at the end of the body and ever
	// after. It is not called before the application asks for the body, so it is the time to send 100 Continue; an empty p means
	// just that. The text of another error, which every further call tells again, is part of the OSError that the application gets.
	ReadBody(p []byte) (int, error)

	// Respond begins the response. If r.Last, it is also all of it; otherwise Write or SendFile may follow, and the end of the response
	// is when Run returns OK. If r.Body is not empty, or r.Last, the client has to see it soon: Write is not going to be called to
	// flush it. If r.Body is empty and not r.Last, SendFile follows at once.
	Respond(r *Response) error

	// Write sends body bytes, as far as the client's connection.
	Write(p []byte) error

	// SendFile sends n bytes of a regular file from an offset on. The descriptor belongs to the application: it must not be closed, nor
	// its position moved.
	SendFile(fd int, offset, n int64) error
}

// Response is the beginning of a response.
type Response struct {
	Line    []byte   // status line as the application gave it: "200 OK", perhaps only "200"
	Status  int      // its code, 200 to 999
	Headers []Header // in order, repeated ones repeated
	// ContentLength is the value of the application's Content-Length header (for a file wrapper, one was added if missing), or -1. No
	// more than that many body bytes come; fewer may, in which case the connection cannot be used for another request: Result.Short
	// tells, and so does len(Body) if Last. (Not if there is to be no body: HEAD, 204, 304.)
	ContentLength int64
	Body          []byte
	Last          bool // the body is complete
}

// Header is a header field of a response. The engine has checked that the name is not empty and holds no space, colon or control
// character, and that the value holds no CR, LF or NUL.
type Header struct{ Name, Value []byte }

// ErrClientGone says that the client closed the connection.
var ErrClientGone = errors.New("client connection closed")

// Level is the severity of a log record: Apache's numbers.
type Level int

const (
	Critical Level = 2
	Error    Level = 3
	Warning  Level = 4
	Info     Level = 6
	Debug    Level = 7
)
