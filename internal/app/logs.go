package app

import (
	"os"

	"httpd-wsgi/internal/errlog"
	"httpd-wsgi/internal/logfile"
	"httpd-wsgi/vhost"
)

// openLogs opens the error logs of all servers in set and makes their
// loggers, by vhost.Server.Index. main is the file of the main server's log,
// nil if that is syslog.
func openLogs(hosts *vhost.Site, set *logfile.Set, program, defaultLog string) (loggers []*errlog.Logger, main *os.File, err error) {
	for _, s := range hosts.Servers {
		spec := s.Core.ErrorLog.Get(defaultLog)
		var target errlog.Target
		if errlog.IsSyslog(spec) {
			sys, err := errlog.NewSyslog(spec, program)
			if err != nil {
				return nil, nil, err
			}
			target = errlog.ToSyslog(sys)
		} else {
			kind := logfile.ErrorLog
			if s.Index == 0 {
				kind = logfile.MainErrorLog
			}
			f, err := set.Open(kind, spec)
			if err != nil {
				return nil, nil, err
			}
			if s.Index == 0 {
				main = f
			}
			target = errlog.To(f)
		}
		formats := &s.Core.ErrorLogFormat
		loggers = append(loggers, errlog.New(errlog.Config{
			Name: s.Name, Levels: &s.Core.LogLevel, Target: target,
			Format: formats.Main.Get(nil), Connection: formats.Connection.Get(nil), Request: formats.Request.Get(nil),
		}))
	}
	return loggers, main, nil
}
