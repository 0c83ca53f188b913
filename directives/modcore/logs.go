package modcore

import (
	"httpd-wsgi/directives"
	"httpd-wsgi/internal/errlog"
)

func setLogLevel[C any](at func(*C) *errlog.Levels) func(*directives.Cmd, *C, string) error {
	return func(c *directives.Cmd, conf *C, w string) error { return at(conf).Parse(w, c.Loaded) }
}

// setErrorLogFormat is the ErrorLogFormat directive: [connection|request] format.
func setErrorLogFormat(_ *directives.Cmd, s *Server, kind, format string) error {
	f := &s.ErrorLogFormat
	if format == "" {
		main, err := errlog.ParseFormat(errlog.Main, kind)
		if err != nil {
			return err
		}
		f.Main = directives.Some(main)
		return nil
	}
	k, err := errlog.ParseKind(kind)
	if err != nil {
		return err
	}
	once, err := errlog.ParseFormat(k, format)
	if err != nil {
		return err
	}
	at := &f.Request
	if k == errlog.PerConnection {
		at = &f.Connection
	}
	*at = directives.Some(append(at.V[:len(at.V):len(at.V)], once))
	return nil
}

func mergeFormats(base, add ErrorLogFormats) ErrorLogFormats {
	return ErrorLogFormats{Main: add.Main.Or(base.Main), Request: add.Request.Or(base.Request), Connection: add.Connection.Or(base.Connection)}
}
